//! Apple로 로그인: `appleid.apple.com`.

mod authorize;
mod client_secret;
mod error;
mod id_token;
mod metadata;
mod notices;
mod seed;
mod token;

use std::collections::BTreeSet;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};
use mapae_protocol::{digest::sha256, locale::Locale, params::Params, random};

use crate::{
    App, Fact, Person, Provider,
    engine::{Engine, Link, Notice, Visit},
    fact::Certainty::{Practice, Unconfirmed},
    rules::{About, Asked, Case, Delivery, Description, Outcome, Rules},
};

/// The one and only.
pub(crate) const APPLE: Apple = Apple;

/// The rules of Apple.
pub(crate) struct Apple;

/// What the person chose about the address.
const EMAIL_CHOICE: &str = "email_choice";

/// What is not certain.
const FACTS: &[Fact] = &[
    Fact::new("code_seconds", "300", Practice, "코드의 수명", "life of a code"),
    Fact::new("access_token_seconds", "3600", Practice, "expires_in의 값", "what expires_in says"),
    Fact::new(
        "id_token_seconds",
        "86400",
        Practice,
        "ID 토큰의 수명. 10분부터 하루까지 본 적이 있어요",
        "life of an ID token; ten minutes to a day have been seen",
    ),
    Fact::new(
        "booleans_as_strings",
        "false",
        Practice,
        "email_verified 같은 값이 true가 아니라 \"true\"인지",
        "whether email_verified and its like are \"true\" instead of true",
    ),
    Fact::new(
        "event_time_in_milliseconds",
        "true",
        Unconfirmed,
        "알림의 event_time이 초가 아니라 밀리초인지",
        "whether event_time of notifications counts milliseconds instead of seconds",
    ),
    Fact::new(
        "email_in_later_tokens",
        "true",
        Practice,
        "첫 로그인 뒤의 ID 토큰에도 이메일이 있는지",
        "whether ID tokens after the first login have the address, too",
    ),
    Fact::new(
        "pkce_enforced",
        "true",
        Unconfirmed,
        "code_challenge에 답해야 하는지. Apple은 PKCE를 알리지 않아요",
        "whether a code_challenge must be answered; Apple does not advertise PKCE",
    ),
    Fact::new(
        "longest_client_secret_seconds",
        "15777000",
        Practice,
        "클라이언트 시크릿의 exp가 얼마나 먼 미래여도 되는지",
        "how far ahead exp of a client secret may lie",
    ),
];

const DESCRIPTION: Description = Description {
    provider: Provider::Apple,
    name: ("Apple", "Apple"),
    default_locale: Locale::En,
    real_issuer: "https://appleid.apple.com",
    facts: FACTS,
    default_app: seed::app,
    people: seed::people,
    agrees_to_all: false,
};

impl Rules for Apple {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn client_key(&self) -> Option<&'static str> {
        Some(client_secret::DEFAULT_KEY)
    }

    fn routes(&self) -> Router<Engine> {
        Router::new()
            .route("/.well-known/openid-configuration", get(metadata::metadata))
            .route("/auth/keys", get(metadata::keys))
            .route("/auth/authorize", get(authorize::authorize))
            .route("/auth/token", post(token::token))
            .route("/auth/revoke", post(token::revoke))
            .route("/simulator/client-key.p8", get(client_secret::default_key))
    }

    /// Once; who comes again only signs in.
    fn consent(&self, case: &Case<'_>) -> Option<Vec<Asked>> {
        if case.link.is_some() {
            return None;
        }
        let line = |id: &String| {
            let title = match (id.as_str(), case.visit.locale) {
                ("name", Locale::Ko) => "이름",
                ("name", Locale::En) => "Name",
                (_, Locale::Ko) => "이메일",
                (_, Locale::En) => "E-mail",
            };
            Asked { id: id.clone(), title: title.to_owned(), required: true, ticked: true }
        };
        let available = |id: &&String| *id != "email" || case.person.email.is_some();
        Some(case.visit.scope.iter().filter(available).map(line).collect())
    }

    fn choose(&self, link: &mut Link, sent: &Params) {
        if let Ok(Some(choice)) = sent.one(EMAIL_CHOICE) {
            link.choices.insert(EMAIL_CHOICE.to_owned(), choice.to_owned());
        }
    }

    fn hides_email(&self) -> bool {
        true
    }

    fn granted_scope(&self, _visit: &Visit, link: &Link) -> BTreeSet<String> {
        link.items.clone()
    }

    fn new_code(&self) -> String {
        format!("c{}.0.s{}", random::text::<16>(), random::text::<16>())
    }

    fn answer(&self, engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
        authorize::answer(engine, visit, outcome)
    }

    fn not_a_tester(&self, engine: &Engine, visit: &Visit) -> Response {
        error::Page::InvalidClient.show(engine, visit.locale, Vec::new())
    }

    fn failure(&self, engine: &Engine, path: &str, code: Option<&str>) -> Response {
        error::failure(engine, path, code)
    }

    fn notices(&self, engine: &Engine, about: &About<'_>) -> Vec<Notice> {
        notices::of(engine, about)
    }

    fn webhooks(&self) -> &'static [&'static str] {
        &[notices::NOTIFICATIONS]
    }
}

/// The id that the apps of a team know a person by.
fn subject(person: &Person, app: &App) -> String {
    let team = app.team_id.as_deref().unwrap_or_default();
    let digest = sha256(format!("apple {team} {}", person.id).as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let last = digest.iter().map(|byte| u32::from(*byte)).sum::<u32>() % 9_000 + 1_000;
    format!("001234.{hex}.{last}")
}

/// The address that the app gets, and whether it is a relay.
fn address(person: &Person, app: &App, link: &Link) -> Option<(String, bool)> {
    let real = person.email.clone().filter(|_| link.allows("email"))?;
    if link.choices.get(EMAIL_CHOICE).is_some_and(|choice| choice == "hide") {
        let digest =
            sha256(format!("relay {} {}", app.team_id.as_deref().unwrap_or_default(), person.id).as_bytes());
        let name: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        return Some((format!("{name}@privaterelay.appleid.com"), true));
    }
    Some((real, false))
}
