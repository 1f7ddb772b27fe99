//! Real ones of every kind, of one server and everybody around it.

use std::collections::BTreeMap;

use mapae::{
    clock::Clock,
    store::{Unit, exchange_permissions},
};
use mapae_protocol::{
    dpop::NewProof,
    jose::{Algorithm, HeaderType},
    time::Seconds,
};
use mapae_simulators::Command;
use mapae_testkit::{
    Answer, ApiFixture, AppFixture, AppSpec, Authorization, Browser, Engine, Options, TestServer, UserFixture,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::Kind;
use crate::{
    parties::resource_server::Calendar,
    protocol::{
        back_channel_logout::listener::Listener,
        client_assertions::{Signer, good, present},
        request_objects::object,
        token_exchange,
    },
    registration::{ask, initial_token},
    upstream::stage::Stage,
};

/// One of a kind, as its owner has it.
pub(super) struct Held {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// The secret half of PKCE that belongs to a code.
    pub(super) verifier: String,
    /// Where the person of it is signed in.
    pub(super) browser: Browser,
}

pub(super) struct World {
    pub(super) stage: Stage,
    pub(super) calendar: Calendar,
    pub(super) memo: ApiFixture,
    /// The app that signs everything that apps sign, with one key.
    pub(super) signer: Signer,
    /// A service that acts for itself, and passes on what it was called with.
    pub(super) machine: AppFixture,
    /// Where an app that registered itself is managed.
    pub(super) managed: String,
    /// A token that is good.
    pub(super) subject: String,
    registration_token: String,
    user: UserFixture,
    listener: Listener,
}

impl World {
    pub(super) async fn new(engine: Engine) -> Self {
        let setting = |name: &str, value: &str| (format!("MAPAE_{name}"), value.to_owned());
        let server = TestServer::start_with(Options {
            database: TestServer::database_on(engine).await,
            settings: vec![
                setting("FETCH__PRIVATE_ADDRESSES", "true"),
                setting("REGISTRATION__POLICY", "initial_access_token"),
            ],
            // The API and the provider have clocks of their own.
            clock: Some(Clock::System),
            ..Options::default()
        })
        .await;
        let calendar = Calendar::start(&server, false).await;
        let memo = server.register_api("https://memo.example", &["memo.read"], true).await;
        let listener = Listener::start().await;
        let signer = app(&server, &listener).await;
        let machine =
            token_exchange::service(&server, &calendar.fixture, &["calendar.read", "memo.read"]).await;
        let permit = exchange_permissions::permit(&memo.client_id, &machine.client_id, server.now());
        server.write(Unit::from(permit)).await;
        let initial = initial_token(&server, 1, Seconds::hours(1)).await;
        let registered =
            ask(Method::POST, &server.at("/register"), Some(&initial), Some(&registration())).await;
        let user = server.user("hong@example.com").await;
        let mut world = Self {
            stage: Stage::before(server, &["kakao"]).await,
            calendar,
            memo,
            signer,
            machine,
            managed: registered.text("registration_client_uri"),
            subject: String::new(),
            registration_token: registered.text("registration_access_token"),
            user,
            listener,
        };
        let (_, tokens) = world.sign_in("openid calendar.read").await;
        world.subject = tokens.text("access_token");
        world.calendar.ready(&world.subject).await;
        world
    }

    pub(super) fn server(&self) -> &TestServer {
        &self.stage.server
    }

    /// A form of the app that signs, with an assertion.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        present(self.server(), path, &self.signer.fresh(self.server()), form).await
    }

    pub(super) async fn redeem(&self, code: &str, verifier: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.signer.app.redirect_uri),
            ("code_verifier", verifier),
        ];
        self.post("/token", &form).await
    }

    /// Without a nonce: what an app expects of an ID token is the least that it can be.
    fn asked(&self, scope: &str) -> Authorization {
        Authorization::of(&self.signer.app, scope).with("nonce", "")
    }

    async fn sign_in(&self, scope: &str) -> (Browser, Answer) {
        let (browser, asked) = (Browser::default(), self.asked(scope));
        let code = self.server().code(&browser, &self.user, &asked).await;
        let tokens = self.redeem(&code, &asked.verifier).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        (browser, tokens)
    }

    /// A fresh one.
    pub(super) async fn hold(&mut self, kind: Kind) -> Held {
        let scope = if kind == Kind::OpaqueAccessToken { "openid memo.read" } else { "openid calendar.read" };
        let (browser, tokens) = self.sign_in(scope).await;
        let asked = self.asked("openid calendar.read");
        let server = self.server();
        let text = match kind {
            Kind::AccessToken | Kind::OpaqueAccessToken => tokens.text("access_token"),
            Kind::IdToken => tokens.text("id_token"),
            Kind::RefreshToken => tokens.text("refresh_token"),
            Kind::MachineToken => server.token(&self.machine, MACHINE).await.text("access_token"),
            Kind::Code => server.code(&browser, &self.user, &asked).await,
            Kind::SignedAnswer => {
                let signed = asked.clone().with("response_mode", "query.jwt");
                browser.open(&signed.address(server)).await.answered("response").unwrap()
            }
            Kind::SignedUserinfo => {
                let told = mapae_testkit::http().get(server.at("/userinfo"));
                let told = told.bearer_auth(tokens.text("access_token")).send().await.unwrap();
                told.text().await.unwrap()
            }
            Kind::LogoutToken => self.logout_token().await,
            Kind::ClientAssertion => {
                let claims = good(server, &self.signer.app);
                self.signer.key.sign(HeaderType::ClientAssertion, &claims).unwrap()
            }
            Kind::RequestObject => {
                let claims = object(server, &asked);
                self.signer.key.sign(HeaderType::RequestObject, &claims).unwrap()
            }
            Kind::DpopProof => {
                let (address, now) = (server.at("/token"), server.now());
                let proof =
                    NewProof { method: "POST", address: &address, access_token: None, nonce: None, now };
                proof.sign(&self.signer.key).unwrap()
            }
            Kind::RegistrationToken => self.registration_token.clone(),
            Kind::InitialToken => initial_token(server, 100, Seconds::hours(1)).await,
            Kind::ProviderNotice => self.notice().await,
        };
        Held { kind, text, verifier: asked.verifier, browser }
    }

    /// What the app is told when somebody signs out elsewhere.
    async fn logout_token(&mut self) -> String {
        let (browser, _) = self.sign_in("openid").await;
        let page = browser.visit(&self.server().at("/sign-out")).await;
        assert_eq!(browser.submit(&page, "logout-confirm", &[]).await.status, 200);
        self.listener.next().await
    }

    /// What the provider tells of somebody who has unlinked this server. It is on its way: it has not arrived.
    async fn notice(&self) -> String {
        self.stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        let nowhere = Some("http://127.0.0.1:9/".to_owned());
        let webhook =
            Command::Webhook { kind: "account".to_owned(), url: nowhere, method: None, client_id: None };
        let kakao = self.stage.simulator("kakao");
        kakao.control(webhook).await.unwrap();
        let done = kakao.control(Command::unlink("ryan")).await.unwrap();
        let [told] = done.notices.as_slice() else { panic!("{done:?}") };
        told.sent.clone()
    }
}

/// A request by which an app acts for itself.
pub(super) const MACHINE: &[(&str, &str)] =
    &[("grant_type", "client_credentials"), ("scope", "calendar.read")];

/// What an app says that registers itself.
pub(super) fn registration() -> Value {
    json!({ "redirect_uris": ["https://a.example/cb"] })
}

async fn app(server: &TestServer, listener: &Listener) -> Signer {
    let metadata = BTreeMap::from([
        ("backchannel_logout_uri".to_owned(), json!(listener.address)),
        ("userinfo_signed_response_alg".to_owned(), json!("ES256")),
    ]);
    let optional = ["calendar.read", "memo.read"].map(str::to_owned).to_vec();
    let spec = AppSpec { optional, metadata, rotate_refresh: false, ..AppSpec::default() };
    Signer::register(server, Algorithm::Es256, spec).await
}
