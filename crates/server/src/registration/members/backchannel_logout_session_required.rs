//! Whether an app must be told which session has ended, and not only whose — OIDC Back-Channel Logout §2.2.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, boolean};

/// `backchannel_logout_session_required`.
#[derive(Debug)]
pub(super) struct BackchannelLogoutSessionRequired;

impl Member for BackchannelLogoutSessionRequired {
    fn name(&self) -> &'static str {
        "backchannel_logout_session_required"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.back_channel_by_session = boolean(value)?;
        Ok(())
    }
}
