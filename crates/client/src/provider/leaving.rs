//! Where a browser signs out at the provider, too — OIDC RP-Initiated Logout §2.

use mapae_protocol::{params, time::Timestamp};

use super::Provider;
use crate::{error::Error, tokens::Tokens};

impl Provider {
    /// The address; `None` where the provider has none. `back_to` must be registered there as `post_logout_redirect_uri`.
    ///
    /// # Errors
    /// The provider's metadata cannot be had.
    pub async fn sign_out_address(
        &self,
        tokens: &Tokens,
        back_to: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        let metadata = self.metadata(now).await?;
        let Some(endpoint) = &metadata.end_session_endpoint else { return Ok(None) };
        let mut address = endpoint.to_string();
        if !address.contains('?') {
            address.push('?');
        }
        let hint = tokens.id_token.as_ref().map(|id_token| ("id_token_hint", id_token.expose().as_str()));
        let named = [
            hint,
            Some(("client_id", self.client_id())),
            back_to.map(|uri| ("post_logout_redirect_uri", uri)),
        ];
        params::append(&mut address, named.into_iter().flatten());
        Ok(Some(address))
    }
}
