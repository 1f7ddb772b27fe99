//! What people agreed to give an app is not for the app that it becomes — OIDC Core §3.1.2.4; threats SE-08, AZ-37.

use mapae::store::{apps, consents};
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, Page, TestServer, UserFixture};
use serde_json::{Value, json};

use super::{REDIRECT_URI, Registered, open, registered};
use crate::protocol::device;

/// Addresses on other hosts than the one at which people have agreed.
const NEW: &str = "https://b.example/cb";
const THIRD: &str = "https://c.example/cb";

/// Asks without a page, at this address of the app's.
async fn silently(server: &TestServer, browser: &Browser, app: &AppFixture, redirect_uri: &str) -> Page {
    let app = AppFixture { redirect_uri: redirect_uri.to_owned(), ..app.clone() };
    browser.open(&Authorization::of(&app, "openid email").with("prompt", "none").address(server)).await
}

/// The same in a way that cannot be answered.
async fn wrongly(server: &TestServer, browser: &Browser, app: &AppFixture, redirect_uri: &str) -> Page {
    let app = AppFixture { redirect_uri: redirect_uri.to_owned(), ..app.clone() };
    browser.open(&Authorization::of(&app, "unheard.of").address(server)).await
}

/// Somebody who has agreed.
async fn agreed(server: &TestServer, app: &Registered) -> (UserFixture, Browser) {
    let (user, browser) = (server.user("hong@example.com").await, Browser::default());
    server.code(&browser, &user, &Authorization::of(&app.app, "openid email")).await;
    assert!(silently(server, &browser, &app.app, &app.app.redirect_uri).await.answered("code").is_some());
    (user, browser)
}

#[tokio::test]
async fn se_08_who_agreed_is_asked_again_when_an_app_that_registered_itself_becomes_another() {
    const ELSEWHERE: &str = "https://acme-bank.evil.example/cb";
    let uri = "https://a.example/cb";
    for engine in Engine::ALL {
        for (what, change, at) in [
            ("name", json!({ "client_name": "다른 앱" }), uri),
            ("address", json!({ "redirect_uris": [ELSEWHERE] }), ELSEWHERE),
            ("both", json!({ "client_name": "다른 앱", "redirect_uris": [ELSEWHERE] }), ELSEWHERE),
        ] {
            let server = open(engine).await;
            let app = registered(&server, json!({})).await;
            let (user, browser) = agreed(&server, &app).await;
            let mut said = app.same();
            said.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let changed = app.update(&said).await;
            assert_eq!(changed.status, 200, "{}", changed.json);
            for page in [
                silently(&server, &browser, &app.app, at).await,
                wrongly(&server, &browser, &app.app, at).await,
            ] {
                assert_eq!((page.status.as_u16(), page.location()), (400, None), "{engine:?} {what}");
            }
            let now = AppFixture { redirect_uri: at.to_owned(), ..app.app.clone() };
            let authorization = Authorization::of(&now, "openid email");
            let page = browser.visit(&authorization.address(&server)).await;
            assert!(page.has("consent-approve"), "{engine:?} {what}: {}", page.body);
            server.code(&browser, &user, &authorization).await;
            assert!(
                silently(&server, &browser, &now, at).await.answered("code").is_some(),
                "{engine:?} {what}"
            );
            assert_eq!(wrongly(&server, &browser, &now, at).await.status, 303, "{engine:?} {what}");
        }
    }
}

#[tokio::test]
async fn se_08_a_redirect_uri_on_another_host_is_agreed_to_anew_and_nobody_else_is_asked() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = registered(&server, json!({ "subject_type": "public" })).await;
        let (_, browser) = agreed(&server, &app).await;
        let (old, path, host) = ("https://a.example/cb", "https://a.example/new", "https://b.example/cb");
        let picture = json!({ "redirect_uris": [old, path, host], "client_uri": "https://a.example" });
        let mut said = app.same();
        said.as_object_mut().unwrap().extend(picture.as_object().unwrap().clone());
        assert_eq!(app.update(&said).await.status, 200);
        for (at, known) in [(old, true), (path, true), (host, false)] {
            let page = silently(&server, &browser, &app.app, at).await;
            assert_eq!(page.answered("code").is_some(), known, "{engine:?} {at}");
            assert_eq!(wrongly(&server, &browser, &app.app, at).await.location().is_some(), known, "{at}");
        }
        // What it was before is what was agreed to.
        assert_eq!(app.update(&app.with("redirect_uris", json!([old]))).await.status, 200);
        assert!(silently(&server, &browser, &app.app, old).await.answered("code").is_some());
    }
}

/// An app that somebody has agreed to, and that leads to other hosts, too, since then.
async fn moved(server: &TestServer, more: Value, since: Value) -> (Registered, UserFixture, Browser) {
    let app = registered(server, more).await;
    let (user, browser) = agreed(server, &app).await;
    let mut said = app.with("redirect_uris", json!([REDIRECT_URI, NEW, THIRD]));
    said.as_object_mut().unwrap().extend(since.as_object().unwrap().clone());
    let changed = app.update(&said).await;
    assert_eq!(changed.status, 200, "{}", changed.json);
    (app, user, browser)
}

/// At which of its hosts the app gets codes without a page.
async fn known(server: &TestServer, browser: &Browser, app: &Registered) -> [bool; 3] {
    let mut codes = [false; 3];
    for (code, at) in codes.iter_mut().zip([REDIRECT_URI, NEW, THIRD]) {
        *code = silently(server, browser, &app.app, at).await.answered("code").is_some();
    }
    codes
}

#[tokio::test]
async fn se_08_more_items_at_a_host_that_was_agreed_to_agree_to_no_other_host() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let (app, _, browser) = moved(&server, json!({ "subject_type": "public" }), json!({})).await;
        assert_eq!(known(&server, &browser, &app).await, [true, false, false], "{engine:?}");
        let more = Authorization::of(&app.app, "openid email profile");
        let again = more.clone().with("prompt", "consent");
        for (authorization, ticked) in [(more, vec![]), (again, vec![("item", "profile")])] {
            let page = browser.visit(&authorization.address(&server)).await;
            let back = browser.submit(&page, "consent-approve", &ticked).await;
            assert!(back.answered("code").is_some(), "{engine:?} {ticked:?}: {}", back.body);
            assert_eq!(known(&server, &browser, &app).await, [true, false, false], "{engine:?} {ticked:?}");
        }
    }
}

#[tokio::test]
async fn se_08_who_agrees_anew_at_one_host_has_agreed_to_no_third() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let (app, user, browser) = moved(&server, json!({ "subject_type": "public" }), json!({})).await;
        let there = AppFixture { redirect_uri: NEW.to_owned(), ..app.app.clone() };
        server.code(&browser, &user, &Authorization::of(&there, "openid email")).await;
        assert_eq!(known(&server, &browser, &app).await, [true, true, false], "{engine:?}");
        let there = AppFixture { redirect_uri: THIRD.to_owned(), ..there };
        server.code(&browser, &user, &Authorization::of(&there, "openid email")).await;
        assert_eq!(known(&server, &browser, &app).await, [true, true, true], "{engine:?}");
    }
}

/// The page of a device shows no host, and so agrees to none.
#[tokio::test]
async fn se_08_who_allows_a_device_has_agreed_to_no_host() {
    let grants = json!(["authorization_code", "refresh_token", mapae_protocol::device::DEVICE_CODE]);
    for since in [json!({}), json!({ "client_name": "다른 앱" })] {
        for engine in Engine::ALL {
            let server = open(engine).await;
            let more = json!({ "subject_type": "public", "grant_types": grants });
            let (app, user, browser) = moved(&server, more, since.clone()).await;
            let waiting = device::begin(&server, &app.app, "openid email profile").await;
            waiting.allow(&server, &browser, &user).await;
            assert_eq!(known(&server, &browser, &app).await, [true, false, false], "{engine:?} {since}");
        }
    }
}

/// Somebody before whom the page stands that asks them to agree.
async fn asked(server: &TestServer, app: &AppFixture) -> (UserFixture, Browser, Page) {
    let (user, browser) = (server.user("hong@example.com").await, Browser::default());
    let sign_in = browser.visit(&Authorization::of(app, "openid email").address(server)).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    (user, browser, consent)
}

#[tokio::test]
async fn se_08_an_answer_is_about_the_app_that_its_page_has_shown() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({})).await;
    let (_, browser, consent) = asked(&server, &app.app).await;
    let changed = app.update(&app.with("client_name", Value::from("다른 앱"))).await;
    assert_eq!(changed.status, 200, "{}", changed.json);
    let again = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    assert!(again.location().is_none() && again.body.contains("다른 앱"), "{}", again.body);
    let back = browser.submit(&again, "consent-approve", &[("all", "1")]).await;
    assert!(back.answered("code").is_some());
}

/// Another server writes the change, and this one has not heard of it when the button is pressed.
#[tokio::test]
async fn se_08_nothing_is_agreed_with_an_app_that_has_changed_at_another_server() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = registered(&server, json!({})).await;
        let (user, browser, consent) = asked(&server, &app.app).await;
        let (db, id) = (server.app().db(), &app.app.client_id);
        let before = apps::find(db, id).await.unwrap().unwrap();
        let other = apps::AppSettings { name: "다른 앱".to_owned(), ..before.app.settings };
        db.commit(apps::update(id, &other, &before.lists, server.now())).await.unwrap();
        let again = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        assert!(again.location().is_none() && again.body.contains("다른 앱"), "{engine:?}: {}", again.body);
        assert_eq!(consents::find(db, &user.id, id).await.unwrap(), None, "{engine:?}");
        let back = browser.submit(&again, "consent-approve", &[("all", "1")]).await;
        assert!(back.answered("code").is_some(), "{engine:?}");
    }
}

/// An app that somebody has agreed to, and that says something else since then.
async fn became(
    server: &TestServer,
    first: Value,
    then: &[(&str, Value)],
) -> (Registered, UserFixture, Browser) {
    let app = registered(server, first).await;
    let (user, browser) = agreed(server, &app).await;
    let mut said = app.same();
    for (name, value) in then {
        said[*name] = value.clone();
    }
    let changed = app.update(&said).await;
    assert_eq!(changed.status, 200, "{}", changed.json);
    (app, user, browser)
}

#[tokio::test]
async fn se_08_ui_06_who_agreed_to_an_id_of_their_own_there_is_asked_before_others_get_the_same() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let then = [("subject_type", json!("public"))];
        let (app, user, browser) = became(&server, json!({}), &then).await;
        assert_eq!(known(&server, &browser, &app).await, [false; 3], "{engine:?}");
        server.code(&browser, &user, &Authorization::of(&app.app, "openid email")).await;
        assert_eq!(known(&server, &browser, &app).await, [true, false, false], "{engine:?}");
    }
}

#[tokio::test]
async fn se_08_who_read_when_access_ends_is_asked_before_it_goes_on_for_longer() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let first = json!({ "grant_types": ["authorization_code"] });
        let then = [("grant_types", json!(["authorization_code", "refresh_token"]))];
        let (app, user, browser) = became(&server, first, &then).await;
        assert_eq!(known(&server, &browser, &app).await, [false; 3], "{engine:?}");
        server.code(&browser, &user, &Authorization::of(&app.app, "openid email")).await;
        assert_eq!(known(&server, &browser, &app).await, [true, false, false], "{engine:?}");
        let less = app.with("grant_types", json!(["authorization_code"]));
        assert_eq!(app.update(&less).await.status, 200);
        assert_eq!(known(&server, &browser, &app).await, [true, false, false], "less is not asked");
    }
}

#[tokio::test]
async fn se_08_az_37_what_a_private_scheme_has_in_the_place_of_a_host_is_not_the_host_that_was_agreed_to() {
    let native = "com.evil.app://a.example/cb";
    for engine in Engine::ALL {
        let server = open(engine).await;
        let first = json!({ "subject_type": "public", "token_endpoint_auth_method": "none" });
        let then = [("redirect_uris", json!([REDIRECT_URI, native]))];
        let (app, _, browser) = became(&server, first, &then).await;
        for page in [
            silently(&server, &browser, &app.app, native).await,
            wrongly(&server, &browser, &app.app, native).await,
        ] {
            assert_eq!((page.status.as_u16(), page.location()), (400, None), "{engine:?}: {}", page.body);
        }
        let there = AppFixture { redirect_uri: native.to_owned(), ..app.app.clone() };
        let page = browser.visit(&Authorization::of(&there, "openid email").address(&server)).await;
        assert!(page.has("consent-approve") && page.body.contains("com.evil.app:"), "{}", page.body);
        assert!(!page.body.contains("com.evil.app://"), "{}", page.body);
    }
}

#[tokio::test]
async fn se_08_a_code_of_an_app_without_refresh_tokens_brings_none_once_it_has_them() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = registered(&server, json!({ "grant_types": ["authorization_code"] })).await;
        let (user, browser) = agreed(&server, &app).await;
        let authorization = Authorization::of(&app.app, "openid email");
        let code = server.code(&browser, &user, &authorization).await;
        let more = app.with("grant_types", json!(["authorization_code", "refresh_token"]));
        assert_eq!(app.update(&more).await.status, 200);
        let tokens = server.redeem(&app.app, &code, &authorization.verifier).await;
        assert_eq!(
            (tokens.status.as_u16(), tokens.error()),
            (400, "invalid_grant"),
            "{engine:?}: {}",
            tokens.json
        );
    }
}

#[tokio::test]
async fn ui_06_a_second_host_does_not_make_ids_public_unless_the_app_says_so() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({})).await;
    let mut said = app.with("redirect_uris", json!([REDIRECT_URI, NEW]));
    said.as_object_mut().unwrap().remove("subject_type");
    let refused = app.update(&said).await;
    assert_eq!(
        (refused.status.as_u16(), refused.error()),
        (400, "invalid_client_metadata"),
        "{}",
        refused.json
    );
    said["subject_type"] = json!("public");
    assert_eq!(app.update(&said).await.status, 200);
    said.as_object_mut().unwrap().remove("subject_type");
    let kept = app.update(&said).await;
    assert_eq!((kept.status.as_u16(), &kept.json["subject_type"]), (200, &json!("public")));
}
