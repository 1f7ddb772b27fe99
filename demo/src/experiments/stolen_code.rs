//! A code in the hands of somebody who has not everything that belongs to it — RFC 6749 §4.1.3, RFC 7636 §4.6.

use async_trait::async_trait;
use mapae_protocol::pkce::CodeVerifier;

use super::{Experiment, Finding, Lab, Setback, errand::Wanted};
use crate::flow::Endpoint;

pub(super) struct StolenCode;

/// An app that is not registered.
const ANOTHER_APP: &str = "app_AAAAAAAAAAAAAAAAAAAAAA";

#[async_trait]
impl Experiment for StolenCode {
    fn name(&self) -> &'static str {
        "stolen_code"
    }

    fn wants_code(&self) -> Option<Wanted> {
        Some(Wanted::Calendar)
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let spent = lab.code()?.clone();
        let (own, elsewhere) = (lab.sender(), format!("{}/elsewhere", lab.desk().origin()));
        let key = CodeVerifier::generate();
        let form = |redirect_uri, verifier| {
            [
                ("grant_type", "authorization_code"),
                ("code", spent.code.expose().as_str()),
                ("redirect_uri", redirect_uri),
                ("code_verifier", verifier),
            ]
        };
        let (home, verifier) = (spent.redirect_uri.as_str(), spent.verifier.expose().as_str());
        let wrong_secret = Lab::wrong_secret();
        let trials = [
            (own.named(ANOTHER_APP), home, verifier, "another_app", "invalid_client"),
            (own.with_secret(&wrong_secret), home, verifier, "invalid_client", "invalid_client"),
            (own, elsewhere.as_str(), verifier, "another_redirect_uri", "invalid_grant"),
            (own, home, key.expose(), "another_verifier", "invalid_grant"),
        ];
        let mut all_refused = true;
        for (sender, redirect_uri, verifier, because, error) in trials {
            let answer =
                lab.post_as(sender, Endpoint::Redemption, &form(redirect_uri, verifier), because).await?;
            all_refused &= answer.error() == Some(error);
        }
        // None of them has burnt it.
        let given = lab.post(Endpoint::Redemption, &form(home, verifier)).await?;
        let Some(token) = given.access_token() else { return Ok(Finding::Otherwise) };
        let again = lab.post_as(own, Endpoint::Redemption, &form(home, verifier), "replayed").await?;
        let dead = again.error() == Some("invalid_grant") && lab.refused_after(&token).await?.is_some();
        Ok(if all_refused && dead { Finding::AsExpected(None) } else { Finding::Otherwise })
    }
}
