//! Whether an app gets tokens only with a proof of possession — RFC 9449 §5.2.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, boolean};

/// `dpop_bound_access_tokens`.
#[derive(Debug)]
pub(super) struct DpopBoundAccessTokens;

impl Member for DpopBoundAccessTokens {
    fn name(&self) -> &'static str {
        "dpop_bound_access_tokens"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.binds_tokens = boolean(value)?;
        Ok(())
    }
}
