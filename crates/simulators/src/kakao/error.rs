//! Kakao's errors: pages with a KOE code, `error_code` at the token endpoint, negative codes of the API.

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

/// What is shown on a page of Kakao's and never goes back to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Malformed,
    WrongAddress,
    Temporary,
    Inactive,
    NotATester,
    RedirectUri,
    LogoutRedirectUri,
    KeyType,
    AppKey,
    NoChannel,
    ResponseType,
    Implicit,
    Scope,
    MissingParameter,
}

impl Page {
    /// The code.
    const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "KOE001",
            Self::WrongAddress => "KOE002",
            Self::Temporary => "KOE003",
            Self::Inactive => "KOE004",
            Self::NotATester => "KOE005",
            Self::RedirectUri => "KOE006",
            Self::LogoutRedirectUri => "KOE007",
            Self::KeyType => "KOE008",
            Self::AppKey => "KOE101",
            Self::NoChannel => "KOE102",
            Self::ResponseType => "KOE201",
            Self::Implicit => "KOE202",
            Self::Scope => "KOE205",
            Self::MissingParameter => "KOE207",
        }
    }

    /// What is wrong and what to do, in both languages.
    const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => (
                "요청 형식이 올바르지 않아요. 같은 파라미터를 두 번 보내지 않았는지 확인해 주세요.",
                "The request is malformed. See that no parameter is sent twice.",
            ),
            Self::WrongAddress => ("주소가 올바르지 않아요.", "The address is wrong."),
            Self::Temporary => (
                "일시적인 오류예요. 잠시 뒤에 다시 시도해 주세요.",
                "A temporary fault. Try again in a moment.",
            ),
            Self::Inactive => (
                "앱의 카카오 로그인이 꺼져 있어요. [카카오 로그인] > [사용 설정]을 켜 주세요.",
                "Kakao Login is not activated for this app. Switch it on under [Kakao Login] > [Usage settings].",
            ),
            Self::NotATester => (
                "테스트 앱이에요. 이 계정을 앱 멤버로 등록해 주세요.",
                "This is a test app. Register this account as a member of the app.",
            ),
            Self::RedirectUri => (
                "등록되지 않은 리다이렉트 URI예요. 아래 주소를 REST API 키의 [카카오 로그인 리다이렉트 URI]에 등록해 주세요.",
                "The redirect URI is not registered. Register the one below under [Kakao Login Redirect URI] of the REST API key.",
            ),
            Self::LogoutRedirectUri => (
                "등록되지 않은 로그아웃 리다이렉트 URI예요. 아래 주소를 [로그아웃 리다이렉트 URI]에 등록해 주세요.",
                "The logout redirect URI is not registered. Register the one below under [Logout Redirect URI].",
            ),
            Self::KeyType => (
                "이 요청에 쓸 수 없는 종류의 앱 키예요. REST API 키를 써 주세요.",
                "This kind of key cannot be used here. Use the REST API key.",
            ),
            Self::AppKey => (
                "앱 키가 올바르지 않아요. [앱] > [플랫폼 키]의 REST API 키를 써 주세요.",
                "The app key is wrong. Use the REST API key under [App] > [Platform key].",
            ),
            Self::NoChannel => (
                "카카오톡 채널이 연결되지 않은 앱이에요. 채널을 연결하거나 파라미터를 빼 주세요.",
                "No Kakao Talk channel is linked to this app. Link one, or leave the parameter out.",
            ),
            Self::ResponseType => ("response_type은 code여야 해요.", "response_type must be code."),
            Self::Implicit => (
                "암시적 방식은 지원하지 않아요. response_type을 code로 바꿔 주세요.",
                "The implicit flow is not supported. Change response_type to code.",
            ),
            Self::Scope => (
                "설정하지 않은 동의 항목이에요. [카카오 로그인] > [동의항목]에서 설정하거나 scope에서 빼 주세요.",
                "A consent item is not configured. Configure it under [Kakao Login] > [Consent items], or leave it out of scope.",
            ),
            Self::MissingParameter => ("필수 파라미터가 없어요.", "A required parameter is missing."),
        }
    }

    pub(super) fn show(self, engine: &Engine, locale: Locale, detail: Vec<(String, String)>) -> Response {
        let status = engine.with(|world| world.facts.number("error_page_status"));
        let (ko, en) = self.text();
        let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::BAD_REQUEST);
        Trouble { status, code: self.code(), ko, en, detail }.page(Frame::new(engine, locale))
    }
}

/// What the token endpoint refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenError<'a> {
    Temporary,
    Misconfigured,
    Secret,
    AppKey,
    MissingParameter,
    TooMany,
    RedirectUri,
    GrantType,
    NoRefreshToken,
    Code(&'a str),
    RefreshToken,
    IdToken(&'static str),
    Verifier,
}

impl TokenError<'_> {
    /// Code, `error` and status; the description is apart, because one repeats what was sent.
    const fn parts(&self) -> (&'static str, &'static str, u16) {
        match self {
            Self::Temporary => ("KOE003", "server_error", 500),
            Self::Misconfigured => ("KOE009", "misconfigured", 401),
            Self::Secret => ("KOE010", "invalid_client", 401),
            Self::AppKey => ("KOE101", "invalid_client", 401),
            Self::MissingParameter => ("KOE207", "invalid_request", 400),
            Self::TooMany => ("KOE237", "invalid_request", 429),
            Self::RedirectUri => ("KOE303", "invalid_grant", 400),
            Self::GrantType => ("KOE310", "unsupported_grant_type", 400),
            Self::NoRefreshToken => ("KOE319", "invalid_grant", 400),
            Self::Code(_) | Self::Verifier => ("KOE320", "invalid_grant", 400),
            Self::RefreshToken => ("KOE322", "invalid_grant", 400),
            Self::IdToken(_) => ("KOE400", "invalid_token", 400),
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Temporary => "temporary error. please try again later.".to_owned(),
            Self::Misconfigured => "platform is not registered".to_owned(),
            Self::Secret => "Bad client credentials".to_owned(),
            Self::AppKey => "Not exist client_id".to_owned(),
            Self::MissingParameter => "missing required parameter".to_owned(),
            Self::TooMany => "token request rate limit exceeded".to_owned(),
            Self::RedirectUri => "Redirect URI mismatch.".to_owned(),
            Self::GrantType => "unsupported grant_type".to_owned(),
            Self::NoRefreshToken => "refresh_token not found".to_owned(),
            // Documented so, with the code in it.
            Self::Code(code) => format!("authorization code not found for code={code}"),
            Self::Verifier => "code_verifier mismatch".to_owned(),
            Self::RefreshToken => "expired_or_invalid_refresh_token".to_owned(),
            Self::IdToken(why) => (*why).to_owned(),
        }
    }

    pub(super) fn respond(self, engine: &Engine) -> Response {
        let (code, error, status) = self.parts();
        let (code, status) = engine.with(|world| {
            let number = |name| u16::try_from(world.facts.number(name)).unwrap_or(status);
            match self {
                Self::Misconfigured => (code.to_owned(), number("misconfigured_status")),
                Self::TooMany => (code.to_owned(), number("rate_limit_status")),
                Self::Verifier => (world.facts.text("wrong_verifier_code").to_owned(), status),
                _ => (code.to_owned(), status),
            }
        });
        let body = json!({ "error": error, "error_description": self.description(), "error_code": code });
        json(status, &body)
    }
}

/// What the API refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    Temporary,
    Argument(&'static str),
    TooMany,
    NotLinked,
    AlreadyLinked,
    NoAccount,
    PropertyKey,
    TokenUnknown,
    TokenExpired,
    AdminKey,
    NoCredentials,
    ItemsMissing(Vec<String>),
    TooYoung,
}

impl ApiError {
    /// Code and status.
    const fn parts(&self) -> (i32, u16) {
        match self {
            Self::Temporary => (-1, 400),
            Self::Argument(_) => (-2, 400),
            Self::TooMany => (-10, 429),
            Self::NotLinked => (-101, 400),
            Self::AlreadyLinked => (-102, 400),
            Self::NoAccount => (-103, 400),
            Self::PropertyKey => (-201, 400),
            Self::TokenUnknown | Self::TokenExpired | Self::AdminKey | Self::NoCredentials => (-401, 401),
            Self::ItemsMissing(_) => (-402, 403),
            Self::TooYoung => (-406, 401),
        }
    }

    const fn message(&self) -> &'static str {
        match self {
            Self::Temporary => "internal error. please try again later.",
            Self::Argument(what) => what,
            Self::TooMany => "API limit has been exceeded.",
            Self::NotLinked => "NotRegisteredUserException",
            Self::AlreadyLinked => "AlreadyRegisteredUserException",
            Self::NoAccount => "not existing kakao account",
            Self::PropertyKey => "unknown property key",
            Self::TokenUnknown => "this access token does not exist",
            Self::TokenExpired => "this access token is already expired",
            Self::AdminKey => "wrong admin key",
            Self::NoCredentials => "no authentication key!",
            Self::ItemsMissing(_) => "insufficient scopes.",
            Self::TooYoung => "under 14 years old",
        }
    }

    pub(super) fn respond(&self) -> Response {
        let (code, status) = self.parts();
        let mut body = json!({ "msg": self.message(), "code": code });
        if let (Self::ItemsMissing(items), Some(members)) = (self, body.as_object_mut()) {
            members.insert("required_scopes".to_owned(), json!(items));
        }
        match self {
            Self::TokenUnknown | Self::TokenExpired | Self::NoCredentials | Self::AdminKey => {
                json_with(status, &body, header::WWW_AUTHENTICATE, "Bearer error=invalid_token")
            }
            _ => json(status, &body),
        }
    }
}

const PAGES: &[Page] = &[
    Page::Malformed,
    Page::WrongAddress,
    Page::Temporary,
    Page::Inactive,
    Page::NotATester,
    Page::RedirectUri,
    Page::LogoutRedirectUri,
    Page::KeyType,
    Page::AppKey,
    Page::NoChannel,
    Page::ResponseType,
    Page::Implicit,
    Page::Scope,
    Page::MissingParameter,
];

const TOKEN_ERRORS: &[TokenError<'static>] = &[
    TokenError::Temporary,
    TokenError::Misconfigured,
    TokenError::Secret,
    TokenError::AppKey,
    TokenError::MissingParameter,
    TokenError::TooMany,
    TokenError::RedirectUri,
    TokenError::GrantType,
    TokenError::NoRefreshToken,
    TokenError::Code("simulated"),
    TokenError::RefreshToken,
    TokenError::IdToken("simulated"),
];

const API_ERRORS: &[ApiError] = &[
    ApiError::Temporary,
    ApiError::Argument("simulated"),
    ApiError::TooMany,
    ApiError::NotLinked,
    ApiError::AlreadyLinked,
    ApiError::NoAccount,
    ApiError::PropertyKey,
    ApiError::TokenUnknown,
    ApiError::ItemsMissing(Vec::new()),
    ApiError::TooYoung,
];

/// The error of this code where it belongs; without a code, the temporary fault of the place.
pub(super) fn failure(engine: &Engine, path: &str, code: Option<&str>) -> Response {
    let wanted = code.unwrap_or_default();
    if matches!(path, "/oauth/authorize" | "/oauth/logout") {
        let page = PAGES.iter().find(|page| page.code() == wanted).unwrap_or(&Page::Temporary);
        return page.show(engine, Locale::Ko, Vec::new());
    }
    if path.starts_with("/oauth/") {
        let known = TOKEN_ERRORS.iter().find(|error| error.parts().0 == wanted);
        return known.copied().unwrap_or(TokenError::Temporary).respond(engine);
    }
    let number: Option<i32> = wanted.replace('\u{2212}', "-").parse().ok();
    let known = API_ERRORS.iter().find(|error| Some(error.parts().0) == number);
    known.unwrap_or(&ApiError::Temporary).respond()
}
