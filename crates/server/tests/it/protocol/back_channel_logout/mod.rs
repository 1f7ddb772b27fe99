//! Apps are told that somebody has signed out — OIDC Back-Channel Logout §2; threats LO-05 … LO-07, LO-10.

mod crowds;
mod delivery;
mod endings;
pub(crate) mod listener;
mod tokens;

use std::collections::BTreeMap;

use mapae::store::logout_notices::{self, Look};
use mapae_protocol::{
    jose::{Algorithm, JwkSet},
    logout_token::{self, Expectations, LogoutTokenClaims},
    time::{Leeway, Seconds},
};
use mapae_testkit::{
    AppFixture, AppSpec, Authorization, Browser, Engine, Options, TestServer, UserFixture, client::send,
    until,
};
use serde_json::{Value, json};

use self::listener::Listener;
use super::claims;

/// Notices may go to this machine.
fn options(database: Option<String>) -> Options {
    let private = ("MAPAE_FETCH__PRIVATE_ADDRESSES".to_owned(), "true".to_owned());
    Options { database, settings: vec![private], ..Options::default() }
}

async fn server_on(engine: Engine) -> TestServer {
    TestServer::start_with(options(TestServer::database_on(engine).await)).await
}

/// An app that is told there.
async fn app(server: &TestServer, address: &str, more: &[(&str, Value)]) -> AppFixture {
    let mut metadata = BTreeMap::from([("backchannel_logout_uri".to_owned(), json!(address))]);
    metadata.extend(more.iter().map(|(member, value)| ((*member).to_owned(), value.clone())));
    let optional = vec!["offline_access".to_owned()];
    server.register(AppSpec { metadata, optional, ..AppSpec::default() }).await
}

/// What an app was told in an ID token.
#[derive(Debug)]
struct Seen {
    sub: String,
    sid: String,
}

async fn sign_in(server: &TestServer, browser: &Browser, user: &UserFixture, app: &AppFixture) -> Seen {
    let authorization = Authorization::of(app, "openid");
    let code = server.code(browser, user, &authorization).await;
    let tokens = server.redeem(app, &code, &authorization.verifier).await;
    let claims = claims(&tokens.text("id_token"));
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    Seen { sub: text("sub"), sid: text("sid") }
}

async fn sign_out(server: &TestServer, browser: &Browser) {
    let page = browser.visit(&server.at("/sign-out")).await;
    assert_eq!(browser.submit(&page, "logout-confirm", &[]).await.status, 200);
}

/// What a logout token says, by the rules for those who get one.
async fn read(server: &TestServer, app: &AppFixture, token: &str) -> LogoutTokenClaims {
    let keys = send(mapae_testkit::http().get(server.at("/jwks"))).await.json.to_string();
    let keys = JwkSet::parse(keys.as_bytes()).unwrap();
    let expected = Expectations {
        issuer: server.issuer(),
        client_id: &app.client_id,
        algorithms: &[Algorithm::Rs256, Algorithm::Es256],
        max_age: Seconds::ZERO,
        now: server.now(),
        leeway: Leeway::seconds(60),
    };
    logout_token::verify(token, &keys, &expected).unwrap()
}

/// The next thing that an app is told: whose sessions end, and which.
async fn told(
    server: &TestServer,
    app: &AppFixture,
    listener: &mut Listener,
) -> (Option<String>, Option<String>) {
    let claims = read(server, app, &listener.next().await).await;
    (claims.sub, claims.sid)
}

/// Sees so many of each app and in all.
const fn look(each: usize, limit: usize) -> Look {
    Look { each, limit }
}

/// How many notices wait.
async fn waiting(server: &TestServer) -> usize {
    let later = server.now().plus(Seconds::hours(23));
    logout_notices::due(server.app().db(), look(1_000, 1_000), later).await.unwrap().len()
}

/// Waits until nothing is left to tell.
async fn all_told(server: &TestServer) {
    until("all are told", async || waiting(server).await == 0).await;
}
