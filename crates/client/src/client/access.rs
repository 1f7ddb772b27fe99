//! Access tokens that work: refreshed before they are used.

use mapae_protocol::time::Timestamp;

use super::Client;
use crate::{
    error::{Class, Error, Setting},
    identity::EndUser,
    tokens::{AccessToken, Tokens},
};

/// Why there is no access token.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AccessError {
    /// What the person granted is over, or there never was anything: send them to the login.
    #[error("the person must sign in again")]
    SignInAgain,
    /// A setting is wrong; the tokens are kept.
    #[error("the provider refuses this client: check `{}`", .0.name())]
    Configuration(Setting, #[source] Box<Error>),
    /// The provider or the vault does not work at this moment; the tokens are kept.
    #[error("no access token can be had at this moment")]
    Unavailable(#[source] Box<Error>),
}

/// What a token must not be to be used.
#[derive(Clone, Debug, Default)]
pub(super) struct Need {
    rejected: Option<AccessToken>,
}

impl<U: Send + Sync + 'static> Client<U> {
    /// An access token of this person that works now; refreshed if it is due, once for all who ask at the same time,
    /// in this and in other processes. A refresh is waited for 20 seconds at most; it goes on for those who come next.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn access_token(&self, person: &EndUser) -> Result<AccessToken, AccessError> {
        self.core.access_token(person, Need::default()).await
    }

    /// Another access token than the one that an API has just answered with `401`.
    ///
    /// If somebody else has refreshed in the meantime, it is theirs; otherwise it is refreshed now, however long the
    /// old one should have lived. It is the very same one if a rejection brought that less than 30 seconds ago and
    /// [`call_with_token`](Self::call_with_token) has not seen an API take it: an API that rejects everything costs each
    /// person one refresh in 30 seconds at most, and not one for each call.
    ///
    /// # Errors
    /// [`AccessError`].
    pub async fn after_unauthorized(
        &self,
        person: &EndUser,
        rejected: &AccessToken,
    ) -> Result<AccessToken, AccessError> {
        self.core.access_token(person, Need { rejected: Some(rejected.clone()) }).await
    }
}

impl Need {
    /// Whether these tokens can be used as they are.
    pub(super) fn is_met_by(&self, tokens: &Tokens, now: Timestamp) -> bool {
        !tokens.due(now) && (self.accepts(&tokens.access_token()) || tokens.were_forced_lately(now))
    }

    /// Whether these tokens can still be used, though a refresh would be better.
    pub(super) fn can_do_with(&self, tokens: &Tokens, now: Timestamp) -> bool {
        !tokens.expired(now) && self.accepts(&tokens.access_token())
    }

    /// Whether tokens that are not due are replaced for the sake of this.
    pub(super) fn forces(&self, tokens: &Tokens, now: Timestamp) -> bool {
        !tokens.due(now) && !self.accepts(&tokens.access_token())
    }

    /// Whether this is another token than the rejected one.
    pub(super) fn accepts(&self, token: &AccessToken) -> bool {
        !self.rejected.as_ref().is_some_and(|rejected| rejected.is(token))
    }
}

impl AccessError {
    /// What can be done about it.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::SignInAgain => Class::SignInAgain,
            Self::Configuration(setting, _) => Class::Configuration(*setting),
            Self::Unavailable(_) => Class::Unavailable,
        }
    }

    /// The task that refreshed went down.
    pub(super) fn interrupted() -> Self {
        Self::Unavailable(Box::new(crate::vault::StoreError::Closed.into()))
    }
}

impl From<Error> for AccessError {
    fn from(error: Error) -> Self {
        match error.class() {
            Class::Configuration(setting) => Self::Configuration(setting, Box::new(error)),
            Class::Unavailable | Class::RateLimited => Self::Unavailable(Box::new(error)),
            // The refresh token is dead (`invalid_grant`), or what it brought belongs to somebody else.
            Class::Restart
            | Class::SignInAgain
            | Class::Cancelled
            | Class::Reconsent
            | Class::InteractionNeeded
            | Class::Denied => Self::SignInAgain,
        }
    }
}

impl From<crate::vault::StoreError> for AccessError {
    fn from(error: crate::vault::StoreError) -> Self {
        Error::from(error).into()
    }
}
