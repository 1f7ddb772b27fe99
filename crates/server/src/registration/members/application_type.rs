//! Whether an app runs on a server or on a device — OIDC Registration §2 (`application_type`). Here the difference is made
//! by its secret: what an app without one may register is what a native app may.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};

/// `application_type`.
#[derive(Debug)]
pub(super) struct ApplicationType;

impl Member for ApplicationType {
    fn name(&self) -> &'static str {
        "application_type"
    }

    fn read(&self, value: &Value, _: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        match text(value)? {
            "web" | "native" => Ok(()),
            _ => Err(MemberProblem::NotApplicationType),
        }
    }
}
