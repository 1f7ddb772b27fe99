//! Nonces of this API — RFC 9449 §9: the time at which they were made, under a MAC. Nothing is kept.

use std::fmt;

use http::HeaderValue;
use mapae_protocol::{
    base64url,
    digest::{HmacKey, hkdf_sha256},
    dpop::NonceStanding,
    time::Timestamp,
};

/// Makes and reads nonces.
pub(crate) struct Nonces(HmacKey);

impl Nonces {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(HmacKey::new(hkdf_sha256(b"", key, b"mapae-resource dpop nonce").expose()))
    }

    pub(super) fn fresh(&self, now: Timestamp) -> HeaderValue {
        let made_at = now.unix().to_be_bytes();
        let text = base64url::encode([&made_at[..], &self.0.sign(&made_at)].concat());
        // The alphabet of base64url has no character that a header could not have.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    pub(super) fn judge(&self, nonce: Option<&str>, now: Timestamp) -> NonceStanding {
        let bytes = nonce.and_then(|nonce| base64url::decode_array::<40>(nonce).ok());
        let made_at = bytes.and_then(|bytes| {
            let (made_at, tag) = bytes.split_first_chunk::<8>()?;
            self.0.verify(made_at, tag).then_some(Timestamp::from_unix(i64::from_be_bytes(*made_at)))
        });
        NonceStanding::of(made_at, now)
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn po_09_a_nonce_is_of_this_api_and_of_the_last_minutes() {
        let (nonces, other) = (Nonces::new(&[1; 32]), Nonces::new(&[2; 32]));
        let made_at = Timestamp::from_unix(1_800_000_000);
        let fresh = nonces.fresh(made_at);
        let text = fresh.to_str().unwrap();
        for (age, standing) in [
            (-61, NonceStanding::Bad),
            (-60, NonceStanding::Good),
            (149, NonceStanding::Good),
            (150, NonceStanding::NearlyOver),
            (299, NonceStanding::NearlyOver),
            (300, NonceStanding::Bad),
        ] {
            let now = Timestamp::from_unix(made_at.unix() + age);
            assert_eq!(nonces.judge(Some(text), now), standing, "{age}");
            assert_eq!(other.judge(Some(text), now), NonceStanding::Bad, "another server's");
        }
        for forged in ["", "x", &text[1..], &format!("{text}A"), &format!("{}AAAA", &text[..text.len() - 4])]
        {
            assert_eq!(nonces.judge(Some(forged), made_at), NonceStanding::Bad, "{forged}");
        }
        assert_eq!(nonces.judge(None, made_at), NonceStanding::Bad);
    }
}
