//! An authorization request that wants its code sent elsewhere — RFC 6749 §3.1.2.4, RFC 9700 §4.1.3.

use async_trait::async_trait;
use mapae_protocol::{params, pkce::CodeVerifier, random};

use super::{Experiment, Finding, Lab, Setback};

pub(super) struct ChangedRedirectUri;

#[async_trait]
impl Experiment for ChangedRedirectUri {
    fn name(&self) -> &'static str {
        "changed_redirect_uri"
    }

    fn needs_sign_in(&self) -> bool {
        false
    }

    fn leaves(&self) -> bool {
        true
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let endpoint = lab.metadata().await?.authorization_endpoint.ok_or(Setback::NoAnswer)?;
        let desk = lab.desk();
        let elsewhere = format!("{}/elsewhere", desk.origin());
        let challenge = CodeVerifier::generate().challenge().to_string();
        let state = random::token();
        let query = params::encode([
            ("response_type", "code"),
            ("client_id", desk.parts().client_id.as_str()),
            ("redirect_uri", elsewhere.as_str()),
            ("scope", "openid"),
            ("state", state.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        Ok(Finding::Go(format!("{}?{query}", endpoint.as_str())))
    }
}
