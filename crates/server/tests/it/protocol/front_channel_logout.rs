//! Pages of apps that sign people out there, framed in ours — OIDC Front-Channel Logout §2, §3; threats LO-08, LO-11.

use std::collections::BTreeMap;

use mapae_protocol::params;
use mapae_testkit::{
    AppFixture, AppSpec, Authorization, Browser, Page, TestServer, UserFixture, client::send,
};
use serde_json::{Value, json};

use super::claims;

const BYE: &str = "https://app.example.com/bye";
const FRAMED: &str = "https://app.example.com/logout?from=mapae";

async fn app(server: &TestServer, framed: &str, more: &[(&str, Value)]) -> AppFixture {
    let mut metadata = BTreeMap::from([
        ("frontchannel_logout_uri".to_owned(), json!(framed)),
        ("post_logout_redirect_uris".to_owned(), json!([BYE])),
    ]);
    metadata.extend(more.iter().map(|(member, value)| ((*member).to_owned(), value.clone())));
    server.register(AppSpec { metadata, ..AppSpec::default() }).await
}

/// The ID token of an app in this browser.
async fn sign_in(server: &TestServer, browser: &Browser, user: &UserFixture, app: &AppFixture) -> String {
    let authorization = Authorization::of(app, "openid");
    let code = server.code(browser, user, &authorization).await;
    server.redeem(app, &code, &authorization.verifier).await.text("id_token")
}

async fn sign_out(server: &TestServer, browser: &Browser) -> Page {
    let page = browser.visit(&server.at("/sign-out")).await;
    browser.submit(&page, "logout-confirm", &[]).await
}

fn frames(page: &Page) -> Vec<String> {
    page.values("iframe", "src")
}

fn policy(page: &Page) -> &str {
    page.headers["content-security-policy"].to_str().unwrap()
}

/// OIDC Front-Channel Logout §3, CSP3 §6.1.10.
#[tokio::test]
async fn lo_08_exactly_the_registered_pages_of_the_apps_of_the_session_are_framed() {
    let server = TestServer::start().await;
    let (plain, strict) = (
        app(&server, FRAMED, &[]).await,
        app(&server, "https://app.example.com/out", &[("frontchannel_logout_session_required", json!(true))])
            .await,
    );
    let unused = app(&server, "https://app.example.com/unused", &[]).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    let elsewhere = Browser::default();
    sign_in(&server, &elsewhere, &user, &unused).await;
    sign_in(&server, &browser, &user, &plain).await;
    let id_token = claims(&sign_in(&server, &browser, &user, &strict).await);
    let asks = browser.visit(&server.at("/sign-out")).await;
    assert!(!policy(&asks).contains("frame-src") && frames(&asks).is_empty(), "nothing is framed before");
    let page = sign_out(&server, &browser).await;
    assert_eq!(page.status, 200);
    let mut framed = frames(&page);
    framed.sort();
    let told = params::encode([("iss", server.issuer()), ("sid", id_token["sid"].as_str().unwrap())]);
    assert_eq!(framed, [FRAMED.to_owned(), format!("https://app.example.com/out?{told}")]);
    let sources = policy(&page).split("; ").find_map(|part| part.strip_prefix("frame-src ")).unwrap();
    let mut sources: Vec<&str> = sources.split(' ').collect();
    sources.sort_unstable();
    assert_eq!(sources, ["https://app.example.com/logout", "https://app.example.com/out"]);
    assert!(policy(&page).contains("frame-ancestors 'none'"), "and nobody frames us");
    for attribute in page.values("iframe", "sandbox") {
        assert_eq!(attribute, "allow-same-origin allow-scripts", "it cannot lead this page elsewhere");
    }
    let again = sign_out_again(&server, &browser).await;
    assert!(frames(&again).is_empty(), "LO-11: once");
}

async fn sign_out_again(server: &TestServer, browser: &Browser) -> Page {
    browser.visit(&server.at("/sign-out")).await
}

#[tokio::test]
async fn lo_08_nobody_elses_page_and_none_of_ours_is_framed() {
    let server = TestServer::start().await;
    let foreign = app(&server, "https://evil.example/logout", &[]).await;
    let own = AppSpec {
        redirect_uris: vec![server.at("/cb")],
        metadata: BTreeMap::from([("frontchannel_logout_uri".to_owned(), json!(server.at("/account")))]),
        ..AppSpec::default()
    };
    let own = server.register(own).await;
    let off = app(&server, FRAMED, &[]).await;
    let hostile = app(&server, "https://app.example.com/a;script-src,x/?b", &[]).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    for app in [&foreign, &own, &off, &hostile] {
        sign_in(&server, &browser, &user, app).await;
    }
    server.write(mapae::store::apps::disable(&off.client_id, server.now())).await;
    let page = sign_out(&server, &browser).await;
    assert_eq!(frames(&page), ["https://app.example.com/a;script-src,x/?b"]);
    let policy = policy(&page);
    assert!(policy.contains("; frame-src https://app.example.com; "), "{policy}");
    assert_eq!(policy.matches("script-src").count(), 1, "{policy}");
}

#[tokio::test]
async fn lo_11_who_is_led_on_is_led_on_after_the_frames_with_and_without_script() {
    let server = TestServer::start().await;
    let app = app(&server, FRAMED, &[]).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    let hint = sign_in(&server, &browser, &user, &app).await;
    let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a\"b&c")];
    let address = server.at(&format!("/logout?{}", params::encode(query)));
    let page = browser.open(&address).await;
    assert_eq!((page.status.as_u16(), page.location()), (200, None));
    assert_eq!(frames(&page), [FRAMED]);
    let onwards = format!("{BYE}?state=a%22b%26c");
    assert_eq!(page.values("#onwards", "href"), [onwards.as_str()]);
    let refresh = format!("<noscript><meta http-equiv=\"refresh\" content=\"3;url={onwards}\"></noscript>");
    assert!(page.body.contains(&refresh), "{}", page.body);
    assert!(browser.visit(&server.at("/account")).await.has("login-submit"));
    // Asked once more, there is nothing left to be framed.
    let again = browser.open(&address).await;
    assert_eq!(again.location().map(String::from).as_deref(), Some(onwards.as_str()));
}

#[tokio::test]
async fn oidc_front_channel_logout_3_discovery_says_so() {
    let server = TestServer::start().await;
    let metadata = send(mapae_testkit::http().get(server.at("/.well-known/openid-configuration"))).await.json;
    for member in ["frontchannel_logout_supported", "frontchannel_logout_session_supported"] {
        assert_eq!(metadata[member], json!(true), "{member}");
    }
}
