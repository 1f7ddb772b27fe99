//! Facebook 로그인: `www.facebook.com` and `graph.facebook.com` on one port.

mod dialog;
mod error;
mod graph;
mod inspect;
mod notices;
mod oidc;
mod permissions;
mod seed;
mod token;

use std::collections::BTreeSet;

use axum::{
    Router,
    response::Response,
    routing::{delete, get},
};
use mapae_protocol::{digest::sha256, locale::Locale, random};

use crate::{
    Fact, Person, Provider,
    engine::{Engine, Link, Notice, Visit},
    fact::Certainty::{Practice, Unconfirmed},
    rules::{About, Asked, Case, Delivery, Description, Outcome, Rules},
};

/// The one and only.
pub(crate) const FACEBOOK: Facebook = Facebook;

/// The rules of Facebook.
pub(crate) struct Facebook;

/// What is not certain.
const FACTS: &[Fact] = &[
    Fact::new("code_seconds", "600", Unconfirmed, "코드의 수명", "life of a code"),
    Fact::new(
        "user_token_seconds",
        "5183944",
        Practice,
        "사용자 액세스 토큰의 수명. 짧은 것은 한두 시간이에요",
        "life of a user access token; short-lived ones last an hour or two",
    ),
    Fact::new(
        "data_access_seconds",
        "7776000",
        Practice,
        "데이터 접근이 만료될 때까지의 시간",
        "until the access to data expires",
    ),
    Fact::new(
        "expires_in_sent",
        "true",
        Practice,
        "토큰 응답에 expires_in이 있는지",
        "whether the token response has expires_in",
    ),
    Fact::new("token_error_status", "400", Practice, "코드 190의 HTTP 상태", "HTTP status of code 190"),
    Fact::new(
        "app_id_is_number",
        "false",
        Practice,
        "debug_token이 app_id를 숫자로 쓰는지",
        "whether debug_token writes app_id as a number",
    ),
    Fact::new(
        "proof_required",
        "false",
        Practice,
        "앱이 'Require app secret proof'를 켰는지",
        "whether the app has switched on 'Require app secret proof'",
    ),
    Fact::new(
        "exchange_kills_old_token",
        "false",
        Unconfirmed,
        "fb_exchange_token이 건네받은 토큰을 끝내는지",
        "whether fb_exchange_token ends the token that it was given",
    ),
    Fact::new(
        "dialog_error",
        "",
        Practice,
        "적으면 대화상자가 사람을 이 번호(error_code)와 error_message로 곧바로 돌려보내요. 예: 1349126",
        "when set, the dialog sends people back at once with this number (error_code) and error_message, such as 1349126",
    ),
    Fact::new(
        "fragment",
        "true",
        Practice,
        "앱의 주소 뒤에 #_=_가 붙는지",
        "whether #_=_ stands behind the address of the app",
    ),
];

const DESCRIPTION: Description = Description {
    provider: Provider::Facebook,
    name: ("Facebook", "Facebook"),
    default_locale: Locale::En,
    real_issuer: "https://www.facebook.com",
    facts: FACTS,
    default_app: seed::app,
    people: seed::people,
    agrees_to_all: false,
};

impl Rules for Facebook {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// With and without a version in front.
    fn routes(&self) -> Router<Engine> {
        Router::new()
            .route("/.well-known/openid-configuration", get(oidc::metadata))
            .route("/.well-known/openid-configuration/", get(oidc::metadata))
            .route("/.well-known/oauth/openid/jwks/", get(oidc::keys))
            .route("/dialog/oauth", get(dialog::dialog))
            .route("/{version}/dialog/oauth", get(dialog::dialog))
            .route("/oauth/access_token", get(token::token).post(token::token))
            .route("/{version}/oauth/access_token", get(token::token).post(token::token))
            .route("/debug_token", get(inspect::debug_token))
            .route("/{version}/debug_token", get(inspect::debug_token))
            .route("/me", get(graph::me))
            .route("/{version}/me", get(graph::me))
            .route("/me/permissions", get(permissions::list).delete(permissions::remove_mine))
            .route("/{version}/me/permissions", get(permissions::list).delete(permissions::remove_mine))
            .route("/{version}/{user}/permissions", delete(permissions::remove_all))
            .route("/{version}/{user}/permissions/{permission}", delete(permissions::remove_one))
    }

    /// Whatever is neither granted nor declined; what was declined only with `auth_type=rerequest`.
    fn consent(&self, case: &Case<'_>) -> Option<Vec<Asked>> {
        let open = |id: &&String| {
            case.link.is_none_or(|link| {
                !link.allows(id) && (case.visit.ask.refused || !link.refused.contains(*id))
            })
        };
        let wanted: Vec<&String> = case.visit.scope.iter().filter(open).collect();
        if wanted.is_empty() && case.link.is_some() {
            return None;
        }
        Some(permissions::asked(&wanted, case.visit.locale))
    }

    fn granted_scope(&self, _visit: &Visit, link: &Link) -> BTreeSet<String> {
        link.items.clone()
    }

    fn new_code(&self) -> String {
        format!("AQ{}", random::text::<96>())
    }

    fn answer(&self, engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
        dialog::answer(engine, visit, outcome)
    }

    fn not_a_tester(&self, engine: &Engine, visit: &Visit) -> Response {
        error::Page::NotATester.show(engine, visit.locale, Vec::new())
    }

    fn failure(&self, engine: &Engine, path: &str, code: Option<&str>) -> Response {
        error::failure(engine, path, code)
    }

    fn notices(&self, engine: &Engine, about: &About<'_>) -> Vec<Notice> {
        notices::of(engine, about)
    }

    fn webhooks(&self) -> &'static [&'static str] {
        &[notices::DEAUTHORIZE, notices::DATA_DELETION]
    }
}

/// The id that this app knows a person by, seventeen digits: another one for each app.
fn app_scoped_id(person: &Person, client_id: &str) -> String {
    let digest = sha256(format!("facebook {client_id} {}", person.id).as_bytes());
    let number = digest.first_chunk().map_or(0, |start| u64::from_be_bytes(*start));
    (10_000_000_000_000_000 + number % 90_000_000_000_000_000).to_string()
}
