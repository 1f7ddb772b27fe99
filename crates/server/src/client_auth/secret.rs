//! Comparing a presented secret with the digests of those that are good — RFC 6749 §2.3.1.
//!
//! Secrets are made by the server from 256 random bits, so a plain digest is enough to keep them, and no
//! throttle is needed against guessing.

use mapae_protocol::{digest::sha256_base64url, random, secret::Secret, time::Timestamp};

use crate::{catalog::Client, store::app_secrets::NewSecret};

/// What the store keeps of a secret.
pub(crate) fn digest(secret: &Secret<String>) -> String {
    sha256_base64url(secret.expose())
}

/// A new secret, to be shown once, and what is kept of it under this id.
pub(crate) fn generate(id: String) -> (Secret<String>, NewSecret) {
    let secret = Secret::new(random::token());
    let kept = NewSecret { id, hash: digest(&secret).into() };
    (secret, kept)
}

/// Whether it is one of the client's secrets that are good now. Constant in time for each of them.
pub(super) fn is_good(presented: &Secret<String>, client: &Client, now: Timestamp) -> bool {
    let digest = digest(presented);
    let good = client.secrets().iter().filter(|secret| secret.valid(now));
    // No early exit: which of two live secrets it was stays unsaid.
    good.fold(false, |found, secret| secret.hash.matches(&digest) | found)
}
