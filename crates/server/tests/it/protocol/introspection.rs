//! Introspection — RFC 7662.

use mapae_protocol::time::Seconds;
use mapae_testkit::{AppSpec, TestServer};
use serde_json::json;

use super::{calendar, forged, sign_in};
use crate::store::sqlite_file;

#[tokio::test]
async fn in_02_in_03_everything_that_is_not_a_living_token_for_the_caller_is_inactive_and_nothing_else() {
    for opaque in [false, true] {
        let server = TestServer::start().await;
        let (api, app) = calendar(&server, opaque).await;
        let stranger = server.register_api("https://mail.example", &["mail.read"], opaque).await;
        let tokens = sign_in(&server, &app, "openid calendar.read").await.tokens;
        let access = tokens.text("access_token");
        assert_eq!(access.split('.').count() == 3, !opaque);
        let told = server.introspect(&api, &access).await;
        assert_eq!(told.json["active"], true, "{}", told.json);
        assert_eq!(told.json["scope"], "calendar.read openid");
        assert_eq!(told.headers["cache-control"], "no-store");
        let inactive = json!({ "active": false });
        assert_eq!(server.introspect(&stranger, &access).await.json, inactive);
        let texts =
            [tokens.text("id_token"), tokens.text("refresh_token"), forged(&access), "garbage".to_owned()];
        for text in texts {
            assert_eq!(server.introspect(&api, &text).await.json, inactive);
        }
        server.advance(Seconds::seconds(300));
        assert_eq!(server.introspect(&api, &access).await.json, inactive, "expired");
    }
}

#[tokio::test]
async fn in_06_of_a_token_that_this_server_has_not_made_nobody_is_asked() {
    for opaque in [false, true] {
        let server = TestServer::start().await;
        let (api, app) = calendar(&server, opaque).await;
        let access = sign_in(&server, &app, "openid calendar.read").await.tokens.text("access_token");
        assert!(server.is_active(&api, &access).await);
        sqlite_file::hide(&server.data().join("mapae.db"), &["grants", "revoked_tokens"]);
        for text in ["garbage", &"A".repeat(access.len()), &forged(&access)] {
            let told = server.introspect(&api, text).await;
            assert_eq!((told.status.as_u16(), told.json), (200, json!({ "active": false })), "{text}");
        }
        let asked = server.introspect(&api, &access).await;
        assert!(asked.status.is_server_error(), "a token is looked up: {}", asked.json);
    }
}

#[tokio::test]
async fn in_01_who_cannot_prove_who_it_is_learns_nothing() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    let public = server.register(AppSpec { public: true, ..AppSpec::default() }).await;
    let token = sign_in(&server, &app, "openid calendar.read").await.tokens.text("access_token");
    let form = [("token", token.as_str())];
    assert_eq!(server.post("/introspect", None, &form).await.status, 401);
    assert_eq!(server.post("/introspect", Some((&api.client_id, "wrong")), &form).await.status, 401);
    let named = [("token", token.as_str()), ("client_id", public.client_id.as_str())];
    assert_eq!(server.post("/introspect", None, &named).await.status, 401);
    let missing = server.post("/introspect", Some((&api.client_id, &api.client_secret)), &[("a", "b")]).await;
    assert_eq!((missing.status.as_u16(), missing.error()), (400, "invalid_request"));
}

#[tokio::test]
async fn an_app_may_ask_about_its_own_tokens() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, true).await;
    let other = server.register(AppSpec::default()).await;
    let token = sign_in(&server, &app, "openid calendar.read").await.tokens.text("access_token");
    let ask = |app: mapae_testkit::AppFixture| {
        let (server, token) = (&server, token.as_str());
        async move {
            let secret = app.client_secret.unwrap();
            server.post("/introspect", Some((&app.client_id, &secret)), &[("token", token)]).await.json["active"].clone()
        }
    };
    assert_eq!(ask(app).await, json!(true));
    assert_eq!(ask(other).await, json!(false));
}
