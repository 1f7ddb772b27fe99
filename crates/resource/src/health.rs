//! What works and what does not, for logs, for `/health`, and for whoever waits until all of it works.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::problem::Problem;

/// Whether the layer can let valid tokens through, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether valid tokens are let through now.
    pub ready: bool,
    /// Why the last attempt to fetch metadata and keys failed; the keys of before may still serve.
    pub keys_problem: Option<Problem>,
    /// Why the last attempt to read the revocation feed failed.
    pub feed_problem: Option<Problem>,
    /// Why the last introspection failed.
    pub introspection_problem: Option<Problem>,
    /// How many withdrawn handles are remembered.
    pub withdrawn: usize,
}

/// A part that works or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Keys,
    Feed,
    Introspection,
}

#[derive(Debug, Default)]
pub(crate) struct Health {
    problems: Mutex<Problems>,
    /// Counts what happened.
    changes: watch::Sender<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Problems {
    pub(crate) keys: Option<Problem>,
    pub(crate) feed: Option<Problem>,
    pub(crate) introspection: Option<Problem>,
}

impl Health {
    /// Something was tried, with this outcome. Only what is new goes into the log.
    pub(crate) fn note(&self, part: Part, problem: Option<Problem>) {
        let mut problems = self.lock();
        let last = problems.of(part);
        if *last != problem {
            match problem {
                Some(problem) => tracing::warn!(%problem, "access tokens may not be checked"),
                None => tracing::info!(?part, "works again"),
            }
            *last = problem;
        }
        drop(problems);
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn problems(&self) -> Problems {
        *self.lock()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Problems> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Problems {
    const fn of(&mut self, part: Part) -> &mut Option<Problem> {
        match part {
            Part::Keys => &mut self.keys,
            Part::Feed => &mut self.feed,
            Part::Introspection => &mut self.introspection,
        }
    }
}
