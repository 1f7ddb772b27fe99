//! 네이버 로그인.

mod login;
mod notices;
mod refusals;

use mapae_simulators::{Provider, Settings};
use reqwest::Response;
use serde_json::Value;

use crate::scene::Scene;

/// Everything that the default app may ask for beyond what is required.
pub(crate) const ALL: &[&str] =
    &["name", "email", "gender", "age", "birthday", "birthyear", "profile_image", "mobile"];

pub(crate) struct Naver(pub(crate) Scene);

impl Naver {
    pub(crate) async fn new() -> Self {
        Self(Scene::of(Provider::Naver).await)
    }

    /// With something uncertain decided otherwise.
    pub(crate) async fn deciding(name: &str, value: &str) -> Self {
        let settings = Settings { facts: vec![(name.to_owned(), value.to_owned())], ..Settings::default() };
        Self(Scene::with(Provider::Naver, settings).await)
    }

    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        self.0.request("/oauth2.0/authorize", more)
    }

    pub(crate) async fn code(&self, person: &str, items: &[&str]) -> String {
        self.0.visit(&self.authorize(&[]), person, items).await.answered("code").unwrap()
    }

    pub(crate) async fn exchange(&self, more: &[(&str, &str)]) -> Response {
        self.0.ask("/oauth2.0/token", more).await
    }

    pub(crate) async fn tokens(&self, person: &str, items: &[&str]) -> Value {
        let code = self.code(person, items).await;
        self.exchange(&[("code", &code), ("state", "a state")]).await.json().await.unwrap()
    }

    pub(crate) async fn me(&self, token: &str) -> Response {
        self.0.get("/v1/nid/me", token).await
    }
}
