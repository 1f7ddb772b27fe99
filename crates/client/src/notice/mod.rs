//! What providers tell us: somebody unlinked the service there, tokens died, an account was closed — RFC 8417 §2, RFC 8935 §2.
//!
//! A provider calls an address of the service. Whoever calls is a stranger until the notice is proved in the way that the
//! definition names; then it becomes a neutral [`ProviderEvent`]. What a notice does is the same however often it comes.

mod proofs;

use http::{HeaderMap, StatusCode};
use mapae_protocol::time::{Seconds, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    definition::NoticeRule,
    error::{Class, Error},
    identity::EndUser,
    provider::Provider,
};

/// A notice that was made longer ago is not taken: it may be a copy, of a time before the person came back.
pub(crate) const AGE: Seconds = Seconds::hours(1);

/// A request from somebody who says to be a provider.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The query of its address.
    pub query: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

/// What happened at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The person ended the link to this service, or has no account there any more.
    Unlinked,
    /// Tokens of the person do not work any more.
    TokensRevoked,
    /// The person was signed out there, and should be here.
    SessionsRevoked,
    /// The account is closed for a time, or was taken over.
    Suspended,
    /// It is open again.
    Resumed,
    /// The person's data there are others now.
    ProfileChanged,
    /// What came from there must be deleted.
    DataDeletionRequested,
    /// Mail to the person's relay address is not passed on any more.
    RelayStopped,
    /// It is again.
    RelayResumed,
}

/// Something that happened to somebody at a provider, proved to come from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderEvent {
    /// To whom.
    pub person: EndUser,
    /// What.
    pub kind: EventKind,
}

/// Why a notice was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoticeError {
    /// The definition has no notice of this name.
    #[error("the provider sends no such notice")]
    Unknown,
    /// It cannot be read.
    #[error("the notice is malformed")]
    Malformed,
    /// It is not the provider's, or for another app.
    #[error("the notice is not proved")]
    Unproved,
    /// It was made too long ago, or will be made later.
    #[error("the notice is too old")]
    Stale,
    /// The credential that would prove it is not among the settings.
    #[error("the credential `{0}` is missing, without which nobody can prove this notice")]
    CredentialMissing(String),
    /// The provider's keys cannot be had, or the vault failed.
    #[error("the notice cannot be judged at this moment")]
    Unavailable(#[source] Box<Error>),
}

/// What to answer to the provider, and what it said.
#[derive(Clone, Debug)]
pub struct NoticeAnswer {
    /// The status.
    pub status: StatusCode,
    /// The body, if the provider wants one.
    pub body: Option<Value>,
    /// What happened, for the application.
    pub events: Vec<ProviderEvent>,
}

/// A notice that is the provider's.
#[derive(Clone, Debug)]
pub struct ProvedNotice {
    /// What happened.
    pub events: Vec<ProviderEvent>,
    /// Its own name, where it has one: what it says happens once, however often it comes.
    pub id: Option<String>,
    /// What the provider wants to be answered.
    pub status: StatusCode,
}

impl Provider {
    /// Proves a notice called `name`. What it means to sessions and tokens is the caller's part; for web services
    /// [`Client::notified`](crate::Client::notified) does all of it.
    ///
    /// # Errors
    /// [`NoticeError`]; [`NoticeError::status`] is what the provider is told.
    pub async fn prove_notice(
        &self,
        name: &str,
        notice: &Notice<'_>,
        now: Timestamp,
    ) -> Result<ProvedNotice, NoticeError> {
        proofs::prove(self, self.notice(name)?, notice, now).await
    }

    /// How a notice called `name` is proved, and what it means.
    pub(crate) fn notice(&self, name: &str) -> Result<&NoticeRule, NoticeError> {
        let rules = &self.definition().schema().notices;
        rules.iter().find(|rule| rule.name == name).ok_or(NoticeError::Unknown)
    }
}

impl NoticeError {
    /// What the provider is told.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Malformed | Self::Stale => StatusCode::BAD_REQUEST,
            Self::Unproved => StatusCode::FORBIDDEN,
            Self::CredentialMissing(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<Error> for NoticeError {
    fn from(error: Error) -> Self {
        match error.class() {
            Class::Unavailable | Class::RateLimited => Self::Unavailable(Box::new(error)),
            _ => Self::Unproved,
        }
    }
}
