//! Which documents were read not long ago.

use mapae_protocol::time::Timestamp;
use tokio::task::JoinHandle;

use crate::fetch::readings::{Readings, Whose};

/// Most addresses of which it is known that their documents are fresh.
const MOST_FRESH: usize = 10_000;

/// Which documents were read not long ago. What is not in here is fetched again. An app's id is the address of its document.
#[derive(Debug)]
pub(crate) struct FreshDocuments(Readings<()>);

/// Why a document is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To know what it says, give or take ten minutes.
    Fresh,
    /// For a key that was not there when it was read.
    Key,
}

/// A document's app, whose id is where it stands.
const fn at(id: &str, verified: bool) -> Whose<'_> {
    Whose { id, address: id, verified }
}

impl Default for FreshDocuments {
    fn default() -> Self {
        Self(Readings::new(MOST_FRESH))
    }
}

impl FreshDocuments {
    /// Begins this when its turn has come: one fetch of one document at a time, and who waits finds it read. Who goes away
    /// before that leaves nothing behind. What has begun is a task, and goes on for the others.
    pub(super) async fn begin<F>(&self, id: &str, fetch: impl FnOnce() -> F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let turn = self.0.turns.take(id).await;
        let fetch = fetch();
        tokio::spawn(async move {
            let fetched = fetch.await;
            drop(turn);
            fetched
        })
    }

    /// Whether what was read does, or nothing better can be had now.
    pub(super) fn suffices(&self, id: &str, wanted: Wanted, now: Timestamp) -> bool {
        let known = self.0.known(at(id, false), now);
        known.value.is_some() && (!known.may_ask || (wanted == Wanted::Fresh && known.fresh))
    }

    /// Whether the app goes on while its site does not answer.
    pub(super) fn bridges(&self, id: &str, now: Timestamp) -> bool {
        self.0.known(at(id, false), now).value.is_some()
    }

    /// Nothing can be had now: an app that was read goes on, and any other has this instead.
    pub(super) fn going_on<E>(&self, id: &str, otherwise: E, now: Timestamp) -> Result<(), E> {
        if self.bridges(id, now) { Ok(()) } else { Err(otherwise) }
    }

    /// Notes that the site of an app that goes on is asked now. Of one that is none nothing is remembered: anybody can name it.
    pub(super) fn ask(&self, id: &str, verified: bool, now: Timestamp) {
        if self.bridges(id, now) {
            self.0.ask(at(id, verified), now);
        }
    }

    /// Notes that it was read. Those of apps that the operator stands behind are not pushed out by others.
    pub(super) fn add(&self, id: &str, verified: bool, now: Timestamp) {
        self.0.keep(at(id, verified), (), now);
    }

    pub(super) fn forget(&self, id: &str) {
        self.0.forget(id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use futures_util::FutureExt as _;
    use mapae_protocol::time::Seconds;
    use tokio::sync::oneshot;

    use super::*;

    const FRESH: Seconds = Seconds::minutes(10);
    const OUTAGE: Seconds = Seconds::days(1);
    const PAUSE: Seconds = Seconds::seconds(30);
    const ID: &str = "https://a.example/";

    #[test]
    fn dc_11_what_is_fresh_is_remembered_within_bounds() {
        let (fresh, now) = (FreshDocuments(Readings::new(10)), Timestamp::from_unix(1_800_000_000));
        let suffices = |wanted, after| fresh.suffices(ID, wanted, now.plus(after));
        assert!(!suffices(Wanted::Fresh, Seconds::ZERO));
        fresh.add(ID, false, now);
        assert!(suffices(Wanted::Fresh, Seconds::seconds(599)));
        assert!(!suffices(Wanted::Fresh, FRESH));
        assert!(fresh.bridges(ID, now.plus(Seconds::hours(23))) && !fresh.bridges(ID, now.plus(OUTAGE)));
        let later = now.plus(Seconds::seconds(1));
        for number in 0..10 {
            fresh.add(&number.to_string(), false, later);
        }
        assert!(!fresh.bridges(ID, later) && fresh.bridges("0", later) && fresh.bridges("9", later));
        fresh.add(ID, true, now);
        for number in 0..20 {
            fresh.add(&number.to_string(), false, later);
        }
        assert!(fresh.bridges(ID, later), "no stranger pushes out whom the operator stands behind");
    }

    #[test]
    fn dc_04_the_site_of_a_document_is_asked_twice_a_minute_at_most() {
        let (fresh, now) = (FreshDocuments::default(), Timestamp::from_unix(1_800_000_000));
        let suffices = |wanted, after| fresh.suffices(ID, wanted, now.plus(after));
        fresh.add(ID, false, now);
        assert!(suffices(Wanted::Key, Seconds::seconds(29)), "anybody can name a key");
        assert!(!suffices(Wanted::Key, PAUSE));
        assert!(!suffices(Wanted::Fresh, FRESH));
        fresh.ask(ID, false, now.plus(FRESH));
        assert!(suffices(Wanted::Fresh, FRESH), "while its site does not answer");
        fresh.ask(ID, false, now.plus(OUTAGE));
        assert!(!suffices(Wanted::Fresh, OUTAGE), "not for ever");
        fresh.forget(ID);
        fresh.ask(ID, false, now);
        assert!(!suffices(Wanted::Fresh, Seconds::ZERO), "who is no app is asked each time");
    }

    #[tokio::test]
    async fn dc_11_who_goes_away_before_their_turn_leaves_nothing_and_what_has_begun_ends() {
        let (fresh, begun) = (FreshDocuments::default(), Arc::new(AtomicUsize::new(0)));
        let fetch = || {
            let begun = Arc::clone(&begun);
            async move { begun.fetch_add(1, Ordering::Relaxed) }
        };
        let (answer, site) = oneshot::channel::<()>();
        let first = fresh.begin(ID, || site).now_or_never().expect("nobody is before it");
        for _ in 0..20 {
            assert!(fresh.begin(ID, fetch).now_or_never().is_none(), "one at a time");
        }
        drop(first);
        answer.send(()).expect("it goes on without who began it");
        let earlier = fresh.begin(ID, fetch).await.await.unwrap();
        assert_eq!((earlier, begun.load(Ordering::Relaxed)), (0, 1), "nobody else waits any more");
    }
}
