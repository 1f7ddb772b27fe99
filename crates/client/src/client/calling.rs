//! Calling an API on a person's behalf.

use std::future::Future;

use http::{HeaderMap, Method, StatusCode};

use super::{AccessError, Client};
use crate::{identity::EndUser, possession::asks_for_nonce, tokens::AccessToken};

/// What came of one call of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt<T> {
    /// The API took the token, whatever it answered.
    Answered(T),
    /// The API answered `401`: the token does not work any more (RFC 6750 §3.1).
    Unauthorized(T),
    /// The API wants its nonce in the proof and has told it: the same token works at the second attempt (RFC 9449 §9).
    WantsNonce(T),
}

impl<T> Attempt<T> {
    /// By the status of the answer. For a token that is bound to a key it is [`Client::attempt`], which tells a nonce that is
    /// wanted from a token that is over.
    #[must_use]
    pub fn of(status: StatusCode, answer: T) -> Self {
        if status == StatusCode::UNAUTHORIZED { Self::Unauthorized(answer) } else { Self::Answered(answer) }
    }

    fn into_inner(self) -> T {
        match self {
            Self::Answered(answer) | Self::Unauthorized(answer) | Self::WantsNonce(answer) => answer,
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
    /// A token that is bound to a key is shown with [`headers_of_call`](Self::headers_of_call).
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
        let mut token = self.access_token(person).await?;
        let (mut refreshed, mut has_nonce) = (false, false);
        loop {
            match call(token.clone()).await.map_err(CallError::Call)? {
                Attempt::WantsNonce(_) if !has_nonce => has_nonce = true,
                Attempt::Unauthorized(answer) if !refreshed => {
                    let rejected = token;
                    token = self.after_unauthorized(person, &rejected).await?;
                    if token.is(&rejected) {
                        return Ok(answer);
                    }
                    refreshed = true;
                }
                last => {
                    if matches!(last, Attempt::Answered(_)) && token.is_on_trial() {
                        self.core.taken(person, &token).await;
                    }
                    return Ok(last.into_inner());
                }
            }
        }
    }

    /// `Authorization` for a request to an API, and for a token that is bound to a key the proof, which is for this method and
    /// address and for one request (RFC 9449 §7.1). What the API answers goes to [`attempt`](Self::attempt).
    #[must_use]
    pub fn headers_of_call(&self, token: &AccessToken, method: &Method, address: &str) -> HeaderMap {
        token.headers((method, address), &self.core.nonces, self.now())
    }

    /// What came of a request to this address, by the status and the headers of the answer. A nonce that the API gives is
    /// remembered for the next proof (RFC 9449 §8.2).
    #[must_use]
    pub fn attempt<T>(&self, address: &str, said: (StatusCode, &HeaderMap), answer: T) -> Attempt<T> {
        let (status, headers) = said;
        let told = self.core.nonces.learn(address, headers);
        if status == StatusCode::UNAUTHORIZED && told && asks_for_nonce(headers) {
            return Attempt::WantsNonce(answer);
        }
        Attempt::of(status, answer)
    }
}
