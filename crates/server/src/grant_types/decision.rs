//! What a grant type decides: plain data, applied by the token endpoint.

use mapae_protocol::{error::OAuthError, scope::Scopes};

use crate::{
    audit::Event,
    issue::{AccessTokenPlan, IdTokenPlan},
    store::Unit,
};

/// The outcome of a pure decision.
#[derive(Debug)]
pub(crate) enum Decision {
    Issue(Box<Issue>),
    Refuse(Refusal),
}

/// What to write, and what to sign once it is written.
#[derive(Debug)]
pub(crate) struct Issue {
    /// The one conditional write; empty for what needs none.
    pub(crate) unit: Unit,
    pub(crate) access_token: AccessTokenPlan,
    pub(crate) id_token: Option<IdTokenPlan>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) scope: Scopes,
    /// What was issued, where the answer must say so (RFC 8693 §2.2.1).
    pub(crate) issued_token_type: Option<&'static str>,
    /// What the log says of it once it is committed, and of which API.
    pub(crate) noted: Option<(Event, String)>,
}

/// A refusal, and what it writes: a replay revokes what the first redemption gave.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: OAuthError,
    /// The rule that was broken: for the log, never for the peer.
    pub(crate) reason: Reason,
    pub(crate) unit: Unit,
}

/// A rule's own error, of whatever rule.
pub(crate) type Reason = Box<dyn std::error::Error + Send + Sync>;

impl Refusal {
    /// A refusal that changes nothing.
    pub(crate) fn new(error: OAuthError, reason: impl Into<Reason>) -> Self {
        Self { error, reason: reason.into(), unit: Unit::new() }
    }

    /// A refusal for a rule that says itself what the peer is told.
    pub(crate) fn of<E>(rule: E) -> Self
    where
        E: std::error::Error + Clone + Send + Sync + 'static,
        OAuthError: From<E>,
    {
        Self::new(rule.clone().into(), rule)
    }

    /// A refusal that writes, too.
    pub(crate) fn with(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

impl From<Issue> for Decision {
    fn from(issue: Issue) -> Self {
        Self::Issue(Box::new(issue))
    }
}
