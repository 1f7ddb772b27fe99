//! Which software an app is — RFC 7591 §2 (`software_id`, `software_version`). The operator sees it.

use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, text};

/// `software_id`.
#[derive(Debug)]
pub(super) struct SoftwareId;

/// `software_version`.
#[derive(Debug)]
pub(super) struct SoftwareVersion;

/// Longest of either, in bytes.
const LONGEST: usize = 255;

impl Member for SoftwareId {
    fn name(&self) -> &'static str {
        "software_id"
    }

    fn read(&self, value: &Value, _: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        line(value)
    }
}

impl Member for SoftwareVersion {
    fn name(&self) -> &'static str {
        "software_version"
    }

    fn read(&self, value: &Value, _: MemberRules, _: &mut Metadata) -> Result<(), MemberProblem> {
        line(value)
    }
}

fn line(value: &Value) -> Result<(), MemberProblem> {
    let text = text(value)?;
    if text.is_empty() || text.len() > LONGEST || text.contains(char::is_control) {
        return Err(MemberProblem::NotLine(LONGEST));
    }
    Ok(())
}
