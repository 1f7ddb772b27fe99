//! Cleaning up: what nobody can use any more goes, on time and without anybody waiting for it.

use std::sync::atomic::Ordering;

use mapae_protocol::time::{Seconds, Timestamp};

use super::Client;
use crate::error::Error;

/// How often a login takes the cleaning along.
const EVERY: Seconds = Seconds::hours(1);

impl<U: Send + Sync + 'static> Client<U> {
    /// Deletes what is over: sign-ups that nobody finished within a day, proofs that are not fresh any more, tokens of
    /// sign-in methods that were removed ten minutes ago and longer. How many sign-ups it were.
    ///
    /// Logins do this by the way, once an hour. A service that must not keep anything longer, even when nobody comes, calls it
    /// by a timer. It can be interrupted at any moment, and run in any number of processes at once.
    ///
    /// # Errors
    /// The vault failed.
    pub async fn clean_up(&self) -> Result<u64, Error> {
        Ok(self.core.vault.clean_up(self.now()).await?)
    }

    /// Nobody is refused because of it.
    pub(super) async fn tidy_if_due(&self, now: Timestamp) {
        let (tidied, due) = (&self.core.tidied, now.minus(EVERY).unix());
        let last = tidied.load(Ordering::Relaxed);
        let ours = last <= due
            && tidied.compare_exchange(last, now.unix(), Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if ours && let Err(error) = self.core.vault.clean_up(now).await {
            tracing::warn!(%error, "nothing was cleaned up");
        }
    }
}
