//! The ordinary case: the service calls the API — RFC 6750 §2.1.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback, lab::ServiceCall};

pub(super) struct CallApi;

#[async_trait]
impl Experiment for CallApi {
    fn name(&self) -> &'static str {
        "call_api"
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        Ok(match lab.as_the_service().await? {
            ServiceCall::Served { .. } => Finding::AsExpected(None),
            ServiceCall::Refused => Finding::Otherwise,
            ServiceCall::SignInAgain { .. } => Finding::SignInAgain,
        })
    }
}
