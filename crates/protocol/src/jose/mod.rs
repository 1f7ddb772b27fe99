//! Signed JSON Web Tokens — RFC 7515 §3.1, RFC 7517 §4, RFC 7518 §3, RFC 8725 §3.
//!
//! The compact serialization only, no encryption. What attackers did to other implementations is not refused by
//! checks but has no spelling here: no [`Algorithm`] is `none` or `HS256`, so that no public key can be taken for a
//! secret (a client's secret makes [tokens of another type](UnverifiedMac)), the key and not the token decides the
//! algorithm, no header can name a key or an address to fetch one from (the key that a proof of possession brings is read
//! in [`dpop`](crate::dpop), and vouches for nothing but itself), and claims can be read only from a [`Verified`] token.

mod algorithm;
#[cfg(test)]
mod attacks;
mod compact;
mod header;
mod jwk;
mod jwk_set;
mod shared_key;
mod signing_key;
#[cfg(test)]
mod vectors;
mod verifying_key;
#[cfg(test)]
mod wycheproof_tests;

pub use algorithm::Algorithm;
pub(crate) use compact::claimed;
pub use compact::{MAX_TOKEN, Unverified, Verified, claimed_subject};
pub use header::HeaderType;
pub use jwk::{Jwk, KeyError};
pub use jwk_set::{JwkSet, MAX_KEYS, MAX_SET, SetError};
pub use shared_key::{HS256, MIN_SECRET, SharedKey, UnverifiedMac};
pub use signing_key::{SignError, SigningKey, SigningKeyError};
pub use verifying_key::VerifyingKey;

/// How long a `kid` may be, in bytes. It is an opaque map key and nothing else.
pub const MAX_KID: usize = 256;

/// Why a token was refused before anything was read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is longer than [`MAX_TOKEN`].
    #[error("the token is too long")]
    TooLong,
    /// It has not exactly three parts (RFC 7515 §7.1).
    #[error("the token is not a compact JWS")]
    NotCompact,
    /// A part is not base64url in its only spelling (RFC 7515 §2).
    #[error("a part of the token is not base64url")]
    Encoding,
    /// The header is not a JSON object with unique names and the types that it must have
    /// (RFC 7515 §4).
    #[error("the token's header is malformed")]
    Header,
    /// The header names no algorithm (RFC 7515 §4.1.1).
    #[error("the token's header names no algorithm")]
    AlgorithmMissing,
    /// The algorithm is `none`, symmetric or unknown (RFC 8725 §3.1).
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// The header has `crit`: no extension is understood here (RFC 7515 §4.1.11).
    #[error("the token demands an extension that is not understood")]
    Critical,
    /// The header has `b64` (RFC 7797 §3).
    #[error("the token's payload is not encoded")]
    UnencodedPayload,
    /// The `kid` is empty or longer than [`MAX_KID`].
    #[error("the token's key id is empty or too long")]
    KeyId,
    /// The key is not for the algorithm that the token names (RFC 8725 §3.1).
    #[error("the token's algorithm is not the key's")]
    AlgorithmMismatch,
    /// No key of the set is named by the token: it may have been published since the set was fetched.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The token does not say which of several keys it was signed with.
    #[error("the token does not say which key it was signed with")]
    AmbiguousKey,
    /// The signature is not the key's over this token (RFC 7515 §5.2).
    #[error("the token's signature is wrong")]
    Signature,
    /// The signed payload is not a JSON object with unique names (RFC 7519 §7.2).
    #[error("the token's payload is not a JSON object with unique names")]
    Payload,
}

/// Why the claims of a verified token are not what its kind must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// A required claim, named here, is absent or empty.
    #[error("the claim {0} is missing")]
    Missing(&'static str),
    /// A claim has the wrong type, or is a date that is no date.
    #[error("a claim has the wrong type")]
    Malformed,
}
