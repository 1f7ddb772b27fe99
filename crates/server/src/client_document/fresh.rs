//! Which documents were read not long ago.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mapae_protocol::time::{Seconds, Timestamp};

use crate::fetch::turns::Turns;

/// For how long a document is not fetched again.
const FRESH: Seconds = Seconds::minutes(10);
/// For how long the app that a document described goes on while its site does not answer.
const OUTAGE: Seconds = Seconds::days(1);
/// How often the site of an app that goes on is asked, whatever keys are named and however slow it is.
const PAUSE: Seconds = Seconds::seconds(30);
/// Most addresses of which it is known that their documents are fresh.
const MOST_FRESH: usize = 10_000;

/// Which documents were read not long ago. What is not in here is fetched again.
#[derive(Debug)]
pub(crate) struct FreshDocuments {
    read: Mutex<HashMap<String, Read>>,
    /// One fetch of one document at a time: who waits finds it read.
    pub(super) turns: Turns,
}

#[derive(Clone, Copy, Debug)]
struct Read {
    at: Timestamp,
    /// When its site was asked last, also when it did not answer.
    asked_at: Timestamp,
}

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
        Self { read: Mutex::default(), turns: Turns::new(MOST_FRESH, 1) }
    }
}

impl FreshDocuments {
    /// Whether what was read does, or nothing better can be had now.
    pub(super) fn suffices(&self, id: &str, wanted: Wanted, now: Timestamp) -> bool {
        let read = self.read();
        let Some(read) = read.get(id).filter(|read| now < read.at.plus(OUTAGE)) else { return false };
        let asked_just_now = now < read.asked_at.plus(PAUSE);
        asked_just_now || (wanted == Wanted::Fresh && now < read.at.plus(FRESH))
    }

    /// Whether the app goes on while its site does not answer.
    pub(super) fn bridges(&self, id: &str, now: Timestamp) -> bool {
        self.read().get(id).is_some_and(|read| now < read.at.plus(OUTAGE))
    }

    /// Notes that the site of an app that goes on is asked now.
    pub(super) fn ask(&self, id: &str, now: Timestamp) {
        if let Some(read) = self.read().get_mut(id) {
            read.asked_at = now;
        }
    }

    pub(super) fn add(&self, id: &str, now: Timestamp) {
        let mut read = self.read();
        for within in [OUTAGE, FRESH] {
            if read.len() >= MOST_FRESH {
                read.retain(|_, read| now < read.at.plus(within));
            }
        }
        if read.len() >= MOST_FRESH {
            read.clear();
        }
        read.insert(id.to_owned(), Read { at: now, asked_at: now });
    }

    pub(super) fn forget(&self, id: &str) {
        self.read().remove(id);
    }

    fn read(&self) -> MutexGuard<'_, HashMap<String, Read>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "https://a.example/";

    #[test]
    fn dc_11_what_is_fresh_is_remembered_within_bounds() {
        let (fresh, now) = (FreshDocuments::default(), Timestamp::from_unix(1_800_000_000));
        let suffices = |wanted, after| fresh.suffices(ID, wanted, now.plus(after));
        assert!(!suffices(Wanted::Fresh, Seconds::ZERO));
        fresh.add(ID, now);
        assert!(suffices(Wanted::Fresh, Seconds::seconds(599)));
        assert!(!suffices(Wanted::Fresh, FRESH));
        assert!(fresh.bridges(ID, now.plus(Seconds::hours(23))) && !fresh.bridges(ID, now.plus(OUTAGE)));
        for number in 0..MOST_FRESH * 2 {
            fresh.add(&number.to_string(), now);
        }
        assert!(fresh.read().len() <= MOST_FRESH);
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
