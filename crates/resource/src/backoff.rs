//! How long to wait before trying again: twice as long each time, with jitter, so that a thousand APIs that
//! lost one authorization server do not come back in step.

use std::time::Duration;

use mapae_protocol::random;

/// The waits of one thing that is tried again and again.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { failures: 0, first, longest }
    }

    /// It worked: the next failure waits briefly again.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed: the time to wait, between half of this step and all of it.
    pub(crate) fn pause(&mut self) -> Duration {
        let step = self.first.saturating_mul(1 << self.failures.min(16)).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        jittered(step)
    }
}

/// Between half of `span` and all of it.
pub(crate) fn jittered(span: Duration) -> Duration {
    let [byte] = random::bytes::<1>();
    span / 2 + span.mul_f64(f64::from(byte) / 255.0 / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_start_anew() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
        let waits: Vec<_> = (0..40).map(|_| backoff.pause()).collect();
        assert!(waits[0] >= Duration::from_millis(50) && waits[0] <= Duration::from_millis(100));
        assert!(waits[3] >= Duration::from_millis(400) && waits[3] <= Duration::from_millis(800));
        assert!(
            waits[10..].iter().all(|wait| *wait >= Duration::from_secs(1) && *wait <= Duration::from_secs(2))
        );
        assert!(waits[10..].iter().any(|wait| wait != &waits[10]), "jitter");
        backoff.reset();
        assert!(backoff.pause() <= Duration::from_millis(100));
    }
}
