//! Where somebody else may begin a login at the app — OIDC Core §4, OIDC Registration §2.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, address};

/// `initiate_login_uri`.
#[derive(Debug)]
pub(super) struct InitiateLoginUri;

impl Member for InitiateLoginUri {
    fn name(&self) -> &'static str {
        "initiate_login_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.initiate_login = Some(address(value, rules)?);
        Ok(())
    }
}
