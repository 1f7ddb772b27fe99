//! Faults: what went wrong on our side. A refusal is an expected answer; a fault never is.
//!
//! A fault carries its source for the log, is logged once with the request's id, and the peer sees
//! `server_error` (or 503 when it is worth trying again) and that id, nothing more.

use crate::{
    clock::ClockBehind,
    store::{
        CommitError, StoreError,
        db::{MigrateError, OpenError},
    },
};

/// Something of ours is broken or out of reach.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A sealed or stored payload that does not decode, or a value that does not encode.
    #[error("{0} cannot be encoded or decoded")]
    Payload(&'static str),
    #[error("a key cannot be used")]
    Key(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The keys in the database were wrapped under another master key.
    #[error("the master key is not the one of this database: use the master.key that was made with it")]
    OtherMasterKey,
    #[error("too many others wrote the same rows")]
    Contention,
    /// Nothing may be issued.
    #[error(transparent)]
    ClockBehind(#[from] ClockBehind),
}

impl Fault {
    /// Worth trying again in a moment: the peer is told 503 and `Retry-After`.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Store(error) => {
                matches!(error, StoreError::Unavailable(_) | StoreError::Stopped(_) | StoreError::Closed)
            }
            Self::Commit(error) => match error {
                CommitError::Busy(_) | CommitError::Unknown => true,
                CommitError::Fault(
                    StoreError::Stopped(_) | StoreError::Unavailable(_) | StoreError::Closed,
                ) => true,
                CommitError::Fault(_) | CommitError::Conflict { .. } => false,
            },
            Self::Contention | Self::ClockBehind(_) => true,
            Self::Open(_) | Self::Migrate(_) | Self::Payload(_) | Self::Key(_) | Self::OtherMasterKey => {
                false
            }
        }
    }
}
