//! Facebook's errors: pages, and an `error` that is an object.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use mapae_protocol::{locale::Locale, random};
use serde_json::json;

use crate::{
    engine::Engine,
    web::{
        json,
        page::{Frame, Trouble},
    },
};

/// What is shown on a page of Facebook's and never goes back to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Malformed,
    InvalidAppId,
    UrlBlocked,
    InvalidScopes,
    ResponseType,
    Inactive,
    NotATester,
    Temporary,
}

impl Page {
    const fn text(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                "Invalid parameter",
                "요청 형식이 올바르지 않아요. 같은 파라미터를 두 번 보내지 않았는지 확인해 주세요.",
                "The request is malformed. See that no parameter is sent twice.",
            ),
            Self::InvalidAppId => (
                "Invalid App ID",
                "앱 ID가 올바르지 않아요. 앱 대시보드의 앱 ID를 써 주세요.",
                "The provided app ID does not look like a valid app ID.",
            ),
            Self::UrlBlocked => (
                "URL blocked",
                "등록되지 않은 리디렉션 URI예요. 아래 주소를 [Facebook 로그인] > [유효한 OAuth 리디렉션 URI]에 등록해 주세요.",
                "The redirect failed because the URI is not whitelisted. Register the one below under [Valid OAuth Redirect URIs].",
            ),
            Self::InvalidScopes => (
                "Invalid Scopes",
                "쓸 수 없는 권한이에요. 앱 검수를 받거나 scope에서 빼 주세요.",
                "A permission is not available to this app. Get it reviewed, or leave it out of scope.",
            ),
            Self::ResponseType => (
                "Invalid response_type",
                "이 시뮬레이터는 response_type=code만 지원해요.",
                "This simulator supports response_type=code only.",
            ),
            Self::Inactive => (
                "App not active",
                "지금은 쓸 수 없는 앱이에요. 앱 대시보드에서 앱을 켜 주세요.",
                "The app is not active. Switch it on in the app dashboard.",
            ),
            Self::NotATester => (
                "App not active",
                "개발 중인 앱이에요. 이 계정을 앱의 테스터로 등록해 주세요.",
                "The app is in development. Register this account as a tester.",
            ),
            Self::Temporary => (
                "Sorry, something went wrong.",
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

/// What the Graph API refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GraphError {
    CodeExpired,
    RedirectUriDiffers,
    CodeUsed,
    CodeMalformed,
    CodeMissing,
    VerifierWrong,
    RedirectUriMissing,
    AppIdInvalid,
    SecretWrong,
    GrantType,
    NoToken,
    TokenMalformed,
    TokenExpired,
    AppRemoved,
    PasswordChanged,
    Checkpoint,
    Unconfirmed,
    TokenInvalid,
    SessionInvalid,
    PermissionMissing,
    ProofMissing,
    ProofWrong,
    NoSuchField,
    NoSuchObject,
    AppLimit,
    UserLimit,
    PageLimit,
    CallLimit,
    Unknown,
    Unavailable,
    Blocked,
}

const ALL: &[GraphError] = &[
    GraphError::CodeExpired,
    GraphError::RedirectUriDiffers,
    GraphError::CodeUsed,
    GraphError::RedirectUriMissing,
    GraphError::AppIdInvalid,
    GraphError::TokenExpired,
    GraphError::AppRemoved,
    GraphError::PasswordChanged,
    GraphError::Checkpoint,
    GraphError::Unconfirmed,
    GraphError::TokenInvalid,
    GraphError::TokenMalformed,
    GraphError::SessionInvalid,
    GraphError::PermissionMissing,
    GraphError::AppLimit,
    GraphError::UserLimit,
    GraphError::PageLimit,
    GraphError::CallLimit,
    GraphError::Unavailable,
    GraphError::Unknown,
    GraphError::Blocked,
];

impl GraphError {
    /// Code, subcode and message.
    const fn parts(self) -> (u32, Option<u32>, &'static str) {
        match self {
            Self::CodeExpired => (100, Some(36_007), "This authorization code has expired."),
            Self::RedirectUriDiffers => (
                100,
                Some(36_008),
                "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request",
            ),
            Self::CodeUsed => (100, Some(36_009), "This authorization code has been used."),
            Self::CodeMalformed => (100, None, "Invalid verification code format."),
            Self::CodeMissing => (100, None, "Missing authorization code"),
            Self::VerifierWrong => (100, None, "Invalid code_verifier"),
            Self::RedirectUriMissing => (191, None, "Missing redirect_uri parameter."),
            Self::AppIdInvalid => (
                101,
                None,
                "Error validating application. Cannot get application info due to a system error.",
            ),
            Self::SecretWrong => (1, None, "Error validating client secret."),
            Self::GrantType => (100, None, "Unsupported grant_type"),
            Self::NoToken => (
                2_500,
                None,
                "An active access token must be used to query information about the current user.",
            ),
            Self::TokenMalformed => (190, None, "Invalid OAuth access token - Cannot parse access token"),
            Self::TokenExpired => (190, Some(463), "Error validating access token: Session has expired"),
            Self::AppRemoved => (
                190,
                Some(458),
                "Error validating access token: The user has not authorized the application.",
            ),
            Self::PasswordChanged => (
                190,
                Some(460),
                "Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.",
            ),
            Self::Checkpoint => (
                190,
                Some(459),
                "Error validating access token: You cannot access the app till you log in to www.facebook.com and follow the instructions given.",
            ),
            Self::Unconfirmed => (
                190,
                Some(464),
                "Error validating access token: Sessions for the user are not allowed because the user is not a confirmed user.",
            ),
            Self::TokenInvalid => (190, Some(467), "Error validating access token: Invalid access token."),
            Self::SessionInvalid => (102, None, "Session key invalid or no longer valid"),
            Self::PermissionMissing => {
                (10, None, "(#10) Application does not have permission for this action")
            }
            Self::ProofMissing => {
                (100, None, "API calls from the server require an appsecret_proof argument")
            }
            Self::ProofWrong => (100, None, "Invalid appsecret_proof provided in the API argument"),
            Self::NoSuchField => (100, None, "(#100) Tried accessing nonexisting field on node type (User)"),
            Self::NoSuchObject => (
                100,
                Some(33),
                "Unsupported request. Object does not exist or cannot be loaded due to missing permissions",
            ),
            Self::AppLimit => (4, None, "(#4) Application request limit reached"),
            Self::UserLimit => (17, None, "(#17) User request limit reached"),
            Self::PageLimit => (32, None, "(#32) Page request limit reached"),
            Self::CallLimit => (613, None, "(#613) Calls to this api have exceeded the rate limit."),
            Self::Unknown => (1, None, "An unknown error has occurred."),
            Self::Unavailable => {
                (2, None, "An unexpected error has occurred. Please retry your request later.")
            }
            Self::Blocked => {
                (368, None, "(#368) The action attempted has been deemed abusive or is otherwise disallowed")
            }
        }
    }

    /// The word in `WWW-Authenticate`.
    const fn challenge(self) -> &'static str {
        match self {
            Self::CodeExpired
            | Self::RedirectUriDiffers
            | Self::CodeUsed
            | Self::CodeMalformed
            | Self::CodeMissing
            | Self::VerifierWrong => "invalid_code",
            Self::TokenMalformed
            | Self::TokenExpired
            | Self::AppRemoved
            | Self::PasswordChanged
            | Self::Checkpoint
            | Self::Unconfirmed
            | Self::TokenInvalid
            | Self::SessionInvalid
            | Self::NoToken => "invalid_token",
            _ => "invalid_request",
        }
    }

    pub(super) fn respond(self, engine: &Engine) -> Response {
        let (code, subcode, message) = self.parts();
        let status = match code {
            190 => engine.with(|world| world.facts.number("token_error_status")),
            1 | 2 if matches!(self, Self::Unknown | Self::Unavailable) => 500,
            _ => 400,
        };
        let mut error = json!({
            "message": message,
            "type": "OAuthException",
            "code": code,
            "fbtrace_id": format!("A{}", random::text::<15>()),
        });
        if let Some(members) = error.as_object_mut() {
            if let Some(subcode) = subcode {
                members.insert("error_subcode".to_owned(), subcode.into());
            }
            if matches!(self, Self::Unknown | Self::Unavailable) {
                members.insert("is_transient".to_owned(), true.into());
            }
        }
        let mut response = json(u16::try_from(status).unwrap_or(400), &json!({ "error": error }));
        let challenge = format!("OAuth \"Facebook Platform\" \"{}\" \"{message}\"", self.challenge());
        if let Ok(value) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }

    /// As part of an answer of `debug_token`.
    pub(super) fn inside(self) -> serde_json::Value {
        let (code, subcode, message) = self.parts();
        let mut error = json!({ "code": code, "message": message });
        if let (Some(subcode), Some(members)) = (subcode, error.as_object_mut()) {
            members.insert("subcode".to_owned(), subcode.into());
        }
        error
    }
}

/// The error of this code, or `190/463` with its subcode; without a code, the temporary fault of the place.
pub(super) fn failure(engine: &Engine, path: &str, code: Option<&str>) -> Response {
    if path.ends_with("/dialog/oauth") {
        return Page::Temporary.show(engine, Locale::En, Vec::new());
    }
    let (code, subcode) = code.map_or((None, None), |code| {
        let (code, subcode) = code.split_once('/').map_or((code, None), |(code, sub)| (code, Some(sub)));
        (code.parse::<u32>().ok(), subcode.and_then(|subcode| subcode.parse::<u32>().ok()))
    });
    let fits = |error: &&GraphError| {
        let (known, known_subcode, _) = error.parts();
        Some(known) == code && (subcode.is_none() || known_subcode == subcode)
    };
    ALL.iter().find(fits).copied().unwrap_or(GraphError::Unavailable).respond(engine)
}
