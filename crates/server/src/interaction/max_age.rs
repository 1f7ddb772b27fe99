//! How old a sign-in may be for an app — OIDC Core §3.1.2.1 (`max_age`), OIDC Registration §2 (`default_max_age`).
//!
//! One rule for all errands of apps, so that none accepts what another refuses (DE-09).

use mapae_protocol::time::{Seconds, Timestamp};

use super::Errand;

impl Errand {
    /// How long ago a person may have proved who they are for the app that waits, as it asked when the errand began.
    pub(crate) fn max_age(&self) -> Option<Seconds> {
        match self {
            Self::Authorize(authorize) => authorize.request.max_age,
            Self::Device(device) => device.max_age(),
            Self::Visit(_) | Self::Confirm(_) | Self::Connect(_) => None,
        }
    }
}

/// Whether somebody who is signed in proved longer ago who they are than the app accepts; a sign-in made for this errand
/// is always fresh enough, however long the person then looked at a page. What nobody proved (`None`: a provider that
/// knew the browser let it pass) is never young enough (decision 0255).
pub(super) fn signed_in_too_long_ago(
    max_age: Option<Seconds>,
    proved_at: Option<Timestamp>,
    signed_in_now: bool,
    now: Timestamp,
) -> bool {
    let Some(max_age) = max_age else { return false };
    let is_old = proved_at.is_none_or(|proved_at| now.since(proved_at) > max_age);
    !signed_in_now && (max_age.get() == 0 || is_old)
}
