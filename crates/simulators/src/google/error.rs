//! Google's errors: pages that never redirect, and JSON.

use axum::response::Response;
use http::{StatusCode, header};
use mapae_protocol::locale::Locale;
use serde_json::json;

use crate::{
    engine::Engine,
    web::{
        json, json_with,
        page::{Frame, Trouble},
    },
};

/// What is shown on a page of Google's and never goes back to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    InvalidRequest,
    RedirectUriMismatch,
    InvalidClient,
    DeletedClient,
    OrgInternal,
    DisallowedUserAgent,
    ServerError,
}

const PAGES: &[Page] = &[
    Page::InvalidRequest,
    Page::RedirectUriMismatch,
    Page::InvalidClient,
    Page::DeletedClient,
    Page::OrgInternal,
    Page::DisallowedUserAgent,
    Page::ServerError,
];

impl Page {
    const fn parts(self) -> (&'static str, StatusCode, &'static str, &'static str) {
        match self {
            Self::InvalidRequest => (
                "invalid_request",
                StatusCode::BAD_REQUEST,
                "요청 형식이 올바르지 않아요. 필수 파라미터와 값을 확인해 주세요.",
                "The request is malformed. Check its required parameters and their values.",
            ),
            Self::RedirectUriMismatch => (
                "redirect_uri_mismatch",
                StatusCode::BAD_REQUEST,
                "등록되지 않은 리디렉션 URI예요. 아래 주소를 OAuth 클라이언트의 [승인된 리디렉션 URI]에 등록해 주세요.",
                "The redirect URI is not registered. Register the one below under [Authorized redirect URIs] of the OAuth client.",
            ),
            Self::InvalidClient => (
                "invalid_client",
                StatusCode::UNAUTHORIZED,
                "OAuth 클라이언트를 찾을 수 없어요. 클라이언트 ID를 확인해 주세요.",
                "The OAuth client was not found. Check the client id.",
            ),
            Self::DeletedClient => (
                "deleted_client",
                StatusCode::UNAUTHORIZED,
                "꺼져 있거나 삭제된 OAuth 클라이언트예요.",
                "The OAuth client is disabled or was deleted.",
            ),
            Self::OrgInternal => (
                "org_internal",
                StatusCode::FORBIDDEN,
                "조직 안에서만 쓰거나 테스트 중인 앱이에요. 이 계정을 테스트 사용자로 등록해 주세요.",
                "The app is for one organisation or in testing. Register this account as a test user.",
            ),
            Self::DisallowedUserAgent => (
                "disallowed_useragent",
                StatusCode::FORBIDDEN,
                "앱 안의 브라우저에서는 Google로 로그인할 수 없어요. Chrome이나 Safari에서 열어 주세요.",
                "Google does not sign in inside in-app browsers. Open the page in Chrome or Safari.",
            ),
            Self::ServerError => (
                "server_error",
                StatusCode::INTERNAL_SERVER_ERROR,
                "일시적인 오류예요. 잠시 뒤에 다시 시도해 주세요.",
                "A temporary fault. Try again in a moment.",
            ),
        }
    }

    pub(super) fn show(self, engine: &Engine, locale: Locale, detail: Vec<(String, String)>) -> Response {
        let (code, status, ko, en) = self.parts();
        Trouble { status, code, ko, en, detail }.page(Frame::new(engine, locale))
    }
}

/// What the token endpoint refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    Grant,
    MalformedCode,
    RedirectUriMismatch,
    Client,
    UnknownClient,
    SecretMissing,
    Refresh,
    GrantType,
    Missing,
    RateLimit,
    Internal,
}

const TOKEN_ERRORS: &[TokenError] = &[
    TokenError::Grant,
    TokenError::RedirectUriMismatch,
    TokenError::Client,
    TokenError::GrantType,
    TokenError::Missing,
    TokenError::RateLimit,
    TokenError::Internal,
];

impl TokenError {
    const fn parts(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::Grant => ("invalid_grant", "Bad Request", 400),
            Self::MalformedCode => ("invalid_grant", "Malformed auth code.", 400),
            Self::RedirectUriMismatch => ("redirect_uri_mismatch", "Bad Request", 400),
            Self::Client => ("invalid_client", "Unauthorized", 401),
            Self::UnknownClient => ("invalid_client", "The OAuth client was not found.", 401),
            Self::SecretMissing => ("invalid_request", "client_secret is missing.", 400),
            Self::Refresh => ("invalid_grant", "Token has been expired or revoked.", 400),
            Self::GrantType => ("unsupported_grant_type", "Invalid grant_type", 400),
            Self::Missing => ("invalid_request", "Missing required parameter", 400),
            Self::RateLimit => ("rate_limit_exceeded", "Rate Limit Exceeded", 429),
            Self::Internal => ("internal_failure", "Backend Error", 500),
        }
    }

    pub(super) fn respond(self, engine: &Engine) -> Response {
        let (error, description, status) = self.parts();
        let status = match self {
            Self::SecretMissing => engine.with(|world| world.facts.number("missing_secret_status")),
            _ => status.into(),
        };
        let body = json!({ "error": error, "error_description": description });
        json(u16::try_from(status).unwrap_or(400), &body)
    }
}

/// At the user information.
pub(super) fn bad_token() -> Response {
    let body = json!({ "error": "invalid_request", "error_description": "Invalid Credentials" });
    let challenge = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
    json_with(401, &body, header::WWW_AUTHENTICATE, challenge)
}

/// At `/revoke` and `/tokeninfo`.
pub(super) fn unknown_token(description: &str) -> Response {
    json(400, &json!({ "error": "invalid_token", "error_description": description }))
}

/// The error of this code where it belongs; without a code, the temporary fault of the place.
pub(super) fn failure(engine: &Engine, path: &str, code: Option<&str>) -> Response {
    if path == "/o/oauth2/v2/auth" {
        let known = PAGES.iter().find(|page| Some(page.parts().0) == code);
        return known.unwrap_or(&Page::ServerError).show(engine, Locale::En, Vec::new());
    }
    if path.ends_with("/userinfo") && code == Some("invalid_request") {
        return bad_token();
    }
    let known = TOKEN_ERRORS.iter().find(|error| Some(error.parts().0) == code);
    known.copied().unwrap_or(TokenError::Internal).respond(engine)
}
