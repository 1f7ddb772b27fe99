//! The service's own JWTs in the hands of its front end.

mod ending;
mod handing_over;
mod renewing;
mod routes;
mod verifying;

use mapae_client::{Client, ServiceTokenError, ServiceTokens};
use mapae_protocol::{jose::Unverified, params};
use serde_json::Value;

use crate::{
    issuer::Issuer,
    website::{Browser, Setup, User, Website},
};

const CODE: &str = "shop-3000-code";
const BINDING: &str = "shop-3000-code-binding";
const REFRESH: &str = "shop-3000-refresh";

async fn start() -> (Website, Issuer) {
    start_with(ServiceTokens::new).await
}

async fn start_with(tokens: fn() -> ServiceTokens<User>) -> (Website, Issuer) {
    Website::start_with(Setup { tokens: Some(tokens), ..Setup::default() }).await
}

/// Somebody whose front end has its first tokens.
async fn signed_in(website: &Website, issuer: &Issuer) -> Browser {
    let (mut browser, _) = website.sign_in(issuer, "alice").await.unwrap();
    browser.hand_over(&website.client).await.unwrap();
    browser
}

fn is_dead<T: std::fmt::Debug>(outcome: Result<T, ServiceTokenError>) {
    let refused = outcome.unwrap_err();
    assert!(matches!(refused, ServiceTokenError::InvalidGrant), "{refused:?}");
}

pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&mapae_protocol::base64url::decode(payload).unwrap()).unwrap()
}

fn kid(token: &str) -> String {
    Unverified::parse(token).unwrap().kid().unwrap().to_owned()
}

/// What a front end does.
impl Browser {
    pub(crate) async fn hand_over<U: Send + Sync + 'static>(
        &mut self,
        client: &Client<U>,
    ) -> Result<Value, ServiceTokenError> {
        let code =
            self.cookies.iter().find(|(name, _)| name.ends_with("-code")).map(|(_, code)| code.clone());
        self.post_code(client, &code.unwrap_or_default()).await
    }

    async fn post_code<U: Send + Sync + 'static>(
        &mut self,
        client: &Client<U>,
        code: &str,
    ) -> Result<Value, ServiceTokenError> {
        let body = params::encode([("code", code)]);
        let answer = client.hand_over(&self.headers(), body.as_bytes()).await?;
        Ok(self.keep(&answer))
    }

    pub(crate) async fn renew<U: Send + Sync + 'static>(
        &mut self,
        client: &Client<U>,
    ) -> Result<Value, ServiceTokenError> {
        let token = self.refresh_token.as_deref().map(|token| ("refresh_token", token));
        let answer = client.renew(&self.headers(), params::encode(token).as_bytes()).await?;
        Ok(self.keep(&answer))
    }

    /// What it posts beside what it asks for, where it keeps its refresh token itself.
    pub(crate) fn form(&self) -> Vec<u8> {
        params::encode(self.refresh_token.as_deref().map(|token| ("refresh_token", token))).into_bytes()
    }

    fn keep(&mut self, answer: &mapae_client::ServiceTokenAnswer) -> Value {
        self.take(&answer.cookies);
        let tokens = answer.to_json();
        self.access_token = Some(tokens["access_token"].as_str().unwrap().to_owned());
        self.refresh_token = tokens["refresh_token"].as_str().map(str::to_owned);
        tokens
    }
}
