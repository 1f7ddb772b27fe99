//! What Kakao tells apps: the unlink webhook and the account status webhook — RFC 8417 §2.

use mapae_protocol::{jose::HeaderType, random};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    engine::{Body, Engine, Notice},
    rules::{About, Happening},
};

/// The unlink webhook: a form and the admin key, no signature.
pub(super) const UNLINK: &str = "unlink";
/// The account status change webhook: a signed token.
pub(super) const ACCOUNT: &str = "account";

const OAUTH: &str = "https://schemas.openid.net/secevent/oauth/event-type/";
const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
const PROFILE_CHANGED: &str = "https://schemas.kakao.com/platevent/kakao/event-type/user-profile-changed";

/// Event types by namespace.
const EVENTS: &[(&str, &[&str])] = &[
    (
        OAUTH,
        &[
            "user-linked",
            "user-unlinked",
            "user-scope-consent",
            "user-scope-withdraw",
            "tokens-revoked",
            "token-issued",
            "token-revoked",
        ],
    ),
    (
        RISC,
        &[
            "account-disabled",
            "account-enabled",
            "account-purged",
            "account-credential-change-required",
            "credential-compromise",
            "identifier-changed",
            "identifier-recycled",
            "sessions-revoked",
        ],
    ),
    (CAEP, &["assurance-level-change", "credential-change"]),
];

/// Values of `referrer_type`.
const REFERRERS: [&str; 5] = [
    "ACCOUNT_DELETE",
    "FORCED_ACCOUNT_DELETE",
    "UNLINK_FROM_ADMIN",
    "UNLINK_FROM_APPS",
    "INCOMPLETE_SIGN_UP",
];

pub(super) fn of(engine: &Engine, about: &About<'_>) -> Vec<Notice> {
    let (form, events): (Option<&str>, Vec<(String, Value)>) = match about.happening {
        Happening::Linked => (None, vec![oauth("user-linked", None), oauth("user-scope-consent", None)]),
        Happening::Unlinked => {
            (Some("UNLINK_FROM_APPS"), vec![oauth("user-unlinked", Some("UNLINK_FROM_APPS"))])
        }
        Happening::Deleted => (
            Some("ACCOUNT_DELETE"),
            vec![
                oauth("user-unlinked", Some("ACCOUNT_DELETE")),
                (format!("{RISC}account-purged"), json!({})),
            ],
        ),
        Happening::TokensRevoked => (None, vec![oauth("tokens-revoked", None)]),
        Happening::EmailChanged => (None, vec![(PROFILE_CHANGED.to_owned(), json!({}))]),
        Happening::Named(name) => named(name),
    };
    let form = form.and_then(|referrer| unlink_webhook(about, referrer));
    let events =
        events.into_iter().filter_map(|(uri, details)| account_webhook(engine, about, &uri, details));
    form.into_iter().chain(events).collect()
}

/// A `referrer_type`, the last part of an event type, or any event type in full.
fn named(name: &str) -> (Option<&str>, Vec<(String, Value)>) {
    if REFERRERS.contains(&name) {
        return (Some(name), vec![oauth("user-unlinked", Some(name))]);
    }
    if name.contains("://") {
        return (None, vec![(name.to_owned(), json!({}))]);
    }
    let known = EVENTS.iter().find(|(_, names)| names.contains(&name));
    (None, known.map(|(namespace, _)| (format!("{namespace}{name}"), json!({}))).into_iter().collect())
}

fn oauth(name: &str, reason: Option<&str>) -> (String, Value) {
    let details = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
    (format!("{OAUTH}{name}"), details)
}

fn unlink_webhook(about: &About<'_>, referrer: &str) -> Option<Notice> {
    let webhook = about.app.webhooks.get(UNLINK)?;
    Some(Notice {
        kind: UNLINK,
        url: webhook.url.clone(),
        method: webhook.verb()?,
        authorization: about.app.admin_key.as_ref().map(|key| format!("KakaoAK {key}")),
        body: Body::Form(vec![
            ("app_id", about.app.number.to_string()),
            ("user_id", about.person.id.clone()),
            ("referrer_type", referrer.to_owned()),
        ]),
    })
}

fn account_webhook(engine: &Engine, about: &About<'_>, uri: &str, mut details: Value) -> Option<Notice> {
    let webhook = about.app.webhooks.get(ACCOUNT)?;
    let now = engine.now().unix();
    if let Some(members) = details.as_object_mut() {
        let subject = json!({ "subject_type": "iss-sub", "iss": engine.issuer(), "sub": about.person.id });
        members.insert("subject".to_owned(), subject);
    }
    let claims = json!({
        "iss": engine.issuer(),
        "aud": about.app.client_id,
        "app_id": about.app.number.to_string(),
        "sub": about.person.id,
        "iat": now,
        "toe": now,
        "txm": random::text::<12>(),
        "jti": random::text::<12>(),
        "events": { uri: details },
    });
    Some(Notice {
        kind: ACCOUNT,
        url: webhook.url.clone(),
        method: Method::POST,
        authorization: None,
        body: Body::SecurityEvent(engine.sign(HeaderType::SecurityEvent, &claims)),
    })
}
