//! What time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use mapae_protocol::time::{Seconds, Timestamp};

/// Honest clocks differ by less.
pub(crate) const TOLERATED_STEP_BACK: Seconds = Seconds::minutes(5);

/// This machine's clock shows a time that has passed long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock of this machine is {behind} behind the time that was noted before: set it, best by a time service"
)]
pub(crate) struct ClockBehind {
    /// By how much.
    pub(crate) behind: Seconds,
}

/// The system's clock, or one that tests move.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The time of this machine.
    #[default]
    System,
    /// Unix seconds, shared by all clones.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.unix())))
    }

    /// The present second.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_time(),
            Self::Manual(seconds) => Timestamp::from_unix(seconds.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on, and says what it shows then. The system's clock is not moved.
    pub fn advance(&self, by: Seconds) -> Timestamp {
        if let Self::Manual(seconds) = self {
            seconds.fetch_add(by.get(), Ordering::SeqCst);
        }
        self.now()
    }

    /// Sets a manual clock, also back. The system's clock is not set.
    pub fn set(&self, to: Timestamp) {
        if let Self::Manual(seconds) = self {
            seconds.store(to.unix(), Ordering::SeqCst);
        }
    }
}

/// The time for decisions, which never runs backwards — threats OP-13.
///
/// When a clock steps back, time stands still until it has caught up: what has expired does not live again. When it
/// is far behind, nothing may be issued either, because it would live for too long.
#[derive(Debug)]
pub(crate) struct SteadyClock {
    clock: Clock,
    /// The latest time that the clock has shown, in Unix seconds.
    latest: AtomicI64,
}

impl SteadyClock {
    /// A clock that was seen to show `noted` before, by this process or an earlier one.
    pub(crate) fn new(clock: Clock, noted: Timestamp) -> Self {
        Self { clock, latest: AtomicI64::new(noted.unix()) }
    }

    /// The present second, never an earlier one than before.
    pub(crate) fn now(&self) -> Timestamp {
        let shown = self.clock.now().unix();
        let latest = self.latest.load(Ordering::Relaxed);
        // Written once a second at most: all cores read it.
        if shown > latest {
            self.latest.fetch_max(shown, Ordering::Relaxed);
        }
        Timestamp::from_unix(shown.max(latest))
    }

    /// The present second, for what is issued.
    ///
    /// # Errors
    /// The clock is so far behind that it must be wrong.
    pub(crate) fn issuing_time(&self) -> Result<Timestamp, ClockBehind> {
        let now = self.now();
        verify(now, self.clock.now())?;
        Ok(now)
    }

    /// What this machine's clock shows, be it right or wrong.
    pub(crate) fn shown(&self) -> Timestamp {
        self.clock.now()
    }

    /// Compares with a time that another process has seen.
    ///
    /// # Errors
    /// The clock is so far behind it that one of both must be wrong.
    pub(crate) fn compare(&self, noted: Timestamp) -> Result<(), ClockBehind> {
        verify(noted, self.clock.now())
    }
}

fn verify(latest: Timestamp, shown: Timestamp) -> Result<(), ClockBehind> {
    let behind = latest.since(shown);
    if behind > TOLERATED_STEP_BACK { Err(ClockBehind { behind }) } else { Ok(()) }
}

/// A clock before 1970 shows 1970: then nothing that was issued later is taken for fresh.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the time of this machine")]
fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(Timestamp::from_unix(1_000));
        let other = clock.clone();
        assert_eq!(clock.advance(Seconds::minutes(1)).unix(), 1_060);
        assert_eq!(other.now().unix(), 1_060);
        other.set(Timestamp::from_unix(10));
        assert_eq!(clock.now().unix(), 10);
    }

    #[test]
    fn op_13_time_never_runs_backwards() {
        let clock = Clock::manual(Timestamp::from_unix(1_000_000));
        let steady = SteadyClock::new(clock.clone(), Timestamp::from_unix(0));
        for (shown, now) in [(0, 0), (7, 7), (-3600, 7), (6, 7), (8, 8), (7, 8)] {
            clock.set(Timestamp::from_unix(1_000_000 + shown));
            assert_eq!(steady.now().unix(), 1_000_000 + now, "{shown}");
        }
        let restarted = SteadyClock::new(clock, Timestamp::from_unix(1_000_060));
        assert_eq!(restarted.now().unix(), 1_000_060, "nor by a restart");
    }

    #[test]
    fn op_13_a_step_back_of_more_than_five_minutes_ends_issuing_until_it_is_made_good() {
        let start = Timestamp::from_unix(1_000_000);
        let clock = Clock::manual(start);
        let steady = SteadyClock::new(clock.clone(), Timestamp::from_unix(0));
        assert_eq!(steady.issuing_time(), Ok(start));
        for (back, behind) in [(0, None), (300, None), (301, Some(301)), (1_000_000, Some(1_000_000))] {
            clock.set(Timestamp::from_unix(start.unix() - back));
            assert_eq!(steady.issuing_time().err().map(|error| error.behind.get()), behind, "{back}");
            assert_eq!(steady.now(), start);
        }
        clock.set(start.plus(Seconds::days(365)));
        assert_eq!(steady.issuing_time(), Ok(start.plus(Seconds::days(365))), "forwards it may go");
    }

    #[test]
    fn the_system_clock_is_past_the_release_and_cannot_be_moved() {
        let before = Clock::System.now();
        assert!(before.unix() > 1_700_000_000);
        assert!(Clock::System.advance(Seconds::days(365)).since(before) < Seconds::days(1));
    }
}
