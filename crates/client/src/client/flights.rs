//! One refresh of a person's tokens at a time in this process; whoever comes meanwhile gets its result.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::AccessError;
use crate::{identity::EndUser, tokens::AccessToken};

type Landed = Option<Result<AccessToken, AccessError>>;

/// The refreshes under way.
#[derive(Debug, Default)]
pub(super) struct Flights(Mutex<HashMap<EndUser, watch::Receiver<Landed>>>);

impl Flights {
    /// Waits for the flight of `person`, which `start` makes if there is none.
    ///
    /// The flight is a task of its own: a caller that goes away does not take it down half-way, when the provider
    /// has already given a successor that nobody would keep.
    pub(super) async fn join<F>(
        self: &Arc<Self>,
        person: &EndUser,
        start: impl FnOnce() -> F,
    ) -> Result<AccessToken, AccessError>
    where
        F: Future<Output = Result<AccessToken, AccessError>> + Send + 'static,
    {
        let mut landing = {
            let mut flights = self.flights();
            match flights.get(person) {
                Some(landing) => landing.clone(),
                None => {
                    let (sender, landing) = watch::channel(None);
                    flights.insert(person.clone(), landing.clone());
                    let leave = Leave { flights: Arc::clone(self), person: person.clone() };
                    let flight = start();
                    tokio::spawn(async move {
                        let result = flight.await;
                        drop(leave);
                        // Nobody waits any more: the tokens are kept all the same.
                        let _ = sender.send(Some(result));
                    });
                    landing
                }
            }
        };
        match landing.wait_for(Option::is_some).await {
            Ok(landed) => landed.clone().unwrap_or(Err(AccessError::interrupted())),
            Err(_) => Err(AccessError::interrupted()),
        }
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<EndUser, watch::Receiver<Landed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
