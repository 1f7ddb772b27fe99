//! How a database is used.

use std::{fmt, sync::Arc, time::Duration};

/// What happens when the disk fails while writing: the process must end, because memory and disk may
/// differ from then on.
pub type FatalHook = Arc<dyn Fn(&str) + Send + Sync>;

/// Settings of an open database.
#[derive(Clone)]
pub struct Options {
    /// How many units may wait for the SQLite writer. One more is answered
    /// [`Obstacle::QueueFull`](super::Obstacle::QueueFull). Default 1024: at 8,500 durable units per second
    /// that is an eighth of a second.
    pub queue: usize,
    /// How long a unit may wait and run (default 2 s: what a person or a client waits without trying again).
    pub budget: Duration,
    /// How many connections to PostgreSQL. Default 16.
    pub connections: usize,
    /// Called once when the disk fails while writing. Default: nothing more than the log.
    pub on_fatal: FatalHook,
}

impl Default for Options {
    fn default() -> Self {
        Self { queue: 1024, budget: Duration::from_secs(2), connections: 16, on_fatal: Arc::new(|_| {}) }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("queue", &self.queue)
            .field("budget", &self.budget)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}
