//! MX-02: everything that works once × replay, races, a restart, another app, another person, another purpose.

use futures_util::future::join_all;
use mapae::store::{
    Unit,
    links::{self, Link, Purpose},
};
use mapae_protocol::{base64url, device::DEVICE_CODE, digest::sha256, random, time::Seconds};
use mapae_testkit::{
    ApiFixture, AppFixture, AppSpec, Authorization, Browser, Engine, Options, TestServer, UserFixture,
};

use crate::{people::gets_in, protocol::device};

const NEW_PASSWORD: &str = "staple of the stable";

/// Everything that works once and that somebody else could present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    RefreshToken,
    DeviceCode,
    UserCode,
    SignUpLink,
    ResetLink,
    SetupLink,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Code,
        Self::RefreshToken,
        Self::DeviceCode,
        Self::UserCode,
        Self::SignUpLink,
        Self::ResetLink,
        Self::SetupLink,
    ];

    /// Whether an app presents it for tokens.
    const fn is_presented(self) -> bool {
        matches!(self, Self::Code | Self::RefreshToken | Self::DeviceCode)
    }

    /// Where a link of this kind leads; `None` for what an app presents.
    const fn page(self) -> Option<&'static str> {
        match self {
            Self::Code | Self::RefreshToken | Self::DeviceCode | Self::UserCode => None,
            Self::SignUpLink => Some("/sign-up/finish"),
            Self::ResetLink => Some("/password/new"),
            Self::SetupLink => Some("/setup"),
        }
    }
}

/// One of them, as its owner has it.
#[derive(Clone, Debug)]
struct Held {
    kind: Kind,
    text: String,
    /// The secret half of PKCE that belongs to it.
    verifier: String,
    /// The person whom it is about.
    email: String,
}

/// An app, another one, and an API, on a server with a second node.
struct World {
    server: TestServer,
    node: TestServer,
    app: AppFixture,
    other_app: AppFixture,
    api: ApiFixture,
}

impl World {
    async fn new(engine: Engine) -> Self {
        let server = TestServer::start_with(Options {
            database: TestServer::database_on(engine).await,
            // Without the window in which a client that lost the answer gets it again.
            settings: vec![("MAPAE_TOKENS__REFRESH_RETRY_SECONDS".to_owned(), "0".to_owned())],
            ..Options::default()
        })
        .await;
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = ["calendar.read", "offline_access"].map(str::to_owned).to_vec();
        let grant_types = format!("authorization_code {}", device::GRANTS);
        let of_devices = AppSpec { grant_types, optional, ..AppSpec::default() };
        let app = server.register(of_devices.clone()).await;
        let other_app = server.register(of_devices).await;
        let node = server.second_node().await;
        Self { server, node, app, other_app, api }
    }

    /// A fresh one, of a person of its own.
    async fn hold(&self, kind: Kind, tag: &str) -> Held {
        let server = &self.server;
        // What pages allow one address and one source within an hour is not what is tested.
        server.advance(Seconds::hours(1));
        let email = format!("{tag}@example.com").to_lowercase();
        let held = |text, verifier| Held { kind, text, verifier, email: email.clone() };
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
            Kind::SetupLink => {
                let token = random::token();
                let expires_at = server.now().plus(Seconds::hours(24));
                let link =
                    Link { email: String::new(), user_id: None, user_epoch: None, payload: None, expires_at };
                let hash = base64url::encode(sha256(token.as_bytes())).into();
                let insert = links::insert(&hash, Purpose::Setup, &link, server.now());
                server.write(Unit::from(insert)).await;
                held(token, String::new())
            }
        }
    }

    /// Presents it as its owner would, on one node; whether that gave anything.
    async fn spend(&self, node: &TestServer, held: &Held) -> bool {
        self.spend_in(node, held, &Browser::default()).await
    }

    /// As [`spend`](Self::spend), in a browser that may know somebody already.
    async fn spend_in(&self, node: &TestServer, held: &Held, browser: &Browser) -> bool {
        if held.kind == Kind::UserCode {
            return answer_device(node, held, browser).await;
        }
        if let Some(page) = held.kind.page() {
            return use_link(node, browser, page, held).await;
        }
        let answer = self.present(node, held, &self.app).await;
        assert!(answer.status == 200 || answer.error() == "invalid_grant", "{held:?}: {}", answer.json);
        answer.status == 200
    }

    async fn present(&self, node: &TestServer, held: &Held, app: &AppFixture) -> mapae_testkit::Answer {
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
async fn answer_device(node: &TestServer, held: &Held, browser: &Browser) -> bool {
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
async fn use_link(node: &TestServer, browser: &Browser, page: &str, held: &Held) -> bool {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mx_02_a_second_time_is_refused_here_elsewhere_and_after_a_restart() {
    for engine in Engine::ALL {
        for kind in Kind::ALL {
            let world = World::new(engine).await;
            let held = world.hold(kind, "replay").await;
            assert!(world.spend(&world.server, &held).await, "{engine:?} {kind:?}: it works once");
            assert!(!world.spend(&world.server, &held).await, "{engine:?} {kind:?}: replayed");
            assert!(!world.spend(&world.node, &held).await, "{engine:?} {kind:?}: replayed on another node");
            // Started only now: it has seen nothing.
            let later = world.server.second_node().await;
            assert!(!world.spend(&later, &held).await, "{engine:?} {kind:?}: replayed after a restart");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mx_02_of_many_at_once_on_two_nodes_one_succeeds() {
    for engine in Engine::ALL {
        for kind in Kind::ALL {
            let world = World::new(engine).await;
            let held = world.hold(kind, "race").await;
            let nodes = [&world.server, &world.node];
            let outcomes = join_all((0..8).map(|number| world.spend(nodes[number % 2], &held))).await;
            let successes = outcomes.into_iter().filter(|success| *success).count();
            assert_eq!(successes, 1, "{engine:?} {kind:?}");
        }
    }
}

#[tokio::test]
async fn mx_02_another_app_gets_nothing_and_burns_nothing() {
    for engine in Engine::ALL {
        let world = World::new(engine).await;
        for kind in Kind::ALL.into_iter().filter(|kind| kind.is_presented()) {
            let held = world.hold(kind, &format!("app-{kind:?}")).await;
            let foreign = world.present(&world.server, &held, &world.other_app).await;
            assert_eq!(
                (foreign.status.as_u16(), foreign.error()),
                (400, "invalid_grant"),
                "{engine:?} {kind:?}"
            );
            let api = AppFixture {
                client_id: world.api.client_id.clone(),
                client_secret: Some(world.api.client_secret.clone()),
                redirect_uri: world.app.redirect_uri.clone(),
            };
            let foreign = world.present(&world.server, &held, &api).await;
            assert_eq!(
                (foreign.status.as_u16(), foreign.error()),
                (401, "invalid_client"),
                "{engine:?} {kind:?}"
            );
            assert!(world.spend(&world.server, &held).await, "{engine:?} {kind:?}: it was burnt");
        }
    }
}

#[tokio::test]
async fn mx_02_whoever_presents_it_it_is_about_its_own_person() {
    for engine in Engine::ALL {
        for kind in Kind::ALL {
            let world = World::new(engine).await;
            let server = &world.server;
            let held = world.hold(kind, "owner").await;
            let other = server.user("other@example.com").await;
            let browser = signed_in(server, &other).await;
            let before = stored(server, &other.email).await;
            if kind == Kind::UserCode {
                // It is about whoever types it first: what it gives is theirs alone.
                continue;
            }
            let tokens = match kind.is_presented() {
                true => Some(world.present(server, &held, &world.app).await),
                false => None,
            };
            match tokens {
                Some(answer) => {
                    let told = server.userinfo(&answer.text("access_token")).await;
                    let own = answer_of(&world, &held.email).await;
                    assert_eq!(told.json["sub"], own, "{engine:?} {kind:?}");
                }
                None => {
                    assert!(world.spend_in(server, &held, &browser).await, "{engine:?} {kind:?}");
                    assert!(gets_in(server, &held.email, NEW_PASSWORD).await, "{engine:?} {kind:?}");
                }
            }
            assert_eq!(stored(server, &other.email).await, before, "{engine:?} {kind:?}: of another person");
            assert!(gets_in(server, &other.email, &other.password).await, "{engine:?} {kind:?}");
        }
    }
}

#[tokio::test]
async fn mx_02_nothing_is_good_for_another_purpose() {
    for engine in Engine::ALL {
        for kind in Kind::ALL {
            let world = World::new(engine).await;
            let server = &world.server;
            let held = world.hold(kind, "purpose").await;
            for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
                let taken_for = Held { kind: other, ..held.clone() };
                assert!(!world.spend(server, &taken_for).await, "{engine:?}: {kind:?} as {other:?}");
            }
            assert_eq!(server.userinfo(&held.text).await.status, 401, "{engine:?} {kind:?} as access token");
            assert!(!server.is_active(&world.api, &held.text).await, "{engine:?} {kind:?} as access token");
            for path in ["/consent", "/sign-in", "/continue", "/select-account"] {
                let address = server.at(&format!("{path}?step={}", held.text));
                let page = Browser::default().open(&address).await;
                assert_eq!(
                    (page.status.as_u16(), page.location()),
                    (400, None),
                    "{engine:?} {kind:?} at {path}"
                );
            }
            let browser = signed_in(server, &server.user("other@example.com").await).await;
            let account = browser.visit(&server.at("/account")).await;
            for field in ["csrf", "step"] {
                let fields = [(field.to_owned(), held.text.clone())];
                let page = browser.post("/account/browsers/end-others", &account, &fields).await;
                assert_eq!(page.status, 403, "{engine:?} {kind:?} as {field}");
            }
            assert!(world.spend(server, &held).await, "{engine:?} {kind:?}: it was burnt");
        }
    }
}

/// A browser in which somebody is signed in.
async fn signed_in(server: &TestServer, user: &UserFixture) -> Browser {
    let browser = Browser::default();
    let page = browser.visit(&server.at("/sign-in")).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let account = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    assert!(account.has("change-password"), "{}", account.body);
    browser
}

async fn stored(server: &TestServer, email: &str) -> Option<mapae::store::users::Account> {
    mapae::store::users::by_email(server.app().db(), email).await.expect("the database answers")
}

/// The `sub` under which the app knows a person.
async fn answer_of(world: &World, email: &str) -> serde_json::Value {
    let user = person(email);
    let authorization = Authorization::of(&world.app, "openid");
    let code = world.server.code(&Browser::default(), &user, &authorization).await;
    let tokens = world.server.redeem(&world.app, &code, &authorization.verifier).await;
    world.server.userinfo(&tokens.text("access_token")).await.json["sub"].clone()
}

fn person(email: &str) -> UserFixture {
    UserFixture { id: String::new(), email: email.to_owned(), password: "correct horse battery".to_owned() }
}
