//! Server-to-server notifications: a signed token in JSON, whose `events` is JSON once more, as a string.

use mapae_protocol::{jose::HeaderType, random};
use reqwest::Method;
use serde_json::json;

use super::{address, subject};
use crate::{
    engine::{Body, Engine, Link, Notice},
    rules::{About, Happening},
};

/// Their only kind.
pub(super) const NOTIFICATIONS: &str = "notifications";

const TYPES: [&str; 4] = ["consent-revoked", "account-delete", "email-enabled", "email-disabled"];

pub(super) fn of(engine: &Engine, about: &About<'_>) -> Vec<Notice> {
    let kind = match about.happening {
        Happening::Unlinked => Some("consent-revoked"),
        Happening::Deleted => Some("account-delete"),
        Happening::Named(name) => TYPES.into_iter().find(|known| *known == name),
        Happening::Linked | Happening::TokensRevoked | Happening::EmailChanged => None,
    };
    let webhook = about.app.webhooks.get(NOTIFICATIONS);
    let notice = kind.zip(webhook).map(|(kind, webhook)| Notice {
        kind: NOTIFICATIONS,
        url: webhook.url.clone(),
        method: Method::POST,
        authorization: None,
        body: Body::Json(json!({ "payload": payload(engine, about, kind) }).to_string()),
    });
    notice.into_iter().collect()
}

fn payload(engine: &Engine, about: &About<'_>, kind: &str) -> String {
    let now = engine.now().unix();
    let in_milliseconds = engine.with(|world| world.facts.is("event_time_in_milliseconds"));
    let at = if in_milliseconds { now * 1_000 } else { now };
    let mut event = json!({ "type": kind, "sub": subject(about.person, about.app), "event_time": at });
    if kind.starts_with("email-")
        && let Some(members) = event.as_object_mut()
    {
        let link = engine.with(|world| world.link(&about.app.client_id, &about.person.name).cloned());
        let link = link.unwrap_or_else(|| Link::new(engine.now()));
        if let Some((email, relay)) = address(about.person, about.app, &link) {
            members.insert("email".to_owned(), email.into());
            members.insert("is_private_email".to_owned(), relay.to_string().into());
        }
    }
    let claims = json!({
        "iss": engine.issuer(),
        "aud": about.app.client_id,
        "iat": now,
        "jti": random::text::<12>(),
        "events": event.to_string(),
    });
    engine.sign(HeaderType::Jwt, &claims)
}
