//! Tokens that are bound to a key of ours, and the proofs that go with them — RFC 9449 §4.2, §5, §7.1, §8.2, §9.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderMap, header};
use mapae_protocol::{
    base64url,
    dpop::{self, NewProof, Thumbprint},
    jose::{Algorithm, SigningKey},
    secret::Secret,
    time::Timestamp,
    uri::Uri,
};

use crate::setting::{ConfigurationError, Setting};

/// Of how many origins a nonce is remembered. A service speaks to a few.
const MOST_ORIGINS: usize = 64;

/// A key that is made for one login and lives as long as its tokens, beside them. Clones are one.
#[derive(Clone)]
pub(crate) struct ProofKey(Arc<SigningKey>);

/// What a proof is for.
#[derive(Clone, Copy)]
pub(crate) struct Proven<'a> {
    pub(crate) method: &'a str,
    pub(crate) address: &'a str,
    pub(crate) access_token: Option<&'a str>,
}

impl ProofKey {
    /// A new one.
    pub(crate) fn generate() -> Result<Self, ConfigurationError> {
        let failed = ConfigurationError::new(Setting::Registration, "no key can be made for bound tokens");
        SigningKey::generate(Algorithm::Es256).map(|key| Self(Arc::new(key))).map_err(|_| failed)
    }

    /// What authorization servers call it (`dpop_jkt`).
    pub(crate) fn thumbprint(&self) -> String {
        Thumbprint::of(self.0.public_jwk()).to_string()
    }

    /// A proof for one request, with the nonce that its origin gave last.
    pub(crate) fn proof(&self, of: Proven<'_>, nonces: &Nonces, now: Timestamp) -> Option<Secret<String>> {
        let Proven { method, address, access_token } = of;
        let nonce = nonces.of(address);
        let proof = NewProof { method, address, access_token, nonce: nonce.as_deref(), now };
        let proof = proof.sign(&self.0);
        if let Err(error) = &proof {
            tracing::error!(%error, "no proof of possession can be made");
        }
        proof.ok().map(Secret::new)
    }

    /// For whoever seals it.
    pub(crate) fn to_text(&self) -> Option<Secret<String>> {
        let bytes = self.0.to_pkcs8().ok()?;
        Some(Secret::new(base64url::encode(bytes.expose())))
    }

    /// What [`to_text`](Self::to_text) made.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let bytes = base64url::decode(text).ok().map(Secret::new)?;
        let key = SigningKey::from_pkcs8(Algorithm::Es256, bytes.expose()).ok()?;
        Some(Self(Arc::new(key)))
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(***)")
    }
}

/// The nonce that each origin gave last; a newer one takes its place (RFC 9449 §8.2).
#[derive(Debug, Default)]
pub(crate) struct Nonces(Mutex<HashMap<String, String>>);

impl Nonces {
    fn of(&self, address: &str) -> Option<String> {
        let origin = origin(address)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&origin).cloned()
    }

    /// Remembers what an answer of this address gives for the next proof; whether it gives anything.
    pub(crate) fn learn(&self, address: &str, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(dpop::NONCE_HEADER).iter();
        let (Some(nonce), None) = (given.next().and_then(|nonce| nonce.to_str().ok()), given.next()) else {
            return false;
        };
        let Some(origin) = origin(address).filter(|_| is_nonce(nonce)) else { return false };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_ORIGINS && !known.contains_key(&origin) {
            known.clear();
        }
        known.insert(origin, nonce.to_owned());
        true
    }
}

/// Whether an API's answer says that only the nonce was missing (RFC 9449 §9).
pub(crate) fn asks_for_nonce(headers: &HeaderMap) -> bool {
    let mut challenges = headers.get_all(header::WWW_AUTHENTICATE).iter();
    challenges.any(|challenge| challenge.to_str().is_ok_and(|text| text.contains("use_dpop_nonce")))
}

/// RFC 9449 §8.1: `1*NQCHAR`.
fn is_nonce(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    !text.is_empty() && text.len() <= dpop::MAX_NAME && text.bytes().all(allowed)
}

fn origin(address: &str) -> Option<String> {
    Uri::parse(address).ok()?.origin()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn giving(nonces: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for nonce in nonces {
            headers.append(dpop::NONCE_HEADER, HeaderValue::from_str(nonce).unwrap());
        }
        headers
    }

    #[test]
    fn po_09_each_origin_has_the_nonce_that_it_gave_last() {
        let nonces = Nonces::default();
        assert!(nonces.learn("https://op.example/token", &giving(&["one"])));
        assert!(nonces.learn("https://api.example/events?x=1", &giving(&["other"])));
        assert_eq!(nonces.of("https://op.example/par").as_deref(), Some("one"));
        assert!(nonces.learn("https://op.example/userinfo", &giving(&["two"])));
        assert_eq!(nonces.of("https://op.example/token").as_deref(), Some("two"));
        assert_eq!(nonces.of("https://api.example/").as_deref(), Some("other"));
        assert_eq!(nonces.of("https://api.example:8443/"), None, "another origin");
        let long = "x".repeat(dpop::MAX_NAME + 1);
        for hostile in [&[][..], &[""], &["a b"], &["a\"b"], &["a\\b"], &["three", "four"], &[long.as_str()]]
        {
            assert!(!nonces.learn("https://op.example/token", &giving(hostile)), "{hostile:?}");
        }
        assert_eq!(nonces.of("https://op.example/token").as_deref(), Some("two"));
        for number in 0..1_000 {
            nonces.learn(&format!("https://{number}.example/"), &giving(&["n"]));
        }
        assert!(nonces.0.lock().unwrap().len() <= MOST_ORIGINS);
    }

    #[test]
    fn rp_21_a_key_is_kept_as_it_was_and_never_shown() {
        let key = ProofKey::generate().unwrap();
        let text = key.to_text().unwrap();
        assert_eq!(ProofKey::from_text(text.expose()).unwrap().thumbprint(), key.thumbprint());
        assert_ne!(ProofKey::generate().unwrap().thumbprint(), key.thumbprint());
        assert!(!format!("{key:?}").contains(text.expose()));
        for other in ["", "AAAA", "not base64!"] {
            assert!(ProofKey::from_text(other).is_none());
        }
    }
}
