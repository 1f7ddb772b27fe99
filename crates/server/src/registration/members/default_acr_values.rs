//! How surely people must have signed in when a request does not say — OIDC Registration §2.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};
use crate::accounts::session::ACR_VALUES;

/// `default_acr_values`.
#[derive(Debug)]
pub(super) struct DefaultAcrValues;

impl Member for DefaultAcrValues {
    fn name(&self) -> &'static str {
        "default_acr_values"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let list = value.as_array().ok_or(MemberProblem::NotAcrValues)?;
        let values =
            list.iter().map(text).collect::<Result<Vec<_>, _>>().map_err(|_| MemberProblem::NotAcrValues)?;
        if !values.iter().all(|value| ACR_VALUES.contains(value)) {
            return Err(MemberProblem::NotAcrValues);
        }
        metadata.default_acr_values = values.into_iter().map(str::to_owned).collect();
        Ok(())
    }
}
