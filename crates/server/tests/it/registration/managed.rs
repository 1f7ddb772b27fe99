//! Managing a registration — RFC 7592 §2.

use mapae::store::{apps, counters, registrations, sweep, verification};
use mapae_protocol::time::Seconds;
use mapae_testkit::{Answer, Authorization, Browser, Engine, TestServer, UserFixture};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Registered, ask, open, registered, server};

/// A person who has agreed to the app, and its tokens.
async fn used(server: &TestServer, app: &Registered) -> (UserFixture, Answer) {
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app.app, "openid offline_access");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let tokens = server.redeem(&app.app, &code, &authorization.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    (user, tokens)
}

/// OIDC Registration §4.
#[tokio::test]
async fn dc_07_every_wrong_token_gets_the_same_answer() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let (mine, other) = (registered(&server, json!({})).await, registered(&server, json!({})).await);
        let console = server.register(mapae_testkit::AppSpec::default()).await;
        let (deleted, blocked) = (registered(&server, json!({})).await, registered(&server, json!({})).await);
        assert_eq!(deleted.delete().await.status, 204);
        server.write(apps::block(&blocked.app.client_id, server.now())).await;
        let at = |id: &str| server.at(&format!("/register/{id}"));
        let wrong = [
            (mine.address.clone(), other.token.clone()),
            (mine.address.clone(), "guessed".to_owned()),
            (mine.address.clone(), mine.app.client_secret.clone().unwrap()),
            (at("app_unknown"), mine.token.clone()),
            (at(&console.client_id), mine.token.clone()),
            (at("%00"), mine.token.clone()),
            (deleted.address.clone(), deleted.token.clone()),
            (blocked.address.clone(), blocked.token.clone()),
        ];
        let mut answers = Vec::new();
        for (address, token) in &wrong {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let answer = ask(method, address, Some(token), Some(&mine.same())).await;
                assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"), "{address}");
                let challenge = answer.headers["www-authenticate"].to_str().unwrap().to_owned();
                answers.push((answer.json.to_string(), challenge));
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        let none = ask(Method::GET, &mine.address, None, None).await;
        assert_eq!((none.status.as_u16(), &none.json), (401, &Value::Null));
        assert_eq!(mine.show().await.status, 200);
        let still = apps::find(server.app().db(), &blocked.app.client_id).await.unwrap().unwrap();
        assert!(still.app.blocked_at.is_some() && still.app.deleted_at.is_none(), "it stays disabled");
    }
}

#[tokio::test]
async fn rfc7592_2_2_an_update_takes_the_place_of_all_that_was_registered() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let more = json!({ "tos_uri": "https://a.example/terms", "client_uri": "https://a.example" });
        let app = registered(&server, more).await;
        let mut said = app.with("client_name", json!("새 이름"));
        said.as_object_mut().unwrap().remove("tos_uri");
        said["client_uri"] = Value::Null;
        said["client_secret"] = json!(app.app.client_secret);
        said["redirect_uris"] = json!(["https://a.example/new"]);
        let answer = app.update(&said).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(answer.json["client_name"], "새 이름");
        assert_eq!(answer.json["redirect_uris"], json!(["https://a.example/new"]));
        assert!(answer.json.get("tos_uri").is_none() && answer.json.get("client_uri").is_none());
        assert_eq!(answer.json["registration_access_token"], app.token);
        assert!(answer.json.get("client_secret").is_none(), "it has one that is good");
        let shown = app.show().await;
        assert_eq!(shown.json, answer.json);
        assert_eq!(shown.headers["cache-control"], "no-store");
    }
}

/// RFC 7592 §2.2.
#[tokio::test]
async fn rfc7592_2_2_an_update_is_judged_as_a_registration_and_names_its_app() {
    let server = open(Engine::Sqlite).await;
    let (app, other) = (registered(&server, json!({})).await, registered(&server, json!({})).await);
    let nameless = {
        let mut said = app.same();
        said.as_object_mut().unwrap().remove("client_id");
        said
    };
    for (said, error) in [
        (app.with("redirect_uris", json!(["javascript:alert(1)"])), "invalid_redirect_uri"),
        (app.with("redirect_uris", Value::Null), "invalid_redirect_uri"),
        (app.with("jwks_uri", json!("http://a.example")), "invalid_client_metadata"),
        (app.with("client_id", json!(other.app.client_id)), "invalid_client_metadata"),
        (nameless, "invalid_client_metadata"),
        (app.with("client_secret", json!("chosen")), "invalid_client_metadata"),
        (app.with("client_secret", json!(other.app.client_secret)), "invalid_client_metadata"),
        (app.with("registration_access_token", json!(app.token)), "invalid_client_metadata"),
        (app.with("registration_client_uri", json!(app.address)), "invalid_client_metadata"),
        (app.with("client_secret_expires_at", json!(0)), "invalid_client_metadata"),
        (app.with("client_id_issued_at", json!(0)), "invalid_client_metadata"),
        (app.with("software_statement", json!("e30.e30.")), "invalid_software_statement"),
    ] {
        let answer = app.update(&said).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, error), "{said} {}", answer.json);
    }
    let mut expected = app.told.clone();
    expected.as_object_mut().unwrap().retain(|name, _| !name.starts_with("client_secret"));
    assert_eq!(app.show().await.json, expected, "nothing has changed");
}

#[tokio::test]
async fn an_app_that_becomes_another_is_not_the_one_that_the_operator_has_looked_at() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({})).await;
    let id = &app.app.client_id;
    let is_verified = async || apps::find(server.app().db(), id).await.unwrap().unwrap().app.verified;
    for (name, value, stays) in [
        ("contacts", json!(["dev@a.example"]), true),
        ("client_name", json!("다른 이름"), false),
        ("redirect_uris", json!(["https://a.example/elsewhere"]), false),
        ("client_uri", json!("https://b.example"), false),
        ("initiate_login_uri", json!("https://a.example/begin"), false),
    ] {
        server.write(verification::verify(id, server.now())).await;
        assert_eq!(app.update(&app.same()).await.status, 200);
        server.write(verification::verify(id, server.now())).await;
        assert_eq!(app.update(&app.with(name, value)).await.status, 200);
        assert_eq!(is_verified().await, stays, "{name}");
    }
}

#[tokio::test]
async fn dc_12_an_update_that_changes_nothing_writes_nothing() {
    for engine in Engine::ALL {
        for rotate in ["false", "true"] {
            let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__ROTATE_TOKEN", rotate)];
            let server = server(engine, &settings).await;
            let app = registered(&server, json!({ "contacts": ["dev@a.example"] })).await;
            let id = &app.app.client_id;
            let seen = async || {
                let kept = apps::find(server.app().db(), id).await.unwrap().unwrap();
                (counters::read(server.app().db()).await.unwrap().catalog, kept)
            };
            let before = seen().await;
            server.advance(Seconds::minutes(1));
            let same = app.update(&app.same()).await;
            assert_eq!(same.status, 200, "{}", same.json);
            assert_eq!(same.json["contacts"], app.told["contacts"]);
            assert_eq!(seen().await, before);
            let app = Registered::of(&same);
            let other = app.update(&app.with("contacts", json!(["ops@a.example"]))).await;
            assert_eq!(other.status, 200, "{}", other.json);
            assert!(seen().await.0 > before.0);
        }
    }
}

#[tokio::test]
async fn dc_06_an_update_does_not_undo_what_the_operator_asks_of_one_app() {
    let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__REQUIRE_PKCE", "false")];
    let server = server(Engine::Sqlite, &settings).await;
    let app = registered(&server, json!({})).await;
    let kept = async || apps::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
    let before = kept().await;
    assert!(!before.app.settings.pkce_required);
    let stricter = apps::AppSettings { pkce_required: true, ..before.app.settings };
    server.write(apps::update(&app.app.client_id, &stricter, &before.lists, server.now())).await;
    assert_eq!(app.update(&app.with("client_name", json!("새 이름"))).await.status, 200);
    let after = kept().await.app.settings;
    assert!(after.pkce_required && after.name == "새 이름");
}

#[tokio::test]
async fn dc_07_who_is_given_an_app_manages_it_alone() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = registered(&server, json!({})).await;
        let developer = server.user("dev@example.com").await;
        server.write(apps::give_to(&app.app.client_id, &developer.id, server.now())).await;
        for answer in [app.show().await, app.update(&app.same()).await, app.delete().await] {
            assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));
        }
        let empty = ask(Method::GET, &app.address, Some(""), None).await;
        assert!(empty.status == 400 || empty.status == 401, "{}", empty.status);
        // Whoever has an owner is there to stay, if nobody has agreed to it yet.
        let registration = registrations::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
        assert_eq!(registration.expires_at, None);
        used(&server, &app).await;
    }
}

#[tokio::test]
async fn rfc7592_2_3_deletion_ends_everything_of_the_app_at_once() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let node = server.second_node().await;
        let app = registered(&server, json!({})).await;
        let (_, tokens) = used(&server, &app).await;
        let access_token = tokens.text("access_token");
        assert_eq!(server.userinfo(&access_token).await.status, 200);
        assert_eq!(app.delete().await.status, 204);
        assert_eq!(server.userinfo(&access_token).await.status, 401);
        assert_eq!(server.refresh(&app.app, &tokens.text("refresh_token")).await.error(), "invalid_client");
        node.app().catch_up().await.unwrap();
        assert_eq!(node.refresh(&app.app, &tokens.text("refresh_token")).await.error(), "invalid_client");
        assert_eq!(app.delete().await.status, 401);
        assert_eq!(app.show().await.status, 401);
        let page = Browser::default().visit(&Authorization::of(&app.app, "openid").address(&server)).await;
        assert!(page.status == 400 && page.location().is_none());
    }
}

#[tokio::test]
async fn co_12_a_code_is_worth_nothing_once_its_app_has_deleted_itself() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = registered(&server, json!({})).await;
        let user = server.user("hong@example.com").await;
        let authorization = Authorization::of(&app.app, "openid");
        let code = server.code(&Browser::default(), &user, &authorization).await;
        assert_eq!(app.delete().await.status, 204);
        let redeemed = server.redeem(&app.app, &code, &authorization.verifier).await;
        assert_eq!(redeemed.error(), "invalid_client");
    }
}

#[tokio::test]
async fn an_app_that_gives_its_secret_up_or_gets_one_begins_anew() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = registered(&server, json!({})).await;
        let (_, tokens) = used(&server, &app).await;
        let public = app.update(&app.with("token_endpoint_auth_method", json!("none"))).await;
        assert_eq!(public.status, 200, "{}", public.json);
        assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 401);
        let kept = apps::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
        assert_eq!(kept.secrets, [], "its secret is gone");
        let again = app.update(&app.with("token_endpoint_auth_method", json!("client_secret_basic"))).await;
        let secret = again.text("client_secret");
        assert_ne!(Some(&secret), app.app.client_secret.as_ref());
        let refused = server.refresh(&app.app, &tokens.text("refresh_token")).await;
        assert_eq!(refused.error(), "invalid_client", "the former secret stays dead");
        let with_new = Registered::of(&again);
        let refused = server.refresh(&with_new.app, &tokens.text("refresh_token")).await;
        assert_eq!(refused.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn ui_06_an_app_that_moves_to_another_sector_loses_what_it_had() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({})).await;
    let (_, tokens) = used(&server, &app).await;
    let moved = app.update(&app.with("redirect_uris", json!(["https://a.example/elsewhere"]))).await;
    assert_eq!(moved.status, 200);
    assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 200, "at the same host");
    let moved = app.update(&app.with("redirect_uris", json!(["https://victim.example/cb"]))).await;
    assert_eq!(moved.status, 200);
    assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 401);
    let refused = server.refresh(&app.app, &tokens.text("refresh_token")).await;
    assert_eq!(refused.error(), "invalid_grant", "it would learn the name of the person there");
}

#[tokio::test]
async fn secrets_end_and_are_renewed_by_an_update() {
    for engine in Engine::ALL {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__SECRET_SECONDS", "7200")];
        let server = server(engine, &settings).await;
        let app = registered(&server, json!({})).await;
        assert_eq!(app.told["client_secret_expires_at"], server.now().plus(Seconds::hours(2)).unix());
        let (_, tokens) = used(&server, &app).await;
        let early = app.update(&app.same()).await;
        assert!(early.json.get("client_secret").is_none(), "{}", early.json);
        server.advance(Seconds::minutes(61));
        let renewed = Registered::of(&app.update(&app.same()).await);
        assert_ne!(renewed.app.client_secret, app.app.client_secret);
        let both = [&app, &renewed];
        let mut refresh_token = tokens.text("refresh_token");
        for good in both {
            let answer = server.refresh(&good.app, &refresh_token).await;
            assert_eq!(answer.status, 200, "both are good while the servers are changed: {}", answer.json);
            refresh_token = answer.text("refresh_token");
        }
        server.advance(Seconds::minutes(59));
        assert_eq!(server.refresh(&app.app, &refresh_token).await.error(), "invalid_client");
        assert_eq!(server.refresh(&renewed.app, &refresh_token).await.status, 200);
        server.advance(Seconds::hours(24));
        sweep::run(server.app().db(), Seconds::days(1), server.now()).await.unwrap();
        server.app().catch_up().await.unwrap();
        let last = app.update(&app.same()).await;
        assert!(last.json.get("client_secret").is_some(), "all have ended: {}", last.json);
    }
}

#[tokio::test]
async fn the_token_is_replaced_by_an_update_where_the_operator_wants_that() {
    for engine in Engine::ALL {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__ROTATE_TOKEN", "true")];
        let server = server(engine, &settings).await;
        let app = registered(&server, json!({})).await;
        assert_eq!(app.show().await.json["registration_access_token"], app.token, "only an update does");
        let updated = Registered::of(&app.update(&app.same()).await);
        assert_ne!(updated.token, app.token);
        assert_eq!(app.show().await.status, 401);
        assert_eq!(updated.show().await.status, 200);
    }
}

#[tokio::test]
async fn who_registered_manages_that_also_when_registration_is_closed() {
    let open = open(Engine::Sqlite).await;
    let app = registered(&open, json!({})).await;
    let closed = TestServer::start_with(mapae_testkit::Options {
        database: Some(open.database().to_owned()),
        beside: Some(open.data().to_owned()),
        ..mapae_testkit::Options::default()
    })
    .await;
    let address = closed.at(&format!("/register/{}", app.app.client_id));
    assert_eq!(ask(Method::GET, &address, Some(&app.token), None).await.status, 200);
    assert_eq!(ask(Method::DELETE, &address, Some(&app.token), None).await.status, 204);
}

#[tokio::test]
async fn re_10_nothing_in_a_copy_of_the_database_manages_or_registers() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({})).await;
    let initial = super::initial_token(&server, 3, Seconds::hours(1)).await;
    let bytes = std::fs::read(server.data().join("mapae.db")).unwrap();
    let wal = std::fs::read(server.data().join("mapae.db-wal")).unwrap_or_default();
    let copy = [bytes, wal].concat();
    let holds = |text: &str| copy.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds(&app.app.client_id), "the copy is of this database");
    for secret in [&app.token, app.app.client_secret.as_ref().unwrap(), &initial] {
        assert!(!holds(secret));
    }
}
