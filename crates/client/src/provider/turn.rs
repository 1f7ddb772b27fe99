//! One fetch at a time: whoever needs what it brings waits for it, and shares its failure; threat RP-18.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard};

use super::ProviderError;

/// The turn to ask the provider for something that everybody needs.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// Held while fetching; how the last fetch failed.
    failure: Mutex<Option<ProviderError>>,
    /// How many fetches have come to an end.
    landed: AtomicU64,
}

/// The turn is ours. A fetch that is given up half-way leaves it to the next one.
#[derive(Debug)]
pub(super) struct Flight<'a> {
    failure: MutexGuard<'a, Option<ProviderError>>,
    landed: &'a AtomicU64,
}

impl Turn {
    /// Waits for the turn.
    ///
    /// # Errors
    /// The fetch for which we waited has failed: a provider that stalls costs everybody one fetch, not each one more.
    pub(super) async fn wait(&self) -> Result<Flight<'_>, ProviderError> {
        let before = self.landed.load(Ordering::Acquire);
        let failure = self.failure.lock().await;
        match *failure {
            Some(error) if self.landed.load(Ordering::Acquire) != before => Err(error),
            Some(_) | None => Ok(Flight { failure, landed: &self.landed }),
        }
    }
}

impl Flight<'_> {
    /// What the fetch came to, for everybody who waits.
    pub(super) fn landed<T>(mut self, fetched: Result<T, ProviderError>) -> Result<T, ProviderError> {
        *self.failure = fetched.as_ref().err().copied();
        self.landed.fetch_add(1, Ordering::Release);
        fetched
    }
}
