//! Whether what is framed must say which session has ended — OIDC Front-Channel Logout §2.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, boolean};

/// `frontchannel_logout_session_required`.
#[derive(Debug)]
pub(super) struct FrontchannelLogoutSessionRequired;

impl Member for FrontchannelLogoutSessionRequired {
    fn name(&self) -> &'static str {
        "frontchannel_logout_session_required"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.front_channel_by_session = boolean(value)?;
        Ok(())
    }
}
