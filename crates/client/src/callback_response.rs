//! What the browser brings back, not yet believed — RFC 6749 §4.1.2, JARM §2.3.

use std::fmt;

use mapae_protocol::{
    authorization::{
        response::{self, AuthorizationResponse, Outcome},
        signed_response::{self, RESPONSE},
    },
    params::{Limits, Params},
    secret::Secret,
};
use serde_json::{Map, Value};

use crate::posted;

/// Why what the browser brought is not an answer to a login of this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The parameters cannot be read, or the code is none.
    #[error("the parameters of the callback are malformed")]
    Malformed,
    /// A parameter is repeated, or there is neither or both of code and error.
    #[error(transparent)]
    Response(#[from] response::Error),
    /// Nobody signed the answer, and a signed one was asked for.
    #[error("the callback is not signed")]
    Unsigned,
    /// The answer is signed, and nobody asked for that.
    #[error("the callback is signed, and that was not asked for")]
    SignedUnasked,
    /// Beside the signed answer stands another one.
    #[error("the callback says something beside what is signed")]
    BesideSigned,
    /// The provider has not signed this answer for this client (JARM §2.4).
    #[error(transparent)]
    Signed(#[from] signed_response::Error),
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

/// Parameters that say something beside a signed answer, which is the whole of it (JARM §2.3.1, decision 0263).
const BESIDE: &[&str] = &["code", "state", "iss", "error", "error_description", "error_uri"];

/// No code is longer: it travels in an address.
const MAX_CODE: usize = 4096;

/// `code = 1*VSCHAR` (RFC 6749 Appendix A.11).
fn is_code(text: &str) -> bool {
    (1..=MAX_CODE).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// What the browser brought back, not yet believed.
pub struct CallbackResponse(pub(crate) Brought);

/// How it came.
pub(crate) enum Brought {
    /// As parameters.
    Plain(Answer),
    /// As a JWT that the provider should have signed, and the `state` that it claims to answer.
    Signed { token: Secret<String>, state: Option<String> },
}

/// What a provider answers, by whatever way.
pub(crate) struct Answer {
    pub(crate) response: AuthorizationResponse,
    /// All parameters but the code and the `state`, for the rules of a definition; repeated ones mean nothing.
    pub(crate) said: Value,
    /// Who the browser says that the person is: nobody signed it.
    pub(crate) brought: Option<Value>,
}

impl Answer {
    pub(crate) fn of(params: &Params) -> Result<Self, CallbackError> {
        let response = AuthorizationResponse::parse(params)?;
        // Before a provider is asked what it makes of it, or a login is used up.
        if matches!(&response.outcome, Outcome::Code(code) if !is_code(code.expose())) {
            return Err(CallbackError::Malformed);
        }
        Ok(Self { response, said: said(params), brought: posted::brought(params) })
    }
}

impl CallbackResponse {
    /// Reads the query of the redirect URI, or the form that was posted there.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`], [`CallbackError::Response`], or [`CallbackError::BesideSigned`] where one parameter
    /// would be the signed answer and another one is there, too.
    pub fn parse(query: Option<&str>) -> Result<Self, CallbackError> {
        let params = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST);
        let params = params.map_err(|_| CallbackError::Malformed)?;
        let Some(token) = params.one(RESPONSE).map_err(|_| response::Error::Repeated)? else {
            return Ok(Self(Brought::Plain(Answer::of(&params)?)));
        };
        if params.iter().any(|(name, _)| BESIDE.contains(&name)) {
            return Err(CallbackError::BesideSigned);
        }
        let state = signed_response::claimed_state(token);
        Ok(Self(Brought::Signed { token: Secret::new(token.to_owned()), state }))
    }

    /// The query to which an answer is carried that the provider's page posts (OAuth 2.0 Form Post Response Mode §2). The
    /// post comes from another site and brings no cookies; a redirect to the same address with this query has them.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`]: it is no form, or longer than any provider's answer.
    pub fn query_of_post(body: &[u8]) -> Result<String, CallbackError> {
        posted::carried(body).ok_or(CallbackError::Malformed)
    }

    /// The `state` that came back, whoever sent it. That of a signed answer is as little believed as any other: it only
    /// tells which login must say who has signed it.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        match &self.0 {
            Brought::Plain(answer) => answer.response.state.as_deref(),
            Brought::Signed { state, .. } => state.as_deref(),
        }
    }

    pub(crate) const fn is_signed(&self) -> bool {
        matches!(self.0, Brought::Signed { .. })
    }
}

impl fmt::Debug for CallbackResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What else came can be anybody's name, or a token that nobody asked for.
        let shown: &dyn fmt::Debug = match &self.0 {
            Brought::Plain(answer) => &answer.response,
            Brought::Signed { token, .. } => token,
        };
        f.debug_struct("CallbackResponse").field("response", shown).finish_non_exhaustive()
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
