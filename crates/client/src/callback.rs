//! The callback: from the authorization response to a proven identity — RFC 6749 §4.1.2, OIDC Core §3.1.2.5.
//!
//! In this order, and nothing later happens when something earlier fails:
//!
//! | # | check | where | against |
//! |---|---|---|---|
//! | 1 | the parameters can be read, none is repeated | RFC 6749 §3.1 | parameter pollution |
//! | 2 | `state` is this browser's, this provider's, in time, and was never used; for errors too | RFC 6749 §10.12, RFC 9700 §4.7 | login CSRF, replay |
//! | 3 | `iss` is the provider's; required where its metadata promises it | RFC 9207 §2.4 | mix-up, RFC 9700 §4.4 |
//! | 4 | `error` ends the login | RFC 6749 §4.1.2.1 | |
//! | 5 | the code is redeemed with the verifier, at the provider that was asked | RFC 6749 §4.1.3, RFC 7636 §4.5 | code injection, RFC 9700 §4.5 |
//! | 6 | the token response has the types that it must have | RFC 6749 §5.1 | |
//! | 7 | the ID token: signature, `iss`, `aud`, `azp`, `exp`, `iat`, `nonce`, `at_hash`, `auth_time` | OIDC Core §3.1.3.7, OIDC Core §3.1.3.8 | token substitution |
//! | 8 | UserInfo speaks of the same `sub` | OIDC Core §5.3.2 | token substitution |

use mapae_protocol::{
    authorization::response::{AuthorizationResponse, Outcome},
    error::{Endpoint, ErrorCode},
    id_token::IdTokenClaims,
    params::{Limits, Params},
    secret::Secret,
    time::Timestamp,
};
use serde_json::Map;

use crate::{
    error::Error,
    identity::Identity,
    pending::PendingLogin,
    provider::{IdTokenContext, Provider, ProviderError},
    return_to::ReturnTo,
    tokens::Tokens,
};

/// Why what the browser brought is not an answer to a login of this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The parameters cannot be read.
    #[error("the parameters of the callback are malformed")]
    Malformed,
    /// A parameter is repeated, or there is neither or both of code and error.
    #[error(transparent)]
    Response(#[from] mapae_protocol::authorization::response::Error),
    /// There is no `state`.
    #[error("the callback has no state")]
    StateMissing,
    /// This browser began no login with this `state`.
    #[error("this browser began no login with this state")]
    StateUnknown,
    /// The `state` is that of another login.
    #[error("the state is that of another login")]
    StateMismatch,
    /// The `state` was sent to another provider.
    #[error("the state was sent to another provider")]
    ProviderMismatch,
    /// The person took longer than ten minutes.
    #[error("the login took too long")]
    StateExpired,
    /// The `state` has been here before.
    #[error("the state was used before")]
    StateUsed,
    /// The provider promises `iss` and it is not there.
    #[error("the callback does not name its issuer")]
    IssuerMissing,
    /// Another issuer answered than was asked.
    #[error("the callback names another issuer")]
    IssuerMismatch,
}

/// What the browser brought back, not yet believed.
#[derive(Debug)]
pub struct CallbackResponse(AuthorizationResponse);

impl CallbackResponse {
    /// Reads the query of the redirect URI.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`] or [`CallbackError::Response`].
    pub fn parse(query: Option<&str>) -> Result<Self, CallbackError> {
        let params = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST);
        let params = params.map_err(|_| CallbackError::Malformed)?;
        Ok(Self(AuthorizationResponse::parse(&params)?))
    }

    pub(crate) fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }
}

/// A login that succeeded.
#[derive(Debug)]
pub struct CompletedLogin {
    /// Who signed in.
    pub identity: Identity,
    /// What the provider gave.
    pub tokens: Tokens,
    /// Where the person wanted to go.
    pub return_to: ReturnTo,
}

impl Provider {
    /// Finishes a login that [`start`](Self::start) began: checks 2 to 8 of the [table](crate::callback).
    ///
    /// That a `state` is used once is the caller's part: a pending login is taken by value. For web services
    /// [`Client::callback`](crate::Client::callback) does all of it.
    ///
    /// # Errors
    /// The first check that fails.
    pub async fn finish(
        &self,
        pending: PendingLogin,
        response: &CallbackResponse,
        now: Timestamp,
    ) -> Result<CompletedLogin, Error> {
        pending.answered_by(response.state(), now)?;
        if pending.provider != self.name() {
            return Err(CallbackError::ProviderMismatch.into());
        }
        self.check_issuer(response.0.iss.as_deref(), now).await?;
        let code = code(&response.0.outcome)?;
        let tokens = self.redeem(code, &pending, now).await?;
        let claims = self.identify(&pending, &tokens, now).await?;
        let user_info = match self.user_info(&tokens, &claims.sub, now).await? {
            Some(answer) => answer,
            None => Map::new(),
        };
        let identity = Identity::new(self.name(), claims, user_info);
        Ok(CompletedLogin { identity, tokens, return_to: pending.return_to })
    }

    /// RFC 9207 §2.4: a client that gets an `iss` compares it, and misses it where it was promised.
    async fn check_issuer(&self, iss: Option<&str>, now: Timestamp) -> Result<(), Error> {
        let promised = self.metadata(now).await?.authorization_response_iss_parameter_supported;
        match iss {
            Some(iss) if iss == self.issuer().as_str() => Ok(()),
            Some(_) => Err(CallbackError::IssuerMismatch.into()),
            None if promised => Err(CallbackError::IssuerMissing.into()),
            None => Ok(()),
        }
    }

    async fn identify(
        &self,
        pending: &PendingLogin,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<IdTokenClaims, Error> {
        let id_token = tokens.id_token.as_ref().ok_or(ProviderError::IdTokenMissing)?;
        let context = IdTokenContext {
            nonce: Some(pending.nonce.expose()),
            access_token: Some(tokens.access_token.expose()),
            // The sign-in lies after the start of this login, however long the person then took to agree.
            max_age: pending.intent.must_be_fresh().then(|| now.since(pending.begun_at())),
        };
        self.verify_id_token(id_token.expose(), &context, now).await
    }
}

fn code(outcome: &Outcome) -> Result<&Secret<String>, ProviderError> {
    match outcome {
        Outcome::Code(code) => Ok(code),
        // The description is the sender's text: it decides nothing and is shown to nobody (RFC 9700 §4.11.2).
        Outcome::Refused { code, .. } => {
            let known = ErrorCode::ALL.iter().copied().find(|known| known.as_str() == code);
            Err(ProviderError::Refused { at: Endpoint::Authorization, code: known })
        }
    }
}
