//! What was read at the addresses of apps, and when it is to be read again — threats DC-04, DC-11.
//!
//! Whoever serves an address slowly, or changes what stands there all the time, keeps waiting nobody but their own app.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mapae_protocol::time::{Seconds, Timestamp};

use super::turns::Turns;

/// For how long it is not read again by itself.
const FRESH: Seconds = Seconds::minutes(10);
/// For how long it counts while its address does not answer.
const OUTAGE: Seconds = Seconds::days(1);
/// How often one address is asked, whatever is wanted of it and however slow it is: anybody can want something.
const PAUSE: Seconds = Seconds::seconds(30);

/// What was read, by the id of the app.
#[derive(Debug)]
pub(crate) struct Readings<V> {
    known: Mutex<HashMap<String, Reading<V>>>,
    /// One fetch at a time for one app: who waits finds it done.
    pub(crate) turns: Turns,
    most: usize,
}

#[derive(Debug)]
struct Reading<V> {
    address: String,
    /// What stood there last, and when that was read.
    read: Option<(V, Timestamp)>,
    /// When it was asked last, also when it did not answer.
    asked_at: Timestamp,
}

/// What is known of one address now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known<V> {
    /// What stood there last, unless that was too long ago to count.
    pub(crate) value: Option<V>,
    /// Whether it was read not long ago.
    pub(crate) fresh: bool,
    /// Whether it was asked not just now.
    pub(crate) may_ask: bool,
}

impl<V: Clone> Readings<V> {
    /// Room for so many apps.
    pub(crate) fn new(most: usize) -> Self {
        Self { known: Mutex::default(), turns: Turns::new(most, 1), most }
    }

    pub(crate) fn known(&self, id: &str, address: &str, now: Timestamp) -> Known<V> {
        let all = self.lock();
        let Some(reading) = all.get(id).filter(|reading| reading.address == address) else {
            return Known { value: None, fresh: false, may_ask: true };
        };
        let usable = reading.read.as_ref().filter(|(_, read_at)| now < read_at.plus(OUTAGE));
        Known {
            value: usable.map(|(value, _)| value.clone()),
            fresh: usable.is_some_and(|(_, read_at)| now < read_at.plus(FRESH)),
            may_ask: now >= reading.asked_at.plus(PAUSE),
        }
    }

    /// Notes that the address is asked now.
    pub(crate) fn ask(&self, id: &str, address: &str, now: Timestamp) {
        self.note(id, address, None, now);
    }

    /// Keeps what stands there now.
    pub(crate) fn keep(&self, id: &str, address: &str, value: V, now: Timestamp) {
        self.note(id, address, Some((value, now)), now);
    }

    pub(crate) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    fn note(&self, id: &str, address: &str, read: Option<(V, Timestamp)>, asked_at: Timestamp) {
        let mut all = self.lock();
        if !all.contains_key(id) {
            self.make_room(&mut all);
        }
        let before = all.remove(id).filter(|before| before.address == address);
        let read = read.or_else(|| before.and_then(|before| before.read));
        all.insert(id.to_owned(), Reading { address: address.to_owned(), read, asked_at });
    }

    /// Forgets who was asked least lately.
    fn make_room(&self, all: &mut HashMap<String, Reading<V>>) {
        while all.len() >= self.most {
            let oldest = all.iter().min_by_key(|(_, reading)| reading.asked_at).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { return };
            all.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Reading<V>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const AT: &str = "https://a.example/keys";

    #[test]
    fn dc_04_what_stands_at_an_address_counts_for_a_day_and_is_asked_for_twice_a_minute_at_most() {
        let readings = Readings::new(10);
        let known = |after| readings.known("app", AT, NOW.plus(after));
        let of = |value, fresh, may_ask| Known { value, fresh, may_ask };
        assert_eq!(known(Seconds::ZERO), of(None, false, true));
        readings.ask("app", AT, NOW);
        assert_eq!(known(Seconds::seconds(29)), of(None, false, false));
        assert_eq!(known(PAUSE), of(None, false, true));
        readings.keep("app", AT, 'v', NOW);
        assert_eq!(known(Seconds::seconds(29)), of(Some('v'), true, false));
        assert_eq!(known(Seconds::seconds(599)), of(Some('v'), true, true));
        assert_eq!(known(FRESH), of(Some('v'), false, true));
        readings.ask("app", AT, NOW.plus(FRESH));
        assert_eq!(known(FRESH), of(Some('v'), false, false), "while its address does not answer");
        assert_eq!(known(OUTAGE), of(None, false, true), "not for ever");
        readings.ask("app", "https://a.example/others", NOW);
        assert_eq!(known(Seconds::ZERO), of(None, false, true), "another address, another thing");
        readings.keep("app", AT, 'w', NOW);
        readings.forget("app");
        assert_eq!(known(Seconds::ZERO), of(None, false, true));
    }

    #[test]
    fn dc_04_the_keys_of_many_apps_stay_within_bounds() {
        let readings = Readings::new(100);
        for number in 0..105 {
            readings.keep(&number.to_string(), AT, (), NOW.plus(Seconds::seconds(number)));
        }
        let all = readings.lock();
        assert_eq!((all.len(), all.contains_key("4"), all.contains_key("5")), (100, false, true));
    }
}
