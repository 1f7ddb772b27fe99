//! Faults: what went wrong on our side. A refusal is an expected answer; a fault never is.
//!
//! A fault carries its source for the log and is logged once with the request's id, where it becomes an
//! answer. The peer sees `server_error` (or 503 when it is worth trying again) and that id, nothing more.

use std::{error::Error, fmt};

use crate::{
    accounts::HashError,
    clock::ClockBehind,
    http::RequestId,
    store::{
        CommitError, StoreError,
        db::{MigrateError, OpenError},
    },
};

/// Whatever is beneath a fault.
pub(crate) type Source = Box<dyn Error + Send + Sync>;

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
    /// What was read back is not what this server writes.
    #[error("{0} in the database cannot be read: this server does not write it so")]
    Corrupt(Artefact, #[source] Option<Source>),
    /// What was to be sent or kept could not be written down.
    #[error("{0} cannot be encoded")]
    Encoding(Artefact, #[source] Source),
    #[error("a password cannot be hashed or compared")]
    Password(#[source] HashError),
    #[error("a key cannot be used")]
    Key(#[source] Source),
    /// The keys in the database were wrapped under another master key.
    #[error("the master key is not the one of this database: use the master.key that was made with it")]
    OtherMasterKey,
    #[error("too many others wrote the same rows")]
    Contention,
    /// The prompts ask for a page without a session and without a consent, so this cannot be.
    #[error("no page was needed, although nobody is signed in or nothing is agreed")]
    Unprompted,
    /// Everybody here has proved the address of their account, so this cannot be.
    #[error("an account was to lose its address as one that it never proved")]
    UnprovedAddress,
    /// Nothing may be issued.
    #[error(transparent)]
    ClockBehind(#[from] ClockBehind),
}

/// What this server writes down, and reads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Artefact {
    AccessToken,
    Address,
    AlgorithmOfApp,
    AlgorithmOfKey,
    Code,
    ClaimsOfGrant,
    ClaimsOfUser,
    CodeDetails,
    Cookie,
    DeviceApproval,
    Email,
    FeedCursor,
    Icon,
    KeySet,
    LastingKey,
    MetadataOfApp,
    PublicKey,
    PushedRequest,
    RedirectUri,
    RefreshToken,
    RevocationHandle,
    ScopeOfApp,
    ScopesOfConsent,
    AgreedApp,
    SecretOfApp,
    ScopesOfDeviceRequest,
    ScopesOfGrant,
    SealingKey,
    Step,
    SubjectType,
    Upstream,
    UpstreamTokens,
}

impl fmt::Display for Artefact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessToken => "an access token",
            Self::Address => "an address",
            Self::AlgorithmOfApp => "the algorithm of an app's ID tokens",
            Self::AlgorithmOfKey => "the algorithm of a key",
            Self::Code => "an authorization code",
            Self::ClaimsOfGrant => "the claims of a grant",
            Self::ClaimsOfUser => "the claims of an account",
            Self::CodeDetails => "the details of an authorization code",
            Self::Cookie => "a cookie",
            Self::DeviceApproval => "what a person said to a device",
            Self::Email => "the e-mail address of an account",
            Self::FeedCursor => "a cursor of the revocation feed",
            Self::Icon => "the icon of an app",
            Self::KeySet => "the published key set",
            Self::LastingKey => "a key that never changes",
            Self::MetadataOfApp => "the metadata of an app",
            Self::PushedRequest => "a pushed request",
            Self::PublicKey => "a public key",
            Self::RedirectUri => "the redirect URI of an app",
            Self::RefreshToken => "a refresh token",
            Self::RevocationHandle => "a handle of the revocation feed",
            Self::ScopeOfApp => "a scope of an app",
            Self::SecretOfApp => "a secret of an app",
            Self::ScopesOfConsent => "the scopes of a consent",
            Self::AgreedApp => "the app that was agreed to",
            Self::ScopesOfDeviceRequest => "the scopes of a device that waits",
            Self::ScopesOfGrant => "the scopes of a grant",
            Self::SealingKey => "a sealing key",
            Self::Step => "a step on the way to an app",
            Self::SubjectType => "the subject type of an app",
            Self::Upstream => "a provider that people sign in with",
            Self::UpstreamTokens => "what a provider gave",
        })
    }
}

impl Fault {
    /// For `map_err`: what was read back is not what this server writes.
    pub(crate) fn corrupt<E: Into<Source>>(what: Artefact) -> impl FnOnce(E) -> Self {
        move |source| Self::Corrupt(what, Some(source.into()))
    }

    /// For `map_err`: what was to be sent or kept could not be written down.
    pub(crate) fn encoding<E: Into<Source>>(what: Artefact) -> impl FnOnce(E) -> Self {
        move |source| Self::Encoding(what, source.into())
    }

    /// One line about it in the log, under the name of the request that it ended. What passes is a warning: a slow disk
    /// or a locked table needs a look when it comes often, not a bell in the night.
    pub(crate) fn log(&self, consequence: &'static str) {
        let (request_id, error) = (RequestId::current(), self as &dyn Error);
        if self.passes() {
            tracing::warn!(request_id, error, "{consequence}");
        } else {
            tracing::error!(request_id, error, "{consequence}");
        }
    }

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
            Self::Open(_)
            | Self::Migrate(_)
            | Self::Corrupt(..)
            | Self::Encoding(..)
            | Self::Password(_)
            | Self::Key(_)
            | Self::OtherMasterKey
            | Self::Unprompted
            | Self::UnprovedAddress => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_is_broken_and_keeps_why() {
        let broken = mapae_protocol::scope::Scopes::restore("a\"b").map(|_| ());
        let fault = broken.map_err(Fault::corrupt(Artefact::ScopesOfConsent)).unwrap_err();
        let said = "the scopes of a consent in the database cannot be read: this server does not write it so";
        assert_eq!(fault.to_string(), said);
        assert!(fault.source().is_some(), "the source is kept: {fault:?}");
        assert!(!fault.passes(), "trying again would not mend it");
    }
}
