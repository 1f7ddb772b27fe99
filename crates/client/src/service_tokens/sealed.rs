//! What leaves the service sealed: the one-time code and the refresh token. Neither can be made, read or taken for the other.

use mapae_protocol::{random, secret::Secret};
use serde::{Deserialize, Serialize};

use crate::{session::SessionId, vault::Vault};

/// Binds a one-time code to a browser: 256 bits that no script can read.
#[derive(Debug)]
pub(crate) struct Binding(pub(crate) Secret<String>);

impl Binding {
    pub(crate) fn generate() -> Self {
        Self(Secret::new(random::token()))
    }
}

#[derive(Serialize, Deserialize)]
struct Plain {
    session: String,
    generation: i64,
}

/// The one-time code of a session, for this browser alone.
pub(crate) fn code(vault: &Vault, session: &SessionId, binding: &Binding) -> String {
    vault.hand_overs().seal(session.expose().as_bytes(), binding.0.expose().as_bytes())
}

/// The session of a one-time code; `None` for what is none, or another browser's.
pub(crate) fn open_code(vault: &Vault, code: &str, binding: &str) -> Option<SessionId> {
    let opened = vault.hand_overs().open(code, binding.as_bytes()).ok()?;
    SessionId::parse(std::str::from_utf8(&opened).ok()?)
}

/// The refresh token of a session's generation.
pub(crate) fn refresh_token(vault: &Vault, session: &SessionId, generation: i64) -> String {
    let plain = Plain { session: session.expose().to_owned(), generation };
    // A text and a number: this cannot fail, and nothing would be opened as no token.
    vault.refresh_tokens().seal(&serde_json::to_vec(&plain).unwrap_or_default(), b"")
}

/// The session and generation of a refresh token that was made here.
pub(crate) fn open_refresh_token(vault: &Vault, token: &str) -> Option<(SessionId, i64)> {
    let opened = vault.refresh_tokens().open(token, b"").ok()?;
    let plain: Plain = serde_json::from_slice(&opened).ok()?;
    Some((SessionId::parse(&plain.session)?, plain.generation))
}
