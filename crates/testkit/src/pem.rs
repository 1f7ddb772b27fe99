//! Keys as files hold them — RFC 7468 §10.

use mapae_protocol::{base64url, jose::SigningKey};

/// A private key as PKCS #8 PEM.
#[must_use]
pub fn pem(key: &SigningKey) -> String {
    let der = key.to_pkcs8().expect("a key that was made here can be written");
    let mut text = base64url::encode(der.expose()).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}
