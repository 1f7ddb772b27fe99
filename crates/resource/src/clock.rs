//! The time, as an argument: a wall clock for dates in tokens, a steady clock for ages of what is cached.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use mapae_protocol::time::Timestamp;

/// Where the layer gets its time from. Tests give their own; everybody else uses [`SystemClock`].
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// The date, to compare with `exp`, `nbf` and `iat`.
    fn now(&self) -> Timestamp;

    /// The time since some fixed moment. Never goes back.
    fn uptime(&self) -> Duration;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// The clock of the machine, its uptime counted from now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::from_unix(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) date: Timestamp,
    uptime: Duration,
}

impl Moment {
    pub(crate) fn of(clock: &dyn Clock) -> Self {
        Self::at(clock.now(), clock.uptime())
    }

    pub(crate) const fn at(date: Timestamp, uptime: Duration) -> Self {
        Self { date, uptime }
    }

    /// How long ago `self` was, by the clock that says more: the steady clock of some systems stands still
    /// while the machine sleeps, and the wall clock can be set back. Dates are whole seconds, so the wall
    /// clock's word counts for a second less.
    pub(crate) fn age(self, now: Self) -> Duration {
        let steady = now.uptime.saturating_sub(self.uptime);
        let wall = u64::try_from(now.date.since(self.date).get()).unwrap_or(0);
        steady.max(Duration::from_secs(wall.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(date: i64, millis: u64) -> Moment {
        Moment::at(Timestamp::from_unix(date), Duration::from_millis(millis))
    }

    #[test]
    fn age_survives_a_sleeping_machine_and_a_clock_set_back() {
        let then = moment(1_000, 0);
        assert_eq!(
            then.age(moment(1_001, 100)),
            Duration::from_millis(100),
            "a second begun is not a second"
        );
        assert_eq!(then.age(moment(4_600, 2_000)), Duration::from_secs(3_599), "the machine slept");
        assert_eq!(then.age(moment(10, 40_000)), Duration::from_secs(40), "the clock was set back");
        assert_eq!(moment(5, 9).age(moment(5, 3)), Duration::ZERO);
    }

    #[test]
    fn the_machine_has_a_date_and_goes_on() {
        let clock = SystemClock::default();
        assert!(clock.now() > Timestamp::from_unix(1_700_000_000));
        assert!(clock.uptime() <= clock.uptime());
    }
}
