//! Naver's errors: pages, OAuth errors that mostly come with HTTP 200, and `resultcode` of the API.

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

/// What is shown on a page of Naver's and never goes back to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Malformed,
    UnknownClient,
    RedirectUri,
    NoState,
    Inactive,
    NotATester,
    Temporary,
}

impl Page {
    const fn text(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                "invalid_request",
                "요청 형식이 올바르지 않아요. 같은 파라미터를 두 번 보내지 않았는지 확인해 주세요.",
                "The request is malformed. See that no parameter is sent twice.",
            ),
            Self::UnknownClient => (
                "unauthorized_client",
                "client_id가 올바르지 않아요. [내 애플리케이션]의 Client ID를 써 주세요.",
                "The client_id is wrong. Use the Client ID of [My applications].",
            ),
            Self::RedirectUri => (
                "redirect_uri",
                "등록되지 않은 Callback URL이에요. 아래 주소를 [API 설정] > [네이버 로그인 Callback URL]에 등록해 주세요.",
                "The callback URL is not registered. Register the one below under [API settings] > [Callback URL].",
            ),
            Self::NoState => (
                "invalid_request",
                "state가 없어요. 네이버 로그인은 state가 꼭 필요해요.",
                "state is missing. Naver Login requires it.",
            ),
            Self::Inactive => (
                "unauthorized_client",
                "네이버 로그인을 쓰지 않는 애플리케이션이에요. [API 설정]에서 추가해 주세요.",
                "The application does not use Naver Login. Add it under [API settings].",
            ),
            Self::NotATester => (
                "unauthorized_client",
                "개발 중인 애플리케이션이에요. 이 아이디를 [멤버관리]에 등록해 주세요.",
                "The application is not reviewed yet. Register this id under [Members].",
            ),
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

/// What a token endpoint refuses; which one decides about the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenError {
    pub(super) error: String,
    pub(super) description: String,
    pub(super) status: u16,
}

impl TokenError {
    pub(super) fn respond(&self) -> Response {
        json(self.status, &json!({ "error": self.error, "error_description": self.description }))
    }
}

/// What the API refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    Authentication,
    NoHeader,
    Forbidden,
    NotFound,
    Internal,
}

impl ApiError {
    const fn parts(self) -> (&'static str, &'static str, u16) {
        match self {
            Self::Authentication => ("024", "Authentication failed", 401),
            Self::NoHeader => ("028", "Authentication header not exists", 401),
            Self::Forbidden => ("403", "Forbidden", 403),
            Self::NotFound => ("404", "Not Found", 404),
            Self::Internal => ("500", "Internal Server Error", 500),
        }
    }

    pub(super) fn respond(self, engine: &Engine) -> Response {
        let (code, message, status) = self.parts();
        let status = match self {
            Self::Authentication => engine.with(|world| world.facts.number("profile_error_status")),
            _ => status.into(),
        };
        let status = u16::try_from(status).unwrap_or(401);
        json(status, &json!({ "resultcode": code, "message": message }))
    }
}

const API_ERRORS: &[ApiError] = &[
    ApiError::Authentication,
    ApiError::NoHeader,
    ApiError::Forbidden,
    ApiError::NotFound,
    ApiError::Internal,
];

/// The error of this code where it belongs; without a code, the temporary fault of the place.
pub(super) fn failure(engine: &Engine, path: &str, code: Option<&str>) -> Response {
    if path.ends_with("/authorize") {
        return Page::Temporary.show(engine, engine.rules().description().default_locale, Vec::new());
    }
    if path == "/oauth2.0/revoke" {
        let error = code.unwrap_or("temporarily_unavailable");
        return json(503, &json!({ "error": error, "error_description": "temporarily unavailable" }));
    }
    if path.starts_with("/v1/") {
        let known = API_ERRORS.iter().find(|error| Some(error.parts().0) == code);
        return known.copied().unwrap_or(ApiError::Internal).respond(engine);
    }
    let status = engine.with(|world| world.facts.number("token_error_status"));
    let error = code.unwrap_or("server_error").to_owned();
    let status = u16::try_from(status).unwrap_or(200);
    TokenError { error, description: "internal server error".to_owned(), status }.respond()
}
