//! A MAC over several parts, none of which can lend bytes to its neighbour.

use mapae_protocol::digest::HmacKey;

/// HMAC-SHA-256 over the parts, each behind its length.
pub(super) fn keyed_digest(key: &HmacKey, parts: &[&[u8]]) -> [u8; 32] {
    let mut text = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    key.sign(&text)
}
