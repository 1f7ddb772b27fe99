//! Whether an app may only ask by pushed requests — RFC 9126 §6.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, boolean};

/// `require_pushed_authorization_requests`.
#[derive(Debug)]
pub(super) struct RequirePushedAuthorizationRequests;

impl Member for RequirePushedAuthorizationRequests {
    fn name(&self) -> &'static str {
        "require_pushed_authorization_requests"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.pushes_requests = boolean(value)?;
        Ok(())
    }
}
