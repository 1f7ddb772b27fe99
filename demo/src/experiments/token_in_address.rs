//! The token in the address, where a route has opted in — RFC 6750 §2.3, RFC 9700 §4.3.2.

use async_trait::async_trait;
use http::StatusCode;

use super::{Experiment, Finding, Lab, Setback, forged_access_token::forge};
use crate::site::Ask;

pub(super) struct TokenInAddress;

#[async_trait]
impl Experiment for TokenInAddress {
    fn name(&self) -> &'static str {
        "token_in_address"
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let token = lab.token().await?;
        let genuine = lab.call(&Ask::ReadByAddress, token.expose()).await?.status;
        // It is another place for the same token, with the same checks.
        let forged = lab.call(&Ask::ReadByAddress, &forge(token.expose())).await?.status;
        let expected = genuine.is_success() && forged == StatusCode::UNAUTHORIZED;
        Ok(if expected { Finding::AsExpected(None) } else { Finding::Otherwise })
    }
}
