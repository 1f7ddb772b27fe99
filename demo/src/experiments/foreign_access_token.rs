//! A genuine access token of the same server, for somebody else — RFC 9068 §4, RFC 8707 §2.

use async_trait::async_trait;
use http::StatusCode;

use super::{Experiment, Finding, Lab, Setback, errand::Wanted};
use crate::flow::Endpoint;

pub(super) struct ForeignAccessToken;

#[async_trait]
impl Experiment for ForeignAccessToken {
    fn name(&self) -> &'static str {
        "foreign_access_token"
    }

    fn wants_code(&self) -> Option<Wanted> {
        Some(Wanted::Identity)
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let spent = lab.code()?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", spent.code.expose().as_str()),
            ("redirect_uri", spent.redirect_uri.as_str()),
            ("code_verifier", spent.verifier.expose().as_str()),
        ];
        let given = lab.post(Endpoint::Redemption, &form).await?;
        let Some(token) = given.access_token() else { return Ok(Finding::Otherwise) };
        let answer = lab.call(&Lab::read(), token.expose()).await?;
        let refused = answer.status == StatusCode::UNAUTHORIZED;
        Ok(if refused { Finding::AsExpected(None) } else { Finding::Otherwise })
    }
}
