//! What was read at the addresses of apps, and when it is to be read again — threats DC-04, DC-11.
//!
//! Whoever serves an address slowly, or changes what stands there all the time, keeps waiting nobody but their own app.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mapae_protocol::time::{Seconds, Timestamp};
use tokio::sync::Semaphore;

use super::{site, turns::Turns};

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
    /// One fetch at a time for one app: who waits finds it done. How many apps wait for theirs is not bounded here, or
    /// strangers' apps could keep all others waiting.
    pub(crate) turns: Turns,
    most: usize,
}

/// Of which app something is read, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose<'a> {
    pub(crate) id: &'a str,
    pub(crate) address: &'a str,
    /// The operator stands behind the app.
    pub(crate) verified: bool,
}

#[derive(Debug)]
struct Reading<V> {
    address: String,
    site: String,
    verified: bool,
    /// What stood there last, and when that was read.
    read: Option<(V, Timestamp)>,
    /// When it was asked last, also when it did not answer.
    asked_at: Timestamp,
}

/// What makes room for its own kind alone: an address that never answered takes no place of one that did, nor a stranger's
/// one of those that the operator stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unread,
    OfStrangers,
    Verified,
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

impl<V> Reading<V> {
    const fn kind(&self) -> Kind {
        match (&self.read, self.verified) {
            (None, _) => Kind::Unread,
            (Some(_), false) => Kind::OfStrangers,
            (Some(_), true) => Kind::Verified,
        }
    }
}

impl<V: Clone> Readings<V> {
    /// Room for so many apps of each kind.
    pub(crate) fn new(most: usize) -> Self {
        Self { known: Mutex::default(), turns: Turns::new(Semaphore::MAX_PERMITS, 1), most }
    }

    pub(crate) fn known(&self, whose: Whose<'_>, now: Timestamp) -> Known<V> {
        let all = self.lock();
        let Some(reading) = all.get(whose.id).filter(|reading| reading.address == whose.address) else {
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
    pub(crate) fn ask(&self, whose: Whose<'_>, now: Timestamp) {
        self.note(whose, None, now);
    }

    /// Keeps what stands there now.
    pub(crate) fn keep(&self, whose: Whose<'_>, value: V, now: Timestamp) {
        self.note(whose, Some((value, now)), now);
    }

    pub(crate) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    fn note(&self, whose: Whose<'_>, read: Option<(V, Timestamp)>, asked_at: Timestamp) {
        let mut all = self.lock();
        let before = all.remove(whose.id).filter(|before| before.address == whose.address);
        let read = read.or_else(|| before.and_then(|before| before.read));
        let reading = Reading {
            address: whose.address.to_owned(),
            site: site::of_text(whose.address),
            verified: whose.verified,
            read,
            asked_at,
        };
        make_room(&mut all, reading.kind(), self.most);
        all.insert(whose.id.to_owned(), reading);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Reading<V>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets, of the site with the most of this kind, who was asked least lately: whoever has many apps pushes their own out.
fn make_room<V>(all: &mut HashMap<String, Reading<V>>, kind: Kind, most: usize) {
    let alike = || all.iter().filter(|(_, reading)| reading.kind() == kind);
    if alike().count() < most {
        return;
    }
    let mut crowds: HashMap<&str, usize> = HashMap::new();
    for (_, reading) in alike() {
        *crowds.entry(reading.site.as_str()).or_default() += 1;
    }
    let crowd = |reading: &Reading<V>| crowds.get(reading.site.as_str()).copied().unwrap_or_default();
    let gone = alike().max_by_key(|(_, reading)| (crowd(reading), Reverse(reading.asked_at)));
    if let Some(gone) = gone.map(|(id, _)| id.clone()) {
        all.remove(&gone);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const AT: &str = "https://a.example/keys";

    fn of<'a>(id: &'a str, address: &'a str) -> Whose<'a> {
        Whose { id, address, verified: false }
    }

    #[test]
    fn dc_04_what_stands_at_an_address_counts_for_a_day_and_is_asked_for_twice_a_minute_at_most() {
        let readings = Readings::new(10);
        let app = of("app", AT);
        let known = |after| readings.known(app, NOW.plus(after));
        let is = |value, fresh, may_ask| Known { value, fresh, may_ask };
        assert_eq!(known(Seconds::ZERO), is(None, false, true));
        readings.ask(app, NOW);
        assert_eq!(known(Seconds::seconds(29)), is(None, false, false));
        assert_eq!(known(PAUSE), is(None, false, true));
        readings.keep(app, 'v', NOW);
        assert_eq!(known(Seconds::seconds(29)), is(Some('v'), true, false));
        assert_eq!(known(Seconds::seconds(599)), is(Some('v'), true, true));
        assert_eq!(known(FRESH), is(Some('v'), false, true));
        readings.ask(app, NOW.plus(FRESH));
        assert_eq!(known(FRESH), is(Some('v'), false, false), "while its address does not answer");
        assert_eq!(known(OUTAGE), is(None, false, true), "not for ever");
        readings.ask(of("app", "https://a.example/others"), NOW);
        assert_eq!(known(Seconds::ZERO), is(None, false, true), "another address, another thing");
        readings.keep(app, 'w', NOW);
        readings.forget("app");
        assert_eq!(known(Seconds::ZERO), is(None, false, true));
    }

    #[test]
    fn dc_04_the_keys_of_many_apps_stay_within_bounds() {
        let readings = Readings::new(100);
        for number in 0..105 {
            readings.keep(of(&number.to_string(), AT), (), NOW.plus(Seconds::seconds(number)));
        }
        let all = readings.lock();
        assert_eq!((all.len(), all.contains_key("4"), all.contains_key("5")), (100, false, true));
    }

    /// Notes the apps of somebody who has many, each after another.
    fn flood(readings: &Readings<char>, site: impl Fn(u32) -> String, read: bool) {
        for number in 0..1_000 {
            let (id, address) = (format!("evil{number}"), site(number));
            let later = NOW.plus(Seconds::seconds(number + 1));
            readings.ask(of(&id, &address), later);
            if read {
                readings.keep(of(&id, &address), 'x', later);
            }
        }
    }

    #[test]
    fn dc_04_addresses_that_never_answer_push_out_nothing_that_was_read() {
        let readings = Readings::new(100);
        let verified = Whose { verified: true, ..of("verified", AT) };
        let registered = of("registered", "https://b.example/keys");
        for app in [verified, registered] {
            readings.keep(app, 'v', NOW);
        }
        flood(&readings, |n| format!("https://h.evil{n}.example/keys"), false);
        for app in [verified, registered] {
            assert_eq!(readings.known(app, NOW).value, Some('v'), "{app:?}");
        }
        assert_eq!(readings.lock().len(), 102);
    }

    #[test]
    fn dc_04_whoever_serves_keys_for_many_apps_pushes_out_their_own() {
        let readings = Readings::new(100);
        let other = of("other", "https://b.example/keys");
        readings.keep(other, 'v', NOW);
        flood(&readings, |n| format!("https://h{n}.evil.example/keys"), true);
        assert_eq!(readings.known(other, NOW).value, Some('v'));
        assert_eq!(readings.lock().len(), 100);
    }

    #[test]
    fn dc_04_no_stranger_pushes_out_whom_the_operator_stands_behind() {
        let readings = Readings::new(100);
        let verified = Whose { verified: true, ..of("verified", AT) };
        readings.keep(verified, 'v', NOW);
        flood(&readings, |n| format!("https://h.evil{n}.example/keys"), true);
        assert_eq!(readings.known(verified, NOW).value, Some('v'));
        let foreign = of("verified", "https://h.evil.example/keys");
        assert_eq!(readings.known(foreign, NOW).value, None, "what stands elsewhere is another thing");
        assert_eq!(readings.lock().len(), 101);
    }

    #[test]
    fn dc_04_however_many_apps_are_asked_for_each_has_its_turn() {
        let readings = Readings::<()>::new(10);
        let held: Vec<_> =
            (0..100).map(|n| readings.turns.take(&n.to_string()).now_or_never().unwrap()).collect();
        assert!(readings.turns.take("app").now_or_never().is_some());
        assert!(readings.turns.take("0").now_or_never().is_none());
        drop(held);
    }
}
