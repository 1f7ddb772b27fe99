//! What a grant type decides: plain data, applied by the token endpoint.

use std::borrow::Cow;

use mapae_protocol::{error::OAuthError, scope::Scopes};

use crate::{
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
}

/// A refusal, and what it writes: a replay revokes what the first redemption gave.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) error: OAuthError,
    /// For the log, never for the peer.
    pub(crate) reason: Cow<'static, str>,
    pub(crate) unit: Unit,
}

impl Refusal {
    /// A refusal that changes nothing.
    pub(crate) fn new(error: OAuthError, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { error, reason: reason.into(), unit: Unit::new() }
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
