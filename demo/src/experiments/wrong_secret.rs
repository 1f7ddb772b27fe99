//! A genuine refresh token with another client secret — RFC 6749 §2.3.1, RFC 6749 §5.2.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback};
use crate::flow::Endpoint;

pub(super) struct WrongSecret;

#[async_trait]
impl Experiment for WrongSecret {
    fn name(&self) -> &'static str {
        "wrong_secret"
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let token = lab.token().await?;
        let grant = lab.grant().await?;
        let refresh_token = grant.refresh_token.ok_or(Setback::NothingOverheard)?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose().as_str())];
        let wrong = Lab::wrong_secret();
        let sender = lab.sender().with_secret(&wrong);
        let answer = lab.post_as(sender, Endpoint::Refresh, &form, "invalid_client").await?;
        // With the right secret the same refresh token still works: strangers cannot burn it.
        let unharmed = lab.refreshed(&token).await.is_ok();
        let refused = answer.error() == Some("invalid_client");
        Ok(if refused && unharmed { Finding::AsExpected(None) } else { Finding::Otherwise })
    }
}
