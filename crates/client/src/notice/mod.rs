//! What providers tell us: somebody unlinked the service there, tokens died, an account was closed — RFC 8417 §2, RFC 8935 §2.
//!
//! A provider calls an address of the service. Whoever calls is a stranger until the notice is proved in the way that the
//! definition names; then it becomes a neutral [`ProviderEvent`]. What a notice does is the same however often it comes.

mod proofs;

use http::{HeaderMap, StatusCode};
use mapae_protocol::time::{Seconds, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::Client,
    definition::NoticeRule,
    error::{Class, Error},
    identity::EndUser,
    provider::Provider,
};

/// A notice that was made longer ago is not taken: it may be a copy, of a time before the person came back.
const AGE: Seconds = Seconds::hours(1);

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

/// A proved notice.
#[derive(Debug)]
struct Proved {
    events: Vec<ProviderEvent>,
    /// Its own name, where it has one: the same one is taken once.
    id: Option<String>,
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
    /// [`Client::notified`] does all of it.
    ///
    /// # Errors
    /// [`NoticeError`]; [`NoticeError::status`] is what the provider is told.
    pub async fn prove_notice(
        &self,
        name: &str,
        notice: &Notice<'_>,
        now: Timestamp,
    ) -> Result<ProvedNotice, NoticeError> {
        let rule = self.notice(name)?;
        let Proved { events, id } = self.prove(rule, notice, now).await?;
        Ok(ProvedNotice { events, id, status: rule.status() })
    }

    async fn prove(
        &self,
        rule: &NoticeRule,
        notice: &Notice<'_>,
        now: Timestamp,
    ) -> Result<Proved, NoticeError> {
        proofs::prove(self, rule, notice, now).await
    }

    fn notice(&self, name: &str) -> Result<&NoticeRule, NoticeError> {
        let rules = &self.definition().schema().notices;
        rules.iter().find(|rule| rule.name == name).ok_or(NoticeError::Unknown)
    }
}

impl<U: Send + Sync + 'static> Client<U> {
    /// Takes a notice called `name` of the provider called `provider`: tokens and sessions that are over end here too.
    /// The application does with the events what else they mean to it.
    ///
    /// # Errors
    /// [`NoticeError`]; [`NoticeError::status`] is what the provider is told.
    pub async fn notified(
        &self,
        provider: &str,
        name: &str,
        notice: &Notice<'_>,
    ) -> Result<NoticeAnswer, NoticeError> {
        let known =
            self.providers().iter().find(|known| known.name() == provider).ok_or(NoticeError::Unknown)?;
        let (rule, now) = (known.notice(name)?, self.now());
        let proved = known.prove(rule, notice, now).await?;
        let id = proved.id.map(|id| format!("notice {provider} {id}"));
        let known_already = match &id {
            Some(id) => self.vault().was_used(id, now).await.map_err(failed)?,
            None => false,
        };
        let events = if known_already { Vec::new() } else { proved.events };
        self.carry_out(provider, &events).await?;
        if let Some(id) = &id {
            // Only now: what failed half-way is done again when the provider repeats itself.
            self.vault().use_state(id, now.plus(AGE).plus(AGE), now).await.map_err(failed)?;
        }
        Ok(NoticeAnswer { status: rule.status(), body: self.body(rule, &events), events })
    }

    async fn carry_out(&self, provider: &str, events: &[ProviderEvent]) -> Result<(), NoticeError> {
        for event in events {
            match event.kind {
                EventKind::Resumed
                | EventKind::ProfileChanged
                | EventKind::RelayStopped
                | EventKind::RelayResumed => {}
                EventKind::SessionsRevoked => {
                    self.vault().end_sessions(&event.person).await.map_err(failed)?;
                }
                EventKind::Unlinked
                | EventKind::TokensRevoked
                | EventKind::Suspended
                | EventKind::DataDeletionRequested => {
                    self.vault().forget(&event.person).await.map_err(failed)?;
                }
            }
            self.tell_accounts(event).await.map_err(failed)?;
            tracing::info!(provider, kind = ?event.kind, "a provider told of something");
        }
        Ok(())
    }

    /// Facebook wants an address at which the person sees what became of the deletion.
    fn body(&self, rule: &NoticeRule, events: &[ProviderEvent]) -> Option<Value> {
        let code = mapae_protocol::random::text::<12>();
        let path = rule.deletion_page.as_ref().filter(|_| !events.is_empty())?;
        Some(json!({ "url": format!("{}{path}?code={code}", self.origin()), "confirmation_code": code }))
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

fn failed(error: impl Into<Error>) -> NoticeError {
    NoticeError::Unavailable(Box::new(error.into()))
}

impl From<Error> for NoticeError {
    fn from(error: Error) -> Self {
        match error.class() {
            Class::Unavailable | Class::RateLimited => Self::Unavailable(Box::new(error)),
            _ => Self::Unproved,
        }
    }
}
