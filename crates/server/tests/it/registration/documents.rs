//! Apps that are an address — draft-ietf-oauth-client-id-metadata-document.

use futures_util::future::join_all;
use mapae::store::{apps, sweep};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, TestServer, UserFixture};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, server, site::Site};

const REDIRECT_URI: &str = "http://127.0.0.1/cb";

pub(super) async fn at_a_desk(engine: Engine) -> TestServer {
    server(engine, &[("REGISTRATION__CLIENT_DOCUMENTS", "true"), ("FETCH__PRIVATE_ADDRESSES", "true")]).await
}

/// An app at this address, which says this beside its address.
pub(super) fn publish(site: &Site, path: &str, more: &Value) -> AppFixture {
    let id = site.at(path);
    let mut said = json!({
        "client_id": id,
        "client_name": "도우미",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token"],
    });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    site.put_json(path, &said);
    AppFixture { client_id: id, client_secret: None, redirect_uri: REDIRECT_URI.to_owned() }
}

pub(super) async fn visit(server: &TestServer, app: &AppFixture) -> mapae_testkit::Page {
    Browser::default().visit(&Authorization::of(app, "openid").address(server)).await
}

pub(super) async fn used(
    server: &TestServer,
    browser: &Browser,
    app: &AppFixture,
) -> (UserFixture, String, String) {
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(app, "openid email offline_access");
    let code = server.code(browser, &user, &authorization).await;
    let tokens = server.redeem(app, &code, &authorization.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    (user, tokens.text("access_token"), tokens.text("refresh_token"))
}

/// draft-ietf-oauth-client-id-metadata-document §6.
#[tokio::test]
async fn dc_11_an_address_is_no_app_until_the_operator_takes_them() {
    let site = Site::start().await;
    let app = publish(&site, "/app.json", &json!({}));
    let off = server(Engine::Sqlite, &[("FETCH__PRIVATE_ADDRESSES", "true")]).await;
    let page = visit(&off, &app).await;
    assert!(page.status == 400 && page.location().is_none());
    assert_eq!(site.asked(), Vec::<String>::new());
    let on = at_a_desk(Engine::Sqlite).await;
    for (server, expected) in [(&off, Value::Null), (&on, Value::Bool(true))] {
        let metadata =
            ask(Method::GET, &server.at("/.well-known/oauth-authorization-server"), None, None).await;
        assert_eq!(metadata.json["client_id_metadata_document_supported"], expected);
    }
    let strict = server(Engine::Sqlite, &[("REGISTRATION__CLIENT_DOCUMENTS", "true")]).await;
    assert_eq!(visit(&strict, &app).await.status, 400);
    assert_eq!(site.asked(), Vec::<String>::new(), "DC-04: nothing private is asked");
}

/// draft-ietf-oauth-client-id-metadata-document §5.
#[tokio::test]
async fn dc_11_an_app_at_an_address_signs_people_in_and_shows_its_host() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        let page = visit(&server, &app).await;
        assert!(page.has("login-submit"), "{}", page.body);
        assert!(page.body.contains("127.0.0.1 →"), "the host of the address stands there: {}", page.body);
        let browser = Browser::default();
        let (_, access_token, refresh_token) = used(&server, &browser, &app).await;
        assert_eq!(server.userinfo(&access_token).await.json["email"], "hong@example.com");
        assert_eq!(server.refresh(&app, &refresh_token).await.status, 200);
        assert_eq!(site.asked(), ["/app.json"], "fetched once for a while");
        let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
        assert!(kept.app.settings.public && !kept.app.verified);
        let address = format!("{}/{}", server.at("/register"), app.client_id.replace('/', "%2F"));
        for token in ["", "guessed"] {
            let answer = ask(Method::GET, &address, Some(token), None).await;
            assert!(answer.status == 401 || answer.status == 400, "nobody manages it: {}", answer.status);
        }
    }
}

/// draft-ietf-oauth-client-id-metadata-document §3, §8.7.
#[tokio::test]
async fn dc_11_a_document_that_cannot_be_taken_is_no_app() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let padding = "x".repeat(16 * 1_024);
    for (path, more) in [
        ("/other", json!({ "client_id": site.at("/app.json") })),
        ("/no-id", json!({ "client_id": null })),
        ("/secret", json!({ "client_secret": "shared" })),
        ("/basic", json!({ "token_endpoint_auth_method": "client_secret_basic" })),
        ("/none", json!({ "redirect_uris": [] })),
        ("/script", json!({ "redirect_uris": ["javascript:alert(1)"] })),
        ("/name", json!({ "client_name": "Goоgle" })),
        ("/private", json!({ "jwks": { "keys": [{ "kty": "oct", "k": "AA" }] } })),
        ("/statement", json!({ "software_statement": "e30.e30." })),
        ("/long", json!({ "padding": padding })),
    ] {
        let app = publish(&site, path, &more);
        let page = visit(&server, &app).await;
        assert!(page.status == 400 && page.location().is_none(), "{path}: {}", page.status);
        assert!(apps::find(server.app().db(), &app.client_id).await.unwrap().is_none(), "{path}");
    }
    let good = publish(&site, "/app.json", &json!({}));
    site.put("/text", json!({ "client_id": site.at("/text"), "redirect_uris": [REDIRECT_URI] }).to_string());
    site.asked();
    let at = |id: String| AppFixture { client_id: id, ..good.clone() };
    for id in [site.at("/nothing"), site.at("/text")] {
        assert_eq!(visit(&server, &at(id)).await.status, 400);
    }
    site.asked();
    for id in [
        site.at("/app.json?x"),
        site.at("/app.json#x"),
        site.at("/./app.json"),
        site.at("/%2e%2e/app.json"),
        site.at(""),
        site.at("/app.json").replace("http://", "http://user@"),
        site.at("/app.json").replace("http://", "HTTP://"),
        site.at("/app.json").replace("127.0.0.1", "LOCALHOST"),
        "https://".to_owned(),
    ] {
        assert_eq!(visit(&server, &at(id.clone())).await.status, 400, "{id}");
    }
    assert_eq!(site.asked(), Vec::<String>::new(), "what is no such address is not asked");
    assert!(visit(&server, &good).await.has("login-submit"));
}

#[tokio::test]
async fn dc_11_who_agreed_is_asked_again_when_the_document_changes() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        let browser = Browser::default();
        let (_, access_token, refresh_token) = used(&server, &browser, &app).await;
        let again = async || {
            browser.follow(browser.visit(&Authorization::of(&app, "openid").address(&server)).await).await
        };
        publish(&site, "/app.json", &json!({ "contacts": ["dev@a.example"] }));
        server.advance(Seconds::minutes(10));
        again().await;
        assert_eq!(server.refresh(&app, &refresh_token).await.status, 200, "nobody sees a contact");
        for changed in [
            json!({ "client_name": "다른 도우미" }),
            json!({ "redirect_uris": [REDIRECT_URI, "http://127.0.0.1/other"] }),
        ] {
            publish(&site, "/app.json", &changed);
            server.advance(Seconds::minutes(10));
            let page = again().await;
            assert!(page.has("consent-approve"), "{changed}: {}", page.body);
            assert!(
                page.body.contains("name=\"item\"")
                    || page.body.contains("openid")
                    || page.has("consent-deny")
            );
            assert_eq!(server.userinfo(&access_token).await.status, 401);
            assert_eq!(server.refresh(&app, &refresh_token).await.error(), "invalid_grant");
        }
    }
}

#[tokio::test]
async fn dc_11_an_app_at_an_address_may_push_its_first_request() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let app = publish(&site, "/app.json", &json!({}));
    let push = async |app: &AppFixture| {
        let authorization = Authorization::of(app, "openid");
        let form: Vec<(&str, &str)> =
            authorization.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        server.post("/par", None, &form).await
    };
    let pushed = push(&app).await;
    assert_eq!(pushed.status, 201, "{}", pushed.json);
    let page = Browser::default()
        .visit(
            &Authorization {
                parameters: vec![
                    ("client_id".to_owned(), app.client_id.clone()),
                    ("request_uri".to_owned(), pushed.text("request_uri")),
                ],
                ..Authorization::of(&app, "openid")
            }
            .address(&server),
        )
        .await;
    assert!(page.has("login-submit"), "{}", page.body);
    let nobody = AppFixture { client_id: site.at("/nothing"), ..app };
    assert_eq!(push(&nobody).await.error(), "invalid_client");
}

#[tokio::test]
async fn dc_11_an_app_whose_document_is_gone_is_no_app_any_more() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let app = publish(&site, "/app.json", &json!({}));
    assert!(visit(&server, &app).await.has("login-submit"));
    site.remove("/app.json");
    assert!(visit(&server, &app).await.has("login-submit"), "for a while");
    server.advance(Seconds::minutes(10));
    for _ in 0..2 {
        assert_eq!(visit(&server, &app).await.status, 400);
    }
    assert_eq!(site.asked().len(), 3, "that it was gone is not remembered");
    publish(&site, "/app.json", &json!({}));
    assert!(visit(&server, &app).await.has("login-submit"));
}

#[tokio::test]
async fn dc_11_one_place_makes_this_server_fetch_thirty_at_once() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    for number in 0..30 {
        let app = AppFixture {
            client_id: site.at(&format!("/{number}")),
            client_secret: None,
            redirect_uri: REDIRECT_URI.to_owned(),
        };
        assert_eq!(visit(&server, &app).await.status, 400);
    }
    assert_eq!(site.asked().len(), 30);
    let app = publish(&site, "/app.json", &json!({}));
    assert_eq!(visit(&server, &app).await.status, 429);
    assert_eq!(site.asked(), Vec::<String>::new());
    server.advance(Seconds::minutes(1));
    assert!(visit(&server, &app).await.has("login-submit"));
}

#[tokio::test]
async fn dc_11_what_the_operator_switched_off_stays_off_and_what_expired_may_come_again() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        assert!(visit(&server, &app).await.has("login-submit"));
        server.write(apps::block(&app.client_id, server.now())).await;
        publish(&site, "/app.json", &json!({ "client_name": "새 도우미" }));
        server.advance(Seconds::minutes(10));
        assert_eq!(visit(&server, &app).await.status, 400);
        server.write(apps::unblock(&app.client_id, server.now())).await;
        assert!(visit(&server, &app).await.status == 200);
        let epoch = async || apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap().app.epoch;
        let before = epoch().await;
        server.advance(Seconds::days(31));
        sweep::run(server.app().db(), Seconds::days(1), server.now()).await.unwrap();
        server.app().catch_up().await.unwrap();
        let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
        assert!(kept.app.deleted_at.is_some() && kept.registered.is_none());
        assert!(visit(&server, &app).await.has("login-submit"));
        assert!(epoch().await > before, "what was made before stays dead");
        let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
        assert!(kept.registered.unwrap().expires_at.is_some());
        let browser = Browser::default();
        used(&server, &browser, &app).await;
    }
}

#[tokio::test]
async fn dc_11_while_its_site_does_not_answer_an_app_goes_on_for_a_day() {
    let server = at_a_desk(Engine::Sqlite).await;
    let (site, gone) = (Site::start().await, Site::start().await);
    let (app, taken_back) =
        (publish(&site, "/app.json", &json!({})), publish(&gone, "/app.json", &json!({})));
    for app in [&app, &taken_back] {
        assert!(visit(&server, app).await.has("login-submit"));
    }
    gone.remove("/app.json");
    server.advance(Seconds::minutes(10));
    assert_eq!(visit(&server, &taken_back).await.status, 400);
    site.stop().await;
    gone.stop().await;
    assert!(visit(&server, &app).await.has("login-submit"));
    assert_eq!(visit(&server, &taken_back).await.status, 400, "what was taken back does not come again");
    server.advance(Seconds::hours(23));
    assert!(visit(&server, &app).await.has("login-submit"));
    server.advance(Seconds::hours(1));
    assert_eq!(visit(&server, &app).await.status, 400);
}

#[tokio::test]
async fn dc_11_who_uses_up_what_may_be_fetched_keeps_nobody_from_an_app_that_was_read() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let app = publish(&site, "/app.json", &json!({}));
    assert!(visit(&server, &app).await.has("login-submit"));
    server.advance(Seconds::hours(1));
    for number in 0..30 {
        let nothing = AppFixture { client_id: site.at(&format!("/{number}")), ..app.clone() };
        assert_eq!(visit(&server, &nothing).await.status, 400);
    }
    assert!(visit(&server, &app).await.has("login-submit"));
    assert_eq!(site.asked().len(), 31);
}

#[tokio::test]
async fn dc_11_an_app_that_the_operator_deleted_does_not_come_again() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        assert!(visit(&server, &app).await.has("login-submit"));
        server.write(apps::delete_for_ever(&app.client_id, server.now())).await;
        for minutes in [0, 10] {
            server.advance(Seconds::minutes(minutes));
            assert_eq!(visit(&server, &app).await.status, 400);
        }
        let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
        assert!(kept.app.deleted_at.is_some() && kept.registered.is_none());
    }
}

#[tokio::test]
async fn dc_12_an_app_that_comes_again_needs_room_as_a_new_one_does() {
    for engine in Engine::ALL {
        let settings = [
            ("REGISTRATION__CLIENT_DOCUMENTS", "true"),
            ("FETCH__PRIVATE_ADDRESSES", "true"),
            ("REGISTRATION__MOST_UNUSED", "1"),
        ];
        let server = server(engine, &settings).await;
        let site = Site::start().await;
        let (first, second) = (publish(&site, "/1.json", &json!({})), publish(&site, "/2.json", &json!({})));
        assert!(visit(&server, &first).await.has("login-submit"));
        server.advance(Seconds::days(31));
        sweep::run(server.app().db(), Seconds::days(1), server.now()).await.unwrap();
        server.app().catch_up().await.unwrap();
        assert!(visit(&server, &second).await.has("login-submit"));
        assert!(visit(&server, &first).await.has("login-submit"));
        let kept = apps::find(server.app().db(), &second.client_id).await.unwrap().unwrap();
        assert!(kept.app.deleted_at.is_some(), "of one place the older one goes");
        assert!(visit(&server, &second).await.has("login-submit"), "and may come again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_11_many_who_come_first_at_once_all_come_in() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let node = server.second_node().await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        let visits = (0..8).map(|turn| visit(if turn % 2 == 0 { &server } else { &node }, &app));
        for page in join_all(visits).await {
            assert!(page.has("login-submit"), "{} {}", page.status, page.body);
        }
        assert_eq!(site.asked().len(), 2, "once by each node");
    }
}
