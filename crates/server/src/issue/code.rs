//! The authorization code — RFC 6749 §4.1.2: sealed, not stored.
//!
//! A code carries everything its redemption needs, under a key of its own. Redeeming it inserts a grant
//! whose `origin` is unique, which makes that possible once on any number of nodes; issuing it writes
//! nothing. Only what would make a code too long for an address waits in a row named by its id.

use mapae_protocol::{base64url, digest::sha256, scope::Scopes, seal::Sealer, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::Authorization;
use crate::{
    fault::{Artefact, Fault},
    ids,
    keys::AuthorizationCodes,
};

/// Longest code that travels in an address, in characters.
const MAX_LENGTH: usize = 512;

/// What a code says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuthorizationCode {
    pub(crate) id: [u8; 16],
    pub(crate) expires_at: Timestamp,
    pub(crate) client_id: String,
    /// SHA-256 of the redirect URI to which it was sent.
    pub(crate) sent_to: [u8; 32],
    /// Whether the request named that URI: then the redemption must, too (RFC 6749 §4.1.3).
    pub(crate) redirect_uri_asked: bool,
    /// The S256 challenge (RFC 7636 §4.2).
    pub(crate) challenge: Option<[u8; 32]>,
    /// The thumbprint of the key with which alone it is redeemed (RFC 9449 §10).
    pub(crate) key: Option<[u8; 32]>,
    pub(crate) authorization: Authorization,
    /// `None` when they wait in a row of `code_details`.
    pub(crate) details: Option<CodeDetails>,
}

/// The part of a code that a client can make long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeDetails {
    /// What the person granted: the ceiling of every token of this grant.
    pub(crate) scopes: Scopes,
    /// RFC 8707 §2.1.
    pub(crate) resource: Option<String>,
    /// OIDC Core §5.5, as JSON.
    pub(crate) claims: Option<String>,
    pub(crate) nonce: Option<String>,
}

/// A code on its way out, and what must be stored first.
#[derive(Debug)]
pub(crate) struct SealedCode {
    pub(crate) text: String,
    /// Details that did not fit: to be stored under the code's id before the code leaves.
    pub(crate) stored: Option<String>,
}

impl AuthorizationCode {
    /// A fresh code id: what seals the code makes it impossible to guess, this makes it another than all before.
    pub(crate) fn fresh_id(now: Timestamp) -> [u8; 16] {
        ids::timed(now)
    }

    /// Where the grant came from: unique, so that a code is redeemed once.
    pub(crate) fn origin(&self) -> String {
        format!("code:{}", self.row_id())
    }

    /// The name of this code's row of details.
    pub(crate) fn row_id(&self) -> String {
        base64url::encode(self.id)
    }

    /// The digest under which a redirect URI is kept in a code.
    pub(crate) fn redirect_digest(uri: &str) -> [u8; 32] {
        sha256(uri.as_bytes())
    }

    /// Seals the code; details that make it longer than an address should be are left out and returned.
    pub(crate) fn seal(mut self, sealer: &Sealer<AuthorizationCodes>) -> Result<SealedCode, Fault> {
        let text = sealer.seal(&encode(&self)?, b"");
        if text.len() <= MAX_LENGTH {
            return Ok(SealedCode { text, stored: None });
        }
        let details = self.details.take();
        let stored = serde_json::to_string(&details).map_err(Fault::encoding(Artefact::CodeDetails))?;
        Ok(SealedCode { text: sealer.seal(&encode(&self)?, b""), stored: Some(stored) })
    }

    /// Opens a code; `None` for anything that this server did not seal as a code.
    pub(crate) fn open(text: &str, sealer: &Sealer<AuthorizationCodes>) -> Option<Self> {
        let bytes = sealer.open(text, b"").ok()?;
        postcard::from_bytes(&bytes).ok()
    }
}

fn encode(code: &AuthorizationCode) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(code).map_err(Fault::encoding(Artefact::Code))
}
