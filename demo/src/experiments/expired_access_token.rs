//! An access token after its end — RFC 6750 §3.1, RFC 6749 §6.
//!
//! Nothing is faked: no clock is moved and no date is changed. The service has kept an access token that it once
//! got. If that is over by now it is sent at once; if not, it is sent as soon as it is.

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use tokio::time::sleep;

use super::{Experiment, Finding, Lab, Setback, Start, lab::ServiceCall};

pub(super) struct ExpiredAccessToken;

#[async_trait]
impl Experiment for ExpiredAccessToken {
    fn name(&self) -> &'static str {
        "expired_access_token"
    }

    async fn begin(&self, lab: &Lab) -> Result<Start, Setback> {
        let grant = lab.grant().await?;
        let first = grant.access_tokens.iter().map(|given| given.expires_at).min();
        let first = first.ok_or(Setback::NothingOverheard)?;
        let left = first.since(lab.desk().stage().now()).get();
        if left <= 0 {
            return Ok(Start::Now);
        }
        let span = Duration::from_secs(u64::try_from(left).unwrap_or(60));
        let ready = async move {
            sleep(span).await;
            Some(())
        };
        Ok(Start::Later(Box::pin(ready), Finding::Waiting(left)))
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        // Who has signed in again meanwhile has a new grant, and the token that was waited for is of the old one.
        let stage = lab.desk().stage();
        let expired = stage.overheard().expired_of(lab.person()?.subject(), stage.now());
        let expired = expired.ok_or(Setback::NothingOverheard)?;
        let refused =
            lab.call(&Lab::read(), expired.token.expose()).await?.status == StatusCode::UNAUTHORIZED;
        // The service knows when its own token ends, and renews it before it calls.
        Ok(match lab.as_the_service().await? {
            ServiceCall::Served { .. } if refused => Finding::AsExpected(None),
            ServiceCall::SignInAgain { .. } => Finding::SignInAgain,
            ServiceCall::Served { .. } | ServiceCall::Refused => Finding::Otherwise,
        })
    }
}
