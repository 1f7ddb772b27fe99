//! Leases: one has the turn at a time for each person, on any number of processes, whatever their clocks say.
//!
//! Whoever has a turn leaves a mark and changes it while they live. Who waits compares that mark with itself: unchanged for a
//! whole life on the watcher's own clock, its holder is dead, and the turn is taken under the condition that the mark is still
//! the same. So nobody compares the clock of one machine with that of another. The leases of the client's vault do so, and the server's turns to refresh.

use crate::time::{Seconds, Timestamp};

/// What somebody who waits has seen of the one who has the turn.
#[derive(Clone, Debug)]
pub struct Watch<M> {
    seen: Option<(M, Timestamp)>,
}

impl<M: PartialEq> Watch<M> {
    /// How long a mark stays unchanged before its holder is taken for dead: 7 seconds.
    ///
    /// Longer than one request to a provider may take (5 s), shorter than the 10 s in which a provider gives the same
    /// successor to a refresh token again: whoever takes over from a process that died in between is in time.
    pub const LIFE: Seconds = Seconds::seconds(7);

    /// Notes what was found at `now`, on the watcher's own clock.
    pub fn found(&mut self, mark: M, now: Timestamp) {
        if self.seen.as_ref().is_none_or(|(known, _)| *known != mark) {
            self.seen = Some((mark, now));
        }
    }

    /// The mark of a holder that has given no sign for a whole life.
    #[must_use]
    pub fn dead(&self, now: Timestamp) -> Option<&M> {
        let (mark, since) = self.seen.as_ref()?;
        (now.since(*since).get() >= Self::LIFE.get()).then_some(mark)
    }
}

impl<M> Default for Watch<M> {
    fn default() -> Self {
        Self { seen: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mx_02_who_gives_a_sign_is_alive_and_who_gives_none_is_dead() {
        let mut watch = Watch::default();
        for (second, mark, dead) in [
            (0, "a", None),
            (6, "a", None),
            (7, "a", Some("a")),
            (8, "b", None),
            // Not looked at meanwhile: it may have given any number of signs.
            (100, "c", None),
            (107, "c", Some("c")),
        ] {
            let now = Timestamp::from_unix(second);
            watch.found(mark, now);
            assert_eq!(watch.dead(now).copied(), dead, "{second}");
        }
    }
}
