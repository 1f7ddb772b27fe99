//! Which documents were read not long ago.

use mapae_protocol::time::Timestamp;

use crate::fetch::{readings::Readings, turns::Turn};

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

impl Default for FreshDocuments {
    fn default() -> Self {
        Self(Readings::new(MOST_FRESH))
    }
}

impl FreshDocuments {
    /// One fetch of one document at a time: who waits finds it read.
    pub(super) async fn turn(&self, id: &str) -> Turn {
        self.0.turns.take(id).await
    }

    /// Whether what was read does, or nothing better can be had now.
    pub(super) fn suffices(&self, id: &str, wanted: Wanted, now: Timestamp) -> bool {
        let known = self.0.known(id, id, now);
        known.value.is_some() && (!known.may_ask || (wanted == Wanted::Fresh && known.fresh))
    }

    /// Whether the app goes on while its site does not answer.
    pub(super) fn bridges(&self, id: &str, now: Timestamp) -> bool {
        self.0.known(id, id, now).value.is_some()
    }

    /// Notes that the site of an app that goes on is asked now. Of one that is none nothing is remembered: anybody can name it.
    pub(super) fn ask(&self, id: &str, now: Timestamp) {
        if self.bridges(id, now) {
            self.0.ask(id, id, now);
        }
    }

    pub(super) fn add(&self, id: &str, now: Timestamp) {
        self.0.keep(id, id, (), now);
    }

    pub(super) fn forget(&self, id: &str) {
        self.0.forget(id);
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Seconds;

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
        fresh.add(ID, now);
        assert!(suffices(Wanted::Fresh, Seconds::seconds(599)));
        assert!(!suffices(Wanted::Fresh, FRESH));
        assert!(fresh.bridges(ID, now.plus(Seconds::hours(23))) && !fresh.bridges(ID, now.plus(OUTAGE)));
        let later = now.plus(Seconds::seconds(1));
        for number in 0..10 {
            fresh.add(&number.to_string(), later);
        }
        assert!(!fresh.bridges(ID, later) && fresh.bridges("0", later) && fresh.bridges("9", later));
    }

    #[test]
    fn dc_04_the_site_of_a_document_is_asked_twice_a_minute_at_most() {
        let (fresh, now) = (FreshDocuments::default(), Timestamp::from_unix(1_800_000_000));
        let suffices = |wanted, after| fresh.suffices(ID, wanted, now.plus(after));
        fresh.add(ID, now);
        assert!(suffices(Wanted::Key, Seconds::seconds(29)), "anybody can name a key");
        assert!(!suffices(Wanted::Key, PAUSE));
        assert!(!suffices(Wanted::Fresh, FRESH));
        fresh.ask(ID, now.plus(FRESH));
        assert!(suffices(Wanted::Fresh, FRESH), "while its site does not answer");
        fresh.ask(ID, now.plus(OUTAGE));
        assert!(!suffices(Wanted::Fresh, OUTAGE), "not for ever");
        fresh.forget(ID);
        fresh.ask(ID, now);
        assert!(!suffices(Wanted::Fresh, Seconds::ZERO), "who is no app is asked each time");
    }
}
