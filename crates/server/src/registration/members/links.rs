//! Where an app's policy and terms stand, for people to read before they sign in — OIDC Registration §2.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, address};

/// `policy_uri`.
#[derive(Debug)]
pub(super) struct PolicyUri;

/// `tos_uri`.
#[derive(Debug)]
pub(super) struct TosUri;

impl Member for PolicyUri {
    fn name(&self) -> &'static str {
        "policy_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.policy = Some(address(value, rules)?);
        Ok(())
    }
}

impl Member for TosUri {
    fn name(&self) -> &'static str {
        "tos_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.terms = Some(address(value, rules)?);
        Ok(())
    }
}
