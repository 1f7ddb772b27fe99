//! Google 로그인: `accounts.google.com`, `oauth2.googleapis.com`, `openidconnect.googleapis.com` and
//! `www.googleapis.com` on one port.

mod authorize;
mod error;
mod notices;
mod oidc;
mod scope;
mod seed;
mod token;
mod userinfo;

use std::collections::BTreeSet;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use mapae_protocol::{locale::Locale, random};

use crate::{
    Fact, Provider,
    engine::{Engine, Link, Notice, Visit},
    fact::Certainty::{Documented, Practice, Unconfirmed},
    rules::{About, Asked, Case, Delivery, Description, Outcome, Rules},
};

/// The one and only.
pub(crate) const GOOGLE: Google = Google;

/// The rules of Google.
pub(crate) struct Google;

/// What is not certain.
const FACTS: &[Fact] = &[
    Fact::new("code_seconds", "600", Practice, "코드의 수명", "life of a code"),
    Fact::new("access_token_seconds", "3599", Practice, "액세스 토큰의 수명", "life of an access token"),
    Fact::new("id_token_seconds", "3600", Documented, "ID 토큰의 수명", "life of an ID token"),
    Fact::new(
        "unused_refresh_token_seconds",
        "15552000",
        Practice,
        "이만큼 쓰지 않은 리프레시 토큰은 끝나요",
        "a refresh token that is not used for so long dies",
    ),
    Fact::new(
        "most_refresh_tokens",
        "100",
        Practice,
        "한 계정과 클라이언트가 함께 가질 수 있는 리프레시 토큰 수. 오래된 것부터 조용히 끝나요",
        "live refresh tokens of one account and client; older ones die silently",
    ),
    Fact::new(
        "refresh_gives_id_token",
        "true",
        Practice,
        "갱신할 때 새 ID 토큰도 오는지",
        "whether a refresh brings a new ID token",
    ),
    Fact::new(
        "silent_login_error",
        "login_required",
        Unconfirmed,
        "prompt=none인데 로그인한 사람이 없을 때의 error",
        "error when prompt=none and nobody is signed in",
    ),
    Fact::new(
        "missing_secret_status",
        "400",
        Unconfirmed,
        "시크릿을 보내지 않았을 때의 HTTP 상태",
        "HTTP status when no secret is sent",
    ),
    Fact::new(
        "refuses_web_views",
        "true",
        Practice,
        "앱 안의 브라우저를 disallowed_useragent로 거절하는지",
        "whether in-app browsers are refused with disallowed_useragent",
    ),
    Fact::new(
        "issuer_without_scheme",
        "false",
        Documented,
        "ID 토큰의 발급자에 예전처럼 https://가 없는지",
        "whether ID tokens name the issuer without https://, as they once did",
    ),
    Fact::new(
        "risc_issuer_slash",
        "true",
        Unconfirmed,
        "보안 이벤트의 발급자가 빗금으로 끝나는지",
        "whether the issuer of security events ends in a slash",
    ),
];

const DESCRIPTION: Description = Description {
    provider: Provider::Google,
    name: ("Google", "Google"),
    default_locale: Locale::En,
    real_issuer: "https://accounts.google.com",
    facts: FACTS,
    default_app: seed::app,
    people: seed::people,
    agrees_to_all: false,
};

impl Rules for Google {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn routes(&self) -> Router<Engine> {
        Router::new()
            .route("/.well-known/openid-configuration", get(oidc::metadata))
            .route("/.well-known/risc-configuration", get(notices::configuration))
            .route("/o/oauth2/v2/auth", get(authorize::authorize))
            .route("/oauth2/v3/certs", get(oidc::keys))
            .route("/token", post(token::token))
            .route("/revoke", post(token::revoke))
            .route("/tokeninfo", get(oidc::token_info))
            .route("/v1/userinfo", get(userinfo::claims).post(userinfo::claims))
            .route("/oauth2/v3/userinfo", get(userinfo::claims).post(userinfo::claims))
            .route("/oauth2/v2/userinfo", get(userinfo::legacy))
    }

    /// Who has granted all of it is asked again only by `prompt=consent`.
    fn consent(&self, case: &Case<'_>) -> Option<Vec<Asked>> {
        let missing = |id: &&String| case.link.is_none_or(|link| !link.allows(id));
        let wanted: Vec<&String> = if case.visit.ask.consent {
            case.visit.scope.iter().collect()
        } else {
            case.visit.scope.iter().filter(missing).collect()
        };
        if wanted.is_empty() && case.link.is_some() {
            return None;
        }
        Some(scope::asked(&wanted, case.visit.locale))
    }

    fn granted_scope(&self, visit: &Visit, link: &Link) -> BTreeSet<String> {
        let all = visit.extras.get("include_granted_scopes").is_some_and(|value| value == "true");
        link.items.iter().filter(|id| all || visit.scope.contains(id)).cloned().collect()
    }

    /// With `access_type=offline`, and when the person really consented in this run.
    fn is_offline(&self, visit: &Visit, asked: bool) -> bool {
        asked && visit.extras.get("access_type").is_some_and(|kind| kind == "offline")
    }

    /// The slash arrives percent-encoded, and must be decoded once.
    fn new_code(&self) -> String {
        format!("4/0Ab{}", random::text::<48>())
    }

    fn answer(&self, engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
        authorize::answer(engine, visit, outcome)
    }

    fn not_a_tester(&self, engine: &Engine, visit: &Visit) -> Response {
        error::Page::OrgInternal.show(engine, visit.locale, Vec::new())
    }

    fn failure(&self, engine: &Engine, path: &str, code: Option<&str>) -> Response {
        error::failure(engine, path, code)
    }

    fn notices(&self, engine: &Engine, about: &About<'_>) -> Vec<Notice> {
        notices::of(engine, about)
    }

    fn webhooks(&self) -> &'static [&'static str] {
        &[notices::RISC]
    }
}
