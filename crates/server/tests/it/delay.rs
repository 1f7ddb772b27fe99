//! How long a change takes to be seen by somebody who asks again and again.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};

/// Within this everybody must have seen a change.
const WITHIN: Duration = Duration::from_secs(1);
/// Somebody who has not seen it by then never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a change is made anew that was seen too late: a machine that stands still once fails nobody, and a server that
/// always takes longer fails.
const TRIES: usize = 3;
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

/// A change that must be seen in time: `run` makes it, and returns the [`last_stale`] of it.
pub(crate) async fn in_time(what: &str, mut run: impl AsyncFnMut() -> Duration) {
    let mut late = Vec::new();
    for _ in 0..TRIES {
        let stale = run().await;
        if stale < WITHIN {
            return;
        }
        late.push(stale);
    }
    panic!("{what}: each time it was not seen yet so long after the change: {late:?}");
}
