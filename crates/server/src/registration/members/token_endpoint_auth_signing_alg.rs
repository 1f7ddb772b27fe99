//! What an app signs its assertions with — OIDC Registration §2, OIDC Core §9.

use mapae_protocol::client_jwt::ClientAlgorithm;
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};

/// `token_endpoint_auth_signing_alg`.
#[derive(Debug)]
pub(super) struct TokenEndpointAuthSigningAlg;

impl Member for TokenEndpointAuthSigningAlg {
    fn name(&self) -> &'static str {
        "token_endpoint_auth_signing_alg"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let algorithm = ClientAlgorithm::parse(text(value)?).ok_or(MemberProblem::NotClientAlgorithm)?;
        metadata.assertion_algorithm = Some(algorithm);
        Ok(())
    }
}
