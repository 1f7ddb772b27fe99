//! In which form userinfo answers — OIDC Registration §2, OIDC Core §5.3.2.

use mapae_protocol::jose::Algorithm;
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};

/// `userinfo_signed_response_alg`.
#[derive(Debug)]
pub(super) struct UserinfoSignedResponseAlg;

impl Member for UserinfoSignedResponseAlg {
    fn name(&self) -> &'static str {
        "userinfo_signed_response_alg"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let algorithm = Algorithm::parse(text(value)?).ok_or(MemberProblem::NotAlgorithm)?;
        metadata.userinfo_algorithm = Some(algorithm);
        Ok(())
    }
}
