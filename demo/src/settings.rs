//! What the demo must be told: where everything is, and by which credentials its parties know each other.

use std::path::PathBuf;

use mapae_protocol::secret::Secret;

use crate::{
    api::{READ, WRITE},
    flow::Stage,
};

/// What the demo must be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The authorization server's issuer identifier, which is also its address: `http://localhost:9000`.
    pub issuer: String,
    /// The service's `client_id` there.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret<String>,
    /// The API, as it is registered there.
    pub api: ApiSettings,
    /// The other kinds of clients, as they are registered there.
    pub others: OtherClients,
    /// The social providers that are offered beside it, in the order of their buttons.
    pub providers: Vec<SocialProvider>,
    /// A folder of the demo's own: the vault, the users, the calendars.
    pub data: PathBuf,
    /// The stage on which the authorization server is watched too.
    pub stage: Stage,
}

/// The calendar API as the authorization server knows it.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Its identifier, the `resource` and `aud` of its tokens; normally [`Doors::api_url`](crate::Doors::api_url).
    pub identifier: String,
    /// Its `client_id` for the revocation feed.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret<String>,
}

/// A social provider at which the service is registered, or rather its simulator.
#[derive(Clone, Debug)]
pub struct SocialProvider {
    /// The id of its definition in `mapae-client`: `kakao`.
    pub name: String,
    /// Where it is: `http://localhost:9100`.
    pub address: String,
    /// The service's `client_id` there.
    pub client_id: String,
    /// Its secret; `None` where the client signs its own.
    pub client_secret: Option<Secret<String>>,
    /// Further credentials that the definition names: `admin_key` and `app_id` of Kakao.
    pub credentials: Vec<(String, Secret<String>)>,
}

/// Clients beside the web service, each of another kind (RFC 6749 §2.1).
#[derive(Clone, Debug)]
pub struct OtherClients {
    /// The `client_id` of the page that is a client by itself; public, with the service's origin.
    pub browser_app_id: String,
    /// The `client_id` of programs on this machine; public, with a loopback redirect URI.
    pub native_app_id: String,
    /// The `client_id` of the program that acts for itself.
    pub back_end_id: String,
    /// Its secret.
    pub back_end_secret: Secret<String>,
}

/// A scope that the service asks for, with what the authorization server's pages say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoScope {
    /// Its name.
    pub name: &'static str,
    /// Whether the person must agree to use the service at all.
    pub required: bool,
    /// Why the service wants it.
    pub purpose_ko: &'static str,
    /// The same in English.
    pub purpose_en: &'static str,
}

/// A scope of the calendar API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiScope {
    /// Its name.
    pub name: &'static str,
    /// What it allows.
    pub title_ko: &'static str,
    /// The same in English.
    pub title_en: &'static str,
}

/// The scopes of the calendar API.
pub const API_SCOPES: &[ApiScope] = &[
    ApiScope { name: READ, title_ko: "일정 보기", title_en: "See your calendar" },
    ApiScope { name: WRITE, title_ko: "일정 추가", title_en: "Add to your calendar" },
];

/// Everything that the service asks for, in the order of the consent page.
pub const APP_SCOPES: &[DemoScope] = &[
    DemoScope {
        name: "openid",
        required: true,
        purpose_ko: "다시 왔을 때 알아보려고",
        purpose_en: "To recognise you when you come back",
    },
    DemoScope {
        name: READ,
        required: true,
        purpose_ko: "이번 달 일정을 보여 드리려고",
        purpose_en: "To show you this month’s events",
    },
    DemoScope {
        name: WRITE,
        required: false,
        purpose_ko: "새 일정을 넣어 드리려고",
        purpose_en: "To add events for you",
    },
    DemoScope {
        name: "profile",
        required: false,
        purpose_ko: "이름으로 인사하려고",
        purpose_en: "To greet you by name",
    },
    DemoScope {
        name: "email",
        required: false,
        purpose_ko: "어느 계정인지 보여 드리려고",
        purpose_en: "To show which account this is",
    },
    DemoScope {
        name: "offline_access",
        required: false,
        purpose_ko: "로그아웃해도 연결을 유지하려고",
        purpose_en: "To stay connected when you sign out",
    },
];

/// What the app in the browser asks for.
pub const OTHER_SCOPES: &[DemoScope] = &[
    DemoScope {
        name: "openid",
        required: true,
        purpose_ko: "다시 왔을 때 알아보려고",
        purpose_en: "To recognise you when you come back",
    },
    DemoScope {
        name: "profile",
        required: true,
        purpose_ko: "이름으로 인사하려고",
        purpose_en: "To greet you by name",
    },
    DemoScope {
        name: READ,
        required: true,
        purpose_ko: "일정이 몇 개인지 세어 보려고",
        purpose_en: "To count your events",
    },
];

/// The name of the app on the authorization server's pages.
pub const APP_NAME: &str = "나의 서비스";

/// The scopes as the service asks for them.
pub(crate) fn requested_scopes() -> String {
    APP_SCOPES.iter().map(|scope| scope.name).collect::<Vec<_>>().join(" ")
}
