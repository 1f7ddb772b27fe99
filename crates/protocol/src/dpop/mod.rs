//! Proof of possession of a key — RFC 9449 §4, §4.2, §4.3, §7.1.
//!
//! A client signs each request with a key of its own, and a token that is bound to the key is worth nothing without it.
//! Everything about one proof is decided here, except two things that need a memory: whether it was used before, and
//! whether its nonce is the server's. [`Proof::use_id`] is what the first is remembered under.

mod address;
#[cfg(test)]
mod attacks;
mod made;
mod nonce;
mod proof;
mod thumbprint;
#[cfg(test)]
mod vectors;

pub use address::Address;
pub use made::NewProof;
pub use nonce::{NONCE_LIFE, NonceStanding};
pub use proof::{Expectations, Proof};
pub use thumbprint::{Confirmation, Thumbprint};

use crate::{error::rule_errors, jose::Algorithm, time::Seconds};

/// The request header of a proof, and the scheme of a token that is bound by one (RFC 9449 §4.1, §7.1).
pub const NAME: &str = "DPoP";

/// The response header of a nonce (RFC 9449 §8.1).
pub const NONCE_HEADER: &str = "DPoP-Nonce";

/// Longest proof that is read, in bytes: a key and a signature of RSA with 4096 bits, a long address and a nonce.
pub const MAX_PROOF: usize = 8 * 1024;

/// Longest `jti` and longest `nonce`, in bytes.
pub const MAX_NAME: usize = 256;

/// How far a proof's `iat` may be from now, in both directions (RFC 9449 §11.1).
///
/// Honest clocks of phones are some seconds off, and a proof is made for one request: 10 s must pass, 60 s must not
/// (the conformance suite of the OpenID Foundation sends both). A proof is remembered for as long as it could be
/// repeated, so twice this is also what the memory costs.
pub const WINDOW: Seconds = Seconds::seconds(30);

/// The algorithms of proofs, as metadata and challenges list them (RFC 9449 §5.1, §7.1).
#[must_use]
pub fn proof_algorithms() -> Vec<String> {
    Algorithm::names(Algorithm::ALL)
}

rule_errors! {
    /// Why a proof proves nothing (RFC 9449 §4.3).
    pub enum Error {
        /// There is none, and one is needed.
        Missing => InvalidDpopProof, "a DPoP proof is needed";
        /// More than one `DPoP` header.
        SeveralHeaders => InvalidDpopProof, "there is more than one DPoP header";
        /// Not a JWT with an asymmetric signature, or too long.
        Malformed => InvalidDpopProof, "the DPoP proof is not a JWT that is signed with an accepted algorithm";
        /// `typ` is another one.
        WrongType => InvalidDpopProof, "the DPoP proof's typ is not dpop+jwt";
        /// `jwk` is missing, private, symmetric, too weak or for something else.
        Key => InvalidDpopProof, "the DPoP proof's jwk is not a public key that is accepted for signatures";
        /// The signature is not that key's.
        Signature => InvalidDpopProof, "the DPoP proof's signature is wrong";
        /// A claim is missing or has the wrong type.
        Claims => InvalidDpopProof, "a claim of the DPoP proof is missing or malformed";
        /// `jti` or `nonce` is empty or longer than [`MAX_NAME`].
        Name => InvalidDpopProof, "the DPoP proof's jti or nonce is empty or too long";
        /// `htm` is another method.
        Method => InvalidDpopProof, "the DPoP proof is for another method";
        /// `htu` is another address.
        Address => InvalidDpopProof, "the DPoP proof is for another address";
        /// `iat` is further from now than [`WINDOW`], or `exp` or `nbf` say that its time is not now.
        Time => InvalidDpopProof, "the DPoP proof's time is not now";
        /// `ath` is missing or not the digest of the access token that came with it.
        AccessToken => InvalidDpopProof, "the DPoP proof is not for this access token";
        /// It was used before.
        Replayed => InvalidDpopProof, "the DPoP proof was used before";
        /// The nonce is missing, too old or not the server's (RFC 9449 §8, §9).
        Nonce => UseDpopNonce, "the DPoP proof must have the nonce that comes with this answer";
        /// `dpop_jkt` is not the thumbprint of the key with which the request was pushed (RFC 9449 §10.1).
        OtherKey => InvalidDpopProof, "dpop_jkt is not the key of the DPoP proof";
    }
}
