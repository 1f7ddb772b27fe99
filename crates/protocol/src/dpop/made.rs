//! A proof as a client makes it — RFC 9449 §4.2.

use serde::Serialize;

use crate::{
    digest::sha256_base64url,
    jose::{HeaderType, SignError, SigningKey},
    random,
    time::Timestamp,
};

/// What a client says of the request that it is about to send.
#[derive(Clone, Copy, Debug)]
pub struct NewProof<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's address; query and fragment are left out.
    pub address: &'a str,
    /// The access token that goes with it.
    pub access_token: Option<&'a str>,
    /// The nonce that the server gave last.
    pub nonce: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: &'a str,
    iat: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl NewProof<'_> {
    /// The value of the `DPoP` header, for one request only: its `jti` is fresh.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignError> {
        let claims = Claims {
            jti: random::token(),
            htm: self.method,
            htu: self.address.split(['?', '#']).next().unwrap_or_default(),
            iat: self.now,
            ath: self.access_token.map(sha256_base64url),
            nonce: self.nonce,
        };
        key.sign_with_key(HeaderType::DpopProof, &claims)
    }
}
