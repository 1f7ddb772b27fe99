//! Waiting for what somebody else does, where no event tells of it.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// What takes longer does not happen.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether it has.
const GLANCE: Duration = Duration::from_millis(5);

/// Waits until it is so.
///
/// # Panics
/// It never is; with what was waited for.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !so().await {
            sleep(GLANCE).await;
        }
    };
    if timeout(PATIENCE, waiting).await.is_err() {
        panic!("not within {PATIENCE:?}: {what}");
    }
}
