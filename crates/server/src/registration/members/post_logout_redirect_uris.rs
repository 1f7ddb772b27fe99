//! Where people may go after they signed out — OIDC RP-Initiated Logout §3.1.

use mapae_protocol::redirect_uri::{MAX_PER_APP, RedirectUri, RegistrationRules};
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata};

/// `post_logout_redirect_uris`.
#[derive(Debug)]
pub(super) struct PostLogoutRedirectUris;

impl Member for PostLogoutRedirectUris {
    fn name(&self) -> &'static str {
        "post_logout_redirect_uris"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let problem = MemberProblem::NotRedirectUris(MAX_PER_APP);
        let listed = value.as_array().filter(|listed| listed.len() <= MAX_PER_APP).ok_or(problem)?;
        let registered = RegistrationRules::from(rules);
        let uri = |item: &Value| RedirectUri::register(item.as_str()?, registered).ok();
        metadata.post_logout = listed.iter().map(uri).collect::<Option<_>>().ok_or(problem)?;
        Ok(())
    }
}
