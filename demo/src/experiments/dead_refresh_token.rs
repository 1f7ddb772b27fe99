//! A refresh token that is over: the person signs in again — RFC 7009 §2.1, RFC 6749 §6.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback, lab::ServiceCall};
use crate::flow::Endpoint;

pub(super) struct DeadRefreshToken;

#[async_trait]
impl Experiment for DeadRefreshToken {
    fn name(&self) -> &'static str {
        "dead_refresh_token"
    }

    fn ends_session(&self) -> bool {
        true
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let grant = lab.grant().await?;
        // So that the token in use does not end by itself meanwhile.
        lab.token().await?;
        let refresh_token = grant.refresh_token.ok_or(Setback::NothingOverheard)?;
        let form = [("token", refresh_token.expose().as_str()), ("token_type_hint", "refresh_token")];
        let revoked = lab.post(Endpoint::Revocation, &form).await?;
        Ok(match lab.as_the_service_once_refused().await? {
            ServiceCall::SignInAgain { refused_after: Some(after) } if revoked.status.is_success() => {
                Finding::AsExpected(Some(after))
            }
            _ => Finding::Otherwise,
        })
    }
}
