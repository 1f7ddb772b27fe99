//! What providers tell us: somebody unlinked the service there, tokens died, an account was closed — RFC 8417 §2, RFC 8935 §2.
//!
//! A provider calls an address of the service. Whoever calls is a stranger until the notice is proved in the way that the
//! definition names; then it becomes a neutral [`ProviderEvent`]. What a notice does is the same however often it comes.

mod proofs;

use std::fmt;

use http::{HeaderMap, StatusCode};
use mapae_protocol::{
    id_token,
    time::{Seconds, Timestamp},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    class::Class,
    definition::{NoticeProof, NoticeRule},
    error::Error,
    identity::EndUser,
    provider::Provider,
};

/// A notice that was made longer ago is not taken: it may be a copy, of a time before the person came back.
pub(crate) const AGE: Seconds = Seconds::hours(1);

/// The same of a notice that has a name of its own (`jti`, RFC 8417 §2.2): a provider repeats it until it is taken, and its
/// name is remembered for longer.
pub(crate) const LATE: Seconds = Seconds::days(7);

/// A request from somebody who says to be a provider. What proves it may stand in any part of it (Kakao: the admin key of the
/// app), so nothing of it is printed.
#[derive(Clone, Copy)]
pub struct Notice<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The query of its address.
    pub query: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

impl fmt::Debug for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice").finish_non_exhaustive()
    }
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
    /// It names another issuer.
    #[error("the notice is of another issuer")]
    WrongIssuer,
    /// It is for another app.
    #[error("the notice is for another app")]
    WrongAudience,
    /// It was made too long ago, or will be made later.
    #[error("the notice is too old")]
    Stale,
    /// It was here before.
    #[error("the notice was here before")]
    Repeated,
    /// It is being carried out at this moment.
    #[error("the notice is being carried out")]
    InProgress,
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
    /// Its own name, where it has one: by this a repeat is known.
    pub id: Option<String>,
    /// For how long that name must be remembered.
    pub known_for: Seconds,
    /// What proves it may have proved another notice until then, and none later: Facebook does not sign which of them it
    /// is. `None`: what is signed says it.
    pub twin_until: Option<Timestamp>,
    /// What the provider wants to be answered.
    pub status: StatusCode,
    /// The code of a deletion, where the provider wants one together with the address of a page that says what became of it
    /// ([`deletion_answer`](Self::deletion_answer)): the same however often the notice comes, and unknown to who did not
    /// see it.
    pub deletion_code: Option<String>,
}

impl ProvedNotice {
    /// By what a repeat of this notice is known: `notice` is the name under which the definition has it.
    #[must_use]
    pub fn own_name(&self, provider: &str, notice: &str) -> Option<String> {
        self.id.as_ref().map(|id| format!("{provider} {notice} {id}"))
    }

    /// By what it is known that the same proof stood under some notice, where it can stand under two.
    #[must_use]
    pub fn shared_name(&self, provider: &str) -> Option<String> {
        let id = self.id.as_ref().filter(|_| self.twin_until.is_some());
        id.map(|id| format!("{provider} / {id}"))
    }

    /// Whether what proves it may prove no other notice any more: then one that is not known by its own name and is by the
    /// shared one is a copy that somebody sent to another address.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.twin_until.is_some_and(|until| now > until)
    }

    /// The body of an answer that leads a person to `url`, where they see what became of their wish.
    #[must_use]
    pub fn deletion_answer(url: &str, code: &str) -> Value {
        json!({ "url": url, "confirmation_code": code })
    }
}

/// What a provider is told of a notice that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRefusal {
    /// The status.
    pub status: StatusCode,
    /// The body, if the provider wants one; it is English.
    pub body: Option<Value>,
}

impl Provider {
    /// How a notice called `name` is refused: a security event token with 400 and a code (RFC 8935 §2.3; Kakao and Google say
    /// the same), everything else with the status alone. What may be tried again later is 503 for everybody.
    #[must_use]
    pub fn refusal(&self, name: &str, error: &NoticeError) -> NoticeRefusal {
        let is_token = self.notice(name).is_ok_and(|rule| rule.proof == NoticeProof::SignedToken);
        match error.code().filter(|_| is_token) {
            Some(code) => NoticeRefusal {
                status: StatusCode::BAD_REQUEST,
                body: Some(json!({ "err": code, "description": error.to_string() })),
            },
            None => NoticeRefusal { status: error.status(), body: None },
        }
    }

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

    /// What a notice says in a token whose signature is good.
    pub(crate) fn told_in_token(
        &self,
        name: &str,
        claims: Map<String, Value>,
        now: Timestamp,
    ) -> Result<ProvedNotice, NoticeError> {
        let rule = self.notice(name)?;
        match rule.proof {
            NoticeProof::SignedToken => proofs::in_security_event(self, rule, ("", claims), now),
            NoticeProof::Apple => proofs::in_apples_token(self, rule, ("", claims), now),
            NoticeProof::SharedHeader | NoticeProof::SignedRequest | NoticeProof::Naver => {
                Err(NoticeError::Unknown)
            }
        }
    }

    /// How a notice called `name` is proved, and what it means.
    pub(crate) fn notice(&self, name: &str) -> Result<&NoticeRule, NoticeError> {
        let rules = &self.definition().schema().notices;
        rules.iter().find(|rule| rule.name == name).ok_or(NoticeError::Unknown)
    }
}

impl NoticeError {
    pub(crate) fn unavailable(error: impl Into<Error>) -> Self {
        Self::Unavailable(Box::new(error.into()))
    }

    /// What the provider is told.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Malformed | Self::Stale | Self::Repeated => StatusCode::BAD_REQUEST,
            Self::Unproved | Self::WrongIssuer | Self::WrongAudience => StatusCode::FORBIDDEN,
            Self::CredentialMissing(_) => StatusCode::INTERNAL_SERVER_ERROR,
            // Whoever is at it may fail: then the repeat is needed.
            Self::InProgress | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// RFC 8935 §2.4; `None` for what is not the provider's mistake.
    const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Malformed | Self::Stale | Self::Repeated => Some("invalid_request"),
            Self::Unproved => Some("invalid_key"),
            Self::WrongIssuer => Some("invalid_issuer"),
            Self::WrongAudience => Some("invalid_audience"),
            Self::Unknown | Self::InProgress | Self::CredentialMissing(_) | Self::Unavailable(_) => None,
        }
    }
}

impl From<Error> for NoticeError {
    fn from(error: Error) -> Self {
        match (&error, error.class()) {
            (_, Class::Unavailable | Class::RateLimited) => Self::Unavailable(Box::new(error)),
            (Error::IdToken(id_token::Error::Issuer), _) => Self::WrongIssuer,
            (Error::IdToken(id_token::Error::Audience), _) => Self::WrongAudience,
            (Error::IdToken(id_token::Error::WrongType | id_token::Error::Claims(_)), _) => Self::Malformed,
            _ => Self::Unproved,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not marked as sensitive, as a server that takes the request leaves it.
    #[test]
    fn rp_21_what_proves_a_notice_is_not_printed() {
        let value = http::HeaderValue::from_static("KakaoAK the-admin-key");
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]);
        let notice = Notice { headers: &headers, query: Some("signed_request=in-query"), body: b"in-body" };
        for printed in [format!("{notice:?}"), format!("{notice:#?}")] {
            assert_eq!(printed, "Notice { .. }");
        }
    }
}
