//! Facebook.

mod login;
mod notices;
mod refusals;

use mapae_simulators::Provider;
use reqwest::Response;
use serde_json::Value;

use crate::scene::Scene;

pub(crate) struct Facebook(pub(crate) Scene);

impl Facebook {
    pub(crate) async fn new() -> Self {
        Self(Scene::of(Provider::Facebook).await)
    }

    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        let mut parameters = vec![("scope", "public_profile,email")];
        parameters.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        parameters.extend(more);
        self.0.request("/v25.0/dialog/oauth", &parameters)
    }

    pub(crate) async fn code(&self, person: &str, items: &[&str]) -> String {
        self.0.visit(&self.authorize(&[]), person, items).await.answered("code").unwrap()
    }

    pub(crate) async fn exchange(&self, more: &[(&str, &str)]) -> Response {
        self.0.ask("/v25.0/oauth/access_token", more).await
    }

    /// An access token of somebody who agrees to these optional items.
    pub(crate) async fn token(&self, person: &str, items: &[&str]) -> String {
        let code = self.code(person, items).await;
        let tokens: Value = self.exchange(&[("code", &code)]).await.json().await.unwrap();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn graph(&self, path: &str, parameters: &[(&str, &str)]) -> Response {
        self.0.http.get(self.0.address(path, parameters)).send().await.unwrap()
    }

    pub(crate) async fn me(&self, token: &str) -> Response {
        let fields = "id,name,first_name,last_name,middle_name,email,picture.width(256).height(256)";
        self.graph("/v25.0/me", &[("fields", fields), ("access_token", token)]).await
    }

    pub(crate) fn app_token(&self) -> String {
        let app = self.0.simulator.app();
        format!("{}|{}", app.client_id, app.client_secret.unwrap())
    }
}
