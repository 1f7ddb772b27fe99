//! What was begun earlier may still end in something issued.

use mapae_protocol::time::Timestamp;

use crate::store::alive::{Dead, Epochs, States};

/// May anything be issued that was begun under these epochs, as the person, the app, the consent and the
/// session stand now? What is `offline` survives its session (OIDC Core §11). The rule is [`States::hold`], which
/// decides about grants and their tokens, too.
///
/// # Errors
/// The first reason against it: for the log; the peer sees `invalid_grant` for all of them.
pub(crate) fn may_issue(under: Epochs, offline: bool, states: &States, now: Timestamp) -> Result<(), Dead> {
    states.hold(under, offline, now)
}
