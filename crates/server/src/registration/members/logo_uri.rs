//! The picture of an app — RFC 7591 §2 (`logo_uri`).

use serde_json::Value;

use super::{LOGO_URI, Member, MemberProblem, MemberRules, Metadata, fetched};

/// `logo_uri`: its picture is made anew here and shown from here, whatever stands there later (SE-10).
#[derive(Debug)]
pub(super) struct LogoUri;

impl Member for LogoUri {
    fn name(&self) -> &'static str {
        LOGO_URI
    }

    fn read(&self, value: &Value, rules: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        fetched(value, rules)
    }
}
