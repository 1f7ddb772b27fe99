//! One proof, parsed and proven — RFC 9449 §4.2, §4.3.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Address, Error, MAX_NAME, MAX_PROOF, Thumbprint, WINDOW};
use crate::{
    base64url,
    digest::{sha256, sha256_base64url},
    jose::{Algorithm, HeaderType, Jwk, Unverified},
    strict_json::{self, present},
    time::{Seconds, Timestamp},
};

/// What is known of a request before its proof is seen.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The request's method.
    pub method: &'a str,
    /// Where the request went, by what is configured.
    pub address: &'a Address,
    /// The access token that came with it: then the proof must be for that (`ath`).
    pub access_token: Option<&'a str>,
    /// The time of the request.
    pub now: Timestamp,
}

/// A proof of possession, verified, for this request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    key: Thumbprint,
    algorithm: Algorithm,
    jti: String,
    nonce: Option<String>,
    issued_at: Timestamp,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: Timestamp,
    #[serde(default, deserialize_with = "present")]
    exp: Option<Timestamp>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Timestamp>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<String>,
    #[serde(default, deserialize_with = "present")]
    ath: Option<String>,
}

const REQUIRED: &[&str] = &["jti", "htm", "htu", "iat"];

impl Proof {
    /// The text of the proof among the values of all `DPoP` headers; `None` when there is no such header.
    ///
    /// # Errors
    /// There are several, or it is no text.
    pub fn take<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Result<Option<&'h str>, Error> {
        let mut headers = headers.into_iter();
        let Some(header) = headers.next() else { return Ok(None) };
        if headers.next().is_some() {
            return Err(Error::SeveralHeaders);
        }
        str::from_utf8(header).map(Some).map_err(|_| Error::Malformed)
    }

    /// RFC 9449 §4.3: everything that must be checked of one proof, in one go. Whether it was used before, and whether
    /// its [`nonce`](Self::nonce) is good, is left to whoever keeps them.
    ///
    /// # Errors
    /// An [`Error`] for the first rule that is broken.
    pub fn verify(text: &str, expected: &Expectations<'_>) -> Result<Self, Error> {
        if text.len() > MAX_PROOF {
            return Err(Error::Malformed);
        }
        let unverified = Unverified::parse(text).map_err(|_| Error::Malformed)?;
        if !unverified.is_typed(HeaderType::DpopProof) {
            return Err(Error::WrongType);
        }
        let (key, algorithm) = (key_in_header(text)?, unverified.algorithm());
        let verified = unverified.verify(key.verifying_key()).map_err(|_| Error::Signature)?;
        let claims: Claims = verified.claims(REQUIRED).map_err(|_| Error::Claims)?;
        claims.judge(expected)?;
        let Claims { jti, nonce, iat, .. } = claims;
        Ok(Self { key: Thumbprint::of(&key), algorithm, jti, nonce, issued_at: iat })
    }

    /// The key whose possession it proves.
    #[must_use]
    pub const fn key(&self) -> Thumbprint {
        self.key
    }

    /// What it is signed with: not every client may use every algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The nonce that the sender had from the server.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// The name under which its use is remembered: nobody can use up the `jti` of another one's key.
    #[must_use]
    pub fn use_id(&self) -> String {
        sha256_base64url([self.key.as_bytes(), self.jti.as_bytes()].concat())
    }

    /// From then on it is refused for its age, so its use need not be remembered any longer.
    #[must_use]
    pub const fn refused_from(&self) -> Timestamp {
        self.issued_at.plus(WINDOW).plus(Seconds::seconds(1))
    }
}

impl Claims {
    fn judge(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        let Expectations { method, address, access_token, now } = *expected;
        let names = [Some(&self.jti), self.nonce.as_ref()];
        if names.into_iter().flatten().any(|name| name.is_empty() || name.len() > MAX_NAME) {
            return Err(Error::Name);
        }
        if self.htm != method {
            return Err(Error::Method);
        }
        if Address::parse(&self.htu).as_ref() != Some(address) {
            return Err(Error::Address);
        }
        let (earliest, latest) = (now.minus(WINDOW), now.plus(WINDOW));
        let out_of_time = self.iat < earliest || latest < self.iat;
        if out_of_time
            || self.exp.is_some_and(|exp| exp <= earliest)
            || self.nbf.is_some_and(|nbf| latest < nbf)
        {
            return Err(Error::Time);
        }
        match access_token {
            Some(token) if self.ath.as_deref() != Some(&base64url::encode(sha256(token.as_bytes()))) => {
                Err(Error::AccessToken)
            }
            _ => Ok(()),
        }
    }
}

/// The only kind of token here that brings its key with it: it vouches for nobody, it is compared with what a token is
/// bound to.
fn key_in_header(text: &str) -> Result<Jwk, Error> {
    #[derive(Deserialize)]
    struct Header {
        jwk: Map<String, Value>,
    }
    let header = text.split('.').next().unwrap_or_default();
    let header = base64url::decode(header).map_err(|_| Error::Malformed)?;
    let Header { jwk } = strict_json::parse_object(&header, MAX_PROOF).map_err(|_| Error::Key)?;
    Jwk::from_members(&jwk).map_err(|_| Error::Key)
}
