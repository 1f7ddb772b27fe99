//! What a protected resource says when it does not answer — RFC 6750 §3, RFC 9449 §7.1, §7.2, RFC 9470 §3, RFC 9728 §5.1.

use std::fmt::Write;

use http::{HeaderValue, StatusCode};

use crate::endpoint_uri::EndpointUri;
use crate::error::ErrorCode;
use crate::jose::Algorithm;
use crate::scope::{ScopeToken, Scopes};
use crate::time::Seconds;
use crate::token::TokenType;

/// Why a protected resource does not answer (RFC 6750 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BearerError {
    /// No credential: 401 and no error code, because there was nothing wrong.
    NoCredentials,
    /// The request cannot be read: 400.
    InvalidRequest,
    /// The token is expired, forged, revoked or for somebody else: 401.
    InvalidToken,
    /// The token is good and its scope too small: 403.
    InsufficientScope,
    /// The proof of possession that must come with the token proves nothing: 401 (RFC 9449 §7.1).
    InvalidDpopProof,
    /// The proof must have the nonce that comes with the answer: 401 (RFC 9449 §9).
    UseDpopNonce,
    /// The person must sign in again, better or more recently: 401 (RFC 9470 §3).
    InsufficientUserAuthentication,
}

impl BearerError {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::NoCredentials,
        Self::InvalidRequest,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::InvalidDpopProof,
        Self::UseDpopNonce,
        Self::InsufficientUserAuthentication,
    ];

    /// The status of the response.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NoCredentials
            | Self::InvalidToken
            | Self::InvalidDpopProof
            | Self::UseDpopNonce
            | Self::InsufficientUserAuthentication => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
        }
    }

    /// `error`, which is absent when there were no credentials.
    #[must_use]
    pub const fn code(self) -> Option<ErrorCode> {
        match self {
            Self::NoCredentials => None,
            Self::InvalidRequest => Some(ErrorCode::InvalidRequest),
            Self::InvalidToken => Some(ErrorCode::InvalidToken),
            Self::InsufficientScope => Some(ErrorCode::InsufficientScope),
            Self::InvalidDpopProof => Some(ErrorCode::InvalidDpopProof),
            Self::UseDpopNonce => Some(ErrorCode::UseDpopNonce),
            Self::InsufficientUserAuthentication => Some(ErrorCode::InsufficientUserAuthentication),
        }
    }

    /// Whether a token that comes in another way could help: not where the person must sign in again, and not where the
    /// scope is too small.
    const fn is_of_the_token(self) -> bool {
        matches!(self, Self::NoCredentials | Self::InvalidToken | Self::InvalidDpopProof | Self::UseDpopNonce)
    }
}

/// The ways in which a token may come to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ways<'a> {
    /// By itself (RFC 6750 §2.1).
    pub bearer: bool,
    /// With a proof of possession by one of these algorithms (RFC 9449 §7.1); `None`: no proof can be checked.
    pub proofs: Option<&'a [Algorithm]>,
}

impl Ways<'_> {
    /// By itself alone.
    pub const BEARER: Self = Self { bearer: true, proofs: None };
    /// Either way, with proofs of every algorithm (RFC 9449 §7.2).
    pub const BOTH: Self = Self { bearer: true, proofs: Some(Algorithm::ALL) };
}

/// The sign-in that is needed (RFC 9470 §3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepUp {
    /// `acr` values, of which one is needed. They stand in a quoted list of words parted by spaces, as scope tokens do.
    pub acr_values: Vec<ScopeToken>,
    /// The longest time since the sign-in.
    pub max_age: Option<Seconds>,
}

/// `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7.1).
#[derive(Debug, Clone)]
pub struct Challenge {
    /// The scheme in which the token came, or could come.
    pub scheme: TokenType,
    /// Why.
    pub error: BearerError,
    /// A fixed text for the developer, within `%x20-21 / %x23-5B / %x5D-7E`; left out without credentials.
    pub description: Option<&'static str>,
    /// The scope that is needed.
    pub scope: Option<Scopes>,
    /// The sign-in that is needed.
    pub step_up: StepUp,
    /// Where the resource describes itself (RFC 9728 §5.1).
    pub resource_metadata: Option<EndpointUri>,
}

impl Challenge {
    /// One that says no more than why.
    #[must_use]
    pub fn new(scheme: TokenType, error: BearerError) -> Self {
        Self {
            scheme,
            error,
            description: None,
            scope: None,
            step_up: StepUp::default(),
            resource_metadata: None,
        }
    }

    /// All values of `WWW-Authenticate` of one answer, at a resource to which a token may come in these ways: who may try
    /// again hears of the other way, too (RFC 9449 §7.2).
    #[must_use]
    pub fn header_values(mut self, ways: Ways<'_>) -> Vec<HeaderValue> {
        if !ways.bearer {
            self.scheme = TokenType::Dpop;
        }
        let too = self.scheme == TokenType::Bearer && ways.proofs.is_some() && self.error.is_of_the_token();
        let other = too.then(|| Self {
            resource_metadata: self.resource_metadata.clone(),
            ..Self::new(TokenType::Dpop, BearerError::NoCredentials)
        });
        let all = [Some(self), other].into_iter().flatten();
        let proofs = ways.proofs.unwrap_or(Algorithm::ALL);
        // The parts have no characters that a header could not have.
        all.filter_map(|challenge| HeaderValue::try_from(challenge.to_text(proofs)).ok()).collect()
    }

    /// One value. All parts come from types without quotes, backslashes and control characters, so nothing needs escaping.
    fn to_text(&self, proofs: &[Algorithm]) -> String {
        let code = self.error.code();
        let scope = self.scope.as_ref().filter(|scope| !scope.is_empty()).map(Scopes::to_string);
        let StepUp { acr_values, max_age } = &self.step_up;
        let acr_values = acr_values.iter().map(ScopeToken::as_str).collect::<Vec<_>>().join(" ");
        let max_age = max_age.map(|age| age.get().to_string());
        let algs = match self.scheme {
            TokenType::Bearer => None,
            TokenType::Dpop => Some(Algorithm::names(proofs).join(" ")),
        };
        let attributes = [
            ("error", code.map(ErrorCode::as_str)),
            ("error_description", self.description.filter(|_| code.is_some())),
            ("scope", scope.as_deref()),
            ("acr_values", Some(acr_values.as_str()).filter(|values| !values.is_empty())),
            ("max_age", max_age.as_deref()),
            ("resource_metadata", self.resource_metadata.as_ref().map(EndpointUri::as_str)),
            ("algs", algs.as_deref()),
        ];
        let mut value = String::from(self.scheme.as_str());
        let present = attributes.into_iter().filter_map(|(name, text)| Some((name, text?)));
        for (position, (name, text)) in present.enumerate() {
            let separator = if position == 0 { " " } else { ", " };
            // Writing to a `String` cannot fail.
            let _ = write!(value, "{separator}{name}=\"{text}\"");
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Endpoint;

    const METADATA: &str = "https://api.example.com/.well-known/oauth-protected-resource";

    fn shown(challenge: Challenge, ways: Ways<'_>) -> Vec<String> {
        let values = challenge.header_values(ways);
        values.iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn rfc6750_3_challenges() {
        let challenge = |error| {
            let challenge = Challenge {
                description: Some("the access token expired"),
                scope: Some(Scopes::parse("calendar.read").unwrap()),
                resource_metadata: Some(EndpointUri::parse(METADATA).unwrap()),
                ..Challenge::new(TokenType::Bearer, error)
            };
            format!("{} {}", error.status().as_u16(), shown(challenge, Ways::BEARER).join(" and "))
        };
        let table: Vec<_> = BearerError::ALL.iter().map(|error| challenge(*error)).collect();
        insta::assert_snapshot!(table.join("\n"), @r#"
        401 Bearer scope="calendar.read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
        400 Bearer error="invalid_request", error_description="the access token expired", scope="calendar.read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
        401 Bearer error="invalid_token", error_description="the access token expired", scope="calendar.read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
        403 Bearer error="insufficient_scope", error_description="the access token expired", scope="calendar.read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
        401 Bearer error="invalid_dpop_proof", error_description="the access token expired", scope="calendar.read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
        401 Bearer error="use_dpop_nonce", error_description="the access token expired", scope="calendar.read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
        401 Bearer error="insufficient_user_authentication", error_description="the access token expired", scope="calendar.read", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource"
        "#);
        let bare = Challenge {
            scope: Some(Scopes::default()),
            ..Challenge::new(TokenType::Bearer, BearerError::NoCredentials)
        };
        assert_eq!(shown(bare.clone(), Ways::BEARER), ["Bearer"]);
        let bound = Challenge { scheme: TokenType::Dpop, ..bare };
        assert_eq!(shown(bound.clone(), Ways::BOTH), [r#"DPoP algs="ES256 RS256 PS256 EdDSA""#]);
        let one = Ways { proofs: Some(&[Algorithm::EdDsa]), ..Ways::BOTH };
        assert_eq!(shown(bound, one), [r#"DPoP algs="EdDSA""#]);
    }

    /// RFC 9449 §7.2.
    #[test]
    fn ui_04_who_may_try_again_hears_of_the_other_way() {
        let of_another_key = r#"DPoP algs="ES256 RS256 PS256 EdDSA""#;
        for &error in BearerError::ALL {
            let all = |scheme, ways| shown(Challenge::new(scheme, error), ways);
            let both = all(TokenType::Bearer, Ways::BOTH);
            let helps = !matches!(
                error,
                BearerError::InvalidRequest
                    | BearerError::InsufficientScope
                    | BearerError::InsufficientUserAuthentication
            );
            assert_eq!(both.len(), if helps { 2 } else { 1 }, "{error:?}");
            assert!(both.get(1).is_none_or(|other| other == of_another_key), "{both:?}");
            assert_eq!(all(TokenType::Bearer, Ways::BEARER).len(), 1, "{error:?}");
            assert_eq!(all(TokenType::Dpop, Ways::BOTH).len(), 1, "{error:?}");
            let proof_needed = all(TokenType::Bearer, Ways { bearer: false, ..Ways::BOTH });
            assert!(proof_needed.len() == 1 && proof_needed[0].starts_with("DPoP "), "{proof_needed:?}");
        }
    }

    /// RFC 9470 §3.
    #[test]
    fn rs_16_a_challenge_says_which_sign_in_is_needed() {
        let step_up = StepUp {
            acr_values: ["urn:a", "urn:b"].map(|acr| ScopeToken::parse(acr).unwrap()).into(),
            max_age: Some(Seconds::minutes(5)),
        };
        let error = BearerError::InsufficientUserAuthentication;
        let challenge = Challenge { step_up, ..Challenge::new(TokenType::Dpop, error) };
        assert_eq!(
            shown(challenge, Ways::BOTH),
            [
                r#"DPoP error="insufficient_user_authentication", acr_values="urn:a urn:b", max_age="300", algs="ES256 RS256 PS256 EdDSA""#
            ]
        );
    }

    #[test]
    fn every_error_may_be_sent_by_a_resource() {
        for code in BearerError::ALL.iter().filter_map(|error| error.code()) {
            assert!(code.is_allowed_at(Endpoint::Resource), "{code}");
        }
    }
}
