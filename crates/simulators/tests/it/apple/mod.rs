//! Apple.

mod login;
mod notices;
mod refusals;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mapae_protocol::base64url;
use mapae_simulators::Provider;
use reqwest::Response;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Page},
    scene::{CALLBACK, NOW, Scene, agree, sign_in},
};

pub(crate) struct Apple(pub(crate) Scene);

impl Apple {
    pub(crate) async fn new() -> Self {
        Self(Scene::of(Provider::Apple).await)
    }

    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        let mut parameters = vec![("scope", "name email"), ("response_mode", "form_post")];
        parameters.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        parameters.extend(more);
        self.0.request("/auth/authorize", &parameters)
    }

    /// The page that posts itself to the app.
    pub(crate) async fn page(&self, person: &str, more: &[(&str, &str)], choice: &str) -> Page {
        let browser = Browser::new();
        let page = sign_in(&browser, &self.authorize(more), person).await;
        if !page.has("consent-approve") {
            return page;
        }
        match choice {
            "" => agree(&browser, &page, &[]).await,
            choice => browser.press(&page, "consent-approve", &[("email_choice", choice)]).await,
        }
    }

    /// What the app is posted.
    pub(crate) async fn posted(
        &self,
        person: &str,
        more: &[(&str, &str)],
        choice: &str,
    ) -> Vec<(String, String)> {
        let (action, fields) = self.page(person, more, choice).await.form("hand-over-submit");
        assert_eq!(action, CALLBACK);
        fields
    }

    /// A secret with other claims in place of the right ones.
    pub(crate) async fn secret(&self, more: Value) -> String {
        let pem = self
            .0
            .http
            .get(self.0.url("/simulator/client-key.p8"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let text: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
        let key = STANDARD.decode(text).unwrap();
        let app = self.0.simulator.app();
        let mut claims = json!({
            "iss": app.team_id, "sub": app.client_id, "aud": "https://appleid.apple.com", "iat": NOW, "exp": NOW + 86_400,
        });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        signed(&key, &json!({ "alg": "ES256", "kid": "SIMULATED1" }), &claims)
    }

    pub(crate) async fn exchange(&self, more: &[(&str, &str)]) -> Response {
        let secret = self.secret(json!({})).await;
        let mut fields = vec![("client_secret", secret.as_str())];
        fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        fields.extend(more);
        self.0.ask("/auth/token", &fields).await
    }

    pub(crate) async fn tokens(&self, person: &str, choice: &str) -> Value {
        let code = field(&self.posted(person, &[], choice).await, "code");
        let response = self.exchange(&[("code", &code)]).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn id_token(&self, tokens: &Value) -> serde_json::Map<String, Value> {
        self.0.claims(tokens["id_token"].as_str().unwrap(), "/auth/keys").await
    }
}

/// Apple's key ids are names of its own, so the header is written here.
pub(crate) fn signed(pkcs8: &[u8], header: &Value, claims: &Value) -> String {
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
    let token = [header, claims].map(|part| base64url::encode(part.to_string())).join(".");
    let signature = key.sign(&SystemRandom::new(), token.as_bytes()).unwrap();
    format!("{token}.{}", base64url::encode(signature))
}

pub(crate) fn field(fields: &[(String, String)], name: &str) -> String {
    fields.iter().find(|(present, _)| present == name).map(|(_, value)| value.clone()).unwrap_or_default()
}
