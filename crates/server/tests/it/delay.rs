//! How long a change takes to be seen by somebody who asks again and again.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

/// Within this everybody must have seen a change.
pub(crate) const WITHIN: Duration = Duration::from_secs(1);
/// Somebody who has not seen it by then never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// From one question to the next.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks until the answer is of the state after the change, which has just been acknowledged. Returns how long after that
/// the last question was *asked* that was still answered by the state before; nothing if there was none.
///
/// What counts is the asked server's time: if the tester itself is held up, a question comes later and finds the new state.
pub(crate) async fn last_stale(what: &str, mut seen: impl AsyncFnMut() -> bool) -> Duration {
    let changed = Instant::now();
    let mut stale = Duration::ZERO;
    let mut questions = interval(PAUSE);
    questions.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        questions.tick().await;
        let asked = changed.elapsed();
        if seen().await {
            return stale;
        }
        stale = asked;
        assert!(asked < PATIENCE, "never seen: {what}");
    }
}

/// As [`last_stale`], of a change that must be seen in time.
pub(crate) async fn in_time(what: &str, seen: impl AsyncFnMut() -> bool) {
    let stale = last_stale(what, seen).await;
    assert!(stale < WITHIN, "{what}: {stale:?} after the change it was not seen yet");
}
