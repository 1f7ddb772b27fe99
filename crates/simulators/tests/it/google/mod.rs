//! Google.

mod login;
mod notices;
mod refusals;

use mapae_simulators::Provider;
use reqwest::Response;
use serde_json::Value;

use crate::scene::Scene;

pub(crate) const CALENDAR: &str = "https://www.googleapis.com/auth/calendar.readonly";

pub(crate) struct Google(pub(crate) Scene);

impl Google {
    pub(crate) async fn new() -> Self {
        Self(Scene::of(Provider::Google).await)
    }

    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        let mut parameters = vec![("scope", "openid email profile")];
        parameters.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        parameters.extend(more);
        self.0.request("/o/oauth2/v2/auth", &parameters)
    }

    pub(crate) async fn code(&self, person: &str, more: &[(&str, &str)]) -> String {
        self.0.visit(&self.authorize(more), person, &[]).await.answered("code").unwrap()
    }

    pub(crate) async fn exchange(&self, more: &[(&str, &str)]) -> Response {
        self.0.ask("/token", more).await
    }

    pub(crate) async fn tokens(&self, person: &str, more: &[(&str, &str)]) -> Value {
        let code = self.code(person, more).await;
        let response = self.exchange(&[("code", &code)]).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Response {
        self.exchange(&[("grant_type", "refresh_token"), ("refresh_token", token), ("redirect_uri", "")])
            .await
    }
}
