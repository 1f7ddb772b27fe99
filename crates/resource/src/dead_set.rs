//! What was withdrawn and could still be presented: the handles that the revocation feed announced. Fails
//! closed: while the feed is silent for too long nobody knows, and a token that is older than what the set goes
//! back to is refused. Only dates of the authorization server's clock are compared with each other.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use mapae_protocol::{
    revocation_feed::Event,
    time::{Seconds, Timestamp},
};

use crate::clock::Moment;

/// How many handles are remembered at once. When more would have to be, the older ones make room, and the
/// tokens that they could concern are refused.
pub(crate) const MAX_HANDLES: usize = 1_000_000;

/// The date of a signing key that was withdrawn, which is remembered for good: whoever stole it dates its tokens as they
/// like, and no date says when the last cache has let go of a key set that has it. One second from the end of time, so that
/// room can still be made.
const FOR_GOOD: Timestamp = Timestamp::from_unix(i64::MAX - 1);

/// What the set says about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing that it depends on was withdrawn.
    Alive,
    /// Something was.
    Dead,
    /// It was issued before the time that the set goes back to.
    TooOld,
    /// The feed was never heard to its end, or not for too long.
    Unknown,
}

#[derive(Debug)]
pub(crate) struct DeadSet {
    known: RwLock<Known>,
    capacity: usize,
}

#[derive(Debug)]
struct Known {
    withdrawn: HashMap<String, Timestamp>,
    /// Everything withdrawn at or after this second is in the set.
    since: Timestamp,
    /// When the authorization server last said that there is no more.
    heard: Option<Moment>,
}

impl DeadSet {
    pub(crate) fn new(capacity: usize) -> Self {
        let known = Known { withdrawn: HashMap::new(), since: Timestamp::from_unix(i64::MIN), heard: None };
        Self { known: RwLock::new(known), capacity }
    }

    /// Takes in one answer of the feed, which goes back to `since`.
    pub(crate) fn learn(&self, events: Vec<Event>, since: Timestamp) {
        let mut known = self.write();
        for Event { handle, at } in events {
            let at = if handle.is_of_signing_key() { FOR_GOOD } else { at };
            let last = known.withdrawn.entry(handle.into()).or_insert(at);
            *last = at.max(*last);
        }
        if since > known.since {
            known.drop_before(since);
        }
        if known.withdrawn.len() > self.capacity {
            known.make_room(self.capacity / 2);
        }
    }

    /// Everything that the feed had was taken in by `now`.
    pub(crate) fn heard(&self, now: Moment) {
        self.write().heard = Some(now);
    }

    /// Whether a token with these handles may be accepted, if silence is believed for `patience`.
    pub(crate) fn standing<'a>(
        &self,
        handles: impl IntoIterator<Item = &'a str>,
        issued: Timestamp,
        now: Moment,
        patience: Duration,
    ) -> Standing {
        let known = self.read();
        // Dead is dead, whether or not anything newer was heard.
        if handles.into_iter().any(|handle| known.withdrawn.contains_key(handle)) {
            return Standing::Dead;
        }
        match known.heard {
            Some(heard) if heard.age(now) <= patience => {}
            _ => return Standing::Unknown,
        }
        if issued < known.since { Standing::TooOld } else { Standing::Alive }
    }

    /// Whether the feed was heard lately enough.
    pub(crate) fn is_fresh(&self, now: Moment, patience: Duration) -> bool {
        self.read().heard.is_some_and(|heard| heard.age(now) <= patience)
    }

    /// How many handles are remembered.
    pub(crate) fn len(&self) -> usize {
        self.read().withdrawn.len()
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn drop_before(&mut self, since: Timestamp) {
        self.withdrawn.retain(|_, at| *at >= since);
        self.since = since;
    }

    /// Keeps the newest, at most `room`: less when many were withdrawn in the same second.
    fn make_room(&mut self, room: usize) {
        let mut dates: Vec<Timestamp> = self.withdrawn.values().copied().collect();
        let surplus = dates.len().saturating_sub(room + 1);
        let (_, newest_to_go, _) = dates.select_nth_unstable(surplus);
        let since = newest_to_go.plus(Seconds::seconds(1));
        tracing::warn!(
            remembered = self.withdrawn.len(),
            "too many tokens were withdrawn to remember all; older tokens are refused"
        );
        self.drop_before(since);
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::revocation_feed::Handle;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn at(second: u32) -> Moment {
        Moment::at(Timestamp::from_unix(1_000 + i64::from(second)), Duration::from_secs(second.into()))
    }

    fn date(second: i64) -> Timestamp {
        Timestamp::from_unix(second)
    }

    fn event(handle: &str, second: i64) -> Event {
        Event { handle: Handle::parse(handle).unwrap(), at: date(second) }
    }

    #[test]
    fn rs_12_nothing_is_alive_before_the_feed_was_heard_and_after_it_fell_silent() {
        let dead = DeadSet::new(10);
        let standing = |handles: &[&'static str], second| {
            dead.standing(handles.iter().copied(), date(900), at(second), PATIENCE)
        };
        assert_eq!(standing(&["a"], 0), Standing::Unknown);
        dead.learn(vec![event("a", 990)], date(400));
        assert_eq!(standing(&["b"], 0), Standing::Unknown, "there may be more to come");
        dead.heard(at(0));
        assert_eq!(standing(&["b", "a"], 0), Standing::Dead);
        assert_eq!(standing(&["b"], 30), Standing::Alive);
        assert_eq!(standing(&["b"], 31), Standing::Unknown);
        assert_eq!(standing(&["a"], 31), Standing::Dead);
        dead.heard(at(31));
        assert_eq!(standing(&["b"], 31), Standing::Alive);
    }

    #[test]
    fn what_the_set_does_not_go_back_to_is_refused() {
        let dead = DeadSet::new(10);
        dead.heard(at(0));
        dead.learn(vec![event("a", 500), event("b", 900)], date(400));
        dead.learn(vec![event("b", 600)], date(300));
        let standing = |handle, issued| dead.standing([handle], date(issued), at(0), PATIENCE);
        assert_eq!(standing("a", 450), Standing::Dead);
        assert_eq!(standing("c", 399), Standing::TooOld, "the set never shrinks into the past");
        assert_eq!(standing("c", 400), Standing::Alive);
        dead.learn(Vec::new(), date(700));
        assert_eq!(dead.len(), 1, "the later of the two dates of b counts");
        assert_eq!(standing("a", 450), Standing::TooOld);
        assert_eq!(standing("b", 800), Standing::Dead);
    }

    #[test]
    fn rs_13_a_key_that_was_withdrawn_is_remembered_longer_than_what_it_has_signed_lives() {
        let dead = DeadSet::new(100);
        dead.heard(at(0));
        dead.learn(vec![event("kid.k", 500), event("a", 500)], date(400));
        dead.learn(Vec::new(), date(900));
        let standing = |handle: &str, issued| dead.standing([handle], date(issued), at(0), PATIENCE);
        assert_eq!((dead.len(), standing("kid.k", 990)), (1, Standing::Dead));
        dead.learn((0..101).map(|n| event(&format!("h{n}"), 900 + n)).collect(), date(900));
        assert_eq!(standing("kid.k", 2_000), Standing::Dead, "others make room first");
        dead.learn((0..200).map(|n| event(&format!("kid.{n}"), 950)).collect(), date(900));
        assert_eq!(
            (dead.len(), standing("other", 2_000)),
            (0, Standing::TooOld),
            "the set is bounded all the same"
        );
    }

    #[test]
    fn the_set_is_bounded_and_still_never_wrong() {
        let dead = DeadSet::new(100);
        dead.heard(at(0));
        dead.learn((0..101).map(|n| event(&format!("h{n}"), n)).collect(), date(0));
        assert_eq!(dead.len(), 50);
        let standing = |handle: &str, issued| dead.standing([handle], date(issued), at(0), PATIENCE);
        assert_eq!(standing("h50", 50), Standing::TooOld);
        assert_eq!(standing("h51", 51), Standing::Dead);
        assert_eq!(standing("other", 51), Standing::Alive);
        dead.learn((0..200).map(|n| event(&format!("same{n}"), 700)).collect(), date(0));
        assert_eq!((dead.len(), standing("same7", 700)), (0, Standing::TooOld));
        assert_eq!(standing("other", 701), Standing::Alive);
    }
}
