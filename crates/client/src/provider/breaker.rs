//! A provider that does not answer costs only its own button.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mapae_protocol::time::{Seconds, Timestamp};

/// Failures in a row after which a provider is left alone.
const FAILURES: u32 = 5;

/// For how long; then one failure more is enough.
const REST: Seconds = Seconds::seconds(10);

/// What an answer takes that comes too late to be a good one.
const SLOW: Duration = Duration::from_secs(3);

const BETWEEN_TRIES: Seconds = Seconds::seconds(1);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    resting_until: Option<Timestamp>,
}

impl Breaker {
    /// Whether the provider is left alone now. After its rest one may try each second, whatever becomes of who tried before;
    /// the others wait for what comes of that.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let Some(until) = state.resting_until else { return false };
        if until <= now {
            state.resting_until = Some(now.plus(BETWEEN_TRIES));
        }
        now < until
    }

    /// It has answered. Who takes this long keeps people waiting as much as who does not answer, and counts as that.
    pub(super) fn answered(&self, took: Duration, now: Timestamp) {
        if took > SLOW { self.failed(now) } else { self.succeeded() }
    }

    fn succeeded(&self) {
        *self.state() = State::default();
    }

    pub(super) fn failed(&self, now: Timestamp) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.resting_until = Some(now.plus(REST));
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rp_18_opens_after_failures_in_a_row_and_closes_on_success() {
        let (breaker, now) = (Breaker::default(), Timestamp::from_unix(100));
        for _ in 0..FAILURES - 1 {
            breaker.failed(now);
        }
        breaker.succeeded();
        for _ in 0..FAILURES {
            assert!(!breaker.is_open(now));
            breaker.failed(now);
        }
        assert!(breaker.is_open(now) && breaker.is_open(Timestamp::from_unix(109)));
        let later = now.plus(REST);
        let let_through = (0..50).filter(|_| !breaker.is_open(later)).count();
        assert_eq!(let_through, 1, "one tries for all");
        breaker.failed(later);
        assert!(breaker.is_open(later), "one failure after the rest is enough");
        breaker.succeeded();
        assert!(!breaker.is_open(later) && !breaker.is_open(later));
    }

    #[test]
    fn rp_18_a_provider_that_drips_is_left_alone_like_one_that_does_not_answer() {
        let (breaker, now) = (Breaker::default(), Timestamp::from_unix(100));
        let (quick, slow) = (Duration::from_millis(2_900), Duration::from_millis(3_100));
        for took in [slow, slow, slow, slow, quick, slow, slow, slow, slow] {
            breaker.answered(took, now);
            assert!(!breaker.is_open(now), "not five in a row");
        }
        breaker.answered(slow, now);
        assert!(breaker.is_open(now));
    }
}
