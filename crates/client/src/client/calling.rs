//! Calling an API on a person's behalf.

use std::future::Future;

use http::StatusCode;

use super::{AccessError, Client};
use crate::{identity::EndUser, tokens::AccessToken};

/// What came of one call of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt<T> {
    /// The API took the token, whatever it answered.
    Answered(T),
    /// The API answered `401`: the token does not work any more (RFC 6750 §3.1).
    Unauthorized(T),
}

impl<T> Attempt<T> {
    /// By the status of the answer.
    #[must_use]
    pub fn of(status: StatusCode, answer: T) -> Self {
        if status == StatusCode::UNAUTHORIZED { Self::Unauthorized(answer) } else { Self::Answered(answer) }
    }

    fn into_inner(self) -> T {
        match self {
            Self::Answered(answer) | Self::Unauthorized(answer) => answer,
        }
    }
}

/// Why an API could not be called.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError<E> {
    /// There is no token to call it with.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The call itself failed.
    #[error("the API could not be called")]
    Call(#[source] E),
}

impl<U: Send + Sync + 'static> Client<U> {
    /// Calls an API with a token that works. If the API says `401` all the same, the token is refreshed and the call is
    /// made once more; what the API says then is the answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call_with_token<T, E, F>(
        &self,
        person: &EndUser,
        call: impl Fn(AccessToken) -> F,
    ) -> Result<T, CallError<E>>
    where
        F: Future<Output = Result<Attempt<T>, E>>,
    {
        let token = self.access_token(person).await?;
        match call(token.clone()).await.map_err(CallError::Call)? {
            Attempt::Answered(answer) => Ok(answer),
            Attempt::Unauthorized(_) => {
                let token = self.after_unauthorized(person, &token).await?;
                call(token).await.map(Attempt::into_inner).map_err(CallError::Call)
            }
        }
    }
}
