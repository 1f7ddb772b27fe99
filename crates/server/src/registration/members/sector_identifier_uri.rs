//! What makes the apps of several hosts one's — OIDC Registration §5, OIDC Core §8.1 (`sector_identifier_uri`).

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, fetched};

/// `sector_identifier_uri`: it names every redirect URI of the apps that know a person by one name.
#[derive(Debug)]
pub(super) struct SectorIdentifierUri;

impl Member for SectorIdentifierUri {
    fn name(&self) -> &'static str {
        "sector_identifier_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        fetched(value, rules)
    }
}
