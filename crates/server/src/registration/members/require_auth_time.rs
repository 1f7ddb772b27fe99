//! Whether each ID token says when the person signed in — OIDC Registration §2. Ours always say it; an app may still ask.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, boolean};

/// `require_auth_time`.
#[derive(Debug)]
pub(super) struct RequireAuthTime;

impl Member for RequireAuthTime {
    fn name(&self) -> &'static str {
        "require_auth_time"
    }

    fn read(&self, value: &Value, _: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        boolean(value).map(drop)
    }
}
