//! What apps sign: client assertions (RFC 7523 §3) and proofs of possession (RFC 9449 §4.2), with ES256.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// What an app's registered key is called.
pub(crate) const KEY_ID: &str = "bench";

/// A key that signs with ES256.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Key {
    /// A new key, and how it is written down: PKCS #8 in base64url.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(crate) fn generate() -> anyhow::Result<(Self, String)> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| anyhow!("no key"))?;
        let written = pair.to_pkcs8v1().map_err(|_| anyhow!("the key cannot be written"))?;
        let written = URL_SAFE_NO_PAD.encode(written.as_ref());
        Ok((Self { pair, random: SystemRandom::new() }, written))
    }

    /// A key that was written down.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn read(written: &str) -> anyhow::Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(written).context("not base64url")?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes);
        Ok(Self { pair: pair.map_err(|_| anyhow!("not a P-256 key"))?, random: SystemRandom::new() })
    }

    /// The public half (RFC 7518 §6.2.1).
    pub(crate) fn jwk(&self) -> Value {
        let coordinates = self.pair.public_key().as_ref().get(1..).unwrap_or_default();
        let (x, y) = coordinates.split_at(coordinates.len() / 2);
        json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
    }

    /// The key set that an app registers (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> Value {
        let mut key = self.jwk();
        if let Some(members) = key.as_object_mut() {
            let more = [("kid", KEY_ID), ("alg", "ES256"), ("use", "sig")];
            members.extend(more.map(|(name, value)| (name.to_owned(), value.into())));
        }
        json!({ "keys": [key] })
    }

    /// Adds a dot and the signature over the text until here, which is a header and claims in compact form.
    ///
    /// # Errors
    /// When signing fails.
    pub(crate) fn sign(&self, text: &mut String) -> anyhow::Result<()> {
        let signature = self.pair.sign(&self.random, text.as_bytes()).map_err(|_| anyhow!("no signature"))?;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, text);
        Ok(())
    }

    /// A JWT (RFC 7515 §3.1).
    ///
    /// # Errors
    /// When signing fails.
    pub(crate) fn jwt(&self, header: &Value, claims: &Value) -> anyhow::Result<String> {
        let mut text = URL_SAFE_NO_PAD.encode(header.to_string());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut text);
        self.sign(&mut text)?;
        Ok(text)
    }
}

/// Seconds since 1970.
///
/// # Errors
/// Before 1970.
#[expect(clippy::disallowed_methods, reason = "whoever measures has no clock to be given")]
pub(crate) fn now() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_written_down_is_the_same() {
        let (key, written) = Key::generate().unwrap();
        assert_eq!(Key::read(&written).unwrap().jwks(), key.jwks());
        assert!(Key::read("AAAA").is_err());
    }
}
