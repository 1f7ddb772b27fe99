//! What all parts of the demo share: the journal of the diagram, and what the experiments overhear.

use std::sync::{Arc, OnceLock};

use mapae_client::Clock;
use mapae_protocol::time::Timestamp;
use tokio::sync::watch;

use super::{Journal, Overheard};

/// The stage on which the parties of OAuth are watched. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Stage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    journal: Journal,
    overheard: Overheard,
    clock: Clock,
    client_id: OnceLock<String>,
    closed: watch::Sender<bool>,
}

impl Stage {
    /// An empty stage with the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Clock::system())
    }

    /// An empty stage with another clock.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            journal: Journal::new(clock.now().unix()),
            overheard: Overheard::default(),
            clock,
            client_id: OnceLock::new(),
            closed: watch::Sender::new(false),
        }))
    }

    /// The messages of the diagram.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// What the experiments know.
    #[must_use]
    pub fn overheard(&self) -> &Overheard {
        &self.0.overheard
    }

    /// The present second.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// The service's own `client_id`: only its exchanges are overheard. The first call counts.
    pub(crate) fn is_about(&self, client_id: &str) {
        self.0.client_id.get_or_init(|| client_id.to_owned());
    }

    /// Whether this is the service's own `client_id`.
    pub(crate) fn is_own(&self, client_id: &str) -> bool {
        self.0.client_id.get().is_some_and(|own| own == client_id)
    }

    /// Lets every viewer of the diagram go.
    pub(crate) fn close(&self) {
        self.0.closed.send_replace(true);
    }

    /// Ends when the stage is closed.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closed.subscribe()
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}
