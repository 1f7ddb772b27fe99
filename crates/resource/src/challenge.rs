//! What a refusal looks like — RFC 6750 §3, RFC 9449 §7.1, §7.2, §9, RFC 9470 §3, RFC 9728 §5.1.

use std::fmt::Write;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use mapae_protocol::{
    bearer::{self, BearerError, Challenge, names},
    dpop,
    endpoint_uri::EndpointUri,
    error::{ErrorCode, OAuthError},
    jose::Algorithm,
    scope::Scopes,
    token::TokenType,
};

use crate::{
    possession::{NONCE, Ways},
    refusal::{Refusal, StepUp},
};

const STEP_UP: OAuthError =
    OAuthError::new(ErrorCode::InsufficientUserAuthentication, "a more recent or stronger sign-in is needed");
const UNAVAILABLE: OAuthError =
    OAuthError::new(ErrorCode::TemporarilyUnavailable, "access tokens cannot be checked at the moment");
const MISCONFIGURED: OAuthError = OAuthError::new(ErrorCode::ServerError, "this route is misconfigured");
const INSUFFICIENT_SCOPE: &str = "the access token does not have the scope that is needed";

impl Refusal {
    /// The answer of what is outside of every layer.
    pub(crate) fn misconfigured() -> Response<Full<Bytes>> {
        response(StatusCode::INTERNAL_SERVER_ERROR, Some(MISCONFIGURED), None)
    }

    /// The response, with the address at which the API describes itself. `scheme` is that in which the token came, and
    /// `ways` are those in which it could.
    pub(crate) fn to_response(
        &self,
        resource_metadata: Option<&EndpointUri>,
        scheme: TokenType,
        ways: Ways<'_>,
    ) -> Response<Full<Bytes>> {
        let scheme = if ways.bearer { scheme } else { TokenType::Dpop };
        let proofs = ways.proofs.unwrap_or(Algorithm::ALL);
        let challenge = |error, description, scope: Option<&Scopes>| {
            let resource_metadata = resource_metadata.cloned();
            let challenge =
                Challenge { scheme, error, description, scope: scope.cloned(), resource_metadata };
            let told = error.code().map(|code| OAuthError::new(code, description.unwrap_or_default()));
            let mut response = response(error.status(), told, Some(challenge.to_header_value_for(proofs)));
            // Who may try again hears of the other way, too (RFC 9449 §7.2).
            if scheme == TokenType::Bearer
                && ways.proofs.is_some()
                && error.status() == StatusCode::UNAUTHORIZED
            {
                let error = BearerError::NoCredentials;
                let other =
                    Challenge { scheme: TokenType::Dpop, error, description: None, scope: None, ..challenge };
                if let Ok(other) = HeaderValue::try_from(other.to_header_value_for(proofs)) {
                    response.headers_mut().append(header::WWW_AUTHENTICATE, other);
                }
            }
            response
        };
        match self {
            Self::NoCredentials => challenge(BearerError::NoCredentials, None, None),
            Self::Malformed(error) => challenge(BearerError::InvalidRequest, Some(description(*error)), None),
            Self::Invalid(invalid) => challenge(BearerError::InvalidToken, Some(invalid.description()), None),
            Self::Proof(error, nonce) => {
                let kind = match error {
                    dpop::Error::Nonce => BearerError::UseDpopNonce,
                    _ => BearerError::InvalidDpopProof,
                };
                let mut response = challenge(kind, Some(OAuthError::from(*error).description), None);
                if let Some(nonce) = nonce {
                    tell_nonce(&mut response, nonce.clone());
                }
                response
            }
            Self::InsufficientScope(scopes) => {
                challenge(BearerError::InsufficientScope, Some(INSUFFICIENT_SCOPE), Some(scopes))
            }
            Self::InsufficientAuthentication(step_up) => {
                let challenge = step_up.to_header_value((scheme, proofs), resource_metadata);
                response(StatusCode::UNAUTHORIZED, Some(STEP_UP), Some(challenge))
            }
            Self::Unavailable => {
                let mut response = response(StatusCode::SERVICE_UNAVAILABLE, Some(UNAVAILABLE), None);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
            Self::Misconfigured => Self::misconfigured(),
        }
    }
}

/// Tells a nonce, and lets a browser application read it.
pub(crate) fn tell_nonce<B>(response: &mut Response<B>, nonce: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(NONCE, nonce);
    headers.append(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("DPoP-Nonce"));
}

fn description(error: bearer::Error) -> &'static str {
    OAuthError::from(error).description
}

fn response(
    status: StatusCode,
    told: Option<OAuthError>,
    challenge: Option<String>,
) -> Response<Full<Bytes>> {
    let body = told.and_then(|told| serde_json::to_vec(&told).ok());
    let has_body = body.is_some();
    let mut response = Response::new(Full::from(body.unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if has_body {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    // The parts of a challenge have no characters that a header could not have.
    if let Some(challenge) = challenge.and_then(|challenge| HeaderValue::from_str(&challenge).ok()) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
        // A browser application reads the challenge, if the API's CORS policy lets it read anything.
        let exposed = HeaderValue::from_static("WWW-Authenticate");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

impl StepUp {
    /// RFC 9470 §3: what `WWW-Authenticate` says about the sign-in that is needed.
    fn to_header_value(
        &self,
        (scheme, proofs): (TokenType, &[Algorithm]),
        resource_metadata: Option<&EndpointUri>,
    ) -> String {
        let OAuthError { code, description } = STEP_UP;
        let mut value = format!("{scheme} error=\"{code}\", error_description=\"{description}\"");
        let acr_values = (!self.acr_values.is_empty()).then(|| self.acr_values.join(" "));
        let attributes = [
            ("acr_values", acr_values),
            ("max_age", self.max_age.map(|seconds| seconds.to_string())),
            ("resource_metadata", resource_metadata.map(EndpointUri::to_string)),
            ("algs", (scheme == TokenType::Dpop).then(|| names(proofs).join(" "))),
        ];
        for (name, text) in attributes {
            if let Some(text) = text {
                // Writing to a `String` cannot fail.
                let _ = write!(value, ", {name}=\"{text}\"");
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::access_token;

    use super::*;
    use crate::refusal::Invalid;

    const BEARER: Ways<'_> = Ways { bearer: true, proofs: None };

    fn shown(refusal: &Refusal) -> String {
        let metadata =
            EndpointUri::parse("https://api.example/.well-known/oauth-protected-resource").unwrap();
        let response = refusal.to_response(Some(&metadata), TokenType::Bearer, BEARER);
        let challenge =
            response.headers().get(header::WWW_AUTHENTICATE).map_or("-", |value| value.to_str().unwrap());
        format!("{} {challenge}", response.status().as_u16())
    }

    /// RFC 9728 §5.1.
    #[test]
    fn rfc6750_3_challenges_are_exact() {
        let metadata = "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"";
        let expired = Refusal::Invalid(Invalid::Token(access_token::Error::Expired));
        let step_up = StepUp { acr_values: vec!["urn:a".into(), "urn:b".into()], max_age: Some(300) };
        for (refusal, expected) in [
            (Refusal::NoCredentials, format!("401 Bearer {metadata}")),
            (
                Refusal::Malformed(bearer::Error::SeveralHeaders),
                format!(
                    "400 Bearer error=\"invalid_request\", \
                     error_description=\"there is more than one Authorization header\", {metadata}"
                ),
            ),
            (
                expired,
                format!(
                    "401 Bearer error=\"invalid_token\", \
                     error_description=\"the access token has expired\", {metadata}"
                ),
            ),
            (
                Refusal::InsufficientScope(Scopes::parse("b a").unwrap()),
                format!(
                    "403 Bearer error=\"insufficient_scope\", \
                     error_description=\"{INSUFFICIENT_SCOPE}\", scope=\"a b\", {metadata}"
                ),
            ),
            (
                Refusal::InsufficientAuthentication(step_up),
                format!(
                    "401 Bearer error=\"insufficient_user_authentication\", \
                     error_description=\"{}\", acr_values=\"urn:a urn:b\", max_age=\"300\", {metadata}",
                    STEP_UP.description
                ),
            ),
            (Refusal::Unavailable, "503 -".into()),
            (Refusal::Misconfigured, "500 -".into()),
        ] {
            assert_eq!(shown(&refusal), expected);
        }
    }

    /// RFC 9449 §5.1.
    #[test]
    fn ui_04_a_challenge_names_the_ways_in_which_a_token_can_come() {
        let challenges = |refusal: &Refusal, scheme, bearer| {
            let response = refusal.to_response(None, scheme, Ways { bearer, proofs: Some(Algorithm::ALL) });
            let values = response.headers().get_all(header::WWW_AUTHENTICATE);
            values.iter().map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let algs = r#"DPoP algs="ES256 RS256 PS256 EdDSA""#;
        let bound = Refusal::Invalid(Invalid::Token(access_token::Error::SenderConstrained));
        assert_eq!(challenges(&Refusal::NoCredentials, TokenType::Bearer, true), ["Bearer", algs]);
        assert_eq!(challenges(&Refusal::NoCredentials, TokenType::Bearer, false), [algs]);
        let both = challenges(&bound, TokenType::Bearer, true);
        assert!(both[0].starts_with(r#"Bearer error="invalid_token""#) && both[1] == algs, "{both:?}");
        let proof = challenges(&dpop::Error::Replayed.into(), TokenType::Dpop, true);
        assert!(proof.len() == 1 && proof[0].starts_with(r#"DPoP error="invalid_dpop_proof""#), "{proof:?}");
        let narrow = Refusal::InsufficientScope(Scopes::parse("a").unwrap());
        assert_eq!(challenges(&narrow, TokenType::Bearer, true).len(), 1, "another key would not help");
    }

    #[test]
    fn a_refusal_is_never_kept_by_a_cache() {
        for refusal in [Refusal::NoCredentials, Refusal::Unavailable, Refusal::Invalid(Invalid::Withdrawn)] {
            let response = refusal.to_response(None, TokenType::Bearer, BEARER);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        }
        let response = Refusal::Unavailable.to_response(None, TokenType::Bearer, BEARER);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
