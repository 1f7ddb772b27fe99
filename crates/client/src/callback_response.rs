//! What the browser brings back, not yet believed — RFC 6749 §4.1.2.

use std::fmt;

use mapae_protocol::{
    authorization::response::{self, AuthorizationResponse},
    params::{Limits, Params},
};
use serde_json::{Map, Value};

use crate::posted;

/// Why what the browser brought is not an answer to a login of this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The parameters cannot be read.
    #[error("the parameters of the callback are malformed")]
    Malformed,
    /// A parameter is repeated, or there is neither or both of code and error.
    #[error(transparent)]
    Response(#[from] response::Error),
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
    /// The person has signed out at the provider before the login was finished here.
    #[error("the person has signed out at the provider meanwhile")]
    SignedOut,
    /// The provider promises `iss` and it is not there.
    #[error("the callback does not name its issuer")]
    IssuerMissing,
    /// Another issuer answered than was asked.
    #[error("the callback names another issuer")]
    IssuerMismatch,
}

/// What the browser brought back, not yet believed.
pub struct CallbackResponse {
    pub(crate) response: AuthorizationResponse,
    /// All parameters but the code and the `state`, for the rules of a definition; repeated ones mean nothing.
    pub(crate) said: Value,
    /// Who the browser says that the person is: nobody signed it.
    pub(crate) brought: Option<Value>,
}

impl CallbackResponse {
    /// Reads the query of the redirect URI, or the form that was posted there.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`] or [`CallbackError::Response`].
    pub fn parse(query: Option<&str>) -> Result<Self, CallbackError> {
        let params = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST);
        let params = params.map_err(|_| CallbackError::Malformed)?;
        let brought = posted::brought(&params);
        Ok(Self { response: AuthorizationResponse::parse(&params)?, said: said(&params), brought })
    }

    /// The query to which an answer is carried that the provider's page posts (OAuth 2.0 Form Post Response Mode §2). The
    /// post comes from another site and brings no cookies; a redirect to the same address with this query has them.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`]: it is no form, or longer than any provider's answer.
    pub fn query_of_post(body: &[u8]) -> Result<String, CallbackError> {
        posted::carried(body).ok_or(CallbackError::Malformed)
    }

    /// The `state` that came back, whoever sent it.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.response.state.as_deref()
    }
}

impl fmt::Debug for CallbackResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What else came can be anybody's name, or a token that nobody asked for.
        f.debug_struct("CallbackResponse").field("response", &self.response).finish_non_exhaustive()
    }
}

fn said(params: &Params) -> Value {
    let mut said = Map::new();
    for (name, _) in params.iter().filter(|(name, _)| !matches!(*name, "code" | "state")) {
        if let Ok(Some(value)) = params.one(name) {
            said.insert(name.to_owned(), value.into());
        }
    }
    said.into()
}
