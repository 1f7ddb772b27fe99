//! ID tokens — OIDC Core §2, OIDC Core §3.1.3.6, OIDC Core §3.1.3.7.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    audience::Audience,
    base64url,
    digest::{sha256, sha512},
    jose::{self, Algorithm, ClaimsError, HeaderType, JwkSet, Unverified},
    secret::constant_time_eq,
    strict_json::present,
    time::{Leeway, Seconds, Timestamp},
};

/// The claims of an ID token — OIDC Core §2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// Who issued it.
    pub iss: String,
    /// The person, unique at the issuer: with `iss` the only key of an account.
    pub sub: String,
    /// The client that it is for.
    pub aud: Audience,
    /// From this second on it must not be accepted.
    pub exp: Timestamp,
    /// When it was issued.
    pub iat: Timestamp,
    /// Before this second it is not valid yet; not issued by this project.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<Timestamp>,
    /// When the person last signed in.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// What the client sent to recognise its own request.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Ties the access token to this token; see [`at_hash`].
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Ties the code to this token (OIDC Core §3.3.2.11); not issued by this project.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// The client that asked for it, where that is not clear from `aud`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// How strong the sign-in was.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods it was done — RFC 8176 §2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The session at the issuer, for logout.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// All others: claims about the person (OIDC Core §5.1) and the issuer's own.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The claims without which a token is not an ID token — OIDC Core §2.
const REQUIRED: &[&str] = &["iss", "sub", "aud", "exp", "iat"];

/// The longest `sub` — OIDC Core §2.
const MAX_SUBJECT: usize = 255;

/// What the client knows before it sees the token. There are no defaults.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The provider's identifier.
    pub issuer: &'a str,
    /// The client's own id.
    pub client_id: &'a str,
    /// The `nonce` of the request, if one was sent.
    pub nonce: Option<&'a str>,
    /// The access token that came with it, if one did.
    pub access_token: Option<&'a str>,
    /// The code that came with it, in the hybrid flow only.
    pub code: Option<&'a str>,
    /// The `max_age` of the request, if one was sent.
    pub max_age: Option<Seconds>,
    /// The algorithms that the client accepts from this provider.
    pub algorithms: &'a [Algorithm],
    /// The time of the request.
    pub now: Timestamp,
    /// How far the two clocks may differ.
    pub leeway: Leeway,
}

/// Why an ID token was refused — OIDC Core §3.1.3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a token signed by one of the keys.
    #[error(transparent)]
    Token(jose::Error),
    /// It names a key that is not in the set: fetch the set again, once, before refusing.
    #[error("the ID token's key is unknown")]
    UnknownKey,
    /// Its `typ` says that it is another kind of token.
    #[error("not an ID token")]
    WrongType,
    /// Its algorithm is not one that was agreed on with this provider.
    #[error("the ID token's algorithm was not agreed on")]
    Algorithm,
    /// A claim is missing or has the wrong type.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// The subject is longer than 255 characters or not ASCII.
    #[error("the ID token's subject is too long or not ASCII")]
    Subject,
    /// Somebody else issued it.
    #[error("the ID token is from another issuer")]
    Issuer,
    /// It is for another client.
    #[error("the ID token is for another client")]
    Audience,
    /// It is for others besides this client, who could have leaked or asked for it.
    #[error("the ID token is also for others")]
    UntrustedAudience,
    /// Another client asked for it.
    #[error("the ID token was asked for by another client")]
    AuthorizedParty,
    /// Its time is over.
    #[error("the ID token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the ID token is not valid yet")]
    NotYetValid,
    /// It says that it will be issued later.
    #[error("the ID token was issued in the future")]
    IssuedInFuture,
    /// A nonce was sent and none came back.
    #[error("the ID token has no nonce")]
    NonceMissing,
    /// Another nonce came back: the answer to somebody else's request.
    #[error("the ID token's nonce is not the one that was sent")]
    NonceMismatch,
    /// A nonce came back and none was sent.
    #[error("the ID token has a nonce that was not sent")]
    NonceUnexpected,
    /// It does not say when the person signed in, although `max_age` was sent.
    #[error("the ID token does not say when the person signed in")]
    AuthTimeMissing,
    /// The person signed in longer ago than `max_age`.
    #[error("the person signed in too long ago")]
    AuthenticationTooOld,
    /// The access token that came along is not the one that it was issued with.
    #[error("the access token does not belong to the ID token")]
    AccessTokenHash,
    /// The code that came along is not the one that it was issued with.
    #[error("the code does not belong to the ID token")]
    CodeHash,
}

impl From<jose::Error> for Error {
    fn from(error: jose::Error) -> Self {
        match error {
            jose::Error::UnknownKey => Self::UnknownKey,
            other => Self::Token(other),
        }
    }
}

/// The left half of the algorithm's hash of an access token or code — OIDC Core §3.1.3.6.
///
/// Ed25519 hashes with SHA-512 inside, so that is its hash here too.
#[must_use]
pub fn at_hash(algorithm: Algorithm, value: &str) -> String {
    let left = |digest: &[u8]| base64url::encode(digest.get(..digest.len() / 2).unwrap_or_default());
    match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 | Algorithm::Ps256 => left(&sha256(value.as_bytes())),
        Algorithm::EdDsa => left(&sha512(value.as_bytes())),
    }
}

/// OIDC Core §3.1.3.7: everything that a client must check, in one go.
///
/// # Errors
/// An [`Error`] for the first rule that is broken. After [`Error::UnknownKey`] the caller may fetch the
/// key set again and repeat.
pub fn verify(token: &str, keys: &JwkSet, expectations: &Expectations<'_>) -> Result<IdTokenClaims, Error> {
    let unverified = Unverified::parse(token)?;
    if unverified.typ().is_some() && !unverified.is_typed(HeaderType::Jwt) {
        return Err(Error::WrongType);
    }
    let algorithm = unverified.algorithm();
    if !expectations.algorithms.contains(&algorithm) {
        return Err(Error::Algorithm);
    }
    let claims: IdTokenClaims = unverified.verify_with(keys)?.claims(REQUIRED)?;
    claims.addressed_to(expectations)?;
    claims.in_time(expectations)?;
    claims.answers(expectations)?;
    claims.hashes_match(algorithm, expectations)?;
    Ok(claims)
}

impl IdTokenClaims {
    /// OIDC Core §3.1.3.7, rules 2 to 5.
    fn addressed_to(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        if self.sub.is_empty() {
            return Err(ClaimsError::Missing("sub").into());
        }
        if self.sub.len() > MAX_SUBJECT || !self.sub.is_ascii() {
            return Err(Error::Subject);
        }
        if self.iss != expected.issuer {
            return Err(Error::Issuer);
        }
        if !self.aud.contains(expected.client_id) {
            return Err(Error::Audience);
        }
        // No other audience is trusted, whatever `azp` says.
        if !self.aud.is_only(expected.client_id) {
            return Err(Error::UntrustedAudience);
        }
        if self.azp.as_ref().is_some_and(|azp| azp != expected.client_id) {
            return Err(Error::AuthorizedParty);
        }
        Ok(())
    }

    /// OIDC Core §3.1.3.7, rules 9, 10 and 13.
    fn in_time(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        let Expectations { now, leeway, .. } = *expected;
        if leeway.expired(self.exp, now) {
            return Err(Error::Expired);
        }
        if self.nbf.is_some_and(|date| leeway.in_future(date, now)) {
            return Err(Error::NotYetValid);
        }
        if leeway.in_future(self.iat, now) {
            return Err(Error::IssuedInFuture);
        }
        let Some(max_age) = expected.max_age else { return Ok(()) };
        let auth_time = self.auth_time.ok_or(Error::AuthTimeMissing)?;
        if now > auth_time.plus(max_age).plus(leeway.span()) {
            return Err(Error::AuthenticationTooOld);
        }
        Ok(())
    }

    /// OIDC Core §3.1.3.7, rule 11. An answer with a nonce to a request without one is an injected one.
    fn answers(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        match (expected.nonce, &self.nonce) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(Error::NonceMissing),
            (None, Some(_)) => Err(Error::NonceUnexpected),
            (Some(sent), Some(came)) if constant_time_eq(sent.as_bytes(), came.as_bytes()) => Ok(()),
            (Some(_), Some(_)) => Err(Error::NonceMismatch),
        }
    }

    /// OIDC Core §3.1.3.8, OIDC Core §3.3.2.11: in the code flow `at_hash` may be absent, never wrong.
    fn hashes_match(&self, algorithm: Algorithm, expected: &Expectations<'_>) -> Result<(), Error> {
        let wrong = |claim: &Option<String>, value: Option<&str>| match (claim, value) {
            (Some(hash), Some(value)) => {
                !constant_time_eq(hash.as_bytes(), at_hash(algorithm, value).as_bytes())
            }
            _ => false,
        };
        if wrong(&self.at_hash, expected.access_token) {
            return Err(Error::AccessTokenHash);
        }
        if wrong(&self.c_hash, expected.code) {
            return Err(Error::CodeHash);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
