//! Tokens that no honest issuer makes: any header, any payload, any signature.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    },
};
use mapae_resource::protocol::{base64url, jose::SigningKey};
use serde_json::{Value, json};

/// `header.payload.`
fn signed_part(header: &str, payload: &str) -> String {
    format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()))
}

fn header_of(key: &SigningKey) -> Value {
    json!({ "alg": "ES256", "typ": "at+jwt", "kid": key.kid() })
}

/// The header of an honest token with one member changed or added.
pub(crate) fn header_with(key: &SigningKey, name: &str, value: Value) -> String {
    let mut header = header_of(key);
    header[name] = value;
    header.to_string()
}

pub(crate) fn header_without(key: &SigningKey, name: &str) -> String {
    let mut header = header_of(key);
    header.as_object_mut().unwrap().remove(name);
    header.to_string()
}

/// Signed as it should be by an ES256 key, whatever header and payload say.
pub(crate) fn sign(key: &SigningKey, header: &str, payload: &str) -> String {
    ecdsa(key, &ECDSA_P256_SHA256_FIXED_SIGNING, header, payload)
}

/// Signed in the encoding of X.509 instead of JOSE (RFC 7518 §3.4).
pub(crate) fn sign_der(key: &SigningKey, header: &str, payload: &str) -> String {
    ecdsa(key, &ECDSA_P256_SHA256_ASN1_SIGNING, header, payload)
}

fn ecdsa(key: &SigningKey, algorithm: &'static EcdsaSigningAlgorithm, header: &str, payload: &str) -> String {
    let signed = signed_part(header, payload);
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.to_pkcs8().unwrap().expose()).unwrap();
    let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url::encode(signature.as_ref()))
}

/// With this as its signature.
pub(crate) fn with_signature(header: &str, payload: &str, signature: &[u8]) -> String {
    format!("{}.{}", signed_part(header, payload), base64url::encode(signature))
}

/// With a MAC under bytes that everybody knows.
pub(crate) fn mac(public: &[u8], header: &str, payload: &str) -> String {
    let signed = signed_part(header, payload);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public), signed.as_bytes());
    format!("{signed}.{}", base64url::encode(tag.as_ref()))
}

/// Another signature, of the same length.
pub(crate) fn damaged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = base64url::decode(signature).unwrap();
    bytes[7] ^= 1;
    format!("{signed}.{}", base64url::encode(&bytes))
}
