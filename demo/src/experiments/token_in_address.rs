//! The token in the address, where a route has opted in — RFC 6750 §2.3, RFC 9700 §4.3.2.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback};
use crate::site::Ask;

pub(super) struct TokenInAddress;

#[async_trait]
impl Experiment for TokenInAddress {
    fn name(&self) -> &'static str {
        "token_in_address"
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let token = lab.token().await?;
        let answer = lab.call(&Ask::ReadByAddress, token.expose()).await?;
        Ok(if answer.status.is_success() { Finding::AsExpected(None) } else { Finding::Otherwise })
    }
}
