//! What apps push, sign and manage, and what a person brings back from a provider.

use std::collections::BTreeMap;

use mapae_protocol::{client_assertion::ASSERTION_TYPE, jose::Algorithm, params, random, time::Seconds};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, TestServer, client::send};
use reqwest::Method;
use serde_json::{Value, json};

use super::world::{Held, World, person};
use crate::{
    protocol::{
        agree,
        client_assertions::Signer,
        dpop::{self, Key},
        open_at, to_node,
    },
    registration::{Registered, ask, initial_token_of},
};

/// An app that acts for itself, and proves itself by what it signs.
pub(super) struct Machine {
    signer: Signer,
    key: Key,
}

const OWN: (&str, &str) = ("grant_type", "client_credentials");

impl Machine {
    pub(super) async fn register(server: &TestServer) -> Self {
        let spec = AppSpec {
            redirect_uris: Vec::new(),
            grant_types: "client_credentials".to_owned(),
            required: vec!["calendar.read".to_owned()],
            optional: Vec::new(),
            metadata: BTreeMap::new(),
            ..AppSpec::default()
        };
        Self { signer: Signer::register(server, Algorithm::Es256, spec).await, key: Key::fresh() }
    }

    pub(super) fn assertion(&self, server: &TestServer) -> String {
        self.signer.fresh(server)
    }

    pub(super) fn proof(&self, server: &TestServer) -> String {
        self.key.proof(server, "/token")
    }

    async fn ask(&self, node: &TestServer, assertion: &str, proofs: &[&str], client_id: &str) -> Answer {
        let app =
            AppFixture { client_id: client_id.to_owned(), client_secret: None, redirect_uri: String::new() };
        let credential = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
        dpop::post(node, &app, "/token", proofs, &[&[OWN][..], &credential].concat()).await
    }

    /// Whether the assertion proves this app, or another one that says so of itself.
    pub(super) async fn prove(&self, node: &TestServer, assertion: &str, other: Option<&AppFixture>) -> bool {
        let id = other.map_or(&self.signer.app.client_id, |other| &other.client_id);
        let answer = self.ask(node, assertion, &[], id).await;
        assert!(answer.status == 200 || answer.error() == "invalid_client", "{}", answer.json);
        answer.status == 200
    }

    /// Whether a token is bound by this proof.
    pub(super) async fn possess(&self, node: &TestServer, proof: &str) -> bool {
        let answer = self.ask(node, &self.assertion(node), &[proof], &self.signer.app.client_id).await;
        assert!(answer.status == 200 || answer.error() == "invalid_dpop_proof", "{}", answer.json);
        answer.status == 200 && answer.text("token_type") == "DPoP"
    }
}

/// It is none, or not even written as one.
fn is_no_token(answer: &Answer) -> bool {
    ["invalid_token", "invalid_request"].contains(&answer.error())
}

/// What an app says that registers itself.
fn said() -> Value {
    json!({ "redirect_uris": ["https://a.example/cb"] })
}

impl World {
    /// A request that the app has pushed.
    pub(super) async fn push(&self) -> String {
        let asked = Authorization::of(&self.app, "openid");
        let form: Vec<_> =
            asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let secret = self.app.client_secret.as_deref().unwrap();
        let pushed = self.server().post("/par", Some((&self.app.client_id, secret)), &form).await;
        assert_eq!(pushed.status, 201, "{}", pushed.json);
        pushed.text("request_uri")
    }

    /// Its person answers it, in a browser that has not been here; whether the app is told.
    pub(super) async fn begin(&self, node: &TestServer, held: &Held, app: &AppFixture) -> bool {
        let query = params::encode([("client_id", app.client_id.as_str()), ("request_uri", &held.text)]);
        let address = node.at(&format!("/authorize?{query}"));
        let page = agree(&Browser::default(), &person(&held.email), &address).await;
        let told = page.answered("code").is_some();
        let refused = page.status == 400 && page.location().is_none() || page.answered("error").is_some();
        assert!(told || refused, "{}: {} {}", held.text, page.status, page.body);
        told
    }

    /// Somebody leaves for the provider in this browser: the state of it.
    pub(super) async fn leave(&self, browser: &Browser) -> String {
        let door = self.stage.door(browser).await;
        self.stage.press(browser, &door, "kakao").await.answered("state").unwrap()
    }

    /// Whether an answer to it is one. What the provider says then is another matter.
    pub(super) async fn come_back(&self, node: &TestServer, held: &Held) -> bool {
        let browser = held.browser.clone().unwrap_or_default();
        let query = params::encode([("code", "x"), ("state", held.text.as_str())]);
        let page = open_at(node, &browser, &format!("/upstream/kakao/callback?{query}")).await;
        assert!([303, 400].contains(&page.status.as_u16()), "{held:?}: {} {}", page.status, page.body);
        page.status == 303
    }

    /// A token of the operator's for one app.
    pub(super) async fn initial_token(&self) -> String {
        initial_token_of(self.server(), &random::token(), 1, Seconds::hours(1)).await
    }

    pub(super) async fn register(&self, node: &TestServer, token: &str) -> bool {
        let answer = send(to_node(node, Method::POST, "/register").bearer_auth(token).json(&said())).await;
        assert!(answer.status == 201 || is_no_token(&answer), "{}", answer.json);
        answer.status == 201
    }

    /// An app that has registered itself.
    pub(super) async fn registered(&self) -> Registered {
        let token = self.initial_token().await;
        let address = self.server().at("/register");
        Registered::of(&ask(Method::POST, &address, Some(&token), Some(&said())).await)
    }

    /// Changes the app that it manages; whether that was taken.
    pub(super) async fn manage(&self, node: &TestServer, held: &Held) -> bool {
        let managed = match &held.managed {
            Some(managed) => managed.clone(),
            None => self.registered().await,
        };
        let address = format!("/register/{}", managed.app.client_id);
        let mut said = managed.same();
        said["client_name"] = json!(random::token());
        let answer = send(to_node(node, Method::PUT, &address).bearer_auth(&held.text).json(&said)).await;
        assert!(answer.status == 200 || is_no_token(&answer), "{}", answer.json);
        answer.status == 200
    }

    /// Presents it as another app would; whether that gave anything.
    pub(super) async fn spend_at_another_app(&self, held: &Held) -> bool {
        match &held.managed {
            Some(_) => {
                let other = self.registered().await;
                self.manage(self.server(), &Held { managed: Some(other), ..held.clone() }).await
            }
            None if held.text.starts_with("urn:") => self.begin(self.server(), held, &self.other_app).await,
            None => self.machine.prove(self.server(), &held.text, Some(&self.other_app)).await,
        }
    }
}
