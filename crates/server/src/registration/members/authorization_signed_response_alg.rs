//! What signed authorization responses are signed with — JARM §3.

use mapae_protocol::jose::Algorithm;
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};

/// `authorization_signed_response_alg`.
#[derive(Debug)]
pub(super) struct AuthorizationSignedResponseAlg;

impl Member for AuthorizationSignedResponseAlg {
    fn name(&self) -> &'static str {
        "authorization_signed_response_alg"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let algorithm = Algorithm::parse(text(value)?).ok_or(MemberProblem::NotAlgorithm)?;
        metadata.response_algorithm = Some(algorithm);
        Ok(())
    }
}
