//! A code that is redeemed too late — RFC 6749 §4.1.2.
//!
//! Nothing is faked: the browser brings a fresh code, and it lies about until its minute is over.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::sleep;

use super::{Experiment, Finding, Lab, Setback, Start, errand::Wanted};
use crate::flow::Endpoint;

/// A code's life in seconds, and the second in which it ends.
const LIFE: u8 = 61;

pub(super) struct LateCode;

#[async_trait]
impl Experiment for LateCode {
    fn name(&self) -> &'static str {
        "late_code"
    }

    fn wants_code(&self) -> Option<Wanted> {
        Some(Wanted::Calendar)
    }

    async fn begin(&self, lab: &Lab) -> Result<Start, Setback> {
        lab.code()?;
        let ready = async {
            sleep(Duration::from_secs(LIFE.into())).await;
            Some(())
        };
        Ok(Start::Later(Box::pin(ready), Finding::Waiting(LIFE.into())))
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let late = lab.code()?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", late.code.expose().as_str()),
            ("redirect_uri", late.redirect_uri.as_str()),
            ("code_verifier", late.verifier.expose().as_str()),
        ];
        let answer = lab.post_as(lab.sender(), Endpoint::Redemption, &form, "late").await?;
        let refused = answer.error() == Some("invalid_grant");
        Ok(if refused { Finding::AsExpected(None) } else { Finding::Otherwise })
    }
}
