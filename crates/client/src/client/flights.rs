//! One refresh of a person's tokens at a time in this process; whoever comes meanwhile gets its result.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

use super::{AccessError, holding::PATIENCE};
use crate::{identity::EndUser, tokens::AccessToken, vault::StoreError};

type Landed = Option<Result<AccessToken, AccessError>>;

/// The refreshes under way.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<EndUser, watch::Receiver<Landed>>>);

impl Flights {
    /// Waits for the flight of `person`, which `start` makes if there is none.
    ///
    /// The flight is a task of its own: a caller that goes away does not take it down half-way, when the provider
    /// has already given a successor that nobody would keep. It may take longer than anybody waits, while a successor finds no
    /// way into the vault; whoever comes then waits for the same one.
    pub(super) async fn join<F>(
        self: &Arc<Self>,
        person: &EndUser,
        start: impl FnOnce() -> F,
    ) -> Result<AccessToken, AccessError>
    where
        F: Future<Output = Result<AccessToken, AccessError>> + Send + 'static,
    {
        let (landing, ours) = {
            let mut flights = self.flights();
            match flights.get(person) {
                Some(landing) => (landing.clone(), None),
                None => {
                    let (sender, landing) = watch::channel(None);
                    flights.insert(person.clone(), landing.clone());
                    (landing, Some(sender))
                }
            }
        };
        if let Some(sender) = ours {
            // Not under the lock: a runtime that ends drops at once what is begun, and `Leave` takes the lock.
            let leave = Leave { flights: Arc::clone(self), person: person.clone() };
            let flight = start();
            tokio::spawn(async move {
                let result = flight.await;
                drop(leave);
                // Nobody waits any more: the tokens are kept all the same.
                let _ = sender.send(Some(result));
            });
        }
        landed(landing, PATIENCE).await
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<EndUser, watch::Receiver<Landed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a flight brought, if it lands within this time.
async fn landed(mut landing: watch::Receiver<Landed>, within: Duration) -> Result<AccessToken, AccessError> {
    match timeout(within, landing.wait_for(Option::is_some)).await {
        Ok(Ok(landed)) => landed.clone().unwrap_or(Err(AccessError::interrupted())),
        Ok(Err(_)) => Err(AccessError::interrupted()),
        Err(_) => Err(StoreError::Busy.into()),
    }
}

/// Takes the flight off the list, also when it crashes.
struct Leave {
    flights: Arc<Flights>,
    person: EndUser,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.flights.flights().remove(&self.person);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_flight_that_takes_too_long_is_waited_for_no_longer_and_lands_all_the_same() {
        let (sender, landing) = watch::channel(None);
        let late = landed(landing.clone(), Duration::ZERO).await;
        assert!(matches!(late, Err(AccessError::Unavailable(_))), "{late:?}");
        sender.send(Some(Err(AccessError::SignInAgain))).unwrap();
        let there = landed(landing, Duration::ZERO).await;
        assert!(matches!(there, Err(AccessError::SignInAgain)), "{there:?}");
    }

    #[test]
    fn nobody_waits_for_a_flight_that_a_runtime_at_its_end_does_not_begin() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let flights = Arc::new(Flights::default());
        let (sender, receiver) = mpsc::channel();
        let asked = Arc::clone(&flights);
        // A thread of its own, which a deadlock would keep.
        let asking = thread::spawn(move || {
            let _entered = handle.enter();
            let person = EndUser::new("https://op.example", "alice");
            let landed = asked.join(&person, || async { Err(AccessError::interrupted()) }).now_or_never();
            sender.send(landed).unwrap();
        });
        let landed = receiver.recv_timeout(Duration::from_secs(5)).expect("it is told");
        assert!(matches!(landed, Some(Err(AccessError::Unavailable(_)))), "{landed:?}");
        asking.join().unwrap();
        assert!(flights.flights().is_empty(), "and whoever comes next begins anew");
    }
}
