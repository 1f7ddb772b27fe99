//! SHA-256, HMAC and HKDF — RFC 6234 §6, RFC 2104 §2, RFC 5869 §2.

use std::fmt;

use aws_lc_rs::{digest, hmac};

use crate::{base64url, secret::Secret};

/// SHA-256 of `data`.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    fixed(digest::digest(&digest::SHA256, data).as_ref())
}

/// SHA-256 of `data` as text: what is kept of a secret that was drawn, by which it is known again.
#[must_use]
pub fn sha256_base64url(data: impl AsRef<[u8]>) -> String {
    base64url::encode(sha256(data.as_ref()))
}

/// SHA-512 of `data`.
#[must_use]
pub fn sha512(data: &[u8]) -> [u8; 64] {
    fixed(digest::digest(&digest::SHA512, data).as_ref())
}

/// A key for HMAC-SHA-256, prepared once and used often.
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// Prepares `key`, which should hold at least 256 random bits.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The tag of `data`.
    #[must_use]
    pub fn sign(&self, data: &[u8]) -> [u8; 32] {
        fixed(hmac::sign(&self.0, data).as_ref())
    }

    /// Whether `tag` is the tag of `data`, compared in constant time.
    #[must_use]
    pub fn verify(&self, data: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, data, tag).is_ok()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(***)")
    }
}

/// HMAC-SHA-256 of `data` under `key`.
#[must_use]
pub fn hmac_sha256(key: &HmacKey, data: &[u8]) -> [u8; 32] {
    key.sign(data)
}

/// HKDF with SHA-256, extract then expand, to one key of 32 bytes.
///
/// One key is one block of the expansion, `HMAC(PRK, info ‖ 0x01)` (RFC 5869 §2.3), so this cannot fail.
/// `info` says what the key is for: different texts give independent keys.
#[must_use]
pub fn hkdf_sha256(salt: &[u8], secret: &[u8], info: &[u8]) -> Secret<[u8; 32]> {
    let extracted = Secret::new(HmacKey::new(salt).sign(secret));
    let mut block = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, extracted.expose()));
    block.update(info);
    block.update(&[1]);
    Secret::new(fixed(block.sign().as_ref()))
}

fn fixed<const N: usize>(output: &[u8]) -> [u8; N] {
    let mut fixed = [0; N];
    fixed.copy_from_slice(output);
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 6234 §6.
    #[test]
    fn sha_2_of_abc() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc").to_vec(), hex(expected));
        assert_eq!(sha512(b"abc")[..4], [0xdd, 0xaf, 0x35, 0xa1]);
    }

    /// RFC 2104 §2.
    #[test]
    fn hmac_vector_of_rfc_4231_4_3() {
        let key = HmacKey::new(b"Jefe");
        let tag = hmac_sha256(&key, b"what do ya want for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(tag.to_vec(), hex(expected));
        assert!(key.verify(b"what do ya want for nothing?", &tag));
        assert!(!key.verify(b"what do ya want for nothing!", &tag));
        assert!(!key.verify(b"what do ya want for nothing?", &tag[..31]));
        assert_eq!(format!("{key:?}"), "HmacKey(***)");
    }

    /// RFC 5869 A.1 and A.3, the first 32 of their 42 bytes.
    /// RFC 5869 §2, §2.3.
    #[test]
    fn hkdf_vectors_of_rfc_5869_appendix_a() {
        let secret = [0x0b; 22];
        let derived = hkdf_sha256(&hex("000102030405060708090a0b0c"), &secret, &hex("f0f1f2f3f4f5f6f7f8f9"));
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf";
        assert_eq!(derived.expose().to_vec(), hex(expected));
        let derived = hkdf_sha256(b"", &secret, b"");
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
        assert_eq!(derived.expose().to_vec(), hex(expected));
    }
}
