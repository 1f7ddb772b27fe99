//! The refresh token — RFC 6749 §1.5, §6; rotation RFC 9700 §4.14.2.
//!
//! It carries the grant's id, a generation and a 256-bit secret, sealed. The grant's row knows the
//! generation that is good and the digest of its secret, nothing more: a stolen database refreshes nothing.

use mapae_protocol::{
    digest::{hkdf_sha256, sha256_base64url},
    random,
    seal::{SealRoot, Sealer},
};
use serde::{Deserialize, Serialize};

use crate::{
    fault::{Artefact, Fault},
    keys::{RefreshSuccessors, RefreshTokens},
};

/// The secret part of one generation of a refresh token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefreshSecret([u8; 32]);

impl std::fmt::Debug for RefreshSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("***")
    }
}

impl RefreshSecret {
    pub(crate) fn generate() -> Self {
        Self(random::bytes())
    }

    /// What the store keeps.
    pub(crate) fn hash(&self) -> String {
        sha256_base64url(self.0)
    }

    /// A sealer that only who presents this secret can build: it guards the successor.
    fn sealer(&self) -> Option<Sealer<RefreshSuccessors>> {
        let key = hkdf_sha256(b"", &self.0, b"mapae refresh successor");
        Sealer::new(&[SealRoot::from_bytes("s", *key.expose()).ok()?]).ok()
    }

    /// Seals the successor for the retry window of a client that lost the answer.
    pub(crate) fn seal_successor(&self, successor: &str) -> Option<String> {
        self.sealer().map(|sealer| sealer.seal(successor.as_bytes(), b""))
    }

    /// The successor, for who presents the secret it was sealed under.
    pub(crate) fn open_successor(&self, sealed: &str) -> Option<String> {
        String::from_utf8(self.sealer()?.open(sealed, b"").ok()?).ok()
    }
}

/// A refresh token, opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) grant_id: String,
    pub(crate) generation: i64,
    pub(crate) secret: RefreshSecret,
}

impl RefreshToken {
    /// The token that comes with a code.
    pub(crate) fn first(grant_id: &str, secret: RefreshSecret) -> Self {
        Self { grant_id: grant_id.to_owned(), generation: 0, secret }
    }

    /// The text that the client gets.
    pub(crate) fn seal(&self, sealer: &Sealer<RefreshTokens>) -> Result<String, Fault> {
        let bytes = postcard::to_allocvec(self).map_err(Fault::encoding(Artefact::RefreshToken))?;
        Ok(sealer.seal(&bytes, b""))
    }

    /// Opens a token; `None` for anything that this server did not seal as a refresh token.
    pub(crate) fn open(text: &str, sealer: &Sealer<RefreshTokens>) -> Option<Self> {
        postcard::from_bytes(&sealer.open(text, b"").ok()?).ok()
    }
}
