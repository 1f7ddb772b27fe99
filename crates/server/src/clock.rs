//! What time it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use mapae_protocol::time::{Seconds, Timestamp};

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
    fn the_system_clock_is_past_the_release_and_cannot_be_moved() {
        let before = Clock::System.now();
        assert!(before.unix() > 1_700_000_000);
        assert!(Clock::System.advance(Seconds::days(365)).since(before) < Seconds::days(1));
    }
}
