//! The public keys of apps, for what they sign — RFC 7591 §2 (`jwks`, `jwks_uri`), OIDC Core §10.1.1, threats DC-04, TO-14.
//!
//! Keys that an app has registered are at hand. Those at an address are fetched, kept in memory and fetched again when
//! they are old or a token names one that is not there. Anybody can send a token in the name of any app.

use std::{sync::Arc, time::Duration};

use mapae_protocol::{client_jwt::is_known, endpoint_uri::EndpointUri, jose::JwkSet, time::Timestamp};
use tokio::{task::JoinHandle, time::timeout};

use crate::{
    accounts::fetches,
    app::App,
    catalog::Client,
    fetch::{
        Asker, DOCUMENT_BYTES,
        readings::{Readings, Whose},
        turns::Turn,
    },
};

/// For how long somebody waits for another one who fetches the same keys.
const PATIENCE: Duration = Duration::from_secs(4);
/// Most apps whose fetched keys are kept, of each kind.
const MOST: usize = 1_000;

/// The keys that were fetched. One that was taken away from its address counts until they are fetched again.
#[derive(Clone, Debug)]
pub(crate) struct AppKeys(Arc<Readings<Arc<JwkSet>>>);

/// Why the keys of an app cannot be had now. It may have them nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// What stands at their address could not be read, or is none. Nobody is told which.
    Unread,
    /// Too much is fetched because of where the request comes from.
    TooMany,
}

/// What to do for a token.
enum Look {
    /// These are good for it.
    Use(Arc<JwkSet>),
    /// Nothing better than this can be had now.
    Settled(Option<Arc<JwkSet>>),
    Fetch,
}

impl Default for AppKeys {
    fn default() -> Self {
        Self(Arc::new(Readings::new(MOST)))
    }
}

/// The keys with which a token of this app must be verified; none, if it has none.
///
/// # Errors
/// They stand at an address and cannot be had, nor were they within a day.
pub(crate) async fn of(
    app: &App,
    client: &Client,
    token: &str,
    source: &str,
) -> Result<Arc<JwkSet>, Unavailable> {
    let metadata = client.metadata();
    let Some(address) = &metadata.keys_address else { return Ok(metadata.keys.clone().unwrap_or_default()) };
    let asker = fetches::asker(Some(client.registered()), source);
    let whose = Whose { id: client.id(), address: address.as_str(), verified: asker.verified };
    let begin = || {
        let charged = fetches::charge_keys(app, asker).map_err(|_| Unavailable::TooMany);
        charged.map(|()| fetch(app.clone(), address.clone(), asker))
    };
    app.app_keys().look_for(whose, token, || app.now(), begin).await
}

async fn fetch(app: App, address: EndpointUri, asker: Asker) -> Option<JwkSet> {
    let fetched = app.fetcher().get(&address, DOCUMENT_BYTES, asker).await;
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
    /// The keys for this token, as they are at hand, or as another one or this one fetches them.
    async fn look_for<F>(
        &self,
        whose: Whose<'_>,
        token: &str,
        clock: impl Fn() -> Timestamp,
        begin: impl FnOnce() -> Result<F, Unavailable>,
    ) -> Result<Arc<JwkSet>, Unavailable>
    where
        F: Future<Output = Option<JwkSet>> + Send + 'static,
    {
        if let Look::Use(keys) = self.look(whose, token, clock()) {
            return Ok(keys);
        }
        // Who waits for another one's fetch does so here: a task that waited would stay when its request is gone.
        let turn = timeout(PATIENCE, self.0.turns.take(whose.id)).await;
        let now = clock();
        let fetched = match (self.look(whose, token, now), turn) {
            (Look::Use(keys), _) => return Ok(keys),
            (Look::Settled(keys), _) => return keys.ok_or(Unavailable::Unread),
            (Look::Fetch, Err(_)) => Err(Unavailable::Unread),
            (Look::Fetch, Ok(turn)) => match begin() {
                Ok(fetch) => Ok(self.fetch(whose, turn, fetch, now).await.ok().flatten()),
                Err(reason) => Err(reason),
            },
        };
        let at_hand = self.0.known(whose, clock()).value;
        match fetched {
            Ok(keys) => keys.or(at_hand).ok_or(Unavailable::Unread),
            // Nobody has looked whether one that it names is there by now.
            Err(reason) => at_hand.filter(|keys| is_known(token, keys)).ok_or(reason),
        }
    }

    /// Fetches the keys, and keeps them if they can be had. It is a task: whoever asks and goes away again before the answer
    /// is there must not leave the app without keys.
    fn fetch<F>(
        &self,
        whose: Whose<'_>,
        turn: Turn,
        fetch: F,
        now: Timestamp,
    ) -> JoinHandle<Option<Arc<JwkSet>>>
    where
        F: Future<Output = Option<JwkSet>> + Send + 'static,
    {
        self.0.ask(whose, now);
        let (readings, verified) = (Arc::clone(&self.0), whose.verified);
        let (id, address) = (whose.id.to_owned(), whose.address.to_owned());
        tokio::spawn(async move {
            let keys = fetch.await.map(Arc::new);
            if let Some(keys) = &keys {
                readings.keep(Whose { id: &id, address: &address, verified }, Arc::clone(keys), now);
            }
            drop(turn);
            keys
        })
    }

    fn look(&self, whose: Whose<'_>, token: &str, now: Timestamp) -> Look {
        let known = self.0.known(whose, now);
        match known.value {
            Some(keys) if is_known(token, &keys) && (known.fresh || !known.may_ask) => Look::Use(keys),
            _ if known.may_ask => Look::Fetch,
            keys => Look::Settled(keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Pending;

    use futures_util::FutureExt as _;
    use mapae_protocol::{
        jose::{Algorithm, HeaderType, SigningKey},
        time::Seconds,
    };
    use tokio::{runtime::Handle, sync::oneshot};

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const APP: Whose<'_> = Whose { id: "app", address: "https://a.example/keys", verified: false };

    fn key() -> (JwkSet, String) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let token = key.sign(HeaderType::Jwt, &serde_json::json!({})).unwrap();
        (JwkSet::new(vec![key.public_jwk().clone()]), token)
    }

    fn looks(known: &AppKeys, token: &str, after: Seconds) -> &'static str {
        match known.look(APP, token, NOW.plus(after)) {
            Look::Use(_) => "use",
            Look::Settled(None) => "none",
            Look::Settled(Some(_)) => "settled",
            Look::Fetch => "fetch",
        }
    }

    #[test]
    fn dc_04_keys_are_asked_for_when_they_are_old_or_lack_one_and_not_more_often() {
        let known = AppKeys::default();
        let ((keys, token), (_, foreign)) = (key(), key());
        let (keys, pause, fresh) = (Arc::new(keys), Seconds::seconds(30), Seconds::minutes(10));
        assert_eq!(looks(&known, &token, Seconds::ZERO), "fetch");
        known.0.ask(APP, NOW);
        assert_eq!(looks(&known, &token, Seconds::seconds(29)), "none", "it was asked and gave nothing");
        assert_eq!(looks(&known, &token, pause), "fetch");
        known.0.keep(APP, keys, NOW);
        assert_eq!(looks(&known, &token, Seconds::seconds(599)), "use");
        assert_eq!(looks(&known, &foreign, Seconds::seconds(29)), "settled", "anybody can name a key");
        assert_eq!(looks(&known, &foreign, pause), "fetch");
        assert_eq!(looks(&known, &token, fresh), "fetch");
        known.0.ask(APP, NOW.plus(fresh));
        assert_eq!(looks(&known, &token, fresh), "use", "while its address does not answer");
        known.0.ask(APP, NOW.plus(Seconds::days(1)));
        assert_eq!(looks(&known, &token, Seconds::days(1)), "none", "not for ever");
        known.0.ask(Whose { address: "https://a.example/others", ..APP }, NOW);
        assert_eq!(looks(&known, &token, Seconds::ZERO), "fetch", "another address, other keys");
    }

    #[tokio::test]
    async fn dc_04_who_waits_for_keys_and_goes_away_leaves_no_task_behind() {
        let (known, (keys, token)) = (AppKeys::default(), key());
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let nobody = || -> Result<Pending<_>, _> { panic!("one fetch at a time") };
        let (answer, site) = oneshot::channel();
        let first = || Ok(site.map(Result::ok));
        assert!(known.look_for(APP, &token, || NOW, first).now_or_never().is_none());
        for _ in 0..20 {
            assert!(known.look_for(APP, &token, || NOW, nobody).now_or_never().is_none());
        }
        assert_eq!(tasks(), 1, "nobody else waits any more");
        answer.send(keys).expect("it goes on without who began it");
        let found = known.look_for(APP, &token, || NOW, nobody).await.unwrap();
        assert_eq!((found.keys().len(), tasks()), (1, 0));
    }

    #[tokio::test]
    async fn dc_04_keys_that_cannot_be_had_are_not_none() {
        let (known, (keys, token), (_, foreign)) = (AppKeys::default(), key(), key());
        let look = async |token: &str, after: Seconds, outcome: Result<Option<JwkSet>, Unavailable>| {
            let begin = || outcome.map(|found| async move { found });
            known.look_for(APP, token, || NOW.plus(after), begin).await.map(|keys| keys.keys().len())
        };
        let (unread, too_many) = (Err(Unavailable::Unread), Err(Unavailable::TooMany));
        assert_eq!(look(&token, Seconds::ZERO, too_many.clone()).await, Err(Unavailable::TooMany));
        assert_eq!(look(&token, Seconds::ZERO, Ok(None)).await, Err(Unavailable::Unread));
        let within = Seconds::seconds(29);
        let asked_just_now = look(&token, within, Ok(Some(keys.clone()))).await;
        assert_eq!(asked_just_now, Err(Unavailable::Unread));
        assert_eq!(look(&token, Seconds::seconds(30), Ok(Some(keys))).await, Ok(1));
        let later = Seconds::hours(1);
        assert_eq!(look(&token, later, too_many.clone()).await, Ok(1), "it goes on");
        assert_eq!(look(&foreign, later, too_many).await, Err(Unavailable::TooMany), "it may be a new one");
        assert_eq!(look(&token, later, Ok(None)).await, Ok(1));
        assert_eq!(look(&foreign, later, unread).await, Ok(1), "that is another's, for all that is known");
        assert_eq!(
            look(&token, Seconds::hours(25), Ok(None)).await,
            Err(Unavailable::Unread),
            "not for ever"
        );
    }
}
