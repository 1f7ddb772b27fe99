//! The API that a token is for — RFC 8707 §2: never one of which nothing was granted.

use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, TestServer, client::send};
use serde_json::json;

use super::claims;

const CALENDAR: &str = "https://calendar.example";
const MAIL: &str = "https://mail.example";

/// Two APIs, and an app that may use both, with people and by itself.
async fn two_apis(server: &TestServer) -> AppFixture {
    server.register_api(CALENDAR, &["calendar.read", "calendar.write"], false).await;
    server.register_api(MAIL, &["mail.read"], false).await;
    let optional = ["calendar.read", "calendar.write", "mail.read"].map(str::to_owned).to_vec();
    let grant_types = "authorization_code refresh_token client_credentials".to_owned();
    server.register(AppSpec { optional, grant_types, ..AppSpec::default() }).await
}

#[tokio::test]
async fn az_27_an_authorization_names_no_api_of_which_it_asks_nothing() {
    let server = TestServer::start().await;
    let app = two_apis(&server).await;
    let browser = Browser::default();
    for (scope, resource) in [
        ("openid", CALENDAR),
        ("openid", MAIL),
        ("openid calendar.read", MAIL),
        ("openid calendar.read mail.read", MAIL),
        ("openid calendar.read", "https://nobody.example"),
    ] {
        let authorization = Authorization::of(&app, scope).with("resource", resource);
        let answer = browser.open(&authorization.address(&server)).await;
        assert_eq!(answer.answered("error").as_deref(), Some("invalid_target"), "{scope} {resource}");
    }
    let asked = Authorization::of(&app, "openid calendar.read").with("resource", CALENDAR);
    assert_eq!(browser.open(&asked.address(&server)).await.answered("error"), None);
}

/// RFC 8707 §2.1.
#[tokio::test]
async fn az_27_neither_a_redemption_nor_a_refresh_reaches_an_api_of_which_nothing_was_granted() {
    let server = TestServer::start().await;
    let app = two_apis(&server).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let redeem = async |resource: &[(&str, &str)]| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", app.redirect_uri.as_str()),
            ("code_verifier", authorization.verifier.as_str()),
        ];
        server.token(&app, &[&form, resource].concat()).await
    };
    for api in [CALENDAR, MAIL] {
        let answer = redeem(&[("resource", api)]).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_target"), "{api}");
    }
    let tokens = redeem(&[]).await;
    assert_eq!(tokens.status, 200, "the code was not spent: {}", tokens.json);
    let refresh = |resource| {
        let token = tokens.text("refresh_token");
        let (server, app) = (&server, &app);
        async move {
            let form =
                [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("resource", resource)];
            server.token(app, &form).await
        }
    };
    assert_eq!(refresh(CALENDAR).await.error(), "invalid_target");
}

#[tokio::test]
async fn az_27_an_app_for_itself_reaches_no_api_of_which_it_asks_nothing() {
    let server = TestServer::start().await;
    let app = two_apis(&server).await;
    let ask = |scope, resource| {
        let (server, app) = (&server, &app);
        async move {
            let form = [("grant_type", "client_credentials"), ("scope", scope), ("resource", resource)];
            server.token(app, &form).await
        }
    };
    assert_eq!(ask("calendar.read", MAIL).await.error(), "invalid_target");
    let tokens = ask("calendar.read", CALENDAR).await;
    assert_eq!(claims(&tokens.text("access_token"))["aud"], json!(CALENDAR));
}

#[tokio::test]
async fn az_27_nothing_is_issued_for_an_api_that_is_switched_off() {
    let server = TestServer::start().await;
    let api = server.register_api(CALENDAR, &["calendar.read"], false).await;
    let optional = vec!["calendar.read".to_owned()];
    let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
    let signed_in = super::sign_in(&server, &app, "openid calendar.read").await;
    let token = signed_in.tokens.text("access_token");
    assert!(server.is_active(&api, &token).await);
    let offered = async || {
        let address = server.at("/.well-known/openid-configuration");
        let document = send(mapae_testkit::http().get(address)).await;
        document.json["scopes_supported"].as_array().unwrap().contains(&json!("calendar.read"))
    };
    assert!(offered().await);
    server.write(mapae::store::apis::disable(&api.client_id, server.now())).await;
    assert!(!offered().await, "discovery lists what can be had");
    assert_eq!(server.introspect(&api, &token).await.status, 401, "it learns nothing about tokens");
    let asked = Authorization::of(&app, "openid calendar.read").address(&server);
    assert_eq!(signed_in.browser.open(&asked).await.answered("error").as_deref(), Some("invalid_target"));
    let refresh = server.refresh(&app, &signed_in.tokens.text("refresh_token")).await;
    assert_eq!(refresh.error(), "invalid_target");
    server.write(mapae::store::apis::enable(&api.client_id)).await;
    assert!(offered().await);
    assert_eq!(
        server.refresh(&app, &signed_in.tokens.text("refresh_token")).await.status,
        200,
        "and not spent"
    );
}

#[tokio::test]
async fn who_leaves_out_all_that_an_api_offers_signs_in_all_the_same() {
    let server = TestServer::start().await;
    let app = two_apis(&server).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid calendar.read").with("resource", CALENDAR);
    let consent = super::to_consent(&server, &browser, &user, &authorization).await;
    let back = browser.submit(&consent, "consent-approve", &[]).await;
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!((tokens.status.as_u16(), tokens.text("scope")), (200, "openid".to_owned()));
    assert_eq!(claims(&tokens.text("access_token"))["aud"], json!(server.issuer()), "userinfo, and no API");
    let next = server.refresh(&app, &tokens.text("refresh_token")).await;
    assert_eq!(claims(&next.text("access_token"))["aud"], json!(server.issuer()));
}
