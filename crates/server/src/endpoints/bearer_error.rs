//! Errors of protected resources — RFC 6750 §3.1, RFC 9449 §7.1, §7.2.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    bearer,
    challenge::{BearerError as Kind, Challenge, Ways},
    dpop::Error as ProofError,
    error::{ErrorCode, OAuthError},
    scope::{OPENID, ScopeToken, Scopes},
    token::TokenType,
};

use super::json;
use crate::{
    dpop::{self, Refused},
    fault::Fault,
};

/// Why a protected resource does not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BearerError {
    /// 401 and no code: there was nothing wrong.
    #[error("no credentials")]
    NoCredentials,
    #[error("the request cannot be understood")]
    Malformed,
    #[error(transparent)]
    Request(bearer::Error),
    /// Expired, forged, revoked or for somebody else: one answer for all.
    #[error("the token is not valid, or not valid any more")]
    InvalidToken,
    #[error("the token has not the scope openid")]
    InsufficientScope,
    /// Neither the operator nor the person has given this to the app, or only one of them: one answer for all.
    #[error("the token is not for what a provider gave")]
    NotOfUpstream(ScopeToken),
    /// The proof of possession is not taken; with the nonce that it must have (RFC 9449 §7.1, §9).
    #[error("{error}")]
    Proof { error: ProofError, nonce: Option<HeaderValue> },
    /// As [`InvalidToken`](Self::InvalidToken), of a token that came with a proof of possession.
    #[error("the token is not valid, not valid any more, or not bound to the key of the proof")]
    InvalidBoundToken,
    #[error("too many proofs from one source, or of an app that nobody has verified")]
    TooMany,
    #[error(transparent)]
    Fault(Fault),
}

impl From<Refused> for BearerError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Proof { error, nonce } => Self::Proof { error, nonce },
            Refused::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl BearerError {
    const fn kind(&self) -> Option<Kind> {
        match self {
            Self::NoCredentials => Some(Kind::NoCredentials),
            Self::Malformed | Self::Request(_) => Some(Kind::InvalidRequest),
            Self::InvalidToken | Self::InvalidBoundToken => Some(Kind::InvalidToken),
            Self::Proof { error: ProofError::Nonce, .. } => Some(Kind::UseDpopNonce),
            Self::Proof { .. } => Some(Kind::InvalidDpopProof),
            Self::InsufficientScope | Self::NotOfUpstream(_) => Some(Kind::InsufficientScope),
            Self::TooMany | Self::Fault(_) => None,
        }
    }

    /// In which way the token came, or can come.
    const fn scheme(&self) -> TokenType {
        match self {
            Self::Proof { .. } | Self::InvalidBoundToken => TokenType::Dpop,
            _ => TokenType::Bearer,
        }
    }

    fn description(&self) -> &'static str {
        match self {
            Self::NoCredentials => "a token is needed",
            Self::Malformed => "the request cannot be understood",
            Self::Request(error) => OAuthError::from(*error).description,
            Self::InvalidToken => "the token is not valid, or not valid any more",
            Self::Proof { error, .. } => OAuthError::from(*error).description,
            Self::InvalidBoundToken => {
                "the token is not valid, not valid any more, or not bound to the key of the proof"
            }
            Self::InsufficientScope => "the token has not the scope openid",
            Self::NotOfUpstream(_) => {
                "a token for this server alone with the scope of this provider is needed"
            }
            Self::TooMany => "try again in a minute",
            Self::Fault(_) => "an error of this server; it was logged",
        }
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let Some(kind) = self.kind() else { return fault(&self) };
        let scope = match &self {
            Self::InsufficientScope => ScopeToken::parse(OPENID).ok(),
            Self::NotOfUpstream(scope) => Some(scope.clone()),
            _ => None,
        };
        let description = self.description();
        let challenge = Challenge {
            description: Some(description),
            scope: scope.map(|scope| Scopes::from_iter([scope])),
            ..Challenge::new(self.scheme(), kind)
        };
        let mut response = match kind.code() {
            None => json::empty(kind.status()),
            Some(code) => json::with_status(kind.status(), &OAuthError::new(code, description)),
        };
        for value in challenge.header_values(Ways::BOTH) {
            response.headers_mut().append(header::WWW_AUTHENTICATE, value);
        }
        match &self {
            Self::Proof { nonce, .. } => dpop::telling(response, nonce.as_ref()),
            _ => response,
        }
    }
}

fn fault(error: &BearerError) -> Response {
    if let BearerError::Fault(fault) = error {
        fault.log("protected resource failed");
    }
    if matches!(error, BearerError::TooMany) {
        let again = OAuthError::new(ErrorCode::TemporarilyUnavailable, error.description());
        return json::with_status(StatusCode::TOO_MANY_REQUESTS, &again);
    }
    let passes = matches!(error, BearerError::Fault(fault) if fault.passes());
    let (status, code) = if passes {
        (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable)
    } else {
        (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError)
    };
    json::with_status(status, &OAuthError::new(code, error.description()))
}
