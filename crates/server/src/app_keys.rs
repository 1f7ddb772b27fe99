//! The public keys of apps, for what they sign — RFC 7591 §2 (`jwks`, `jwks_uri`), OIDC Core §10.1.1, threats DC-04, TO-14.
//!
//! Keys that an app has registered are at hand. Those at an address are fetched, kept in memory and fetched again when
//! they are old or a token names one that is not there: whoever serves that address slowly, or changes what stands there
//! all the time, keeps waiting nobody but their own app.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mapae_protocol::{
    client_jwt::is_known,
    endpoint_uri::EndpointUri,
    jose::JwkSet,
    time::{Seconds, Timestamp},
};
use tokio::time::timeout;

use crate::{
    app::App,
    catalog::Client,
    fetch::{DOCUMENT_BYTES, turns::Turns},
};

/// For how long keys are not fetched again unless a token names another: a key that was taken away counts so much longer.
const FRESH: Seconds = Seconds::minutes(10);
/// For how long keys count while their address does not answer.
const OUTAGE: Seconds = Seconds::days(1);
/// How often one app's address is asked, whatever tokens name: anybody can make up a name.
const PAUSE: Seconds = Seconds::seconds(30);
/// For how long somebody waits for another one who fetches the same keys.
const PATIENCE: Duration = Duration::from_secs(4);
/// Most apps whose fetched keys are kept.
const MOST: usize = 1_000;

/// The keys that were fetched.
#[derive(Debug)]
pub(crate) struct AppKeys {
    fetched: Mutex<HashMap<String, Fetched>>,
    /// One fetch at a time for one app: who waits finds it done.
    turns: Turns,
}

/// What is known of the keys of one app.
#[derive(Debug)]
struct Fetched {
    address: EndpointUri,
    /// What stood there last, and when that was read.
    keys: Option<(Arc<JwkSet>, Timestamp)>,
    asked_at: Timestamp,
}

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
        Self { fetched: Mutex::default(), turns: Turns::new(MOST, 1) }
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
    let turn = timeout(PATIENCE, known.turns.take(id)).await;
    if let Look::Use(keys) | Look::Settled(keys) = known.look(id, address, token, now) {
        return keys;
    }
    if turn.is_ok() {
        known.ask(id, address, now);
        if let Some(keys) = fetch(app, address).await {
            known.keep(id, address, keys, now);
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
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = fetched.get(id).filter(|known| known.address == *address) else {
            return Look::Fetch;
        };
        let usable = known.keys.as_ref().filter(|(_, read_at)| now < read_at.plus(OUTAGE));
        let may_ask = now >= known.asked_at.plus(PAUSE);
        match usable {
            Some((keys, read_at)) if is_known(token, keys) && (now < read_at.plus(FRESH) || !may_ask) => {
                Look::Use(Arc::clone(keys))
            }
            _ if may_ask => Look::Fetch,
            usable => Look::Settled(usable.map(|(keys, _)| Arc::clone(keys)).unwrap_or_default()),
        }
    }

    /// Notes that the address is asked now.
    fn ask(&self, id: &str, address: &EndpointUri, now: Timestamp) {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if !fetched.contains_key(id) {
            make_room(&mut fetched);
        }
        let before = fetched.remove(id).filter(|before| before.address == *address);
        let keys = before.and_then(|before| before.keys);
        fetched.insert(id.to_owned(), Fetched { address: address.clone(), keys, asked_at: now });
    }

    fn keep(&self, id: &str, address: &EndpointUri, keys: JwkSet, now: Timestamp) {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = fetched.get_mut(id).filter(|known| known.address == *address) {
            known.keys = Some((Arc::new(keys), now));
        }
    }
}

/// Forgets who was asked least lately.
fn make_room(fetched: &mut HashMap<String, Fetched>) {
    while fetched.len() >= MOST {
        let oldest = fetched.iter().min_by_key(|(_, known)| known.asked_at).map(|(id, _)| id.clone());
        let Some(oldest) = oldest else { return };
        fetched.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::jose::{Algorithm, HeaderType, SigningKey};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn address(text: &str) -> EndpointUri {
        EndpointUri::parse(text).unwrap()
    }

    fn key() -> (JwkSet, String) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let token = key.sign(HeaderType::Jwt, &serde_json::json!({})).unwrap();
        (JwkSet::new(vec![key.public_jwk().clone()]), token)
    }

    fn looks(known: &AppKeys, token: &str, after: Seconds) -> &'static str {
        match known.look("app", &address("https://a.example/keys"), token, NOW.plus(after)) {
            Look::Use(_) => "use",
            Look::Settled(keys) if keys.keys().is_empty() => "none",
            Look::Settled(_) => "settled",
            Look::Fetch => "fetch",
        }
    }

    #[test]
    fn dc_04_keys_are_asked_for_when_they_are_old_or_lack_one_and_not_more_often() {
        let (known, at) = (AppKeys::default(), address("https://a.example/keys"));
        let ((keys, token), (_, foreign)) = (key(), key());
        assert_eq!(looks(&known, &token, Seconds::ZERO), "fetch");
        known.ask("app", &at, NOW);
        assert_eq!(looks(&known, &token, Seconds::seconds(29)), "none", "it was asked and gave nothing");
        assert_eq!(looks(&known, &token, PAUSE), "fetch");
        known.keep("app", &at, keys, NOW);
        assert_eq!(looks(&known, &token, Seconds::seconds(599)), "use");
        assert_eq!(looks(&known, &foreign, Seconds::seconds(29)), "settled", "anybody can name a key");
        assert_eq!(looks(&known, &foreign, PAUSE), "fetch");
        assert_eq!(looks(&known, &token, FRESH), "fetch");
        known.ask("app", &at, NOW.plus(FRESH));
        assert_eq!(looks(&known, &token, FRESH), "use", "while its address does not answer");
        known.ask("app", &at, NOW.plus(OUTAGE));
        assert_eq!(looks(&known, &token, OUTAGE), "none", "not for ever");
        known.ask("app", &address("https://a.example/others"), NOW);
        assert_eq!(looks(&known, &token, Seconds::ZERO), "fetch", "another address, other keys");
    }

    #[test]
    fn dc_04_the_keys_of_many_apps_stay_within_bounds() {
        let (known, at) = (AppKeys::default(), address("https://a.example/keys"));
        for number in 0..MOST + 5 {
            known.ask(&number.to_string(), &at, NOW.plus(Seconds::seconds(number as u32)));
        }
        let fetched = known.fetched.lock().unwrap();
        assert_eq!(
            (fetched.len(), fetched.contains_key("4"), fetched.contains_key("5")),
            (MOST, false, true)
        );
    }
}
