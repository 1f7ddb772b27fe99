//! Errors of the back-channel endpoints — RFC 6749 §5.2: token, introspection, revocation.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    client_authentication, device,
    dpop::Error as ProofError,
    error::{ErrorCode, OAuthError},
    params::Repeated,
    revocation_feed, token, token_parameter,
};

use super::json;
use crate::{
    client_auth, dpop,
    fault::Fault,
    http::{body::BodyError, form::FormError},
    store::{CommitError, StoreError},
};

/// No address of an app is asked again sooner than after half of it.
const IN_A_MINUTE: HeaderValue = HeaderValue::from_static("60");

/// What goes wrong at a back-channel endpoint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(transparent)]
    Form(#[from] FormError),
    #[error("a parameter is repeated")]
    Repeated,
    #[error("{error}")]
    Authentication { error: client_authentication::Error, basic: bool },
    /// `basic`: the client used the header, so it is told the scheme (RFC 6749 §5.2).
    #[error("the client is not authenticated")]
    InvalidClient { basic: bool },
    #[error("no such grant type")]
    UnsupportedGrantType,
    #[error("the client may not use this grant type")]
    UnauthorizedGrantType,
    #[error("{}", .0.description)]
    Refused(OAuthError),
    #[error("too many requests from one source")]
    TooMany,
    /// Whether it is the client cannot be known now: it is not that it is not (RFC 7009 §2.2.1).
    #[error("what the client says of itself at an address cannot be read")]
    Unavailable,
    /// The proof of possession is not taken; with the nonce that it must have (RFC 9449 §5, §8).
    #[error("{error}")]
    Proof { error: ProofError, nonce: Option<HeaderValue> },
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<client_auth::Refused> for TokenError {
    fn from(refused: client_auth::Refused) -> Self {
        match refused {
            client_auth::Refused::Malformed { error, basic } => Self::Authentication { error, basic },
            client_auth::Refused::NotProven { basic } => Self::InvalidClient { basic },
            client_auth::Refused::Unavailable => Self::Unavailable,
            client_auth::Refused::TooMany => Self::TooMany,
            client_auth::Refused::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<dpop::Refused> for TokenError {
    fn from(refused: dpop::Refused) -> Self {
        match refused {
            dpop::Refused::Proof { error, nonce } => Self::Proof { error, nonce },
            dpop::Refused::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Repeated> for TokenError {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// A broken rule of a request's syntax is refused as that rule says.
macro_rules! refused_by_rule {
    ($($error:ty),+) => {
        $(impl From<$error> for TokenError {
            fn from(error: $error) -> Self {
                Self::Refused(error.into())
            }
        })+
    };
}
refused_by_rule!(device::Error, token::Error, token_parameter::Error, revocation_feed::Error);

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<CommitError> for TokenError {
    fn from(error: CommitError) -> Self {
        Self::Fault(error.into())
    }
}

impl TokenError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Form(FormError::Body(error)) => error.status(),
            Self::Form(_) | Self::Repeated => StatusCode::BAD_REQUEST,
            Self::UnsupportedGrantType | Self::UnauthorizedGrantType => StatusCode::BAD_REQUEST,
            Self::InvalidClient { .. } => StatusCode::UNAUTHORIZED,
            Self::Authentication { error, .. } => status_of(OAuthError::from(*error)),
            Self::Refused(error) => status_of(*error),
            Self::Proof { .. } => StatusCode::BAD_REQUEST,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(fault) if fault.passes() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn answer(&self) -> OAuthError {
        let invalid_request = |description| OAuthError::new(ErrorCode::InvalidRequest, description);
        match self {
            Self::Form(FormError::Body(BodyError::Busy)) => {
                OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again in a few seconds")
            }
            Self::Form(_) => invalid_request("the request is not a well-formed form in the body of a POST"),
            Self::Repeated => invalid_request("a parameter is repeated"),
            Self::Authentication { error, .. } => (*error).into(),
            Self::InvalidClient { .. } => OAuthError::new(
                ErrorCode::InvalidClient,
                "the client is unknown or could not be authenticated",
            ),
            Self::UnsupportedGrantType => {
                OAuthError::new(ErrorCode::UnsupportedGrantType, "this server has no such grant type")
            }
            Self::UnauthorizedGrantType => {
                OAuthError::new(ErrorCode::UnauthorizedClient, "the client may not use this grant type")
            }
            Self::Refused(error) => *error,
            Self::Proof { error, .. } => (*error).into(),
            Self::TooMany => OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again in a minute"),
            Self::Unavailable => OAuthError::new(
                ErrorCode::TemporarilyUnavailable,
                "what the client says of itself at an address cannot be read now: try again in a minute",
            ),
            Self::Fault(fault) if fault.passes() => {
                OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again in a few seconds")
            }
            Self::Fault(_) => {
                OAuthError::new(ErrorCode::ServerError, "an error of this server; it was logged")
            }
        }
    }

    const fn used_header(&self) -> bool {
        matches!(self, Self::Authentication { basic: true, .. } | Self::InvalidClient { basic: true })
    }
}

fn status_of(error: OAuthError) -> StatusCode {
    if error.code == ErrorCode::InvalidClient { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let status = self.status();
        if let Self::Fault(fault) = &self {
            fault.log("back-channel request failed");
        }
        let mut response = json::with_status(status, &self.answer());
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED && self.used_header() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"mapae\""));
        }
        if matches!(self, Self::Unavailable) {
            headers.insert(header::RETRY_AFTER, IN_A_MINUTE);
        }
        if let Self::Proof { nonce, .. } = &self {
            return dpop::telling(response, nonce.as_ref());
        }
        response
    }
}
