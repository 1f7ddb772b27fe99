//! Deauthorize and data deletion callbacks: a `signed_request` under the app's secret.

use mapae_protocol::{
    base64url,
    digest::{HmacKey, hmac_sha256},
};
use reqwest::Method;

use super::app_scoped_id;
use crate::{
    engine::{Body, Engine, Notice},
    rules::{About, Happening},
};

/// The person removed the app.
pub(super) const DEAUTHORIZE: &str = "deauthorize";
/// The person wants what came from Facebook to be deleted.
pub(super) const DATA_DELETION: &str = "data_deletion";

pub(super) fn of(engine: &Engine, about: &About<'_>) -> Vec<Notice> {
    let kinds: &[&'static str] = match about.happening {
        Happening::Unlinked | Happening::Deleted => &[DEAUTHORIZE, DATA_DELETION],
        Happening::Named(name) if name == DEAUTHORIZE => &[DEAUTHORIZE],
        Happening::Named(name) if name == DATA_DELETION => &[DATA_DELETION],
        Happening::Named(_) | Happening::Linked | Happening::TokensRevoked | Happening::EmailChanged => &[],
    };
    let secret = about.app.client_secret.as_deref().unwrap_or_default();
    let user = app_scoped_id(about.person, &about.app.client_id);
    let notice = |kind: &&'static str| {
        let webhook = about.app.webhooks.get(*kind)?;
        Some(Notice {
            kind,
            url: webhook.url.clone(),
            method: Method::POST,
            authorization: None,
            body: Body::Form(vec![("signed_request", signed_request(secret, &user, engine.now().unix()))]),
        })
    };
    kinds.iter().filter_map(notice).collect()
}

/// The signature is over the encoded payload.
fn signed_request(secret: &str, user: &str, now: i64) -> String {
    let payload = format!(r#"{{"algorithm":"HMAC-SHA256","issued_at":{now},"user_id":"{user}"}}"#);
    let payload = base64url::encode(payload);
    let signature = hmac_sha256(&HmacKey::new(secret.as_bytes()), payload.as_bytes());
    format!("{}.{payload}", base64url::encode(signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computed_vector() {
        assert_eq!(
            signed_request("0123456789abcdef0123456789abcdef", "1020304050607080", 1_793_000_000),
            "oFX6JArHK9kaOfpGqNS2KJ6P6-UDM6oUMnDM3qRUsHg.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc5MzAwMDAwMCwidXNlcl9pZCI6IjEwMjAzMDQwNTA2MDcwODAifQ"
        );
    }
}
