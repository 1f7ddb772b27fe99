//! Tokens with any header and any claims, under a signature that is right.

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use mapae_protocol::{
    base64url,
    jose::{Jwk, JwkSet},
    time::Timestamp,
};

/// The same in every run, so that an input means the same everywhere.
const SEED: [u8; 32] = [7; 32];

/// The moment at which everything is judged.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_793_000_000);

/// Who signs.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    /// The public key, as JSON.
    pub(crate) jwk: String,
    /// The set of that one key.
    pub(crate) keys: JwkSet,
}

/// The one of this run.
pub(crate) static SIGNER: LazyLock<Option<Signer>> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).ok()?;
    let x = base64url::encode(pair.public_key());
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
    let keys = JwkSet::new(vec![Jwk::parse(jwk.as_bytes()).ok()?]);
    Some(Signer { pair, jwk, keys })
});

impl Signer {
    /// A token with this header and these claims, whatever they are.
    pub(crate) fn token(&self, header: &[u8], claims: &[u8]) -> String {
        let signed = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
        let signature = base64url::encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// A token of a kind that is named as it must be.
    pub(crate) fn typed(&self, kind: &str, claims: &[u8]) -> String {
        self.token(format!(r#"{{"alg":"EdDSA","typ":"{kind}"}}"#).as_bytes(), claims)
    }
}
