//! Why the vault did not do what it was asked. None of these is a refusal: a refusal is a fact that was read.

use std::{error::Error, sync::Arc};

/// Of either engine, when the time for its answer is over.
pub(super) const NO_ANSWER: &str = "the database does not answer";

/// Why the vault did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file, the address or the key cannot be made, understood or opened.
    #[error("the vault cannot be opened")]
    Open(#[source] Arc<dyn Error + Send + Sync>),
    /// The database refused or does not answer in time: disk full, file damaged, held by another process for too long,
    /// server gone. What was to be written may have been written all the same.
    #[error("the vault's database failed")]
    Database(#[source] Arc<dyn Error + Send + Sync>),
    /// A row was sealed under another key, or changed.
    #[error("a row of `{0}` cannot be read with this key")]
    Unreadable(&'static str),
    /// The database was written by a newer version of this library.
    #[error("the vault was written by a newer version")]
    Newer,
    /// Others hold the same thing for too long, or change it again and again before we can: it may be tried once more.
    #[error("others are at the same thing at this moment")]
    Busy,
    /// A key could not be made or used.
    #[error("a key of the vault cannot be made or used")]
    Key(#[source] Arc<dyn Error + Send + Sync>),
    /// The thread that owns the file, or the pool of connections, has ended.
    #[error("the vault is closed")]
    Closed,
}

impl StoreError {
    pub(in crate::vault) fn open(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Open(Arc::from(error.into()))
    }

    pub(crate) fn key(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Key(Arc::new(error))
    }

    pub(in crate::vault) fn database(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Database(Arc::from(error.into()))
    }

    pub(super) fn no_answer() -> Self {
        Self::database(NO_ANSWER)
    }
}
