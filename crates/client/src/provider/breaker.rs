//! A provider that does not answer costs only its own button.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mapae_protocol::time::{Seconds, Timestamp};

use crate::clock::was_set_back;

/// Failures in a row after which a provider is left alone.
const FAILURES: u32 = 5;

/// For how long; then one failure more is enough.
const REST: Seconds = Seconds::seconds(10);

/// What an answer takes that comes too late to be a good one.
const SLOW: Duration = Duration::from_secs(3);

const BETWEEN_TRIES: Seconds = Seconds::seconds(1);

/// The leave to ask the provider something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Pass {
    /// It is not being left alone.
    Ordinary,
    /// It is, and this request finds out whether it must be.
    Trial,
}

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    resting_until: Option<Timestamp>,
}

impl Breaker {
    /// The leave to ask the provider something; `None` while it is left alone. After its rest one may try each second, whatever
    /// becomes of who tried before; the others wait for what comes of that. A rest that lies far ahead is over: a clock that is set
    /// back shuts nobody out for as long as it was set back.
    pub(super) fn admit(&self, now: Timestamp) -> Option<Pass> {
        let mut state = self.state();
        match state.resting_until {
            None => Some(Pass::Ordinary),
            Some(until) if now < until && !was_set_back(until, now) => None,
            Some(_) => {
                state.resting_until = Some(now.plus(BETWEEN_TRIES));
                Some(Pass::Trial)
            }
        }
    }

    /// It has answered. Who takes this long keeps people waiting as much as who does not answer, and counts as that. To a trial
    /// any answer is a good one, however late: who is always slow would otherwise be asked once in a rest, which is never
    /// enough for a login.
    pub(super) fn answered(&self, pass: Pass, took: Duration, now: Timestamp) {
        if took > SLOW && pass == Pass::Ordinary { self.failed(now) } else { self.succeeded() }
    }

    /// It has failed at something that may have been written so that it fails: nobody is shut out for that by a stranger. Who
    /// takes long over it counts as who does not answer, and who is quick to fail has answered a trial (decision 0266).
    pub(super) fn failed_at(&self, pass: Pass, took: Duration, now: Timestamp) {
        if took > SLOW {
            self.failed(now);
        } else if pass == Pass::Trial {
            self.succeeded();
        }
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

    const QUICK: Duration = Duration::from_millis(2_900);
    const LATE: Duration = Duration::from_millis(3_100);

    #[test]
    fn rp_18_opens_after_failures_in_a_row_and_closes_on_success() {
        let (breaker, now) = (Breaker::default(), Timestamp::from_unix(100));
        for _ in 0..FAILURES - 1 {
            breaker.failed(now);
        }
        breaker.succeeded();
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(now), Some(Pass::Ordinary));
            breaker.failed(now);
        }
        assert_eq!((breaker.admit(now), breaker.admit(Timestamp::from_unix(109))), (None, None));
        let later = now.plus(REST);
        let let_through: Vec<_> = (0..50).filter_map(|_| breaker.admit(later)).collect();
        assert_eq!(let_through, [Pass::Trial], "one tries for all");
        breaker.failed(later);
        assert_eq!(breaker.admit(later), None, "one failure after the rest is enough");
        breaker.succeeded();
        assert_eq!([breaker.admit(later); 2], [Some(Pass::Ordinary); 2]);
    }

    #[test]
    fn rp_18_a_provider_that_drips_is_left_alone_like_one_that_does_not_answer() {
        let (breaker, now) = (Breaker::default(), Timestamp::from_unix(100));
        for took in [LATE, LATE, LATE, LATE, QUICK, LATE, LATE, LATE, LATE] {
            breaker.answered(breaker.admit(now).unwrap(), took, now);
            assert!(breaker.admit(now).is_some(), "not five in a row");
        }
        breaker.answered(Pass::Ordinary, LATE, now);
        assert_eq!(breaker.admit(now), None);
    }

    #[test]
    fn rp_18_a_provider_that_is_always_slow_is_not_shut_out_for_good() {
        let (breaker, now) = (Breaker::default(), Timestamp::from_unix(100));
        for _ in 0..FAILURES {
            breaker.answered(breaker.admit(now).unwrap(), LATE, now);
        }
        // Asked before it was left alone: nothing new.
        breaker.answered(Pass::Ordinary, LATE, now);
        assert_eq!(breaker.admit(now), None);
        let later = now.plus(REST);
        breaker.answered(breaker.admit(later).unwrap(), LATE, later);
        for _ in 0..FAILURES {
            let pass = breaker.admit(later);
            assert_eq!(pass, Some(Pass::Ordinary), "the rest of the login that tried, and others");
            breaker.answered(pass.unwrap(), LATE, later);
        }
        assert_eq!(breaker.admit(later), None, "and then it is left alone again");
    }

    #[test]
    fn rp_18_rp_31_what_a_stranger_wrote_shuts_nobody_out_unless_it_stalls() {
        let (breaker, now) = (Breaker::default(), Timestamp::from_unix(100));
        for _ in 0..FAILURES * 2 {
            breaker.failed_at(breaker.admit(now).unwrap(), QUICK, now);
        }
        // Nor does it hide failures of another kind.
        for _ in 0..FAILURES - 1 {
            breaker.failed(now);
            breaker.failed_at(Pass::Ordinary, QUICK, now);
        }
        assert_eq!(breaker.admit(now), Some(Pass::Ordinary));
        breaker.failed_at(Pass::Ordinary, LATE, now);
        assert_eq!(breaker.admit(now), None, "who takes long over it is left alone");
        let later = now.plus(REST);
        breaker.failed_at(breaker.admit(later).unwrap(), LATE, later);
        assert_eq!(breaker.admit(later), None);
        // Or a stranger could take every trial away from the others.
        let still_later = later.plus(REST);
        breaker.failed_at(breaker.admit(still_later).unwrap(), QUICK, still_later);
        assert_eq!(breaker.admit(still_later), Some(Pass::Ordinary));
    }

    #[test]
    fn rp_18_rp_32_a_clock_that_is_set_back_prolongs_no_rest() {
        for back in [31, 3_600, i64::from(u32::MAX)] {
            let (breaker, now) = (Breaker::default(), Timestamp::from_unix(10_000_000_000));
            for _ in 0..FAILURES {
                breaker.failed(now);
            }
            // Another login, which began a little earlier.
            assert_eq!(breaker.admit(now.minus(REST)), None);
            let earlier = Timestamp::from_unix(now.unix() - back);
            assert_eq!(breaker.admit(earlier), Some(Pass::Trial), "{back}");
            assert_eq!(breaker.admit(earlier), None, "one each second, as after any rest: {back}");
        }
    }
}
