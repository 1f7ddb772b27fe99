//! Checking one JWT: its signature and its end — RFC 7515 §5.2, RFC 7519 §7.2.

use anyhow::{Context as _, anyhow};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

/// The keys of a key set that verify ES256.
pub(super) struct Verifier {
    keys: Vec<(String, ParsedPublicKey)>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default)]
    kid: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
}

/// Of a proof, which brings its key (RFC 9449 §4.2).
#[derive(Deserialize)]
struct ProofHeader<'a> {
    alg: &'a str,
    jwk: Key,
}

#[derive(Deserialize)]
struct Claims {
    iat: u64,
    exp: u64,
}

impl Verifier {
    /// The keys of a key set.
    ///
    /// # Errors
    /// When it is none, or has no key for ES256.
    pub(super) fn of(jwks: &[u8]) -> anyhow::Result<Self> {
        let set: KeySet = serde_json::from_slice(jwks)?;
        let keys = set.keys.into_iter().filter(|key| key.crv.as_deref() == Some("P-256"));
        let keys = keys.map(Key::parse).collect::<anyhow::Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Err(anyhow!("the key set has no key for ES256"));
        }
        Ok(Self { keys })
    }

    /// Whether a token is signed by one of the keys. Its end only has to be after its beginning: tokens of a long run stay good.
    pub(super) fn verify(&self, token: &str) -> bool {
        self.claims(token).is_some_and(|claims| claims.iat < claims.exp)
    }

    /// Whether a proof is signed by the key that it brings.
    pub(super) fn verify_proof(proof: &str) -> bool {
        Self::proof_is_signed(proof).is_some()
    }

    fn proof_is_signed(proof: &str) -> Option<()> {
        let (signed, signature) = proof.rsplit_once('.')?;
        let (header, _) = signed.split_once('.')?;
        let header = URL_SAFE_NO_PAD.decode(header).ok()?;
        let header: ProofHeader<'_> =
            serde_json::from_slice(&header).ok().filter(|header: &ProofHeader<'_>| header.alg == "ES256")?;
        let (_, key) = header.jwk.parse().ok()?;
        key.verify_sig(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header = URL_SAFE_NO_PAD.decode(header).ok()?;
        let header: Header<'_> =
            serde_json::from_slice(&header).ok().filter(|header: &Header<'_>| header.alg == "ES256")?;
        let (_, key) = self.keys.iter().find(|(kid, _)| kid == header.kid)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        key.verify_sig(signed.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

impl Key {
    fn parse(self) -> anyhow::Result<(String, ParsedPublicKey)> {
        let coordinate = |text: Option<String>| {
            let text = text.context("a coordinate is missing")?;
            URL_SAFE_NO_PAD.decode(text).context("not base64url")
        };
        let point = [vec![4], coordinate(self.x)?, coordinate(self.y)?].concat();
        let key =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| anyhow!("not on the curve"))?;
        Ok((self.kid, key))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use crate::jws;

    /// Verifies what this key signs.
    pub(in crate::bare) fn verifier_for(key: &jws::Key, kid: &str) -> Verifier {
        let mut jwk = key.jwk();
        jwk["kid"] = kid.into();
        let set = json!({ "keys": [{ "kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB" }, jwk] });
        Verifier::of(set.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_set_without_a_key_for_es256_is_of_no_use() {
        assert!(Verifier::of(b"{\"keys\":[{\"kid\":\"r\"}]}").is_err());
        assert!(Verifier::of(b"{}").is_err());
    }

    #[test]
    fn a_proof_is_signed_by_the_key_that_it_brings() {
        let (key, other) = (jws::Key::generate().unwrap().0, jws::Key::generate().unwrap().0);
        let proof = |jwk| key.jwt(&json!({ "alg": "ES256", "jwk": jwk }), &json!({ "iat": 1 })).unwrap();
        assert!(Verifier::verify_proof(&proof(key.jwk())));
        assert!(!Verifier::verify_proof(&proof(other.jwk())));
    }
}
