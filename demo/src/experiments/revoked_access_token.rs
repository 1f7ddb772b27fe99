//! An access token that its own app has ended — RFC 7009 §2.1.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback, lab::ServiceCall};
use crate::flow::Endpoint;

pub(super) struct RevokedAccessToken;

#[async_trait]
impl Experiment for RevokedAccessToken {
    fn name(&self) -> &'static str {
        "revoked_access_token"
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let token = lab.token().await?;
        let form = [("token", token.expose()), ("token_type_hint", "access_token")];
        let revoked = lab.post(Endpoint::Revocation, &form).await?;
        Ok(match lab.as_the_service_once_refused().await? {
            ServiceCall::Served { refused_after: Some(after) } if revoked.status.is_success() => {
                Finding::AsExpected(Some(after))
            }
            _ => Finding::Otherwise,
        })
    }
}
