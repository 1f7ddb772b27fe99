//! One fetch at a time: whoever needs what it brings waits for it, and shares its failure; threat RP-18.
//!
//! The fetch is a task of its own and has the time that its requests have. A login that has little time left, or whose browser
//! goes away, waits no longer, and takes the fetch away from nobody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::ProviderError;
use crate::{back_channel::in_time, http_error::HttpError, observe::Purpose};

type Landed<T> = Option<Result<T, ProviderError>>;

/// The turn to ask the provider for something that everybody needs.
#[derive(Debug)]
pub(super) struct Turn<T>(Arc<UnderWay<T>>);

/// The fetch that is under way, if one is.
type UnderWay<T> = Mutex<Option<watch::Receiver<Landed<T>>>>;

impl<T> Default for Turn<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone + Send + Sync + 'static> Turn<T> {
    /// What the fetch brings that is under way. Without one it is what is `known`, and if that is nothing, `fetch` begins.
    ///
    /// # Errors
    /// The fetch has failed: a provider that stalls costs everybody one fetch, not each one more. Or the caller's own time is
    /// over.
    pub(super) async fn join<F>(
        &self,
        purpose: Purpose,
        known: impl FnOnce() -> Option<T>,
        fetch: impl FnOnce() -> F,
    ) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>> + Send + 'static,
    {
        let (mut landing, ours) = {
            let mut under_way = lock(&self.0);
            if let Some(landing) = &*under_way {
                (landing.clone(), None)
            } else if let Some(known) = known() {
                return Ok(known);
            } else {
                let (sender, landing) = watch::channel(None);
                *under_way = Some(landing.clone());
                (landing, Some(sender))
            }
        };
        if let Some(sender) = ours {
            self.begin(fetch(), sender);
        }
        let no_answer = |error| ProviderError::NoAnswer(purpose, error);
        match in_time(landing.wait_for(Option::is_some)).await.map_err(no_answer)? {
            Ok(landed) => landed.clone().unwrap_or(Err(no_answer(HttpError::Broken))),
            // The fetch went down.
            Err(_) => Err(no_answer(HttpError::Broken)),
        }
    }

    fn begin(
        &self,
        fetch: impl Future<Output = Result<T, ProviderError>> + Send + 'static,
        sender: watch::Sender<Landed<T>>,
    ) {
        let leave = Leave(Arc::clone(&self.0));
        tokio::spawn(async move {
            let fetched = fetch.await;
            // Whoever comes from now on finds what it brought, or asks anew.
            drop(leave);
            // Nobody waits any more: what it brought is known all the same.
            let _ = sender.send(Some(fetched));
        });
    }
}

/// Gives the turn back, also when the fetch crashes.
struct Leave<T>(Arc<UnderWay<T>>);

impl<T> Drop for Leave<T> {
    fn drop(&mut self) {
        *lock(&self.0) = None;
    }
}

fn lock<T>(under_way: &UnderWay<T>) -> MutexGuard<'_, Option<watch::Receiver<Landed<T>>>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use tokio::sync::Semaphore;

    use super::*;
    use crate::back_channel::within;

    const SILENCE: ProviderError = ProviderError::NoAnswer(Purpose::Keys, HttpError::Timeout);

    /// A fetch that ends when it is told to.
    struct Source {
        turn: Turn<u8>,
        gate: Arc<Semaphore>,
        fetches: AtomicUsize,
    }

    impl Source {
        fn closed() -> Self {
            Self { turn: Turn::default(), gate: Arc::new(Semaphore::new(0)), fetches: AtomicUsize::new(0) }
        }

        async fn fetched(&self, brought: Result<u8, ProviderError>) -> Result<u8, ProviderError> {
            let fetch = || {
                self.fetches.fetch_add(1, Ordering::SeqCst);
                let gate = Arc::clone(&self.gate);
                async move {
                    gate.acquire().await.unwrap().forget();
                    brought
                }
            };
            self.turn.join(Purpose::Keys, || None, fetch).await
        }
    }

    #[tokio::test]
    async fn rp_18_who_has_little_time_left_takes_a_fetch_from_nobody_else() {
        let source = Source::closed();
        let hasty = async {
            let hasty = within(Duration::ZERO, source.fetched(Ok(7))).await;
            source.gate.add_permits(1);
            hasty
        };
        let (hasty, patient) = tokio::join!(hasty, source.fetched(Ok(8)));
        assert_eq!((hasty, patient), (Err(SILENCE), Ok(7)));
        assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn rp_18_whoever_waits_shares_a_failure_and_who_comes_later_does_not() {
        let source = Source::closed();
        source.gate.add_permits(1);
        let (one, other) = tokio::join!(source.fetched(Err(SILENCE)), source.fetched(Ok(7)));
        assert_eq!((one, other), (Err(SILENCE), Err(SILENCE)));
        source.gate.add_permits(1);
        assert_eq!(source.fetched(Ok(8)).await, Ok(8));
    }
}
