//! The protocol over HTTP, against the whole server, as clients written by others see it. Where the tests of a specification
//! are:
//!
//! | specification | module |
//! |---|---|
//! | RFC 6749 §4.1, OIDC Core §3.1 | `code_flow`, `scope`, `token_attacks`, `taken_away` |
//! | RFC 6749 §2.3, §4.4 | `machine` |
//! | RFC 6749 §6 | `refresh` |
//! | RFC 7009 | `revocation` |
//! | RFC 7523 | `client_assertions` |
//! | RFC 7591 | `registration` |
//! | RFC 7592 | `registration::managed` |
//! | RFC 7636 | `pkce` |
//! | RFC 7662 | `introspection` |
//! | RFC 8414, OIDC Discovery | `metadata`, `advertised`, `issuer_path` |
//! | RFC 8628 | `device` |
//! | RFC 8693 | `token_exchange` |
//! | RFC 8707 | `resource` |
//! | RFC 9101, OIDC Core §6 | `request_objects` |
//! | RFC 9126 | `pushed_requests` |
//! | RFC 9207 | `response_issuer` |
//! | RFC 9449 | `dpop` |
//! | RFC 9470 | `step_up` |
//! | RFC 9728 | `parties::resource_server` |
//! | OIDC Core §2 | `id_token` |
//! | OIDC Core §3.1.2.1 | `wishes`, `id_token_hint` |
//! | OIDC Core §5.3 | `userinfo` |
//! | OIDC Core §5.5 | `claims_request` |
//! | OIDC Registration | `registration` |
//! | OIDC RP-Initiated Logout | `logout` |
//! | OIDC Back-Channel Logout | `back_channel_logout` |
//! | OIDC Front-Channel Logout | `front_channel_logout` |
//! | OAuth 2.0 Form Post Response Mode, OAuth 2.0 Multiple Response Types | `response_modes` |
//! | JARM | `signed_responses` |
//! | FAPI 2.0 | `fapi` |
//! | draft-ietf-oauth-client-id-metadata-document | `registration::documents` |
//!
//! What concerns all of them: `browser_attacks`, `clock`, `cors`, `hostile_values`, `issuing_paths`, `large_requests`, `races`,
//! `revocation_feed`, `timing`; `specifications` sees to this page.

mod advertised;
pub(crate) mod back_channel_logout;
mod browser_attacks;
mod claims_request;
pub(crate) mod client_assertions;
mod clock;
mod code_flow;
mod cors;
pub(crate) mod device;
pub(crate) mod dpop;
mod fapi;
mod front_channel_logout;
mod hostile_values;
mod id_token;
mod id_token_hint;
mod introspection;
mod issuer_path;
mod issuing_paths;
mod large_requests;
mod logout;
mod machine;
mod metadata;
mod pkce;
mod pushed_requests;
mod races;
mod refresh;
pub(crate) mod request_objects;
mod resource;
mod response_issuer;
mod response_modes;
mod revocation;
mod revocation_feed;
mod scope;
mod signed_responses;
mod specifications;
mod step_up;
mod taken_away;
mod timing;
mod token_attacks;
pub(crate) mod token_exchange;
mod userinfo;
mod wishes;

use mapae_protocol::base64url;
use mapae_testkit::{
    Answer, ApiFixture, AppFixture, AppSpec, Authorization, Browser, Page, TestServer, UserFixture,
};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// A request to this very node, under the name that it may share with others.
pub(crate) fn to_node(node: &TestServer, method: Method, path: &str) -> RequestBuilder {
    let address = format!("http://{}{path}", node.address());
    mapae_testkit::http().request(method, address).header("Host", host(node))
}

/// Opens a page of this very node. Cookies are a host's, whatever the port.
pub(crate) async fn open_at(node: &TestServer, browser: &Browser, path: &str) -> Page {
    let (_, port) = node.address().split_once(':').unwrap();
    let address = format!("http://localhost:{port}{path}");
    browser.send("GET", &address, &[("host", host(node))], Vec::new()).await
}

fn host(node: &TestServer) -> &str {
    node.issuer().trim_start_matches("http://")
}

/// The claims of a JWT, unchecked.
pub(crate) fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap()
}

/// Another text of the same form that nobody has made: one letter of its signature, or of what is sealed, is another.
fn forged(text: &str) -> String {
    // Not the last one, of which some bits mean nothing.
    let at = text.len() - 20;
    let letters = text.char_indices().map(|(place, letter)| match letter {
        _ if place != at => letter,
        'A' => 'B',
        _ => 'A',
    });
    let forged: String = letters.collect();
    assert_ne!(forged, text);
    forged
}

/// A calendar API, and an app that may read and write it.
async fn calendar(server: &TestServer, opaque: bool) -> (ApiFixture, AppFixture) {
    let scopes = ["calendar.read", "calendar.write"];
    let api = server.register_api("https://calendar.example", &scopes, opaque).await;
    let optional =
        ["profile", "email", "offline_access", "calendar.read", "calendar.write"].map(str::to_owned).to_vec();
    (api, server.register(AppSpec { optional, ..AppSpec::default() }).await)
}

/// The consent page of an authorization, reached by signing in.
async fn to_consent(
    server: &TestServer,
    browser: &Browser,
    user: &UserFixture,
    authorization: &Authorization,
) -> Page {
    let sign_in = browser.visit(&authorization.address(server)).await;
    assert!(sign_in.has("login-submit"), "{}", sign_in.body);
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    assert!(consent.has("consent-approve") && consent.has("consent-deny"), "{}", consent.body);
    consent
}

/// A person goes where an app sends them, signs in if they are asked to, and agrees to everything: where they end.
pub(crate) async fn agree(browser: &Browser, user: &UserFixture, address: &str) -> Page {
    let mut page = browser.visit(address).await;
    if page.has("login-submit") {
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        page = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    }
    if page.has("consent-approve") {
        page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
    }
    page
}

/// A person who has given an app these scopes, their browser, and the app's tokens.
pub(crate) struct SignedIn {
    pub(crate) user: UserFixture,
    pub(crate) browser: Browser,
    pub(crate) tokens: Answer,
}

pub(crate) async fn sign_in(server: &TestServer, app: &AppFixture, scope: &str) -> SignedIn {
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(app, scope);
    let code = server.code(&browser, &user, &authorization).await;
    let tokens = server.redeem(app, &code, &authorization.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    SignedIn { user, browser, tokens }
}

/// The tokens of an app that somebody signs in to, in a browser of their own.
pub(crate) async fn sign_in_as(
    server: &TestServer,
    app: &AppFixture,
    user: &UserFixture,
    scope: &str,
) -> Answer {
    let authorization = Authorization::of(app, scope);
    let code = server.code(&Browser::default(), user, &authorization).await;
    let tokens = server.redeem(app, &code, &authorization.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    tokens
}

/// What the operator does when keys were stolen: everything that was signed or sealed with them is void.
pub(crate) fn rotate_at_once(server: &TestServer) {
    let rotate = std::process::Command::new(env!("CARGO_BIN_EXE_mapae"))
        .args(["keys", "rotate", "--now", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    assert!(rotate.status.success(), "{}", String::from_utf8_lossy(&rotate.stderr));
}
