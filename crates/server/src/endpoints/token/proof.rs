//! The proof of possession that a token request brings, and what is written together with its use — RFC 9449 §5.

use mapae_protocol::{
    dpop::{Error as ProofError, Thumbprint},
    error::{ErrorCode, OAuthError},
};

use crate::{
    accounts::rows,
    app::App,
    catalog::Client,
    dpop::{self, Possession},
    endpoints::token_error::TokenError,
    grant_types::Role,
    http::form::Form,
    store::{CommitError, Unit, dpop_proofs},
};

/// The possession that an app proves with one request, if it does.
#[derive(Debug)]
pub(super) struct Proven<'a> {
    app: &'a App,
    client: &'a Client,
    form: &'a Form,
    possession: Option<Possession>,
}

/// What is told where a proof is missing. What was given to somebody with a key is nothing without it: it is that which is
/// not good then (RFC 9449 §5, decision 0278).
fn without(role: Role) -> TokenError {
    if role == Role::Continues {
        let text = "the refresh token is good only with a DPoP proof";
        return TokenError::Refused(OAuthError::new(ErrorCode::InvalidGrant, text));
    }
    dpop::Refused::from(ProofError::Missing).into()
}

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Done,
    /// Nothing was written: what it rests on has changed. The proof is not used yet.
    Changed,
}

impl<'a> Proven<'a> {
    /// An app that registered for it gets nothing without a proof (RFC 9449 §5.2).
    pub(super) fn of(
        app: &'a App,
        (client, form): (&'a Client, &'a Form),
        role: Role,
        possession: Option<Possession>,
    ) -> Result<Self, TokenError> {
        if possession.is_none() && client.binds_tokens() {
            return Err(without(role));
        }
        let proven = Self { app, client, form, possession };
        // One of a public app counts if it is refused: see below.
        if !client.is_public() {
            proven.charge()?;
        }
        Ok(proven)
    }

    /// The key to which the tokens are bound.
    pub(super) fn key(&self) -> Option<Thumbprint> {
        self.possession.as_ref().map(Possession::key)
    }

    /// Writes a unit, and that the proof was used.
    pub(super) async fn commit(&self, unit: Unit) -> Result<Written, TokenError> {
        let using = self.possession.as_ref().map(Possession::using).unwrap_or_default();
        match self.app.commit(using.with(unit)).await {
            Ok(_) => Ok(Written::Done),
            Err(CommitError::Conflict { statement: dpop_proofs::USED_BEFORE }) => {
                Err(dpop::Refused::from(ProofError::Replayed).into())
            }
            Err(CommitError::Conflict { .. }) => Ok(Written::Changed),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes what a refusal writes, and that the proof was used. Who merely repeats a request of somebody else's proves
    /// nothing, and so ends nothing.
    pub(super) async fn refuse(&self, unit: Unit) -> Result<(), TokenError> {
        // A proof counts that is kept for nothing else: whoever knows the id of a public app can cause it. What a refusal
        // revokes is revoked in any case.
        if self.client.is_public() && unit.is_empty() {
            self.charge()?;
        }
        match (self.commit(unit).await?, &self.possession) {
            // What it would have revoked was revoked meanwhile.
            (Written::Changed, Some(possession)) => Ok(possession.use_alone(self.app).await?),
            (Written::Done | Written::Changed, _) => Ok(()),
        }
    }

    pub(super) fn into_possession(self) -> Option<Possession> {
        self.possession
    }

    /// Counts the proof, if there is one.
    fn charge(&self) -> Result<(), TokenError> {
        if self.possession.is_none() {
            return Ok(());
        }
        let source = self.form.source();
        rows::charge(self.app, self.client, rows::PROOFS, &source).map_err(|_| TokenError::TooMany)
    }
}
