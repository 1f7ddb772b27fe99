//! Errors of protected resources — RFC 6750 §3.1.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    bearer::{self, BearerError as Kind, Challenge},
    error::{ErrorCode, OAuthError},
    scope::{OPENID, ScopeToken, Scopes},
};

use super::json;
use crate::fault::Fault;

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
    #[error(transparent)]
    Fault(Fault),
}

impl BearerError {
    const fn kind(&self) -> Option<Kind> {
        match self {
            Self::NoCredentials => Some(Kind::NoCredentials),
            Self::Malformed | Self::Request(_) => Some(Kind::InvalidRequest),
            Self::InvalidToken => Some(Kind::InvalidToken),
            Self::InsufficientScope | Self::NotOfUpstream(_) => Some(Kind::InsufficientScope),
            Self::Fault(_) => None,
        }
    }

    fn description(&self) -> &'static str {
        match self {
            Self::NoCredentials => "a token is needed",
            Self::Malformed => "the request cannot be understood",
            Self::Request(error) => OAuthError::from(*error).description,
            Self::InvalidToken => "the token is not valid, or not valid any more",
            Self::InsufficientScope => "the token has not the scope openid",
            Self::NotOfUpstream(_) => {
                "a token for this server alone with the scope of this provider is needed"
            }
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
            error: kind,
            description: Some(description),
            scope: scope.map(|scope| Scopes::from_iter([scope])),
            resource_metadata: None,
        };
        let mut response = match kind.code() {
            None => json::empty(kind.status()),
            Some(code) => json::with_status(kind.status(), &OAuthError::new(code, description)),
        };
        if let Ok(value) = HeaderValue::try_from(challenge.to_header_value()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

fn fault(error: &BearerError) -> Response {
    if let BearerError::Fault(fault) = error {
        fault.log("protected resource failed");
    }
    let passes = matches!(error, BearerError::Fault(fault) if fault.passes());
    let (status, code) = if passes {
        (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable)
    } else {
        (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError)
    };
    let mut response = json::with_status(status, &OAuthError::new(code, error.description()));
    if passes {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
