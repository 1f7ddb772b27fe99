//! Waiting for a turn: what must be done by one at a time for each person, on any number of processes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Client;
use crate::{
    error::Error,
    identity::EndUser,
    vault::{Lease, StoreError},
};

/// How often a lease is asked for that somebody else has.
pub(super) const POLL: Duration = Duration::from_millis(25);

/// How long in all.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl<U: Send + Sync + 'static> Client<U> {
    /// Nobody else makes or changes what this person opens until the lease is given back.
    pub(super) async fn hold(&self, person: &EndUser) -> Result<Lease, Error> {
        let lease = Lease::sign_up(person);
        let until = Instant::now() + PATIENCE;
        while !self.core.vault.take(&lease, self.now()).await? {
            if Instant::now() >= until {
                return Err(StoreError::Busy.into());
            }
            sleep(POLL).await;
        }
        Ok(lease)
    }
}
