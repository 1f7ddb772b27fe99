//! On which profile an app is — FAPI 2.0 §5.3.2, FAPI 2.0 Message Signing §5.3.1.

use mapae_protocol::fapi::Profile;
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};

/// Its name. No standard has registered one (decision 0160).
pub(crate) const NAME: &str = "fapi_profile";

/// `fapi_profile`.
#[derive(Debug)]
pub(super) struct FapiProfile;

impl Member for FapiProfile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.profile = Some(Profile::parse(text(value)?).ok_or(MemberProblem::NotProfile)?);
        Ok(())
    }
}
