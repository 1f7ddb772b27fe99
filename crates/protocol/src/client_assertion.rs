//! Client assertions: a client proves who it is by a JWT — RFC 7521 §4.2, RFC 7523 §3, OIDC Core §9.

use serde::Deserialize;

use crate::{
    audience::Audience,
    client_jwt::{self, ClientKeys},
    jose::{ClaimsError, HeaderType},
    strict_json,
    time::{Leeway, Seconds, Timestamp},
};

/// The one `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion may be good, and how old: it is made for one request. Some libraries say an hour.
pub const MAX_LIFE: Seconds = Seconds::hours(1);

/// What an assertion is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// Who it must be of.
    pub client_id: &'a str,
    /// The issuer identifier of this server.
    pub issuer: &'a str,
    /// The address of its token endpoint, where that may be the audience (OIDC Core §9). Without it the audience is the
    /// issuer, as text (FAPI 2.0 §5.3.2.1, item 8).
    pub token_endpoint: Option<&'a str>,
    /// The time.
    pub now: Timestamp,
    /// How far the two clocks may differ.
    pub leeway: Leeway,
}

/// What is left to do with an assertion that is right: to see that it comes once (RFC 7523 §3, rule 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// Its name, unique among those of its client.
    pub jti: String,
    /// From when on it is refused for its age, clocks that differ included: until then its name must be known.
    pub known_until: Timestamp,
}

/// Why an assertion was refused. The client is told one thing for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The token itself.
    #[error(transparent)]
    Token(#[from] client_jwt::Error),
    /// A claim is missing or has the wrong type.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// `iss` is not the client.
    #[error("the issuer of the assertion is not the client")]
    Issuer,
    /// `sub` is not the client.
    #[error("the subject of the assertion is not the client")]
    Subject,
    /// It is for somebody else, or for others besides this server.
    #[error("the assertion is for another server")]
    Audience,
    /// Its time is over.
    #[error("the assertion has expired")]
    Expired,
    /// It would be good for longer than [`MAX_LIFE`].
    #[error("the assertion is good for too long")]
    TooLong,
    /// Its time has not come.
    #[error("the assertion is not good yet")]
    NotYet,
    /// It says that it was made later than now.
    #[error("the assertion was made in the future")]
    IssuedInFuture,
    /// It was made too long ago.
    #[error("the assertion is too old")]
    TooOld,
    /// It has no name.
    #[error("the assertion has no name")]
    Unnamed,
    /// It says what another kind of token says.
    #[error("the token is no assertion")]
    OtherKind,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: Timestamp,
    jti: String,
    #[serde(default, deserialize_with = "strict_json::present")]
    iat: Option<Timestamp>,
    #[serde(default, deserialize_with = "strict_json::present")]
    nbf: Option<Timestamp>,
}

/// What other tokens say that a client or this server signs: request objects, proofs of possession, notices, ID tokens.
const OF_OTHERS: [&str; 9] =
    ["response_type", "redirect_uri", "request", "request_uri", "htm", "htu", "events", "nonce", "at_hash"];

/// RFC 7523 §3: everything that must be checked of an assertion but that it comes once.
///
/// # Errors
/// An [`Error`] for the first rule that is broken.
pub fn verify(
    assertion: &str,
    keys: ClientKeys<'_>,
    expected: &Expectations<'_>,
) -> Result<VerifiedAssertion, Error> {
    let verified = client_jwt::verify(assertion, keys, HeaderType::ClientAssertion)?;
    let said: serde_json::Map<String, serde_json::Value> = verified.claims(&[])?;
    if OF_OTHERS.iter().any(|name| said.contains_key(*name)) {
        return Err(Error::OtherKind);
    }
    let claims: Claims = verified.claims(&["iss", "sub", "aud", "exp", "jti"])?;
    if expected.token_endpoint.is_none() && said.get("aud").is_some_and(serde_json::Value::is_array) {
        return Err(Error::Audience);
    }
    claims.are_of(expected)?;
    claims.in_time(expected)?;
    if claims.jti.is_empty() {
        return Err(Error::Unnamed);
    }
    let known_until = claims.exp.plus(expected.leeway.span());
    Ok(VerifiedAssertion { jti: claims.jti, known_until })
}

impl Claims {
    fn are_of(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        if self.iss != expected.client_id {
            return Err(Error::Issuer);
        }
        if self.sub != expected.client_id {
            return Err(Error::Subject);
        }
        // With strangers beside it, one of them could use it here (audience injection).
        let ours = |aud: &str| aud == expected.issuer || Some(aud) == expected.token_endpoint;
        if self.aud.iter().all(ours) { Ok(()) } else { Err(Error::Audience) }
    }

    fn in_time(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        let Expectations { now, leeway, .. } = *expected;
        if leeway.expired(self.exp, now) {
            return Err(Error::Expired);
        }
        if self.exp > now.plus(MAX_LIFE).plus(leeway.span()) {
            return Err(Error::TooLong);
        }
        if self.nbf.is_some_and(|nbf| leeway.in_future(nbf, now)) {
            return Err(Error::NotYet);
        }
        if self.iat.is_some_and(|iat| leeway.in_future(iat, now)) {
            return Err(Error::IssuedInFuture);
        }
        if self.iat.is_some_and(|iat| now > iat.plus(MAX_LIFE).plus(leeway.span())) {
            return Err(Error::TooOld);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
