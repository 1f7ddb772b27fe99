//! The public keys of apps, for what they sign — RFC 7591 §2 (`jwks`, `jwks_uri`), OIDC Core §10.1.1, threats DC-04, TO-14.
//!
//! Keys that an app has registered are at hand. Those at an address are fetched, kept in memory and fetched again when
//! they are old or a token names one that is not there.

use std::{sync::Arc, time::Duration};

use mapae_protocol::{client_jwt::is_known, endpoint_uri::EndpointUri, jose::JwkSet, time::Timestamp};
use tokio::time::timeout;

use crate::{
    app::App,
    catalog::Client,
    fetch::{DOCUMENT_BYTES, readings::Readings},
};

/// For how long somebody waits for another one who fetches the same keys.
const PATIENCE: Duration = Duration::from_secs(4);
/// Most apps whose fetched keys are kept.
const MOST: usize = 1_000;

/// The keys that were fetched. One that was taken away from its address counts until they are fetched again.
#[derive(Debug)]
pub(crate) struct AppKeys(Readings<Arc<JwkSet>>);

/// What to do for a token.
enum Look {
    /// These are good for it.
    Use(Arc<JwkSet>),
    /// Nothing better can be had now.
    Settled(Arc<JwkSet>),
    Fetch,
}

impl Default for AppKeys {
    fn default() -> Self {
        Self(Readings::new(MOST))
    }
}

/// The keys with which a token of this app must be verified; none, if it has none or they cannot be had.
pub(crate) async fn of(app: &App, client: &Client, token: &str) -> Arc<JwkSet> {
    let metadata = client.metadata();
    let Some(address) = &metadata.keys_address else { return metadata.keys.clone().unwrap_or_default() };
    let (id, now) = (client.id(), app.now());
    if let Look::Use(keys) = app.app_keys().look(id, address, token, now) {
        return keys;
    }
    // Whoever asks and goes away again before the answer is there must not leave the app without keys.
    let (app, id, address, token) = (app.clone(), id.to_owned(), address.clone(), token.to_owned());
    let looked = tokio::spawn(async move { looked_again(&app, &id, &address, &token).await });
    looked.await.unwrap_or_default()
}

/// The best keys for this token, after a fetch if one is due or on its way.
async fn looked_again(app: &App, id: &str, address: &EndpointUri, token: &str) -> Arc<JwkSet> {
    let (known, now) = (app.app_keys(), app.now());
    let turn = timeout(PATIENCE, known.0.turns.take(id)).await;
    if let Look::Use(keys) | Look::Settled(keys) = known.look(id, address, token, now) {
        return keys;
    }
    if turn.is_ok() {
        known.0.ask(id, address.as_str(), now);
        if let Some(keys) = fetch(app, address).await {
            known.0.keep(id, address.as_str(), Arc::new(keys), now);
        }
    }
    match known.look(id, address, token, now) {
        Look::Use(keys) | Look::Settled(keys) => keys,
        Look::Fetch => Arc::default(),
    }
}

async fn fetch(app: &App, address: &EndpointUri) -> Option<JwkSet> {
    let fetched = app.fetcher().get(address, DOCUMENT_BYTES).await;
    let fetched = fetched.map_err(|error| {
        let shown: &dyn std::error::Error = &error;
        tracing::info!(address = address.as_str(), error = shown, "the keys of an app were not fetched");
    });
    let parsed = JwkSet::parse(&fetched.ok()?.body);
    let parsed = parsed.map_err(|error| {
        let shown: &dyn std::error::Error = &error;
        tracing::info!(address = address.as_str(), error = shown, "the keys of an app cannot be read");
    });
    parsed.ok()
}

impl AppKeys {
    fn look(&self, id: &str, address: &EndpointUri, token: &str, now: Timestamp) -> Look {
        let known = self.0.known(id, address.as_str(), now);
        match known.value {
            Some(keys) if is_known(token, &keys) && (known.fresh || !known.may_ask) => Look::Use(keys),
            _ if known.may_ask => Look::Fetch,
            keys => Look::Settled(keys.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::{
        jose::{Algorithm, HeaderType, SigningKey},
        time::Seconds,
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn key() -> (JwkSet, String) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let token = key.sign(HeaderType::Jwt, &serde_json::json!({})).unwrap();
        (JwkSet::new(vec![key.public_jwk().clone()]), token)
    }

    fn looks(known: &AppKeys, token: &str, after: Seconds) -> &'static str {
        let address = EndpointUri::parse("https://a.example/keys").unwrap();
        match known.look("app", &address, token, NOW.plus(after)) {
            Look::Use(_) => "use",
            Look::Settled(keys) if keys.keys().is_empty() => "none",
            Look::Settled(_) => "settled",
            Look::Fetch => "fetch",
        }
    }

    #[test]
    fn dc_04_keys_are_asked_for_when_they_are_old_or_lack_one_and_not_more_often() {
        let (known, at) = (AppKeys::default(), "https://a.example/keys");
        let ((keys, token), (_, foreign)) = (key(), key());
        let (keys, pause, fresh) = (Arc::new(keys), Seconds::seconds(30), Seconds::minutes(10));
        assert_eq!(looks(&known, &token, Seconds::ZERO), "fetch");
        known.0.ask("app", at, NOW);
        assert_eq!(looks(&known, &token, Seconds::seconds(29)), "none", "it was asked and gave nothing");
        assert_eq!(looks(&known, &token, pause), "fetch");
        known.0.keep("app", at, keys, NOW);
        assert_eq!(looks(&known, &token, Seconds::seconds(599)), "use");
        assert_eq!(looks(&known, &foreign, Seconds::seconds(29)), "settled", "anybody can name a key");
        assert_eq!(looks(&known, &foreign, pause), "fetch");
        assert_eq!(looks(&known, &token, fresh), "fetch");
        known.0.ask("app", at, NOW.plus(fresh));
        assert_eq!(looks(&known, &token, fresh), "use", "while its address does not answer");
        known.0.ask("app", at, NOW.plus(Seconds::days(1)));
        assert_eq!(looks(&known, &token, Seconds::days(1)), "none", "not for ever");
        known.0.ask("app", "https://a.example/others", NOW);
        assert_eq!(looks(&known, &token, Seconds::ZERO), "fetch", "another address, other keys");
    }
}
