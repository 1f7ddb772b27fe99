//! What a device is told, and the way of a person from its code to the end.

use mapae::store::{apps, db::Db, device_requests};
use mapae_protocol::{digest::sha256_base64url, time::Seconds};
use mapae_testkit::{AppSpec, Browser, Engine, TestServer, client::send};
use serde_json::{Value, json};

use super::{Confirming, ask, begin, sign_in_at, television, type_code};
use crate::protocol::claims;

/// The whole of it, in both languages, without a line of script.
/// RFC 8628 §3.3.1.
#[tokio::test]
async fn rfc8628_3_a_person_allows_a_television_on_their_phone() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        let asked = [("scope", "openid email calendar.read"), ("resource", "https://calendar.example")];
        let answer = ask(&server, &app, &asked).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!((&answer.json["expires_in"], &answer.json["interval"]), (&json!(600), &json!(5)));
        assert_eq!(answer.text("verification_uri"), server.at("/device"));
        let user_code = answer.text("user_code");
        assert_eq!((user_code.len(), user_code.as_bytes()[4]), (9, b'-'), "{user_code}");

        // From the picture that the television shows.
        let browser = Browser::default();
        let page = browser.visit(&answer.text("verification_uri_complete")).await;
        assert_eq!(page.values("#user_code", "value"), [user_code.as_str()]);
        let page = browser.follow(browser.submit(&page, "device-continue", &[]).await).await;
        assert!(page.has("password") && page.body.contains("거실 TV"), "the app is named: {}", page.body);
        let confirm = sign_in_at(&browser, page, &user).await;
        assert_eq!(confirm.text("#user-code").as_deref(), Some(user_code.as_str()), "{}", confirm.body);
        assert!(confirm.has("phishing") && confirm.text("#started").unwrap().contains("127.0.0.1"));
        assert!(confirm.text("h1").unwrap().contains("거실 TV"));
        assert_eq!(confirm.values("input[name=item]", "value"), ["email", "calendar.read"]);
        let done = browser.submit(&confirm, "device-allow", &[("item", "calendar.read")]).await;
        assert!(done.has("done") && done.location().is_none(), "{} {}", done.status, done.body);

        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", &answer.text("device_code")),
        ];
        let tokens = server.token(&app, &form).await;
        assert_eq!(tokens.status, 200, "{engine:?} {}", tokens.json);
        assert_eq!(tokens.text("scope"), "calendar.read openid", "exactly what was ticked");
        let told = claims(&tokens.text("id_token"));
        assert_eq!((&told["aud"], &told["acr"]), (&json!(app.client_id), &json!("1")));
        assert!(told["nonce"].is_null() && told["auth_time"].is_i64(), "{told}");
        assert!(server.is_active(&api, &tokens.text("access_token")).await);
        let next = server.refresh(&app, &tokens.text("refresh_token")).await;
        assert_eq!(next.status, 200, "{}", next.json);
        let account = browser.visit(&server.at("/account")).await;
        assert!(account.body.contains("거실 TV"), "it is among the connected services");
    }
}

/// RFC 8628 §4.
#[tokio::test]
async fn rfc8628_4_the_metadata_and_the_registration_name_it() {
    let server = TestServer::start().await;
    let metadata = send(mapae_testkit::http().get(server.at("/.well-known/openid-configuration"))).await;
    assert_eq!(metadata.json["device_authorization_endpoint"], server.at("/device_authorization"));
    let grants = metadata.json["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&json!("urn:ietf:params:oauth:grant-type:device_code")), "{grants:?}");
}

/// Grace for whoever types on a phone: any case, with or without the dash, in full width.
#[tokio::test]
async fn rfc8628_6_1_however_it_is_typed_it_is_the_same_code() {
    let server = TestServer::start().await;
    let app = server.register(television()).await;
    let user = server.user("hong@example.com").await;
    let device = begin(&server, &app, "openid").await;
    let letters = device.user_code.replace('-', "");
    let wide: String = letters.chars().filter_map(|letter| char::from_u32(letter as u32 + 0xFEE0)).collect();
    let browser = Browser::default();
    for typed in [
        device.user_code.clone(),
        letters.to_lowercase(),
        format!(" {} {} ", &letters[..4], &letters[4..]),
        letters.replacen(&letters[..4], &format!("{}\u{2013}", &letters[..4]), 1),
        wide,
    ] {
        let page = type_code(&server, &browser, &typed).await;
        let page = sign_in_at(&browser, page, &user).await;
        assert!(page.has("device-allow"), "{typed}: {}", page.body);
    }
}

#[tokio::test]
async fn de_09_a_device_asks_for_what_an_app_of_codes_may_ask_for_and_no_more() {
    let server = TestServer::start().await;
    server.register_api("https://calendar.example", &["calendar.read", "calendar.write"], false).await;
    let app = server.register(television()).await;
    for (form, error) in [
        (vec![("scope", "openid calendar.write")], "invalid_scope"),
        (vec![("scope", "gibberish")], "invalid_scope"),
        (vec![("scope", "openid\"")], "invalid_scope"),
        (vec![("scope", "openid"), ("scope", "email")], "invalid_request"),
        (vec![("scope", "openid"), ("resource", "https://nobody.example")], "invalid_target"),
        (vec![("scope", "openid"), ("resource", "https://calendar.example")], "invalid_target"),
        (vec![("scope", "calendar.read"), ("resource", "calendar")], "invalid_target"),
    ] {
        let answer = ask(&server, &app, &form).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, error), "{form:?}: {}", answer.json);
    }
    // What is unknown is left out, and without a scope the required ones are meant.
    for (form, scope) in [(vec![("scope", "openid gibberish")], "openid"), (vec![], "openid")] {
        let answer = ask(&server, &app, &form).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        let rows = scopes_kept(server.app().db(), &answer.text("device_code")).await;
        assert_eq!(rows, scope, "{form:?}");
    }
    let codes = server.register(AppSpec::default()).await;
    let refused = ask(&server, &codes, &[("scope", "openid")]).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "unauthorized_client"));
}

async fn scopes_kept(db: &Db, device_code: &str) -> String {
    let id = sha256_base64url(device_code);
    device_requests::find(db, &id).await.unwrap().expect("it is kept").scopes
}

#[tokio::test]
async fn de_09_an_item_that_was_taken_from_the_app_on_the_way_is_not_given() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        let device = begin(&server, &app, "openid email").await;
        let browser = Browser::default();
        device.allow(&server, &browser, &user).await;
        let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
        let mut lists = kept.lists;
        lists.scopes.retain(|item| item.scope != "email");
        server.write(apps::update(&app.client_id, &kept.app.settings, &lists, server.now())).await;
        let tokens = device.poll(&server).await;
        assert_eq!((tokens.status.as_u16(), tokens.text("scope").as_str()), (200, "openid"), "{engine:?}");
    }
}

#[tokio::test]
async fn de_11_neither_secrets_nor_codes_are_kept_or_shown() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(AppSpec { public: false, ..television() }).await;
        let secret = app.client_secret.clone().unwrap();
        let form = [("scope", "openid"), ("client_id", app.client_id.as_str()), ("client_secret", &secret)];
        let answer = server.post("/device_authorization", None, &form).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert!(!answer.json.to_string().contains(&secret));
        let device_code = answer.text("device_code");
        let id = sha256_base64url(&device_code);
        let kept = device_requests::find(server.app().db(), &id).await.unwrap().unwrap();
        let kept = format!("{kept:?}");
        let letters = answer.text("user_code").replace('-', "");
        for hidden in [&secret, &device_code, &letters, &answer.text("user_code")] {
            assert!(!kept.contains(hidden.as_str()), "{engine:?}: {kept}");
        }
    }
}

#[tokio::test]
async fn rfc8628_3_1_the_way_is_the_same_in_english_and_the_request_is_over_after_ten_minutes() {
    let server = TestServer::start().await;
    let Confirming { browser, device, page: confirm, .. } =
        Confirming::on(&server, Browser::speaking("en"), "openid").await;
    assert!(confirm.text("#phishing").unwrap().contains("Only go on if you see this code on your device"));
    server.advance(Seconds::minutes(10));
    let late = browser.submit(&confirm, "device-allow", &[]).await;
    assert_eq!((late.status.as_u16(), late.has("done")), (400, false), "{}", late.body);
    let again = type_code(&server, &browser, &device.user_code).await;
    assert_eq!((again.status.as_u16(), again.has("user_code-wrong")), (422, true));
    assert_eq!(device.poll(&server).await.json["error"], Value::from("expired_token"));
}

/// What an app insists on for codes holds for devices, too.
#[tokio::test]
async fn de_09_an_app_that_wants_a_fresh_sign_in_gets_one() {
    let server = TestServer::start().await;
    let metadata = [("default_max_age".to_owned(), json!(60))].into();
    let app = server.register(AppSpec { metadata, ..television() }).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let device = begin(&server, &app, "openid").await;
    let confirm = device.open(&server, &browser, &user).await;
    assert!(confirm.has("device-allow"), "who has just signed in goes on: {}", confirm.body);
    server.advance(Seconds::seconds(61));
    let allowed = browser.submit(&confirm, "device-allow", &[]).await;
    assert!(allowed.has("done"), "who signed in on the way may take their time: {}", allowed.body);
    let second = begin(&server, &app, "openid").await;
    let again = type_code(&server, &browser, &second.user_code).await;
    assert!(again.has("password") && again.has("again"), "{}", again.body);
    let confirm = sign_in_at(&browser, again, &user).await;
    assert!(browser.submit(&confirm, "device-allow", &[]).await.has("done"), "{}", confirm.body);
    let told = claims(&second.poll(&server).await.text("id_token"));
    assert_eq!(told["auth_time"], server.now().unix());
}

/// Who is on the way has signed in, if at all, as the app was content with then.
#[tokio::test]
async fn de_09_an_app_that_becomes_stricter_has_the_code_typed_again() {
    let server = TestServer::start().await;
    let Confirming { app, user, browser, device, page: confirm } =
        Confirming::on(&server, Browser::default(), "openid").await;
    let mut registered = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
    registered.lists.metadata.insert("default_max_age".to_owned(), json!(60).to_string());
    let (settings, lists) = (&registered.app.settings, &registered.lists);
    server.write(apps::update(&app.client_id, settings, lists, server.now())).await;
    server.advance(Seconds::seconds(61));
    let over = browser.submit(&confirm, "device-allow", &[]).await;
    assert!(over.status == 400 && !over.has("done"), "{} {}", over.status, over.body);
    let again = type_code(&server, &browser, &device.user_code).await;
    assert!(again.has("password") && again.has("again"), "{} {}", again.status, again.body);
    let confirm = sign_in_at(&browser, again, &user).await;
    assert!(browser.submit(&confirm, "device-allow", &[]).await.has("done"), "{}", confirm.body);
}
