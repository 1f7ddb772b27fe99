//! Where an app is told that somebody has signed out — OIDC Back-Channel Logout §2.2.

use serde_json::Value;

use super::{Around, Member, MemberProblem, MemberRules, Metadata, address, text};
use crate::registration::sector::is_at_home;

/// `backchannel_logout_uri`. An app that registered itself is told at a host of its own redirect URIs (LO-07).
#[derive(Debug)]
pub(super) struct BackchannelLogoutUri;

impl Member for BackchannelLogoutUri {
    fn name(&self) -> &'static str {
        "backchannel_logout_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.back_channel_logout = Some(address(value, rules)?);
        Ok(())
    }

    fn fits(&self, value: &Value, around: &Around<'_>) -> Result<(), MemberProblem> {
        let at_home = !around.at_home || is_at_home(text(value)?, around.redirect_uris);
        if at_home { Ok(()) } else { Err(MemberProblem::NotOwnHost) }
    }
}
