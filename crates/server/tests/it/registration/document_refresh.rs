//! What an app that is an address says is followed wherever it authenticates —
//! draft-ietf-oauth-client-id-metadata-document.

use mapae::store::{apps, verification};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppFixture, Authorization, Browser, Engine};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    documents::{at_a_desk, publish, used, visit},
    fetched::picture,
    keys::{key, knows},
    site::Site,
};
use crate::{
    protocol::{client_assertions::key_set, device},
    store::sqlite_file,
};

fn devices() -> Value {
    json!({ "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"], "redirect_uris": [] })
}

#[tokio::test]
async fn dc_11_a_key_that_its_document_takes_back_is_soon_over() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let (first, second, third) = (key(), key(), key());
        let with = |keys: &[_]| {
            let more = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key_set(keys) });
            publish(&site, "/app.json", &more)
        };
        let app = with(&[&first]);
        assert!(knows(&server, &app, &first).await, "it comes here before anybody was sent by it");
        with(&[&second]);
        server.advance(Seconds::seconds(29));
        assert!(!knows(&server, &app, &second).await, "anybody can name a key");
        assert_eq!(site.asked(), ["/app.json"]);
        server.advance(Seconds::seconds(1));
        assert!(knows(&server, &app, &second).await, "a new one is looked for");
        assert!(!knows(&server, &app, &first).await, "and the old one is over");
        with(&[&third]);
        server.advance(Seconds::minutes(10));
        assert!(!knows(&server, &app, &second).await, "whoever found it has it in vain");
        assert!(knows(&server, &app, &third).await);
        assert_eq!(site.asked(), ["/app.json", "/app.json"]);
    }
}

#[tokio::test]
async fn dc_11_what_a_document_takes_back_is_over_for_who_has_tokens() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        let (_, _, refresh_token) = used(&server, &Browser::default(), &app).await;
        site.remove("/app.json");
        assert_eq!(server.refresh(&app, &refresh_token).await.status, 200, "for a while");
        server.advance(Seconds::minutes(10));
        assert_eq!(server.refresh(&app, &refresh_token).await.error(), "invalid_client");
    }
}

#[tokio::test]
async fn dc_11_while_its_site_does_not_answer_an_app_gets_tokens_for_a_day() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let app = publish(&site, "/app.json", &json!({}));
    let (_, _, mut refresh_token) = used(&server, &Browser::default(), &app).await;
    site.stop().await;
    for hours in [1, 22] {
        server.advance(Seconds::hours(hours));
        let answer = server.refresh(&app, &refresh_token).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        refresh_token = answer.text("refresh_token");
    }
    server.advance(Seconds::hours(1));
    let answer = server.refresh(&app, &refresh_token).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error()),
        (503, "temporarily_unavailable"),
        "not that it is none"
    );
}

/// RFC 8628 §3.1.
#[tokio::test]
async fn dc_11_a_site_that_is_in_trouble_says_nothing_about_its_app() {
    for status in [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS, StatusCode::FORBIDDEN] {
        let server = at_a_desk(Engine::Sqlite).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        let (_, _, refresh_token) = used(&server, &Browser::default(), &app).await;
        site.is_in_trouble(status);
        server.advance(Seconds::minutes(11));
        let answer = server.refresh(&app, &refresh_token).await;
        assert_eq!(answer.status, 200, "{status}: {}", answer.json);
        assert_eq!(site.asked(), ["/app.json", "/app.json"]);
    }
}

#[tokio::test]
async fn dc_11_devices_of_an_app_at_an_address_begin_as_long_as_its_document_is_there() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/tv.json", &devices());
        let app = AppFixture { redirect_uri: String::new(), ..app };
        let waiting = device::begin(&server, &app, "openid").await;
        let user = server.user("hong@example.com").await;
        waiting.allow(&server, &Browser::default(), &user).await;
        let tokens = waiting.poll(&server).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        site.remove("/tv.json");
        server.advance(Seconds::minutes(10));
        let refused = device::ask(&server, &app, &[("scope", "openid")]).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"));
    }
}

#[tokio::test]
async fn dc_11_a_picture_that_comes_late_signs_nobody_out() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let more = json!({ "logo_uri": site.at("/logo") });
        let app = publish(&site, "/app.json", &more);
        let browser = Browser::default();
        let (_, _, refresh_token) = used(&server, &browser, &app).await;
        let again = async || {
            server.advance(Seconds::minutes(10));
            let page = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
            browser.follow(page).await
        };
        site.put("/logo", picture(1));
        again().await;
        let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
        assert!(kept.app.settings.icon.is_some(), "its picture has come");
        let refreshed = server.refresh(&app, &refresh_token).await;
        assert_eq!(refreshed.status, 200, "and is no other app: {}", refreshed.json);
        publish(&site, "/app.json", &json!({ "logo_uri": site.put("/other", picture(2)) }));
        assert!(again().await.has("consent-approve"), "another picture is");
        let refused = server.refresh(&app, &refreshed.text("refresh_token")).await;
        assert_eq!(refused.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn dc_11_what_a_document_said_before_does_not_come_back_by_a_slow_node() {
    for engine in Engine::ALL {
        for known in [false, true] {
            a_slow_node_is_overtaken(engine, known).await;
        }
    }
}

async fn a_slow_node_is_overtaken(engine: Engine, known: bool) {
    let slow = at_a_desk(engine).await;
    let (fast, site) = (slow.second_node().await, Site::start().await);
    if known {
        let app = publish(&site, "/app.json", &json!({}));
        assert!(visit(&slow, &app).await.has("login-submit"));
        slow.advance(Seconds::minutes(10));
    }
    let before = json!({ "client_name": "옛 도우미", "logo_uri": site.put("/logo", picture(1)) });
    let app = publish(&site, "/app.json", &before);
    let held = site.hold("/logo");
    let overtaking = async {
        held.comes().await;
        publish(&site, "/app.json", &json!({ "client_name": "새 도우미" }));
        let page = visit(&fast, &app).await;
        held.let_go();
        page
    };
    let (_, page) = tokio::join!(visit(&slow, &app), overtaking);
    assert!(page.has("login-submit"), "{engine:?} {known}: {}", page.body);
    let name = async || apps::find(slow.app().db(), &app.client_id).await.unwrap().unwrap().app.settings.name;
    assert_eq!(name().await, "새 도우미", "{engine:?} {known}");
    slow.app().catch_up().await.unwrap();
    slow.advance(Seconds::seconds(30));
    site.asked();
    assert!(visit(&slow, &app).await.has("login-submit"), "{engine:?} {known}");
    assert_eq!(site.asked(), ["/app.json"], "{engine:?} {known}: it has not read what stands there");
    assert_eq!(name().await, "새 도우미", "{engine:?} {known}");
}

/// Every write of apps conflicts, as if others were always faster.
const OTHERS_ARE_FASTER: &str = "CREATE TRIGGER others BEFORE UPDATE ON counters WHEN OLD.name = 'catalog' \
     BEGIN SELECT RAISE(IGNORE); END";

#[tokio::test]
async fn dc_12_a_crowd_of_newcomers_keeps_nobody_from_an_app_that_was_read() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let app = publish(&site, "/app.json", &json!({}));
    assert!(visit(&server, &app).await.has("login-submit"));
    let node = server.second_node().await;
    sqlite_file::execute(&server.data().join("mapae.db"), OTHERS_ARE_FASTER);
    let newcomer = publish(&site, "/new.json", &json!({}));
    assert_eq!(visit(&server, &newcomer).await.status, 429);
    assert!(visit(&node, &app).await.has("login-submit"), "who says what is known already writes nothing");
    publish(&site, "/app.json", &json!({ "client_name": "새 도우미" }));
    server.advance(Seconds::minutes(10));
    assert!(visit(&server, &app).await.has("login-submit"), "it goes on as it was read last");
    server.advance(Seconds::days(1));
    assert_eq!(visit(&server, &app).await.status, 429, "for a day");
}

#[tokio::test]
async fn se_08_who_agreed_to_a_document_without_refresh_tokens_is_asked_again_once_it_has_them() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({ "grant_types": ["authorization_code"] }));
        let (person, browser) = (server.user("hong@example.com").await, Browser::default());
        let authorization = Authorization::of(&app, "openid");
        let code = server.code(&browser, &person, &authorization).await;
        assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.status, 200, "{engine:?}");
        server.write(verification::verify(&app.client_id, server.now())).await;
        let kept = async || apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap().app;
        let before = kept().await.epoch;
        publish(&site, "/app.json", &json!({}));
        server.advance(Seconds::minutes(10));
        let again = Authorization::of(&app, "openid").address(&server);
        let page = browser.follow(browser.visit(&again).await).await;
        assert!(page.has("consent-approve"), "{engine:?}: {}", page.body);
        let after = kept().await;
        assert_eq!(after.epoch, before + 1, "{engine:?}: what was made for it has ended");
        assert!(after.verified, "{engine:?}: the operator has looked at nothing else");
    }
}

#[tokio::test]
async fn dc_11_what_a_document_leaves_out_is_as_if_it_had_never_stood_there() {
    let (one, two) =
        (json!(["https://a.example/cb"]), json!(["https://a.example/cb", "https://b.example/cb"]));
    for (first, then, expected) in [
        (json!({ "redirect_uris": one }), json!({ "redirect_uris": two }), "public"),
        (
            json!({ "redirect_uris": one, "subject_type": "public" }),
            json!({ "redirect_uris": one }),
            "pairwise",
        ),
    ] {
        let server = at_a_desk(Engine::Sqlite).await;
        let site = Site::start().await;
        let kept = async |path: &str, said: &Value| {
            let published = publish(&site, path, said);
            let redirect_uri = "https://a.example/cb".to_owned();
            let page = visit(&server, &AppFixture { redirect_uri, ..published.clone() }).await;
            assert!(page.has("login-submit"), "{said}: {}", page.body);
            apps::find(server.app().db(), &published.client_id)
                .await
                .unwrap()
                .unwrap()
                .app
                .settings
                .subject_type
        };
        let before = kept("/app.json", &first).await;
        server.advance(Seconds::minutes(10));
        let after = kept("/app.json", &then).await;
        assert_eq!(after, kept("/fresh.json", &then).await, "{first} {then}");
        assert_eq!(after, expected, "{first} {then}");
        assert_ne!(before, after, "{first} {then}");
    }
}
