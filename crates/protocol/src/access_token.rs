//! JWT access tokens — RFC 9068 §2, RFC 9068 §4.

use serde::{Deserialize, Serialize};

use crate::{
    audience::Audience,
    dpop::{Confirmation, Thumbprint},
    error::{ErrorCode, OAuthError},
    jose::{self, ClaimsError, HeaderType, JwkSet, Unverified, Verified},
    strict_json::{is_there, present},
    time::{Leeway, Timestamp},
    token_exchange::Actor,
};

/// The claims of an access token — RFC 9068 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// Who issued it.
    pub iss: String,
    /// The person in the sector of the API; the client itself when no person is involved.
    pub sub: String,
    /// The APIs that may accept it.
    pub aud: Audience,
    /// From this second on it is worthless.
    pub exp: Timestamp,
    /// When it was issued.
    pub iat: Timestamp,
    /// Before this second it is not valid yet; not issued by this project.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<Timestamp>,
    /// The token's own id.
    pub jti: String,
    /// The client that it was issued to.
    pub client_id: String,
    /// The granted scope, names parted by spaces — RFC 8693 §4.2.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When the person last signed in.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// How strong that sign-in was.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which methods it was done — RFC 8176 §2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The browser session that it belongs to.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The key to which it is bound (RFC 9449 §6.1).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the subject, of an exchanged token — RFC 8693 §4.1.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// Private: the client to which the grant was given, where another one has the token by an exchange.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub gcl: Option<String>,
    /// Private: the grant that it was issued under; absent for client credentials.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// Private: the handles under which the revocation feed can end it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rvh: Vec<String>,
}

/// The claims without which a token is not an access token — RFC 9068 §2.2.
const REQUIRED: &[&str] = &["iss", "sub", "aud", "exp", "iat", "jti", "client_id"];

/// What a resource server knows before it sees the token. There are no defaults.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The authorization server's identifier.
    pub issuer: &'a str,
    /// The resource server's own identifier.
    pub audience: &'a str,
    /// The time of the request.
    pub now: Timestamp,
    /// How far the two clocks may differ.
    pub leeway: Leeway,
}

/// Why an access token was refused — RFC 9068 §4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a token signed by one of the keys.
    #[error(transparent)]
    Token(jose::Error),
    /// It names a key that is not in the set: fetch the set again, once, before refusing.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// Its `typ` is not `at+jwt`: an ID token, logout token or something else.
    #[error("not an access token")]
    WrongType,
    /// A claim is missing or has the wrong type.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// Somebody else issued it.
    #[error("the token is from another issuer")]
    Issuer,
    /// It is for another API.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It says that it will be issued later.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// It is bound to a key (`cnf`), and the possession of that key was not proven.
    #[error("the token is bound to a key")]
    SenderConstrained,
    /// It came with a proof of possession, and is bound to no key or to another one.
    #[error("the token is not bound to the key of the proof")]
    OtherKey,
}

impl From<jose::Error> for Error {
    fn from(error: jose::Error) -> Self {
        match error {
            jose::Error::UnknownKey => Self::UnknownKey,
            other => Self::Token(other),
        }
    }
}

/// What the peer is told — RFC 6750 §3.1. Why a token is refused is its owner's business only where it
/// helps an honest client: an expired one is to be refreshed.
impl From<Error> for OAuthError {
    fn from(error: Error) -> Self {
        let description = match error {
            Error::Expired => "the access token has expired",
            Error::Audience => "the access token is for another audience",
            Error::NotYetValid | Error::IssuedInFuture => "the access token is not valid yet",
            Error::SenderConstrained => "the access token is bound to a key",
            Error::OtherKey => "the access token is not bound to the key of the proof",
            Error::Token(_) | Error::UnknownKey | Error::WrongType | Error::Claims(_) | Error::Issuer => {
                "the access token is not valid"
            }
        };
        Self::new(ErrorCode::InvalidToken, description)
    }
}

/// RFC 9068 §4: everything that a resource server must check of a bearer token, in one go.
///
/// # Errors
/// An [`Error`] for the first rule that is broken. After [`Error::UnknownKey`] the caller may fetch the
/// key set again and repeat.
pub fn verify_at_jwt(
    token: &str,
    keys: &JwkSet,
    expectations: &Expectations<'_>,
) -> Result<AccessTokenClaims, Error> {
    let verified = signed(token, keys)?;
    // Taking a key-bound token for a bearer token would undo its protection (RFC 9449 §7.2).
    if verified.claims::<Bound>(&[])?.cnf {
        return Err(Error::SenderConstrained);
    }
    let claims = verified.claims(REQUIRED)?;
    verify(&claims, expectations)?;
    Ok(claims)
}

/// As [`verify_at_jwt`], for whoever then asks [`bound_to`] about each request: the token may be bound to a key.
///
/// # Errors
/// As there.
pub fn verify_bindable(
    token: &str,
    keys: &JwkSet,
    expectations: &Expectations<'_>,
) -> Result<AccessTokenClaims, Error> {
    let claims = signed(token, keys)?.claims(REQUIRED)?;
    verify(&claims, expectations)?;
    Ok(claims)
}

fn signed(token: &str, keys: &JwkSet) -> Result<Verified, Error> {
    let unverified = Unverified::parse(token)?;
    if !unverified.is_typed(HeaderType::AccessToken) {
        return Err(Error::WrongType);
    }
    Ok(unverified.verify_with(keys)?)
}

/// Whether a token may be presented like this: one that is bound to a key with a proof of that key, any other without
/// one (RFC 9449 §7.1, §7.2). `proven` is the key of the proof that came with it, verified for this request and token.
///
/// # Errors
/// [`Error::SenderConstrained`] or [`Error::OtherKey`].
pub fn bound_to(cnf: Option<&Confirmation>, proven: Option<Thumbprint>) -> Result<(), Error> {
    match (cnf, proven) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Error::SenderConstrained),
        (Some(cnf), Some(key)) if cnf.jkt == key => Ok(()),
        (_, Some(_)) => Err(Error::OtherKey),
    }
}

/// The rules about the claims alone, for tokens whose signature was checked.
///
/// # Errors
/// An [`Error`] for the first rule that is broken.
pub fn verify(claims: &AccessTokenClaims, expectations: &Expectations<'_>) -> Result<(), Error> {
    let Expectations { issuer, audience, now, leeway } = *expectations;
    for (name, value) in [("sub", &claims.sub), ("jti", &claims.jti), ("client_id", &claims.client_id)] {
        if value.is_empty() {
            return Err(ClaimsError::Missing(name).into());
        }
    }
    if claims.iss != issuer {
        return Err(Error::Issuer);
    }
    if !claims.aud.contains(audience) {
        return Err(Error::Audience);
    }
    if leeway.expired(claims.exp, now) {
        return Err(Error::Expired);
    }
    if claims.nbf.is_some_and(|date| leeway.in_future(date, now)) {
        return Err(Error::NotYetValid);
    }
    if leeway.in_future(claims.iat, now) {
        return Err(Error::IssuedInFuture);
    }
    Ok(())
}

#[derive(Deserialize)]
struct Bound {
    #[serde(default, deserialize_with = "is_there")]
    cnf: bool,
}

#[cfg(test)]
mod tests;
