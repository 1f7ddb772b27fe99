//! Apple's errors: pages, and JSON with HTTP 400.

use axum::response::Response;
use http::StatusCode;
use mapae_protocol::locale::Locale;
use serde_json::json;

use crate::{
    engine::Engine,
    web::{
        json,
        page::{Frame, Trouble},
    },
};

/// What is shown on a page of Apple's and never goes back to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Malformed,
    InvalidClient,
    RedirectUri,
    ResponseMode,
    Scope,
    Temporary,
}

impl Page {
    const fn text(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                "invalid_request",
                "요청 형식이 올바르지 않아요. 필수 파라미터와 값을 확인해 주세요.",
                "The request is malformed. Check its required parameters and their values.",
            ),
            Self::InvalidClient => (
                "invalid_client",
                "Services ID가 올바르지 않거나 쓸 수 없는 앱이에요. [Identifiers]의 Services ID를 확인해 주세요.",
                "The Services ID is wrong, or the app cannot be used. Check it under [Identifiers].",
            ),
            Self::RedirectUri => (
                "invalid_redirect_uri",
                "등록되지 않은 리디렉션 URL이에요. 아래 주소를 Services ID의 [Return URLs]에 등록해 주세요.",
                "The redirect URL is not registered. Register the one below under [Return URLs] of the Services ID.",
            ),
            Self::ResponseMode => (
                "invalid_request",
                "name이나 email을 요청할 때는 response_mode=form_post여야 해요.",
                "response_mode must be form_post when name or email scope is requested.",
            ),
            Self::Scope => {
                ("invalid_scope", "쓸 수 있는 scope는 name과 email이에요.", "The scopes are name and email.")
            }
            Self::Temporary => (
                "server_error",
                "일시적인 오류예요. 잠시 뒤에 다시 시도해 주세요.",
                "A temporary fault. Try again in a moment.",
            ),
        }
    }

    pub(super) fn show(self, engine: &Engine, locale: Locale, detail: Vec<(String, String)>) -> Response {
        let (code, ko, en) = self.text();
        let status = match self {
            Self::Temporary => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Trouble { status, code, ko, en, detail }.page(Frame::new(engine, locale))
    }
}

/// What the token endpoint refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenError {
    Client,
    Code,
    RedirectUri,
    Verifier,
    Refresh,
    GrantType,
    Request,
    Server,
}

const ALL: &[TokenError] =
    &[TokenError::Client, TokenError::Code, TokenError::GrantType, TokenError::Request, TokenError::Server];

impl TokenError {
    const fn parts(self) -> (&'static str, Option<&'static str>, u16) {
        match self {
            Self::Client => ("invalid_client", None, 400),
            Self::Code => ("invalid_grant", Some("The code has expired or has been revoked."), 400),
            Self::RedirectUri => ("invalid_grant", Some("redirect_uri mismatch."), 400),
            Self::Verifier => ("invalid_grant", Some("code_verifier mismatch."), 400),
            Self::Refresh => ("invalid_grant", Some("The token has expired or has been revoked."), 400),
            Self::GrantType => ("unsupported_grant_type", None, 400),
            Self::Request => ("invalid_request", None, 400),
            Self::Server => ("server_error", None, 500),
        }
    }

    pub(super) fn respond(self) -> Response {
        let (error, description, status) = self.parts();
        match description {
            Some(description) => json(status, &json!({ "error": error, "error_description": description })),
            None => json(status, &json!({ "error": error })),
        }
    }
}

/// The error of this code where it belongs; without a code, the temporary fault of the place.
pub(super) fn failure(engine: &Engine, path: &str, code: Option<&str>) -> Response {
    if path == "/auth/authorize" {
        return Page::Temporary.show(engine, Locale::En, Vec::new());
    }
    let known = ALL.iter().find(|error| Some(error.parts().0) == code);
    known.copied().unwrap_or(TokenError::Server).respond()
}
