//! The task that keeps metadata and keys fresh — RFC 8414 §3, RFC 7517 §5.

use std::{sync::Arc, time::Duration};

use mapae_protocol::jose::{JwkSet, MAX_SET};
use reqwest::StatusCode;
use tokio::{select, time::sleep};

use crate::{
    backoff::{Backoff, jittered},
    health::Part,
    outbound::{self, PATIENCE},
    problem::{Asked, Problem},
    verifier::Verifier,
};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Fetches metadata and keys again and again: at half their age, on failure after a pause that grows, when a
/// token names a key that is unknown, when a request finds the keys too old, and when the feed says that one is withdrawn.
pub(crate) async fn keep(verifier: Arc<Verifier>) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let mut keys_only = false;
    loop {
        let fetched = verifier.refresh(keys_only).await;
        verifier.health.note(Part::Keys, fetched.err());
        let pause = match fetched {
            Ok(()) => {
                backoff.reset();
                jittered(verifier.settings.keys_max_age / 2)
            }
            Err(_) => backoff.pause(),
        };
        keys_only = select! {
            () = verifier.keys.asked() => true,
            () = verifier.keys.to_be_renewed() => true,
            () = sleep(pause) => false,
        };
    }
}

impl Verifier {
    /// Fetches the metadata, unless a mere key is missing, and the keys.
    async fn refresh(&self, keys_only: bool) -> Result<(), Problem> {
        self.keys.begin();
        let fetched = self.fetch(keys_only).await;
        match fetched {
            Ok(keys) => {
                self.keys.end(keys, self.now());
                Ok(())
            }
            Err(problem) => {
                self.keys.end(None, self.now());
                Err(problem)
            }
        }
    }

    async fn fetch(&self, keys_only: bool) -> Result<Option<JwkSet>, Problem> {
        if !keys_only || self.endpoints.borrow().is_none() {
            let discovered = self.discover().await;
            // Addresses that were good a moment ago outlive a failure; the keys are asked for anyway.
            if discovered.is_ok() || self.endpoints.borrow().is_none() {
                self.endpoints.send_replace(Some(discovered?));
            }
        }
        if !self.settings.checking.reads_signatures() {
            return Ok(None);
        }
        let endpoints = self.endpoints.borrow().clone();
        let address = endpoints.ok_or(Problem::NotOffered(Asked::Keys))?.keys?;
        let request = self.client.get(address.as_str());
        let answer = outbound::exchange(request, MAX_SET, PATIENCE).await;
        let answer = answer.map_err(|why| Problem::NoAnswer(Asked::Keys, why))?;
        if answer.status != StatusCode::OK {
            return Err(Problem::Status(Asked::Keys, answer.status.as_u16()));
        }
        JwkSet::parse(&answer.body).map(Some).map_err(|_| Problem::Malformed(Asked::Keys))
    }
}
