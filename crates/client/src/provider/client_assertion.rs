//! A client's own key, with which it proves itself and signs what it asks — RFC 7521 §4.2, RFC 7523 §2.2, OIDC Core §9,
//! RFC 9101 §4.

use std::fmt;

use mapae_protocol::{
    authorization::request_object::{NewRequestObject, Unsigned},
    jose::{Algorithm, HeaderType, SigningKey},
    random,
    secret::Secret,
    time::{Seconds, Timestamp},
};
use serde_json::json;

use super::client_secret::pkcs8;
use crate::setting::{ConfigurationError, Setting};

/// How long an assertion lives: as long as a request takes.
const LIFE: Seconds = Seconds::minutes(1);

/// What is tried with a key; RSA signs by PSS (RFC 7518 §3.5).
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];

/// Signs the client's assertions, each for one request, and its requests (decision 0262).
pub(crate) struct ClientKey(SigningKey);

impl ClientKey {
    /// `pem` is PKCS #8 without a password; `key_id` is the name of its public half in the client's JWK set.
    pub(super) fn new(key_id: &str, pem: &str) -> Result<Self, ConfigurationError> {
        let wrong = |problem| ConfigurationError::new(Setting::PrivateKey, problem);
        let der = pkcs8(pem).ok_or_else(|| wrong("it is no PEM text of a private key (PKCS #8)"))?;
        let mut read =
            ALGORITHMS.iter().filter_map(|algorithm| SigningKey::from_pkcs8(*algorithm, der.expose()).ok());
        let key = read.next().ok_or_else(|| wrong("it is neither a P-256, an Ed25519 nor an RSA key"))?;
        Ok(Self(key.with_kid(key_id).map_err(|_| wrong("its name is not the name of a key"))?))
    }

    /// An assertion for `audience`, the provider: of its issuer identifier, which no other endpoint can borrow.
    pub(super) fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Secret<String>, ConfigurationError> {
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "jti": random::token(),
            "iat": now.unix(), "exp": now.plus(LIFE).unix(),
        });
        let failed = ConfigurationError::new(Setting::PrivateKey, "nothing can be signed with it");
        self.0.sign(HeaderType::Jwt, &claims).map(Secret::new).map_err(|_| failed)
    }

    /// A request of this client.
    pub(super) fn request(&self, request: &NewRequestObject<'_>) -> Result<String, Unsigned> {
        request.sign(&self.0)
    }

    pub(super) const fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientKey").field(&self.0.kid()).finish()
    }
}
