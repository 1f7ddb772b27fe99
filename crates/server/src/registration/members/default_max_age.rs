//! How old a sign-in may be when a request does not say — OIDC Registration §2.

use mapae_protocol::time::Seconds;
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata};

/// `default_max_age`.
#[derive(Debug)]
pub(super) struct DefaultMaxAge;

/// A year: nobody stays signed in for longer.
const LONGEST: u32 = 31_536_000;

impl Member for DefaultMaxAge {
    fn name(&self) -> &'static str {
        "default_max_age"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let seconds = value.as_u64().and_then(|seconds| u32::try_from(seconds).ok());
        let seconds =
            seconds.filter(|seconds| *seconds <= LONGEST).ok_or(MemberProblem::NotNumber(LONGEST))?;
        metadata.default_max_age = Some(Seconds::seconds(seconds));
        Ok(())
    }
}
