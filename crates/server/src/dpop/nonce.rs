//! The server's nonces — RFC 9449 §8, §9.
//!
//! A nonce is the time at which it was made, sealed: every node reads those of every other, nothing is kept, and nobody
//! can make one ahead of its time. Nobody's nonce is another one's, but it does not matter whose it is: it says when a
//! proof was made at the earliest.

use axum::http::HeaderValue;
use mapae_protocol::{dpop::NonceStanding, time::Timestamp};

use crate::{app::App, fault::Fault};

/// A nonce of now.
pub(super) fn fresh(app: &App) -> Option<HeaderValue> {
    let made_at = app.now().unix().to_be_bytes();
    HeaderValue::try_from(app.keys().current().seals.dpop_nonces.seal(&made_at, b"")).ok()
}

/// What the nonce of a proof is worth now.
pub(super) async fn standing(app: &App, nonce: &str) -> Result<NonceStanding, Fault> {
    let keys = app.keys_for(nonce).await?;
    let opened = keys.seals.dpop_nonces.open(nonce, b"").ok();
    let made_at = opened.and_then(|bytes| bytes.first_chunk().copied().map(i64::from_be_bytes));
    Ok(NonceStanding::of(made_at.map(Timestamp::from_unix), app.now()))
}
