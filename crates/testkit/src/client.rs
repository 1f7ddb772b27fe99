//! A client that speaks raw HTTP: what it sends is what a test says, right or wrong.

use std::time::Duration;

use mapae_protocol::{params, pkce::CodeVerifier};
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::{ApiFixture, AppFixture, Browser, Page, TestServer, UserFixture};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer of a back-channel endpoint.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; `null` when there is none.
    pub json: Value,
}

/// One authorization: the verifier that belongs to it, and its parameters.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The secret half of PKCE.
    pub verifier: String,
    /// The parameters of the authorization request.
    pub parameters: Vec<(String, String)>,
}

/// Name and value of a parameter.
pub type Pair<'a> = (&'a str, &'a str);

impl Authorization {
    /// The ordinary request of an app for these scopes.
    pub fn of(app: &AppFixture, scope: &str) -> Self {
        let verifier = CodeVerifier::generate();
        let challenge = verifier.challenge().to_string();
        let parameters = [
            ("response_type", "code"),
            ("client_id", &app.client_id),
            ("redirect_uri", &app.redirect_uri),
            ("scope", scope),
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let owned = |(name, value): Pair<'_>| (name.to_owned(), value.to_owned());
        Self { verifier: verifier.expose().to_owned(), parameters: parameters.map(owned).to_vec() }
    }

    /// The same with another value of a parameter; an empty one leaves it out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.retain(|(present, _)| present != name);
        if !value.is_empty() {
            self.parameters.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The address to which the app sends a browser.
    pub fn address(&self, server: &TestServer) -> String {
        let pairs = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        format!("{}?{}", server.at("/authorize"), params::encode(pairs))
    }
}

impl Answer {
    /// A member of the body, as text.
    pub fn text(&self, name: &str) -> String {
        let text = self.json.get(name).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no {name} in {} {}", self.status, self.json)).to_owned()
    }

    /// The error code, empty when it is a success.
    pub fn error(&self) -> &str {
        self.json.get("error").and_then(Value::as_str).unwrap_or_default()
    }
}

impl TestServer {
    /// Signs a person in and agrees to everything, as a browser does, and returns where it ended: at the app.
    pub async fn authorize(
        &self,
        browser: &Browser,
        user: &UserFixture,
        authorization: &Authorization,
    ) -> Page {
        let mut page = browser.visit(&authorization.address(self)).await;
        if page.has("login-submit") {
            let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
            page = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
        }
        if page.has("consent-approve") {
            page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
        }
        assert!(page.location().is_some(), "no answer to the app: {} {}", page.status, page.body);
        page
    }

    /// The code of an authorization to which a person agreed.
    pub async fn code(&self, browser: &Browser, user: &UserFixture, authorization: &Authorization) -> String {
        let page = self.authorize(browser, user, authorization).await;
        page.answered("code").unwrap_or_else(|| panic!("no code in {:?}", page.location()))
    }

    /// Posts a form to an endpoint, authenticated by the header.
    pub async fn post(&self, path: &str, credential: Option<Pair<'_>>, form: &[Pair<'_>]) -> Answer {
        let mut request = http().post(self.at(path)).form(form);
        if let Some((id, secret)) = credential {
            request = request.basic_auth(id, Some(secret));
        }
        send(request).await
    }

    /// A token request of an app.
    pub async fn token(&self, app: &AppFixture, form: &[Pair<'_>]) -> Answer {
        match &app.client_secret {
            Some(secret) => self.post("/token", Some((&app.client_id, secret)), form).await,
            None => self.post("/token", None, &[form, &[("client_id", &app.client_id)]].concat()).await,
        }
    }

    /// Redeems a code.
    pub async fn redeem(&self, app: &AppFixture, code: &str, verifier: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &app.redirect_uri),
            ("code_verifier", verifier),
        ];
        self.token(app, &form).await
    }

    /// Refreshes.
    pub async fn refresh(&self, app: &AppFixture, refresh_token: &str) -> Answer {
        self.token(app, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Whether the token endpoint takes the app's secret.
    pub async fn takes_secret(&self, app: &AppFixture) -> bool {
        let answer = self.refresh(app, "no token").await;
        match answer.status.as_u16() {
            400 => true,
            401 => false,
            other => panic!("{other}: {}", answer.json),
        }
    }

    /// What an API is told of a token.
    pub async fn introspect(&self, api: &ApiFixture, token: &str) -> Answer {
        self.post("/introspect", Some((&api.client_id, &api.client_secret)), &[("token", token)]).await
    }

    /// Whether an API is told that a token is good.
    pub async fn is_active(&self, api: &ApiFixture, token: &str) -> bool {
        let answer = self.introspect(api, token).await;
        answer.json.get("active").and_then(Value::as_bool).expect("an introspection answers")
    }

    /// Userinfo with a token.
    pub async fn userinfo(&self, token: &str) -> Answer {
        send(http().get(self.at("/userinfo")).bearer_auth(token)).await
    }
}

/// A client without cookies, whose requests end.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().expect("a client can be made")
}

/// Sends a request and reads its answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.expect("the answer arrives");
    Answer { status, headers, json: serde_json::from_slice(&bytes).unwrap_or_default() }
}
