//! What a refusal looks like — RFC 6750 §3, RFC 9449 §7.1, §7.2, §9, RFC 9470 §3, RFC 9728 §5.1.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use mapae_protocol::{
    bearer,
    challenge::{BearerError, Challenge, Ways},
    dpop,
    endpoint_uri::EndpointUri,
    error::{ErrorCode, OAuthError},
    token::TokenType,
};

use crate::{possession::NONCE, refusal::Refusal};

const UNAVAILABLE: OAuthError =
    OAuthError::new(ErrorCode::TemporarilyUnavailable, "access tokens cannot be checked at the moment");
const MISCONFIGURED: OAuthError = OAuthError::new(ErrorCode::ServerError, "this route is misconfigured");
const INSUFFICIENT_SCOPE: &str = "the access token does not have the scope that is needed";
const INSUFFICIENT_AUTHENTICATION: &str = "a more recent or stronger sign-in is needed";

impl Refusal {
    /// The answer of what is outside of every layer.
    pub(crate) fn misconfigured() -> Response<Full<Bytes>> {
        response(StatusCode::INTERNAL_SERVER_ERROR, Some(MISCONFIGURED), Vec::new())
    }

    /// The response, with the address at which the API describes itself. `scheme` is that in which the token came, and
    /// `ways` are those in which it could.
    pub(crate) fn to_response(
        &self,
        resource_metadata: Option<&EndpointUri>,
        scheme: TokenType,
        ways: Ways<'_>,
    ) -> Response<Full<Bytes>> {
        let refusal = |challenge: Challenge| {
            let error = challenge.error;
            let description = challenge.description.unwrap_or_default();
            let told = error.code().map(|code| OAuthError::new(code, description));
            let challenge = Challenge { resource_metadata: resource_metadata.cloned(), ..challenge };
            response(error.status(), told, challenge.header_values(ways))
        };
        let challenge = |error, description| {
            refusal(Challenge { description: Some(description), ..Challenge::new(scheme, error) })
        };
        match self {
            Self::NoCredentials => refusal(Challenge::new(scheme, BearerError::NoCredentials)),
            Self::Malformed(error) => challenge(BearerError::InvalidRequest, description(*error)),
            Self::Invalid(invalid) => challenge(BearerError::InvalidToken, invalid.description()),
            Self::Proof(error, nonce) => {
                let kind = match error {
                    dpop::Error::Nonce => BearerError::UseDpopNonce,
                    _ => BearerError::InvalidDpopProof,
                };
                let mut response = challenge(kind, OAuthError::from(*error).description);
                if let Some(nonce) = nonce {
                    tell_nonce(&mut response, nonce.clone());
                }
                response
            }
            Self::InsufficientScope(scopes) => refusal(Challenge {
                description: Some(INSUFFICIENT_SCOPE),
                scope: Some(scopes.clone()),
                ..Challenge::new(scheme, BearerError::InsufficientScope)
            }),
            Self::InsufficientAuthentication(step_up) => refusal(Challenge {
                description: Some(INSUFFICIENT_AUTHENTICATION),
                step_up: step_up.clone(),
                ..Challenge::new(scheme, BearerError::InsufficientUserAuthentication)
            }),
            Self::Unavailable => {
                let mut response = response(StatusCode::SERVICE_UNAVAILABLE, Some(UNAVAILABLE), Vec::new());
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
    challenges: Vec<HeaderValue>,
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
    // A browser application reads the challenges, if the API's CORS policy lets it read anything.
    if !challenges.is_empty() {
        let exposed = HeaderValue::from_static("WWW-Authenticate");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    for challenge in challenges {
        headers.append(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

#[cfg(test)]
mod tests {
    use mapae_protocol::{
        access_token,
        challenge::StepUp,
        scope::{ScopeToken, Scopes},
        time::Seconds,
    };

    use super::*;
    use crate::refusal::Invalid;

    fn shown(refusal: &Refusal) -> String {
        let metadata =
            EndpointUri::parse("https://api.example/.well-known/oauth-protected-resource").unwrap();
        let response = refusal.to_response(Some(&metadata), TokenType::Bearer, Ways::BEARER);
        let challenge =
            response.headers().get(header::WWW_AUTHENTICATE).map_or("-", |value| value.to_str().unwrap());
        format!("{} {challenge}", response.status().as_u16())
    }

    /// RFC 9728 §5.1.
    #[test]
    fn rfc6750_3_challenges_are_exact() {
        let metadata = "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"";
        let expired = Refusal::Invalid(Invalid::Token(access_token::Error::Expired));
        let step_up = StepUp {
            acr_values: ["urn:a", "urn:b"].map(|acr| ScopeToken::parse(acr).unwrap()).into(),
            max_age: Some(Seconds::minutes(5)),
        };
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
                    INSUFFICIENT_AUTHENTICATION
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
            let response = refusal.to_response(None, scheme, Ways { bearer, ..Ways::BOTH });
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
            let response = refusal.to_response(None, TokenType::Bearer, Ways::BEARER);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        }
        let response = Refusal::Unavailable.to_response(None, TokenType::Bearer, Ways::BEARER);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
