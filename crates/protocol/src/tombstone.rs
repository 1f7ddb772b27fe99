//! Tombstones: what has ended is remembered for as long as somebody may be on the way who set out before. The end found
//! nothing of theirs that it could end, and they must not begin anything either.
//!
//! Nothing is stored but until when an end is remembered. Whoever set out at some time has arrived within the longest way, or
//! never will: so an end that is remembered for longer than that came after they had set out.

use crate::time::{Seconds, Timestamp};

/// For how long ends are remembered: as long as the longest way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    life: Seconds,
}

impl Memory {
    /// For a way that has two parts: at the provider for as long as `away`, and then, before there is an account, at pages of
    /// ours for as long as `arriving`.
    #[must_use]
    pub const fn of_a_way(away: Seconds, arriving: Seconds) -> Self {
        Self { life: away.and(arriving) }
    }

    /// Until when something is remembered that ended at `at`: whoever had set out by then, in that very second too, is told.
    #[must_use]
    pub const fn until(self, at: Timestamp) -> Timestamp {
        at.plus(self.life)
    }

    /// The same, where somebody may begin again at once: whoever sets out in this very second comes in. It is more likely the
    /// answer to the end than what it was meant to end.
    #[must_use]
    pub const fn until_but_now(self, at: Timestamp) -> Timestamp {
        self.until(at.minus(Seconds::seconds(1)))
    }

    /// Whether what is remembered `until` then ended after somebody had set out at `begun_at`.
    #[must_use]
    pub const fn ended_since(self, begun_at: Timestamp, until: Timestamp) -> bool {
        self.until(begun_at).unix() <= until.unix()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_set_out_before_an_end_is_told_for_as_long_as_they_can_arrive() {
        let memory = Memory::of_a_way(Seconds::minutes(10), Seconds::minutes(30));
        let at = Timestamp::from_unix;
        let (all, others) = (memory.until(at(1_000)), memory.until_but_now(at(1_000)));
        for (begun, by_all, by_others) in
            [(0, true, true), (999, true, true), (1_000, true, false), (1_001, false, false)]
        {
            assert_eq!(memory.ended_since(at(begun), all), by_all, "{begun}");
            assert_eq!(memory.ended_since(at(begun), others), by_others, "{begun}");
        }
        // Who set out last before it has until the end of both parts, and so has the memory.
        assert_eq!(others, at(999 + 40 * 60));
    }
}
