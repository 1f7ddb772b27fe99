//! Who an app is, as people are shown it — RFC 8628 §5.4, draft-ietf-oauth-client-id-metadata-document §6.

use mapae::store::verification;
use mapae_testkit::{AppFixture, Browser, Engine, Page, TestServer};
use serde_json::json;

use super::{
    documents::{at_a_desk, publish, used, visit},
    open, registered, server,
    site::Site,
};
use crate::protocol::device;

const ELSEWHERE: &str = "https://bank.example/";

/// The page of the one service that is connected in this browser.
async fn service(server: &TestServer, browser: &Browser) -> Page {
    let account = browser.visit(&server.at("/account")).await;
    assert!(!account.body.contains("bank.example"), "{}", account.body);
    browser.visit(&server.at(&account.values("#services a", "href")[0])).await
}

#[tokio::test]
async fn dc_11_the_page_of_a_device_shows_who_is_at_the_address_and_for_how_long() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let more = json!({
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
            "redirect_uris": [],
            "client_uri": ELSEWHERE,
        });
        let app = AppFixture { redirect_uri: String::new(), ..publish(&site, "/tv.json", &more) };
        let waiting = device::begin(&server, &app, "openid").await;
        let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
        let page = waiting.open(&server, &browser, &user).await;
        assert_eq!(page.text(".app-facts").as_deref(), Some("127.0.0.1"), "{}", page.body);
        assert!(page.has("unverified") && page.has("life"), "{}", page.body);
        browser.submit(&page, "device-allow", &[("all", "1")]).await;
        let page = service(&server, &browser).await;
        assert_eq!(page.text(".app-facts").as_deref(), Some("127.0.0.1"), "{}", page.body);
        assert!(page.has("unverified"), "{}", page.body);
    }
}

#[tokio::test]
async fn se_10_an_app_that_nobody_vouches_for_has_no_home_by_its_own_word() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({ "client_uri": ELSEWHERE })).await;
    let browser = Browser::default();
    used(&server, &browser, &app.app).await;
    let page = service(&server, &browser).await;
    assert!(page.has("unverified") && page.text(".app-facts").is_none(), "{}", page.body);
    server.write(verification::verify(&app.app.client_id, server.now())).await;
    let page = browser.visit(page.address.as_str()).await;
    assert_eq!(page.text(".app-facts").as_deref(), Some("bank.example"), "{}", page.body);
}

#[tokio::test]
async fn az_37_what_a_setting_says_of_all_apps_ends_with_the_setting() {
    for engine in Engine::ALL {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__VOUCH", "true")];
        let with = server(engine, &settings).await;
        let (of_all, checked) = (registered(&with, json!({})).await, registered(&with, json!({})).await);
        with.write(verification::verify(&checked.app.client_id, with.now())).await;
        let without =
            with.second_node_with(&[("MAPAE_REGISTRATION__VOUCH".to_owned(), "false".to_owned())]).await;
        for (server, app, verified) in [
            (&with, &of_all, true),
            (&with, &checked, true),
            (&without, &of_all, false),
            (&without, &checked, true),
        ] {
            let page = visit(server, &app.app).await;
            assert!(page.has("login-submit"), "{engine:?}: {}", page.body);
            assert_eq!(!page.has("unverified"), verified, "{engine:?}: {}", page.body);
        }
    }
}
