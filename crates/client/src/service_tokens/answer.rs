//! Answers with tokens, and refusals — RFC 6749 §5.1, RFC 6749 §5.2.

use http::{HeaderValue, StatusCode};
use mapae_protocol::secret::Secret;
use serde_json::{Value, json};

use crate::{error::Error, vault::StoreError};

/// Tokens for the front end.
#[derive(Debug)]
pub struct ServiceTokenAnswer {
    pub(crate) access_token: Secret<String>,
    pub(crate) expires_in: i64,
    pub(crate) refresh_token: Option<Secret<String>>,
    /// `Set-Cookie` headers.
    pub cookies: Vec<HeaderValue>,
}

impl ServiceTokenAnswer {
    /// The JSON to answer with, never to be cached or logged.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "access_token": self.access_token.expose(), "token_type": "Bearer", "expires_in": self.expires_in,
        });
        if let (Some(token), Some(members)) = (&self.refresh_token, body.as_object_mut()) {
            members.insert("refresh_token".to_owned(), json!(token.expose()));
        }
        body
    }
}

/// Why the front end gets no tokens.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceTokenError {
    /// The client was built without [`ServiceTokens`](super::ServiceTokens).
    #[error("this service issues no tokens of its own")]
    Off,
    /// The form cannot be read, or says nothing.
    #[error("the request is malformed")]
    Malformed,
    /// The code or refresh token does not work, or does not any more: the person signs in again.
    #[error("the code or refresh token is not valid")]
    InvalidGrant,
    /// The vault or the application's accounts failed: the same request may be sent again.
    #[error("no tokens can be issued at this moment")]
    Failed(#[source] Box<Error>),
}

impl ServiceTokenError {
    /// The code for the front end.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Off | Self::Malformed => "invalid_request",
            Self::InvalidGrant => "invalid_grant",
            Self::Failed(_) => "temporarily_unavailable",
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Off => StatusCode::NOT_FOUND,
            Self::Malformed | Self::InvalidGrant => StatusCode::BAD_REQUEST,
            Self::Failed(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<Error> for ServiceTokenError {
    fn from(error: Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<StoreError> for ServiceTokenError {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}
