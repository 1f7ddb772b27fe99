//! Tokens that a secret of two parties signs — RFC 7518 §3.2, OIDC Core §10.1.
//!
//! They are of another type than those that a private key signs: nothing that verifies with a public key reads one, and
//! the other way round (algorithm confusion, RFC 8725 §2.1).

use std::fmt;

use serde::Serialize;

use super::{
    Error, HeaderType, SignError,
    compact::{Compact, Verified},
    header::Named,
};
use crate::{base64url, digest::HmacKey, secret::Secret};

/// The one algorithm: HMAC with SHA-256.
pub const HS256: &str = "HS256";

/// How long a secret must be, in bytes: as long as the hash (RFC 7518 §3.2).
pub const MIN_SECRET: usize = 32;

/// A secret that is long enough to sign with.
pub struct SharedKey(HmacKey);

impl SharedKey {
    /// The bytes of the secret's text are the key (OIDC Core §10.1). `None`: it is too short.
    #[must_use]
    pub fn new(secret: &Secret<String>) -> Option<Self> {
        let bytes = secret.expose().as_bytes();
        (bytes.len() >= MIN_SECRET).then(|| Self(HmacKey::new(bytes)))
    }

    /// What a vector prints as the key need not be text.
    #[cfg(test)]
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        Self(HmacKey::new(bytes))
    }

    /// Signs `claims` as a compact token of this kind.
    ///
    /// # Errors
    /// [`SignError::Claims`].
    pub fn sign(&self, kind: HeaderType, claims: &impl Serialize) -> Result<String, SignError> {
        let payload = serde_json::to_vec(claims).map_err(|_| SignError::Claims)?;
        let header = format!(r#"{{"alg":"{HS256}","typ":"{}"}}"#, kind.as_str());
        let mut token = base64url::encode(header) + "." + &base64url::encode(payload);
        let tag = self.0.sign(token.as_bytes());
        token.push('.');
        base64url::encode_into(&tag, &mut token);
        Ok(token)
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKey(***)")
    }
}

/// A well-formed token that says that a secret has signed it; its claims cannot be read yet.
#[derive(Debug)]
pub struct UnverifiedMac<'a> {
    typ: Option<String>,
    signed: &'a str,
    payload: Vec<u8>,
    tag: Vec<u8>,
}

impl<'a> UnverifiedMac<'a> {
    /// Takes a compact token apart.
    ///
    /// # Errors
    /// As [`Unverified::parse`](super::Unverified::parse); [`Error::Algorithm`] for any other than [`HS256`].
    pub fn parse(token: &'a str) -> Result<Self, Error> {
        let Compact { header, payload, signature, signed } = Compact::parse(token)?;
        let Named { algorithm, typ, .. } = Named::parse(&header)?;
        if algorithm != HS256 {
            return Err(Error::Algorithm);
        }
        Ok(Self { typ, signed, payload, tag: signature })
    }

    /// The kind of token that the header names, as written.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Checks that one of these secrets has signed it, and that what was signed is a JSON object with unique names.
    ///
    /// # Errors
    /// [`Error::Signature`] or [`Error::Payload`].
    pub fn verify(self, keys: &[SharedKey]) -> Result<Verified, Error> {
        // No early exit: which of two secrets it was stays unsaid.
        let signed = |key: &SharedKey| key.0.verify(self.signed.as_bytes(), &self.tag);
        if keys.iter().fold(false, |found, key| signed(key) | found) {
            Verified::of(self.typ, self.payload)
        } else {
            Err(Error::Signature)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::jose::{Algorithm, SigningKey, Unverified};

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn key(fill: &str) -> SharedKey {
        SharedKey::new(&secret(&fill.repeat(43))).unwrap()
    }

    #[test]
    fn jo_19_a_short_secret_is_no_key() {
        assert!(SharedKey::new(&secret("")).is_none());
        assert!(SharedKey::new(&secret(&"s".repeat(31))).is_none());
        let long = SharedKey::new(&secret(&"s".repeat(32))).unwrap();
        assert_eq!(format!("{long:?}"), "SharedKey(***)");
    }

    #[test]
    fn rfc7518_3_2_either_of_two_secrets_signs_and_no_other() {
        let token = key("a").sign(HeaderType::Jwt, &json!({ "sub": "alice" })).unwrap();
        let verify = |keys: &[SharedKey]| UnverifiedMac::parse(&token).and_then(|token| token.verify(keys));
        for keys in [vec![key("a")], vec![key("b"), key("a")], vec![key("a"), key("b")]] {
            assert_eq!(verify(&keys).unwrap().claims::<Value>(&[]).unwrap(), json!({ "sub": "alice" }));
        }
        for keys in [vec![], vec![key("b")], vec![key("b"), key("c")]] {
            assert_eq!(verify(&keys).unwrap_err(), Error::Signature);
        }
        let (signed, _) = token.rsplit_once('.').unwrap();
        for tag in ["", "AA"] {
            let cut = format!("{signed}.{tag}");
            assert_eq!(
                UnverifiedMac::parse(&cut).unwrap().verify(&[key("a")]).unwrap_err(),
                Error::Signature
            );
        }
    }

    /// RFC 8725 §2.1.
    #[test]
    fn jo_02_a_secret_and_a_private_key_sign_nothing_that_the_other_verifies() {
        let mac = key("a").sign(HeaderType::Jwt, &json!({})).unwrap();
        assert_eq!(Unverified::parse(&mac).unwrap_err(), Error::Algorithm);
        for algorithm in Algorithm::ALL {
            let private = SigningKey::generate(*algorithm).unwrap();
            let token = private.sign(HeaderType::Jwt, &json!({})).unwrap();
            assert_eq!(UnverifiedMac::parse(&token).unwrap_err(), Error::Algorithm);
        }
        for name in ["none", "hs256", "HS384", "HS512", "HS256 "] {
            let header = base64url::encode(json!({ "alg": name }).to_string());
            let token = format!("{header}.e30.");
            assert_eq!(UnverifiedMac::parse(&token).unwrap_err(), Error::Algorithm, "{name}");
        }
    }
}
