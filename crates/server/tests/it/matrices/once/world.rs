//! One of everything that works once, and how it is used up.

use mapae::store::{
    Unit,
    links::{self, Link, Purpose},
};
use mapae_protocol::{base64url, device::DEVICE_CODE, digest::sha256, random, time::Seconds};
use mapae_testkit::{
    ApiFixture, AppFixture, AppSpec, Authorization, Browser, Engine, Options, TestServer, UserFixture,
};

use super::{Kind, apps::Machine};
use crate::{protocol::device, registration::Registered, upstream::stage::Stage};

pub(super) const NEW_PASSWORD: &str = "staple of the stable";

/// One of them, as its owner has it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) kind: Kind,
    pub(super) text: String,
    /// The secret half of PKCE that belongs to it.
    pub(super) verifier: String,
    /// The person whom it is about.
    pub(super) email: String,
    /// In which it must be used: of a provider's answer, in the one that left. Else in any.
    pub(super) browser: Option<Browser>,
    /// The app that is managed with it.
    pub(super) managed: Option<Registered>,
}

/// A node as it is reached by who knows it by a name of its own, and by who knows all of them by one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) own: &'a TestServer,
    pub(super) twin: &'a TestServer,
}

/// Apps, an API and perhaps a provider, around a server with a second node.
pub(super) struct World {
    pub(super) stage: Stage,
    node: TestServer,
    twin: TestServer,
    pub(super) app: AppFixture,
    pub(super) other_app: AppFixture,
    pub(super) api: ApiFixture,
    pub(super) machine: Machine,
}

impl World {
    pub(super) async fn new(engine: Engine) -> Self {
        let setting = |name: &str, value: &str| (format!("MAPAE_{name}"), value.to_owned());
        let server = TestServer::start_with(Options {
            database: TestServer::database_on(engine).await,
            settings: vec![
                // Without the window in which a client that lost the answer gets it again.
                setting("TOKENS__REFRESH_RETRY_SECONDS", "0"),
                setting("REGISTRATION__POLICY", "initial_access_token"),
                setting("REGISTRATION__ROTATE_TOKEN", "true"),
            ],
            ..Options::default()
        })
        .await;
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = ["calendar.read", "offline_access"].map(str::to_owned).to_vec();
        let grant_types = format!("authorization_code {}", device::GRANTS);
        let of_devices = AppSpec { grant_types, optional, ..AppSpec::default() };
        let app = server.register(of_devices.clone()).await;
        let other_app = server.register(of_devices).await;
        let machine = Machine::register(&server).await;
        let stage = Stage::before(server, &["kakao"]).await;
        let (node, twin) = (stage.server.second_node().await, stage.server.twin().await);
        Self { stage, node, twin, app, other_app, api, machine }
    }

    pub(super) fn server(&self) -> &TestServer {
        &self.stage.server
    }

    pub(super) fn here(&self) -> Node<'_> {
        Node { own: self.server(), twin: self.server() }
    }

    pub(super) fn there(&self) -> Node<'_> {
        Node { own: &self.node, twin: &self.twin }
    }

    /// A fresh one, of a person of its own.
    pub(super) async fn hold(&self, kind: Kind, tag: &str) -> Held {
        let server = self.server();
        // What pages allow one address and one source within an hour is not what is tested.
        server.advance(Seconds::hours(1));
        let email = format!("{tag}@example.com").to_lowercase();
        let held = |text, verifier| Held {
            kind,
            text,
            verifier,
            email: email.clone(),
            browser: None,
            managed: None,
        };
        match kind {
            Kind::Code | Kind::RefreshToken => {
                let user = server.user(&email).await;
                let authorization = Authorization::of(&self.app, "openid offline_access calendar.read");
                let code = server.code(&Browser::default(), &user, &authorization).await;
                if kind == Kind::Code {
                    return held(code, authorization.verifier);
                }
                let tokens = server.redeem(&self.app, &code, &authorization.verifier).await;
                held(tokens.text("refresh_token"), String::new())
            }
            Kind::DeviceCode | Kind::UserCode => {
                let user = server.user(&email).await;
                let waiting = device::begin(server, &self.app, "openid").await;
                if kind == Kind::UserCode {
                    return held(waiting.user_code, String::new());
                }
                waiting.allow(server, &Browser::default(), &user).await;
                held(waiting.device_code, String::new())
            }
            Kind::SignUpLink | Kind::ResetLink => {
                let mut form = "/sign-up";
                if kind == Kind::ResetLink {
                    server.user(&email).await;
                    form = "/password/forgot";
                }
                let browser = Browser::default();
                let page = browser.visit(&server.at(form)).await;
                let sent = browser.submit(&page, "login-submit", &[("email", &email)]).await;
                assert!(sent.has("mail-again"), "{}", sent.body);
                held(token_in(&server.link_to(&email).await), String::new())
            }
            Kind::SetupLink => held(self.setup_link().await, String::new()),
            Kind::PushedRequest
            | Kind::ProviderState
            | Kind::ClientAssertion
            | Kind::DpopProof
            | Kind::InitialToken
            | Kind::ManagementToken => self.hold_of_an_app(held(String::new(), String::new())).await,
        }
    }

    async fn setup_link(&self) -> String {
        let (server, token) = (self.server(), random::token());
        let expires_at = server.now().plus(Seconds::hours(24));
        let link = Link { email: String::new(), user_id: None, user_epoch: None, payload: None, expires_at };
        let hash = base64url::encode(sha256(token.as_bytes())).into();
        server.write(Unit::from(links::insert(&hash, Purpose::Setup, &link, server.now()))).await;
        token
    }

    /// The same of what is about an app, or about whoever comes first.
    async fn hold_of_an_app(&self, held: Held) -> Held {
        let server = self.server();
        match held.kind {
            Kind::PushedRequest => {
                server.user(&held.email).await;
                Held { text: self.push().await, ..held }
            }
            Kind::ProviderState => {
                let browser = Browser::default();
                Held { text: self.leave(&browser).await, browser: Some(browser), ..held }
            }
            Kind::ClientAssertion => Held { text: self.machine.assertion(server), ..held },
            Kind::DpopProof => Held { text: self.machine.proof(server), ..held },
            Kind::InitialToken => Held { text: self.initial_token().await, ..held },
            Kind::ManagementToken => {
                let managed = self.registered().await;
                Held { text: managed.token.clone(), managed: Some(managed), ..held }
            }
            Kind::Code
            | Kind::RefreshToken
            | Kind::DeviceCode
            | Kind::UserCode
            | Kind::SignUpLink
            | Kind::ResetLink
            | Kind::SetupLink => held,
        }
    }

    /// Presents it as its owner would, on one node; whether that gave anything.
    pub(super) async fn spend(&self, node: Node<'_>, held: &Held) -> bool {
        match held.kind {
            Kind::Code | Kind::RefreshToken | Kind::DeviceCode => {
                let answer = self.present(node.own, held, &self.app).await;
                assert!(
                    answer.status == 200 || answer.error() == "invalid_grant",
                    "{held:?}: {}",
                    answer.json
                );
                answer.status == 200
            }
            Kind::UserCode => answer_device(node.own, held).await,
            Kind::SignUpLink | Kind::ResetLink | Kind::SetupLink => use_link(node.own, held).await,
            Kind::PushedRequest => self.begin(node.own, held, &self.app).await,
            Kind::ProviderState => self.come_back(node.twin, held).await,
            Kind::ClientAssertion => self.machine.prove(node.twin, &held.text, None).await,
            Kind::DpopProof => self.machine.possess(node.twin, &held.text).await,
            Kind::InitialToken => self.register(node.twin, &held.text).await,
            Kind::ManagementToken => self.manage(node.twin, held).await,
        }
    }

    pub(super) async fn present(
        &self,
        node: &TestServer,
        held: &Held,
        app: &AppFixture,
    ) -> mapae_testkit::Answer {
        match held.kind {
            Kind::DeviceCode => {
                let form = [("grant_type", DEVICE_CODE), ("device_code", &held.text)];
                node.token(app, &form).await
            }
            Kind::Code => node.redeem(app, &held.text, &held.verifier).await,
            _ => node.refresh(app, &held.text).await,
        }
    }
}

fn token_in(link: &str) -> String {
    link.split_once("token=").expect("a link with a token").1.to_owned()
}

/// Types the code, signs in as its person and says yes; whether that was taken.
async fn answer_device(node: &TestServer, held: &Held) -> bool {
    let browser = &Browser::default();
    let page = device::type_code(node, browser, &held.text).await;
    let user = person(&held.email);
    let page = device::sign_in_at(browser, page, &user).await;
    if !page.has("device-allow") {
        assert!(
            [400, 403, 422, 429].contains(&page.status.as_u16()),
            "{held:?}: {} {}",
            page.status,
            page.body
        );
        return false;
    }
    let answer = browser.submit(&page, "device-allow", &[]).await;
    assert!(
        answer.has("done") || [400, 403].contains(&answer.status.as_u16()),
        "{held:?}: {}",
        answer.status
    );
    answer.has("done")
}

/// Opens a link and sends its form, filled in; whether it was carried out.
async fn use_link(node: &TestServer, held: &Held) -> bool {
    let browser = &held.browser.clone().unwrap_or_default();
    let page = held.kind.page().expect("it is a link");
    let form = browser.open(&node.at(&format!("{page}?token={}", held.text))).await;
    if !form.has("login-submit") {
        assert!([404, 410].contains(&form.status.as_u16()), "{held:?}: {} {}", form.status, form.body);
        return false;
    }
    let fields = [("name", "홍길동"), ("email", held.email.as_str()), ("password", NEW_PASSWORD)];
    let wanted = form.form("login-submit").1;
    let fields: Vec<_> =
        fields.into_iter().filter(|(name, _)| wanted.iter().any(|(present, _)| present == name)).collect();
    let answer = browser.submit(&form, "login-submit", &fields).await;
    // The first operator's form brings an address, which is taken when another was quicker.
    let taken = held.kind == Kind::SetupLink && answer.status == 422;
    assert!(taken || [303, 404, 410].contains(&answer.status.as_u16()), "{held:?}: {}", answer.status);
    answer.status == 303
}

/// Somebody of the tests by their address.
pub(super) fn person(email: &str) -> UserFixture {
    UserFixture { id: String::new(), email: email.to_owned(), password: "correct horse battery".to_owned() }
}
