//! Request objects: an authorization request that the app has signed — RFC 9101 §4, §6.3, OIDC Core §6.

mod signing;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::members;
use crate::{
    audience::Audience,
    client_jwt::{self, ClientKeys},
    error::{OAuthError, rule_errors},
    fapi::MAX_OBJECT_LIFE,
    jose::{ClaimsError, HeaderType},
    params::{Params, Repeated},
    strict_json,
    time::{Leeway, Timestamp},
};

pub use signing::{NewRequestObject, Unsigned};

rule_errors! {
    /// Why a request that comes in an object, or should, is refused. What is wrong with an object is for the log: it is one
    /// rule here.
    pub enum Error {
        /// A parameter is repeated (RFC 6749 §3.1).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// `request` beside `request_uri` (RFC 9101 §5).
        Both => InvalidRequest, "request and request_uri must not be sent together";
        /// An object that names another one (RFC 9101 §4, §7).
        Nested => InvalidRequestObject, "a request object must not contain request or request_uri";
        /// The app has registered nothing to verify an object with (OIDC Core §3.1.2.6).
        NotSupported => RequestNotSupported, "the app has registered no keys for request objects";
        /// The app has registered no `request_uris` (OIDC Core §3.1.2.6).
        UriNotSupported => RequestUriNotSupported, "the app has registered no request_uris";
        /// A `request_uri` that is not registered, byte for byte (OIDC Core §6.2).
        UriNotRegistered => InvalidRequestUri, "request_uri is none of the app's";
        /// What stands there cannot be had: one answer for all reasons.
        UriNotFetched => InvalidRequestUri, "the request object at request_uri cannot be read";
        /// Any rule of [`Flaw`].
        Object => InvalidRequestObject, "the request object is not valid";
        /// The app has registered that it signs every request (RFC 9101 §10.5).
        Unsigned => InvalidRequest, "the app has registered that its requests are signed";
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// How a request says that it comes in an object (RFC 9101 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// `request`: the object itself.
    Object(String),
    /// `request_uri`: where it stands.
    Reference(String),
}

impl Given {
    /// What of the two is there; `None`: the parameters are the request.
    ///
    /// # Errors
    /// [`Error::Repeated`] and [`Error::Both`].
    pub fn of(params: &Params) -> Result<Option<Self>, Error> {
        match (params.one("request")?, params.one("request_uri")?) {
            (None, None) => Ok(None),
            (Some(object), None) => Ok(Some(Self::Object(object.to_owned()))),
            (None, Some(reference)) => Ok(Some(Self::Reference(reference.to_owned()))),
            (Some(_), Some(_)) => Err(Error::Both),
        }
    }
}

/// What an object is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The app that the request names outside the object, or that has pushed it.
    pub client_id: &'a str,
    /// The issuer identifier of this server.
    pub issuer: &'a str,
    /// The time.
    pub now: Timestamp,
    /// How far the two clocks may differ.
    pub leeway: Leeway,
    /// Whether it must say for whom it is, and for which time: at most [`MAX_OBJECT_LIFE`] (FAPI 2.0 Message Signing §5.3.1).
    pub dated: bool,
}

/// What is wrong with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The token itself.
    #[error(transparent)]
    Token(#[from] client_jwt::Error),
    /// A claim is missing or has the wrong type.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// `client_id` is not that outside (RFC 9101 §5, §6.3).
    #[error("the object is of another client than the request")]
    Client,
    /// `iss` is not the client (RFC 9101 §4).
    #[error("the issuer of the object is not the client")]
    Issuer,
    /// `aud` does not name this server (RFC 9101 §4).
    #[error("the object is for another server")]
    Audience,
    /// It could be a client assertion (RFC 9101 §10.8).
    #[error("the subject of the object is the client, as in a client assertion")]
    Subject,
    /// Its time is over.
    #[error("the object has expired")]
    Expired,
    /// Its time has not come.
    #[error("the object is not good yet")]
    NotYet,
    /// It must have `aud`, `nbf` and `exp`, and has not (FAPI 2.0 Message Signing §5.3.1).
    #[error("the object does not say for whom it is and for which time")]
    Undated,
    /// `nbf` is too long ago, or `exp` too long after it (FAPI 2.0 Message Signing §5.3.1).
    #[error("the object is good for too long")]
    TooLong,
    /// It contains `request` or `request_uri` (RFC 9101 §4).
    #[error("the object names another object")]
    Nested,
    /// A value that no parameter can have, or too many of them.
    #[error("a member of the object cannot be a parameter")]
    NotAParameter,
}

impl From<Flaw> for Error {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::Nested => Self::Nested,
            Flaw::Token(_)
            | Flaw::Claims(_)
            | Flaw::Client
            | Flaw::Issuer
            | Flaw::Audience
            | Flaw::Subject
            | Flaw::Expired
            | Flaw::NotYet
            | Flaw::Undated
            | Flaw::TooLong
            | Flaw::NotAParameter => Self::Object,
        }
    }
}

impl From<Flaw> for OAuthError {
    fn from(flaw: Flaw) -> Self {
        Error::from(flaw).into()
    }
}

#[derive(Deserialize)]
struct Claims {
    client_id: String,
    #[serde(default, deserialize_with = "strict_json::present")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "strict_json::present")]
    aud: Option<Audience>,
    #[serde(default, deserialize_with = "strict_json::present")]
    exp: Option<Timestamp>,
    #[serde(default, deserialize_with = "strict_json::present")]
    nbf: Option<Timestamp>,
    #[serde(default, deserialize_with = "strict_json::present")]
    iat: Option<Timestamp>,
}

/// What says something about the object and is no parameter (RFC 7519 §4.1).
const ABOUT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The parameters of the request that this object is: they count, and nothing that stands outside (RFC 9101 §5, §6.3).
///
/// # Errors
/// A [`Flaw`] for the first rule that is broken.
pub fn verify(object: &str, keys: ClientKeys<'_>, expected: &Expectations<'_>) -> Result<Params, Flaw> {
    let verified = client_jwt::verify(object, keys, HeaderType::RequestObject)?;
    let claims: Claims = verified.claims(&["client_id"])?;
    let said: Map<String, Value> = verified.claims(&[])?;
    claims.judge(expected)?;
    if said.get("sub").is_some_and(|sub| *sub == *expected.client_id) {
        return Err(Flaw::Subject);
    }
    if ["request", "request_uri"].iter().any(|name| said.contains_key(*name)) {
        return Err(Flaw::Nested);
    }
    members::parameters(&said, &ABOUT).ok_or(Flaw::NotAParameter)
}

impl Claims {
    fn judge(&self, expected: &Expectations<'_>) -> Result<(), Flaw> {
        let Expectations { client_id, issuer, now, leeway, dated } = *expected;
        if self.client_id != client_id {
            return Err(Flaw::Client);
        }
        if self.iss.as_ref().is_some_and(|iss| iss != client_id) {
            return Err(Flaw::Issuer);
        }
        if self.aud.as_ref().is_some_and(|aud| !aud.contains(issuer)) {
            return Err(Flaw::Audience);
        }
        if self.exp.is_some_and(|exp| leeway.expired(exp, now)) {
            return Err(Flaw::Expired);
        }
        if [self.nbf, self.iat].into_iter().flatten().any(|date| leeway.in_future(date, now)) {
            return Err(Flaw::NotYet);
        }
        if dated { self.is_dated(now, leeway) } else { Ok(()) }
    }

    /// FAPI 2.0 Message Signing §5.3.1: for this server, and for an hour that has begun.
    fn is_dated(&self, now: Timestamp, leeway: Leeway) -> Result<(), Flaw> {
        let (Some(_), Some(nbf), Some(exp)) = (&self.aud, self.nbf, self.exp) else {
            return Err(Flaw::Undated);
        };
        let begun = now <= nbf.plus(MAX_OBJECT_LIFE).plus(leeway.span());
        if begun && exp <= nbf.plus(MAX_OBJECT_LIFE) { Ok(()) } else { Err(Flaw::TooLong) }
    }
}

#[cfg(test)]
mod tests;
