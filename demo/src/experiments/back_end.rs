//! A program that acts for itself, without any person — RFC 6749 §4.4.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback};
use crate::{api::READ, flow::Endpoint};

pub(super) struct BackEnd;

#[async_trait]
impl Experiment for BackEnd {
    fn name(&self) -> &'static str {
        "back_end"
    }

    fn needs_sign_in(&self) -> bool {
        false
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", READ),
            ("resource", lab.desk().parts().resource.as_str()),
        ];
        let given = lab.post_as(lab.back_end(), Endpoint::Token, &form, "refused").await?;
        let Some(token) = given.access_token() else { return Ok(Finding::Otherwise) };
        let answer = lab.call(&Lab::read(), token.expose()).await?;
        Ok(if answer.status.is_success() { Finding::AsExpected(None) } else { Finding::Otherwise })
    }
}
