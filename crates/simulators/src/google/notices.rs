//! Cross-Account Protection (RISC): security event tokens — RFC 8417 §2, RFC 8935 §2.

use axum::{extract::State, response::Response};
use mapae_protocol::{jose::HeaderType, random};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    engine::{Body, Engine, Notice},
    rules::{About, Happening},
    web::json,
};

/// Its only kind.
pub(super) const RISC: &str = "risc";

const OAUTH_EVENT: &str = "https://schemas.openid.net/secevent/oauth/event-type/";
const RISC_EVENT: &str = "https://schemas.openid.net/secevent/risc/event-type/";

/// How much of a token names it.
const PREFIX: usize = 16;

/// `GET /.well-known/risc-configuration`.
pub(super) async fn configuration(State(engine): State<Engine>) -> Response {
    let base = engine.base();
    json(
        200,
        &json!({
            "issuer": issuer(&engine),
            "jwks_uri": format!("{base}/oauth2/v3/certs"),
            "delivery_methods_supported": ["https://schemas.openid.net/secevent/risc/delivery-method/push"],
        }),
    )
}

fn issuer(engine: &Engine) -> String {
    let slash = if engine.with(|world| world.facts.is("risc_issuer_slash")) { "/" } else { "" };
    format!("{}{slash}", engine.issuer())
}

pub(super) fn of(engine: &Engine, about: &About<'_>) -> Vec<Notice> {
    let Some(webhook) = about.app.webhooks.get(RISC) else { return Vec::new() };
    let send = |uri: String, details: Value| {
        let claims = json!({
            "iss": issuer(engine),
            "aud": about.app.client_id,
            "iat": engine.now().unix(),
            "jti": random::text::<12>(),
            "events": { uri: details },
        });
        Notice {
            kind: RISC,
            url: webhook.url.clone(),
            method: Method::POST,
            authorization: None,
            body: Body::SecurityEvent(engine.sign(HeaderType::SecurityEvent, &claims)),
        }
    };
    events(engine, about).into_iter().map(|(uri, details)| send(uri, details)).collect()
}

/// "Remove access" sends one event about the person and one for each token.
fn events(engine: &Engine, about: &About<'_>) -> Vec<(String, Value)> {
    let subject = || json!({ "subject_type": "iss-sub", "iss": engine.issuer(), "sub": about.person.id });
    let person =
        |namespace: &str, name: &str| (format!("{namespace}{name}"), json!({ "subject": subject() }));
    match about.happening {
        Happening::Linked | Happening::EmailChanged => Vec::new(),
        Happening::Unlinked => {
            let tokens =
                about.tokens.iter().map(|token| (format!("{OAUTH_EVENT}token-revoked"), of_token(token)));
            std::iter::once(person(OAUTH_EVENT, "tokens-revoked")).chain(tokens).collect()
        }
        Happening::TokensRevoked => vec![person(RISC_EVENT, "sessions-revoked")],
        Happening::Deleted => {
            vec![person(OAUTH_EVENT, "tokens-revoked"), person(RISC_EVENT, "account-disabled")]
        }
        Happening::Named(name) => named(name, &subject()).into_iter().collect(),
    }
}

fn of_token(token: &str) -> Value {
    let prefix = token.get(..PREFIX).unwrap_or(token);
    json!({
        "subject": {
            "subject_type": "oauth_token",
            "token_type": "access_token",
            "token_identifier_alg": "prefix",
            "token": prefix,
        }
    })
}

/// The last part of an event type, `account-disabled:hijacking` with its reason, or any event type in full.
fn named(name: &str, subject: &Value) -> Option<(String, Value)> {
    if name.contains("://") {
        return Some((name.to_owned(), json!({ "subject": subject })));
    }
    let (name, reason) = name.split_once(':').map_or((name, None), |(name, reason)| (name, Some(reason)));
    let namespace = match name {
        "tokens-revoked" => OAUTH_EVENT,
        "sessions-revoked"
        | "account-disabled"
        | "account-enabled"
        | "account-credential-change-required" => RISC_EVENT,
        "verification" => {
            let state = reason.unwrap_or("simulated");
            return Some((format!("{RISC_EVENT}verification"), json!({ "state": state })));
        }
        _ => return None,
    };
    let mut details = json!({ "subject": subject });
    if let (Some(reason), Some(members)) = (reason, details.as_object_mut()) {
        members.insert("reason".to_owned(), reason.into());
    }
    Some((format!("{namespace}{name}"), details))
}
