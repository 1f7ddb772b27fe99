//! What an app has framed when somebody signs out — OIDC Front-Channel Logout §2; threat LO-08.

use mapae_protocol::redirect_uri::RedirectUri;
use serde_json::Value;

use super::{Around, Member, MemberProblem, MemberRules, Metadata, address, text};

/// `frontchannel_logout_uri`, on an origin of the app's redirect URIs: nobody else's page is framed in ours.
#[derive(Debug)]
pub(super) struct FrontchannelLogoutUri;

impl Member for FrontchannelLogoutUri {
    fn name(&self) -> &'static str {
        "frontchannel_logout_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let address = address(value, rules)?;
        let address = RedirectUri::parse(address.as_str()).map_err(|_| MemberProblem::NotAddress)?;
        metadata.front_channel_logout = Some(address);
        Ok(())
    }

    fn fits(&self, value: &Value, around: &Around<'_>) -> Result<(), MemberProblem> {
        let origin = |uri: &str| RedirectUri::parse(uri).ok().map(|uri| uri.origin());
        let framed = origin(text(value)?);
        let own = around.redirect_uris.iter().any(|uri| framed.is_some() && origin(uri) == framed);
        if own { Ok(()) } else { Err(MemberProblem::NotOwnOrigin) }
    }
}
