//! A code for the second time — RFC 6749 §4.1.2, RFC 9700 §4.5.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback, lab::ServiceCall};
use crate::flow::Endpoint;

pub(super) struct ReplayedCode;

#[async_trait]
impl Experiment for ReplayedCode {
    fn name(&self) -> &'static str {
        "replayed_code"
    }

    fn ends_session(&self) -> bool {
        true
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let grant = lab.grant().await?;
        // So that the token in use does not end by itself meanwhile.
        lab.token().await?;
        let spent = grant.code.ok_or(Setback::NothingOverheard)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", spent.code.expose().as_str()),
            ("redirect_uri", spent.redirect_uri.as_str()),
            ("code_verifier", spent.verifier.expose().as_str()),
        ];
        let answer = lab.post_as(lab.sender(), Endpoint::Redemption, &form, "replayed").await?;
        Ok(match lab.as_the_service_once_refused().await? {
            ServiceCall::SignInAgain { refused_after: Some(after) }
                if answer.error() == Some("invalid_grant") =>
            {
                Finding::AsExpected(Some(after))
            }
            _ => Finding::Otherwise,
        })
    }
}
