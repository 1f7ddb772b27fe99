//! 카카오 로그인.

mod errors;
mod login;
mod notices;
mod profile;
mod refresh;
mod terms;

use mapae_simulators::Provider;
use reqwest::Response;
use serde_json::Value;

pub(crate) use crate::app::text;
use crate::{
    browser::Browser,
    scene::{CALLBACK, Scene, agree, sign_in},
};

/// Everything that the default app may ask for beyond what is required.
pub(crate) const ALL: &[&str] = &[
    "profile_image",
    "account_email",
    "gender",
    "age_range",
    "birthday",
    "birthyear",
    "phone_number",
    "name",
];

pub(crate) struct Kakao(pub(crate) Scene);

impl Kakao {
    pub(crate) async fn new() -> Self {
        Self(Scene::of(Provider::Kakao).await)
    }

    /// An authorization request of the default app.
    pub(crate) fn authorize(&self, more: &[(&str, &str)]) -> String {
        let app = self.0.simulator.app();
        let mut parameters = vec![
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", "a state"),
        ];
        parameters.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        parameters.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.0.address("/oauth/authorize", &parameters)
    }

    /// A code for somebody who agrees to these optional items.
    pub(crate) async fn code(&self, person: &str, items: &[&str], more: &[(&str, &str)]) -> String {
        let browser = Browser::new();
        let page = sign_in(&browser, &self.authorize(more), person).await;
        let page = if page.has("consent-approve") { agree(&browser, &page, items).await } else { page };
        page.answered("code").unwrap()
    }

    /// A token request of the default app, with other fields in place of its own; empty ones are left out.
    pub(crate) async fn exchange(&self, more: &[(&str, &str)]) -> Response {
        let app = self.0.simulator.app();
        let secret = app.client_secret.unwrap_or_default();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", app.client_id.as_str()),
            ("client_secret", secret.as_str()),
            ("redirect_uri", CALLBACK),
        ];
        form.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        form.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.0.post("/oauth/token", &form).await
    }

    /// Tokens for somebody who agrees to these optional items.
    pub(crate) async fn tokens(&self, person: &str, items: &[&str]) -> Value {
        let code = self.code(person, items, &[]).await;
        let response = self.exchange(&[("code", &code)]).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Response {
        self.exchange(&[("grant_type", "refresh_token"), ("refresh_token", token), ("redirect_uri", "")])
            .await
    }

    pub(crate) async fn me(&self, token: &str) -> Response {
        self.0.get("/v2/user/me", token).await
    }
}
