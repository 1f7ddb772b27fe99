//! Who may register, and how often.

use mapae::store::{Unit, apps, initial_access_tokens, registrations, sweep};
use mapae_protocol::{digest::sha256_base64url, time::Seconds};
use mapae_testkit::{Authorization, Browser, Engine};
use reqwest::Method;
use serde_json::{Value, json};

use super::{REDIRECT_URI, ask, initial_token, open, register, registered, server};

fn plain() -> Value {
    json!({ "redirect_uris": [REDIRECT_URI] })
}

#[tokio::test]
async fn dc_01_registration_is_off_until_the_operator_switches_it_on() {
    let closed = server(Engine::Sqlite, &[]).await;
    let metadata = async |address: String| ask(Method::GET, &address, None, None).await;
    let discovery = "/.well-known/openid-configuration";
    assert_eq!(register(&closed, &plain()).await.status, 404);
    assert!(metadata(closed.at(discovery)).await.json.get("registration_endpoint").is_none());
    let open = open(Engine::Sqlite).await;
    let said = metadata(open.at(discovery)).await.json;
    assert_eq!(said["registration_endpoint"], open.at("/register"));
    let answer = register(&open, &plain()).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.json["client_secret_expires_at"], 0);
}

/// RFC 7591 §1.2.
#[tokio::test]
async fn dc_01_without_a_token_of_the_operators_nobody_registers() {
    for engine in Engine::ALL {
        let server = server(engine, &[("REGISTRATION__POLICY", "initial_access_token")]).await;
        let ask = async |token: Option<&str>| {
            ask(Method::POST, &server.at("/register"), token, Some(&plain())).await
        };
        let none = ask(None).await;
        assert_eq!((none.status.as_u16(), &none.json), (401, &Value::Null));
        assert_eq!(none.headers["www-authenticate"], "Bearer");
        let good = initial_token(&server, 2, Seconds::hours(1)).await;
        let guessed = ask(Some("guessed")).await;
        assert_eq!((guessed.status.as_u16(), guessed.error()), (401, "invalid_token"));
        assert!(guessed.headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
        assert_eq!(ask(Some(&good)).await.status, 201);
        assert_eq!(ask(Some(&good)).await.status, 201);
        let used_up = ask(Some(&good)).await;
        assert_eq!((used_up.status, used_up.json), (guessed.status, guessed.json.clone()));
        let short = initial_token(&server, 9, Seconds::minutes(5)).await;
        server.advance(Seconds::minutes(5));
        assert_eq!(ask(Some(&short)).await.json, guessed.json, "expired");
        let revoked = initial_token(&server, 9, Seconds::hours(2)).await;
        let id = format!("iat_{}", sha256_base64url(&revoked));
        server.write(Unit::from(initial_access_tokens::revoke(&id))).await;
        assert_eq!(ask(Some(&revoked)).await.json, guessed.json, "revoked");
    }
}

#[tokio::test]
async fn dc_01_a_wrong_token_is_refused_also_where_none_is_needed() {
    let server = open(Engine::Sqlite).await;
    let answer = ask(Method::POST, &server.at("/register"), Some("guessed"), Some(&plain())).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"));
}

#[tokio::test]
async fn dc_12_one_address_registers_a_hundred_at_once_and_then_waits() {
    let server = open(Engine::Sqlite).await;
    for _ in 0..100 {
        assert_eq!(register(&server, &json!({ "redirect_uris": [] })).await.status, 400);
    }
    let throttled = register(&server, &plain()).await;
    assert_eq!((throttled.status.as_u16(), throttled.error()), (429, "temporarily_unavailable"));
    let wait: u32 = throttled.headers["retry-after"].to_str().unwrap().parse().unwrap();
    server.advance(Seconds::seconds(wait));
    assert_eq!(register(&server, &plain()).await.status, 201);
    let token = initial_token(&server, 1, Seconds::hours(1)).await;
    let with_token = ask(Method::POST, &server.at("/register"), Some(&token), Some(&plain())).await;
    assert_eq!(with_token.status, 201, "whom the operator lets register is counted apart");
}

#[tokio::test]
async fn dc_12_apps_that_nobody_uses_make_room_and_those_in_use_stay() {
    for engine in Engine::ALL {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__MOST_UNUSED", "2")];
        let server = server(engine, &settings).await;
        let used = registered(&server, json!({})).await;
        let authorization = Authorization::of(&used.app, "openid");
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let code = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(&used.app, &code, &authorization.verifier).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        let unused = registered(&server, json!({})).await;
        server.advance(Seconds::seconds(1));
        let (second, third) = (registered(&server, json!({})).await, registered(&server, json!({})).await);
        assert_eq!(unused.show().await.status, 401, "the oldest makes room");
        assert_eq!((second.show().await.status.as_u16(), used.show().await.status.as_u16()), (200, 200));
        server.advance(Seconds::days(7));
        server.advance(sweep::SLACK);
        sweep::run(server.app().db(), Seconds::days(1), server.now()).await.unwrap();
        server.app().catch_up().await.unwrap();
        let db = server.app().db();
        for gone in [&unused, &second, &third] {
            assert!(registrations::find(db, &gone.app.client_id).await.unwrap().is_none());
            assert!(apps::find(db, &gone.app.client_id).await.unwrap().unwrap().app.deleted_at.is_some());
            assert_eq!(gone.show().await.status, 401);
            let page =
                Browser::default().visit(&Authorization::of(&gone.app, "openid").address(&server)).await;
            assert_eq!(page.status, 400);
        }
        assert_eq!(used.show().await.status, 200);
    }
}

#[tokio::test]
async fn an_app_that_registered_itself_signs_people_in_as_one_that_nobody_has_checked() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = registered(&server, json!({ "policy_uri": "https://a.example/policy" })).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app.app, "openid email offline_access");
        let sign_in = browser.visit(&authorization.address(&server)).await;
        assert!(sign_in.body.contains("https://a.example/policy"), "{}", sign_in.body);
        let kept = apps::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
        assert!(!kept.app.verified && kept.app.owner_id.is_none());
        let ownerless = apps::list_ownerless(server.app().db(), 10).await.unwrap();
        assert_eq!(ownerless, [], "it is not the operator's");
        let code = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(&app.app, &code, &authorization.verifier).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        let refreshed = server.refresh(&app.app, &tokens.text("refresh_token")).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.json);
        let person = server.userinfo(&refreshed.text("access_token")).await;
        assert_eq!(person.json["email"], "hong@example.com");
    }
}

#[tokio::test]
async fn the_operator_may_stand_behind_all_and_let_pkce_be() {
    let settings = [
        ("REGISTRATION__POLICY", "open"),
        ("REGISTRATION__VOUCH", "true"),
        ("REGISTRATION__REQUIRE_PKCE", "false"),
    ];
    let server = server(Engine::Sqlite, &settings).await;
    let app = registered(&server, json!({})).await;
    let kept = apps::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
    assert!(!kept.app.verified, "what is said of all is said of none");
    let user = server.user("hong@example.com").await;
    let authorization =
        Authorization::of(&app.app, "openid").with("code_challenge", "").with("code_challenge_method", "");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let form =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &app.app.redirect_uri)];
    assert_eq!(server.token(&app.app, &form).await.status, 200);
    let public = registered(&server, json!({ "token_endpoint_auth_method": "none" })).await;
    let without = Authorization::of(&public.app, "openid").with("code_challenge", "");
    let without = without.with("code_challenge_method", "");
    let refused = server.authorize(&Browser::default(), &user, &without).await;
    assert_eq!(refused.answered("error").as_deref(), Some("invalid_request"), "a public app always must");
}

#[tokio::test]
async fn pages_of_any_origin_may_register_and_manage() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({})).await;
    for address in [server.at("/register"), app.address.clone()] {
        let preflight = ask(Method::OPTIONS, &address, None, None).await;
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.headers["access-control-allow-origin"], "*");
        assert_eq!(preflight.headers["access-control-allow-methods"], "GET, POST, PUT, DELETE");
        assert!(!preflight.headers.contains_key("access-control-allow-credentials"));
    }
    assert_eq!(app.show().await.headers["access-control-allow-origin"], "*");
}

/// A television has nowhere to send anybody; what passes tokens on is the operator's to permit (TX-01).
#[tokio::test]
async fn rfc7591_2_a_device_registers_itself_and_a_service_that_exchanges_does_not() {
    let server = open(Engine::Sqlite).await;
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let television = json!({
        "client_name": "거실 TV",
        "grant_types": [device, "refresh_token", exchange],
        "response_types": [],
        "token_endpoint_auth_method": "none",
    });
    let made = register(&server, &television).await;
    assert_eq!(made.status, 201, "{}", made.json);
    assert_eq!(made.json["grant_types"], json!(["refresh_token", device]));
    let form = [("client_id", made.text("client_id")), ("scope", "openid".to_owned())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let begun = server.post("/device_authorization", None, &form).await;
    assert_eq!(begun.status, 200, "{}", begun.json);
    let service = json!({ "client_name": "Service", "grant_types": [exchange], "response_types": [] });
    assert_eq!(register(&server, &service).await.error(), "invalid_client_metadata");
}
