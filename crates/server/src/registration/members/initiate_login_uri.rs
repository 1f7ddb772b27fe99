//! Where others may send a person so that the app begins a login — OIDC Core §4, OIDC Registration §2.

use serde_json::Value;

use super::{Around, Member, MemberProblem, MemberRules, Metadata, address, text};
use crate::registration::sector::is_at_home;

/// `initiate_login_uri`. Our account page leads there: of an app that registered itself it is at a host of its own redirect
/// URIs (DC-03).
#[derive(Debug)]
pub(super) struct InitiateLoginUri;

impl Member for InitiateLoginUri {
    fn name(&self) -> &'static str {
        "initiate_login_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let address = address(value, rules)?;
        // OIDC Registration §2, also where everything else may be on this machine. What is stored is read as it is.
        if rules != MemberRules::WIDEST && !address.as_str().starts_with("https:") {
            return Err(MemberProblem::NotAddress);
        }
        metadata.initiate_login = Some(address);
        Ok(())
    }

    fn fits(&self, value: &Value, around: &Around<'_>) -> Result<(), MemberProblem> {
        let at_home = !around.at_home || is_at_home(text(value)?, around.redirect_uris);
        if at_home { Ok(()) } else { Err(MemberProblem::NotOwnHost) }
    }
}
