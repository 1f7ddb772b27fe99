//! Comparing a presented secret with the digests of those that are good — RFC 6749 §2.3.1.
//!
//! Secrets are made by the server from 256 random bits, so a plain digest is enough to keep them, and no
//! throttle is needed against guessing. One that signs is a key that both sides must have (OIDC Core §10.1): its text is
//! kept besides, wrapped under the master key, for that app and that secret alone.

use mapae_protocol::{digest::sha256_base64url, random, seal::MasterKey, secret::Secret, time::Timestamp};

use crate::{
    catalog::Client,
    fault::{Artefact, Fault},
    store::{
        Concealed,
        app_secrets::{AppSecret, NewSecret},
    },
};

/// What the store keeps of a secret.
pub(crate) fn digest(secret: &Secret<String>) -> String {
    sha256_base64url(secret.expose())
}

/// A new secret, to be shown once, and what is kept of it under this id.
pub(crate) fn generate(id: String) -> (Secret<String>, NewSecret) {
    let secret = Secret::new(random::token());
    let kept = NewSecret { id, hash: digest(&secret).into(), sealed: None };
    (secret, kept)
}

/// As [`generate`], for this app; with a master key for one that signs with it.
pub(crate) fn generate_for(
    app_id: &str,
    id: String,
    signs: Option<&MasterKey>,
) -> (Secret<String>, NewSecret) {
    let (secret, kept) = generate(id);
    let sealed = signs.map(|master| {
        Concealed::from(master.wrap_key(secret.expose().as_bytes(), label(app_id, &kept.id).as_bytes()))
    });
    (secret, NewSecret { sealed, ..kept })
}

/// The text of a secret that signs; `None` of any other.
pub(super) fn opened(
    app_id: &str,
    kept: &AppSecret,
    master: &MasterKey,
) -> Result<Option<Secret<String>>, Fault> {
    let Some(sealed) = &kept.sealed else { return Ok(None) };
    let plain = master.unwrap_key(sealed.expose(), label(app_id, &kept.id).as_bytes());
    let plain = plain.map_err(Fault::corrupt(Artefact::SecretOfApp))?;
    let text = String::from_utf8(plain.expose().clone()).map_err(Fault::corrupt(Artefact::SecretOfApp))?;
    Ok(Some(Secret::new(text)))
}

fn label(app_id: &str, secret_id: &str) -> String {
    format!("app secret {app_id} {secret_id}")
}

/// Whether it is one of the client's secrets that are good now. Constant in time for each of them.
pub(super) fn is_good(presented: &Secret<String>, client: &Client, now: Timestamp) -> bool {
    let digest = digest(presented);
    let good = client.secrets().iter().filter(|secret| secret.valid(now));
    // No early exit: which of two live secrets it was stays unsaid.
    good.fold(false, |found, secret| secret.hash.matches(&digest) | found)
}
