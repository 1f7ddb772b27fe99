//! MX-02: everything that works once × replay, races, a restart, another app, another person, another purpose.

mod apps;
mod modules;
mod world;

use futures_util::future::join_all;
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, TestServer, UserFixture};

use self::world::{Held, NEW_PASSWORD, Node, World, person};
use crate::people::gets_in;

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
    /// `request_uri` of what an app has pushed.
    PushedRequest,
    /// `state` of somebody who is at a provider.
    ProviderState,
    ClientAssertion,
    DpopProof,
    /// Of the operator's, for one app.
    InitialToken,
    /// Where each change gives another one.
    ManagementToken,
}

impl Kind {
    const ALL: [Self; 13] = [
        Self::Code,
        Self::RefreshToken,
        Self::DeviceCode,
        Self::UserCode,
        Self::SignUpLink,
        Self::ResetLink,
        Self::SetupLink,
        Self::PushedRequest,
        Self::ProviderState,
        Self::ClientAssertion,
        Self::DpopProof,
        Self::InitialToken,
        Self::ManagementToken,
    ];

    /// Whether an app presents it for tokens of a person.
    const fn is_presented(self) -> bool {
        matches!(self, Self::Code | Self::RefreshToken | Self::DeviceCode)
    }

    /// Whether it is one app's, so that no other may use it. The others are a person's, a browser's or a key's, or whoever's
    /// comes first.
    const fn belongs_to_an_app(self) -> bool {
        match self {
            Self::Code
            | Self::RefreshToken
            | Self::DeviceCode
            | Self::PushedRequest
            | Self::ClientAssertion
            | Self::ManagementToken => true,
            Self::UserCode
            | Self::SignUpLink
            | Self::ResetLink
            | Self::SetupLink
            | Self::ProviderState
            | Self::DpopProof
            | Self::InitialToken => false,
        }
    }

    /// Where a link of this kind leads; `None` for what is no link.
    const fn page(self) -> Option<&'static str> {
        match self {
            Self::SignUpLink => Some("/sign-up/finish"),
            Self::ResetLink => Some("/password/new"),
            Self::SetupLink => Some("/setup"),
            Self::Code
            | Self::RefreshToken
            | Self::DeviceCode
            | Self::UserCode
            | Self::PushedRequest
            | Self::ProviderState
            | Self::ClientAssertion
            | Self::DpopProof
            | Self::InitialToken
            | Self::ManagementToken => None,
        }
    }

    /// Whether it is about somebody from the beginning. The others are about an app, or about whoever comes first.
    const fn has_owner(self) -> bool {
        match self {
            Self::Code
            | Self::RefreshToken
            | Self::DeviceCode
            | Self::SignUpLink
            | Self::ResetLink
            | Self::SetupLink => true,
            Self::UserCode
            | Self::PushedRequest
            | Self::ProviderState
            | Self::ClientAssertion
            | Self::DpopProof
            | Self::InitialToken
            | Self::ManagementToken => false,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mx_02_a_second_time_is_refused_here_elsewhere_and_after_a_restart() {
    for engine in Engine::ALL {
        for kind in Kind::ALL {
            let world = World::new(engine).await;
            let held = world.hold(kind, "replay").await;
            assert!(world.spend(world.here(), &held).await, "{engine:?} {kind:?}: it works once");
            assert!(!world.spend(world.here(), &held).await, "{engine:?} {kind:?}: replayed");
            assert!(
                !world.spend(world.there(), &held).await,
                "{engine:?} {kind:?}: replayed on another node"
            );
            // Started only now: they have seen nothing.
            let (own, twin) = (world.server().second_node().await, world.server().twin().await);
            let later = Node { own: &own, twin: &twin };
            assert!(!world.spend(later, &held).await, "{engine:?} {kind:?}: replayed after a restart");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mx_02_of_many_at_once_on_two_nodes_one_succeeds() {
    for engine in Engine::ALL {
        for kind in Kind::ALL {
            let world = World::new(engine).await;
            let held = world.hold(kind, "race").await;
            let nodes = [world.here(), world.there()];
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
        for kind in Kind::ALL.into_iter().filter(|kind| kind.belongs_to_an_app()) {
            let held = world.hold(kind, &format!("app-{kind:?}")).await;
            if !kind.is_presented() {
                assert!(!world.spend_at_another_app(&held).await, "{engine:?} {kind:?}");
                assert!(world.spend(world.here(), &held).await, "{engine:?} {kind:?}: it was burnt");
                continue;
            }
            let foreign = world.present(world.server(), &held, &world.other_app).await;
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
            let foreign = world.present(world.server(), &held, &api).await;
            assert_eq!(
                (foreign.status.as_u16(), foreign.error()),
                (401, "invalid_client"),
                "{engine:?} {kind:?}"
            );
            assert!(world.spend(world.here(), &held).await, "{engine:?} {kind:?}: it was burnt");
        }
    }
}

#[tokio::test]
async fn mx_02_in_another_browser_the_answer_of_a_provider_is_none() {
    for engine in Engine::ALL {
        let world = World::new(engine).await;
        let held = world.hold(Kind::ProviderState, "browser").await;
        let other = world.server().user("other@example.com").await;
        let browser = signed_in(world.server(), &other).await;
        assert!(
            !world.spend(world.here(), &Held { browser: Some(browser), ..held.clone() }).await,
            "{engine:?}"
        );
        assert!(world.spend(world.here(), &held).await, "{engine:?}: it was burnt");
    }
}

#[tokio::test]
async fn mx_02_whoever_presents_it_it_is_about_its_own_person() {
    for engine in Engine::ALL {
        for kind in Kind::ALL.into_iter().filter(|kind| kind.has_owner()) {
            let world = World::new(engine).await;
            let server = world.server();
            let held = world.hold(kind, "owner").await;
            let other = server.user("other@example.com").await;
            let browser = signed_in(server, &other).await;
            let before = stored(server, &other.email).await;
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
                    assert!(
                        world.spend(world.here(), &Held { browser: Some(browser), ..held.clone() }).await,
                        "{engine:?} {kind:?}"
                    );
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
            let server = world.server();
            let held = world.hold(kind, "purpose").await;
            for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
                let taken_for = Held { kind: other, ..held.clone() };
                assert!(!world.spend(world.here(), &taken_for).await, "{engine:?}: {kind:?} as {other:?}");
            }
            // An address is not even written as a token.
            let status = server.userinfo(&held.text).await.status.as_u16();
            let expected = if kind == Kind::PushedRequest { 400 } else { 401 };
            assert_eq!(status, expected, "{engine:?} {kind:?} as access token");
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
            assert!(world.spend(world.here(), &held).await, "{engine:?} {kind:?}: it was burnt");
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
    let server = world.server();
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let tokens = server.redeem(&world.app, &code, &authorization.verifier).await;
    server.userinfo(&tokens.text("access_token")).await.json["sub"].clone()
}
