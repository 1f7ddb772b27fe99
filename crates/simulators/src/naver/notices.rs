//! The disconnect notification: signed and encrypted under a key made of the client secret.

use aws_lc_rs::cipher::{AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mapae_protocol::{
    base64url,
    digest::{HmacKey, hmac_sha256},
    random,
};
use md5::{Digest as _, Md5};
use reqwest::Method;

use super::pairwise;
use crate::{
    engine::{Body, Engine, Notice},
    rules::{About, Happening},
};

/// Its only kind.
pub(super) const DISCONNECT: &str = "disconnect";

pub(super) fn of(engine: &Engine, about: &About<'_>) -> Vec<Notice> {
    let due = match about.happening {
        Happening::Unlinked | Happening::Deleted => true,
        Happening::Named(name) => name == DISCONNECT,
        Happening::Linked | Happening::TokensRevoked | Happening::EmailChanged => false,
    };
    let webhook = about.app.webhooks.get(DISCONNECT).filter(|_| due);
    let notice = webhook.and_then(|webhook| {
        let secret = about.app.client_secret.as_deref()?;
        let id = pairwise(about.person, &about.app.client_id);
        let standard = engine.with(|world| world.facts.is("notice_in_standard_base64"));
        let words =
            Words { client_id: &about.app.client_id, secret, id: &id, at: engine.now().unix(), standard };
        Some(Notice {
            kind: DISCONNECT,
            url: webhook.url.clone(),
            method: Method::POST,
            authorization: None,
            body: Body::Form(words.fields(random::bytes())?),
        })
    });
    notice.into_iter().collect()
}

/// What a notification is made of.
struct Words<'a> {
    client_id: &'a str,
    secret: &'a str,
    id: &'a str,
    at: i64,
    /// The encrypted id in the standard alphabet with padding (RFC 4648 §4), and not in that for addresses.
    standard: bool,
}

impl Words<'_> {
    fn fields(&self, iv: [u8; 16]) -> Option<Vec<(&'static str, String)>> {
        let key: [u8; 16] = Md5::digest(self.secret.as_bytes()).into();
        let encrypted = encrypt(&key, iv, self.id)?;
        let encrypted = if self.standard { STANDARD.encode(encrypted) } else { base64url::encode(encrypted) };
        let signed = format!("clientId={}&encryptUniqueId={encrypted}&timestamp={}", self.client_id, self.at);
        let signature = base64url::encode(hmac_sha256(&HmacKey::new(&key), signed.as_bytes()));
        Some(vec![
            ("clientId", self.client_id.to_owned()),
            ("encryptUniqueId", encrypted),
            ("timestamp", self.at.to_string()),
            ("signature", signature),
        ])
    }
}

/// AES-128-CBC with PKCS #5 padding, the IV in front.
fn encrypt(key: &[u8; 16], iv: [u8; 16], plain: &str) -> Option<Vec<u8>> {
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, key).ok()?).ok()?;
    let mut text = plain.as_bytes().to_vec();
    key.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    let mut all = iv.to_vec();
    all.extend_from_slice(&text);
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computed_vector() {
        let words = Words {
            client_id: "emuClient01",
            secret: "emuSecret01",
            id: "Nv-Emu_User0001",
            at: 1_793_000_000,
            standard: false,
        };
        let iv = core::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(
            words.fields(iv).unwrap()[1..],
            [
                ("encryptUniqueId", "AAECAwQFBgcICQoLDA0ODz-Ycz2I-knxtG3KxhouHKo".to_owned()),
                ("timestamp", "1793000000".to_owned()),
                ("signature", "ShQ5kLJotY0qanlQ0A3pFmJCmnOmijfhFf2xBxfu05w".to_owned()),
            ]
        );
    }
}
