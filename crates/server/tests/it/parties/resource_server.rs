//! `mapae-resource` against the server: a token works, and dies within a second of what it depends on.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use mapae::{
    App,
    clock::Clock,
    store::{Unit, apps, consents, grants, sessions, tokens, users},
};
use mapae_protocol::time::{Seconds, Timestamp};
use mapae_resource::{Authorized, ResourceServer, SystemClock, require};
use mapae_testkit::{
    Answer, ApiFixture, AppFixture, AppSpec, Authorization, Engine, Options, TestServer, client::send,
};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    delay::{in_time, last_stale},
    protocol::{SignedIn, claims, rotate_at_once, sign_in},
};

/// The calendar API behind `mapae-resource`, on a socket of its own.
pub(crate) struct Calendar {
    pub(crate) address: String,
    pub(crate) fixture: ApiFixture,
    http: reqwest::Client,
    task: JoinHandle<()>,
}

/// How long ago somebody may have signed in who pays.
const FRESH: Duration = Duration::from_secs(300);

/// The time of the server, also where a test sets it; ages are the machine's.
#[derive(Debug)]
struct ServersClock {
    server: App,
    machine: SystemClock,
}

impl mapae_resource::Clock for ServersClock {
    fn now(&self) -> Timestamp {
        self.server.now()
    }

    fn uptime(&self) -> Duration {
        self.machine.uptime()
    }
}

impl Drop for Calendar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Calendar {
    pub(crate) async fn start(server: &TestServer, opaque: bool) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://localhost:{}", socket.local_addr().unwrap().port());
        let fixture = server.register_api(&address, &["calendar.read", "calendar.write"], opaque).await;
        let builder = ResourceServer::builder(server.issuer(), &address)
            .credential(&fixture.client_id, &fixture.client_secret)
            .scopes(["calendar.read", "calendar.write"])
            .clock(Arc::new(ServersClock { server: server.app().clone(), machine: SystemClock::new() }));
        let resource = if opaque { builder.opaque_tokens() } else { builder }.build().unwrap();
        let subject = |caller: Authorized| async move { caller.subject().to_owned() };
        let routes = Router::new()
            .route("/events", get(subject).layer(require("calendar.read")))
            .route("/admin", get(subject).layer(require("calendar.write")))
            .route(
                "/payments",
                get(subject).layer(require("calendar.read").acr("1").signed_in_within(FRESH)),
            );
        let app = resource.protect(routes);
        let task = tokio::spawn(async move { axum::serve(socket, app).await.unwrap() });
        Self { address, fixture, http: mapae_testkit::http(), task }
    }

    pub(crate) async fn ask(&self, path: &str, token: &str) -> Answer {
        send(self.http.get(format!("{}{path}", self.address)).bearer_auth(token)).await
    }

    /// Asks until the API has found the server and lets the token in.
    pub(crate) async fn ready(&self, token: &str) {
        last_stale("a good token", async || self.ask("/events", token).await.status == 200).await;
    }

    /// Asks until the token is refused; how long it was let in, as [`last_stale`] has it.
    pub(crate) async fn refuses(&self, what: &str, token: &str) -> Duration {
        last_stale(what, async || self.ask("/events", token).await.status == 401).await
    }
}

async fn start(engine: Engine) -> TestServer {
    let database = TestServer::database_on(engine).await;
    TestServer::start_with(Options { database, clock: Some(Clock::System), ..Options::default() }).await
}

async fn app(server: &TestServer) -> AppFixture {
    let optional = ["calendar.read", "calendar.write"].map(str::to_owned).to_vec();
    server.register(AppSpec { optional, ..AppSpec::default() }).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rs_01_rs_07_a_token_opens_what_its_scope_says_and_nothing_else() {
    for opaque in [false, true] {
        let server = start(Engine::Sqlite).await;
        let api = Calendar::start(&server, opaque).await;
        let app = app(&server).await;
        let tokens = sign_in(&server, &app, "openid calendar.read").await.tokens;
        let token = tokens.text("access_token");
        api.ready(&token).await;
        let refused = api.ask("/admin", &token).await;
        assert_eq!(refused.status, 403);
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.contains("error=\"insufficient_scope\"")
                && challenge.contains("scope=\"calendar.write\"")
        );
        assert_eq!(api.ask("/events", &tokens.text("id_token")).await.status, 401);
        let other = server.register_api("https://mail.example", &["mail.read"], opaque).await;
        let mail = AppSpec { optional: vec!["mail.read".to_owned()], ..AppSpec::default() };
        let mail = server.register(mail).await;
        let user = server.user("kim@example.com").await;
        let authorization = Authorization::of(&mail, "openid mail.read");
        let code = server.code(&mapae_testkit::Browser::default(), &user, &authorization).await;
        let foreign = server.redeem(&mail, &code, &authorization.verifier).await.text("access_token");
        assert!(server.is_active(&other, &foreign).await);
        assert_eq!(api.ask("/events", &foreign).await.status, 401, "a token for another API");
    }
}

/// Everything that ends a token.
async fn ends(server: &TestServer, app: &AppFixture, signed_in: &SignedIn) -> Vec<(&'static str, Unit)> {
    let (db, now, user) = (server.app().db(), server.now(), &signed_in.user.id);
    let consent = consents::find(db, user, &app.client_id).await.unwrap().unwrap();
    let session = sessions::list(db, user, now).await.unwrap().remove(0);
    let claims = claims(&signed_in.tokens.text("access_token"));
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    let expires_at = now.plus(Seconds::minutes(5));
    vec![
        ("token revoked", tokens::revoke(&text("jti"), expires_at, now)),
        ("grant revoked", grants::revoke(&text("gid"), now)),
        ("disconnected", consents::disconnect(&consent.id, user, now)),
        ("signed out", sessions::end(&session.id, user, now)),
        ("person disabled", users::disable(user, now)),
        ("app disabled", apps::disable(&app.client_id, now)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rs_13_in_04_what_ends_a_token_is_known_to_the_api_within_a_second() {
    for engine in Engine::ALL {
        for which in 0..6 {
            in_time(&format!("{engine:?}: end {which}"), async || {
                let server = start(engine).await;
                let api = Calendar::start(&server, false).await;
                let app = app(&server).await;
                let signed_in = sign_in(&server, &app, "openid calendar.read").await;
                let token = signed_in.tokens.text("access_token");
                api.ready(&token).await;
                let (name, unit) = ends(&server, &app, &signed_in).await.remove(which);
                // Written beside the server, as another node or the command line would.
                server.app().db().commit(unit).await.unwrap();
                let stale = api.refuses(&format!("{engine:?}: {name}"), &token).await;
                assert!(!server.is_active(&api.fixture, &token).await);
                stale
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn me_04_after_an_emergency_nothing_that_the_old_keys_made_is_good() {
    let server = start(Engine::Sqlite).await;
    let api = Calendar::start(&server, false).await;
    let app = app(&server).await;
    let SignedIn { user, browser, tokens } = sign_in(&server, &app, "openid calendar.read").await;
    let old = tokens.text("access_token");
    api.ready(&old).await;
    let in_flight = Authorization::of(&app, "openid calendar.read");
    let code = server.code(&browser, &user, &in_flight).await;
    rotate_at_once(&server);
    last_stale("the old keys are gone", async || api.ask("/events", &old).await.status == 401).await;
    server.app().catch_up().await.unwrap();
    assert!(!server.is_active(&api.fixture, &old).await);
    assert_eq!(server.userinfo(&old).await.status, 401);
    assert_eq!(server.refresh(&app, &tokens.text("refresh_token")).await.error(), "invalid_grant");
    assert_eq!(server.redeem(&app, &code, &in_flight.verifier).await.error(), "invalid_grant");
    // The person is still signed in: the app sends them here once more, and has tokens of the new keys.
    let again = Authorization::of(&app, "openid calendar.read").with("prompt", "none");
    let code = browser.open(&again.address(&server)).await.answered("code").unwrap();
    let new = server.redeem(&app, &code, &again.verifier).await;
    api.ready(new.text("access_token").as_str()).await;
    assert_eq!(api.ask("/events", &old).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rs_13_an_opaque_token_is_dead_within_a_second_too() {
    in_time("person disabled", async || {
        let server = start(Engine::Sqlite).await;
        let api = Calendar::start(&server, true).await;
        let app = app(&server).await;
        let signed_in = sign_in(&server, &app, "openid calendar.read").await;
        let token = signed_in.tokens.text("access_token");
        api.ready(&token).await;
        server.app().db().commit(users::disable(&signed_in.user.id, server.now())).await.unwrap();
        // An answer of introspection serves for a second from when it was asked for.
        api.refuses("person disabled", &token).await
    })
    .await;
}

/// RFC 9728 §5.1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rfc9728_5_who_knows_only_the_api_finds_the_server() {
    let server = start(Engine::Sqlite).await;
    let api = Calendar::start(&server, false).await;
    let http = mapae_testkit::http();
    let refused = send(http.get(format!("{}/events", api.address))).await;
    assert_eq!(refused.status, 401);
    let challenge = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(!challenge.contains("error="), "nothing was wrong with a token that was not there: {challenge}");
    let (_, rest) = challenge.split_once("resource_metadata=\"").unwrap();
    let document = send(http.get(rest.split('"').next().unwrap())).await;
    assert_eq!(document.text("resource"), api.address);
    assert_eq!(document.json["scopes_supported"], serde_json::json!(["calendar.read", "calendar.write"]));
    let issuer = document.json["authorization_servers"][0].as_str().unwrap();
    assert_eq!(issuer, server.issuer());
    let metadata = send(http.get(format!("{issuer}/.well-known/oauth-authorization-server"))).await;
    assert_eq!(metadata.text("issuer"), issuer);
    assert!(metadata.text("token_endpoint").starts_with(issuer));
}
