//! Whose names of people an app learns — OIDC Core §8.1.

use mapae::store::registrations;
use mapae_testkit::{Answer, AppFixture, Authorization, Browser, Engine, TestServer, UserFixture};
use serde_json::{Value, json};

use super::{
    REDIRECT_URI,
    documents::{self, publish},
    open, register, registered, server,
    site::Site,
};
use crate::protocol::device;

const DEVICES: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn with_devices() -> Value {
    json!(["authorization_code", "refresh_token", DEVICES])
}

/// A server to develop against: what apps name may be on this machine.
async fn at_a_desk(engine: Engine) -> TestServer {
    server(engine, &[("REGISTRATION__POLICY", "open"), ("FETCH__PRIVATE_ADDRESSES", "true")]).await
}

async fn sector_of(server: &TestServer, id: &str) -> Option<String> {
    registrations::find(server.app().db(), id).await.unwrap().unwrap().sector
}

async fn signed_in(server: &TestServer, app: &AppFixture, user: &UserFixture) -> Answer {
    let authorization = Authorization::of(app, "openid offline_access");
    let code = server.code(&Browser::default(), user, &authorization).await;
    server.redeem(app, &code, &authorization.verifier).await
}

async fn name_in(server: &TestServer, tokens: &Answer) -> String {
    server.userinfo(&tokens.text("access_token")).await.text("sub")
}

#[tokio::test]
async fn oidc_core_8_1_whoever_waits_for_a_device_learns_no_name_of_another_host() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let user = server.user("hong@example.com").await;
        let app = registered(&server, json!({})).await;
        let known = name_in(&server, &signed_in(&server, &app.app, &user).await).await;
        let more = json!({ "grant_types": with_devices(), "token_endpoint_auth_method": "none" });
        let thief = registered(&server, more).await;
        let device = device::begin(&server, &thief.app, "openid").await;
        device.allow(&server, &Browser::default(), &user).await;
        let tokens = device.poll(&server).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        assert_ne!(name_in(&server, &tokens).await, known, "it is at nobody's host");
        assert_eq!(sector_of(&server, &thief.app.client_id).await, None);
    }
}

#[tokio::test]
async fn oidc_core_8_1_an_app_does_not_become_another_one_to_its_people_by_an_update() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let user = server.user("hong@example.com").await;
        let app = registered(&server, json!({})).await;
        let tokens = signed_in(&server, &app.app, &user).await;
        let known = name_in(&server, &tokens).await;
        let refused = app.update(&app.with("grant_types", with_devices())).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_client_metadata"));
        assert_eq!(name_in(&server, &tokens).await, known, "nothing has happened");
        let mut public = app.with("grant_types", with_devices());
        public["subject_type"] = json!("public");
        assert_eq!(app.update(&public).await.status, 200, "whose names are the same everywhere may");

        let both = registered(&server, json!({ "grant_types": with_devices() })).await;
        let tokens = signed_in(&server, &both.app, &user).await;
        let known = name_in(&server, &tokens).await;
        let one =
            both.update(&both.with("grant_types", json!(["authorization_code", "refresh_token"]))).await;
        assert_eq!(one.status, 200, "{}", one.json);
        assert_eq!(name_in(&server, &tokens).await, known, "who gives devices up stays who it is");
        let again =
            both.update(&both.with("grant_types", json!(["authorization_code", "refresh_token"]))).await;
        assert_eq!((again.status.as_u16(), name_in(&server, &tokens).await), (200, known));
    }
}

/// OIDC Registration §5.
#[tokio::test]
async fn dc_05_a_document_speaks_for_devices_only_by_their_keys() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let keys = site.at("/keys");
    let nothing = site.put_json("/nothing.json", &json!(["https://elsewhere.example/"]));
    let redirects = site.put_json("/redirects.json", &json!([REDIRECT_URI]));
    let all = site.put_json("/all.json", &json!([REDIRECT_URI, keys]));
    let by_keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": keys });
    for (document, addresses, grants, more, expected) in [
        (&nothing, json!([]), json!([DEVICES]), json!({ "token_endpoint_auth_method": "none" }), 400),
        (&all, json!([]), json!([DEVICES]), json!({ "token_endpoint_auth_method": "none" }), 400),
        (&redirects, json!([REDIRECT_URI]), with_devices(), json!({}), 400),
        (&redirects, json!([REDIRECT_URI]), with_devices(), by_keys.clone(), 400),
        (&all, json!([REDIRECT_URI]), with_devices(), json!({ "jwks_uri": keys }), 400),
        (&all, json!([REDIRECT_URI]), with_devices(), by_keys.clone(), 201),
        (&all, json!([]), json!([DEVICES]), by_keys, 201),
        (&redirects, json!([REDIRECT_URI]), json!(["authorization_code"]), json!({}), 201),
    ] {
        let mut said =
            json!({ "redirect_uris": addresses, "grant_types": grants, "sector_identifier_uri": document });
        said["response_types"] = if addresses == json!([]) { json!([]) } else { json!(["code"]) };
        said["client_name"] = json!("거실 TV");
        said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = register(&server, &said).await;
        assert_eq!(answer.status, expected, "{said}: {}", answer.json);
    }
}

#[tokio::test]
async fn oidc_core_8_1_a_client_document_makes_devices_nobodys_either() {
    for engine in Engine::ALL {
        let server = documents::at_a_desk(engine).await;
        let site = Site::start().await;
        let at_victims = json!({ "redirect_uris": [REDIRECT_URI], "grant_types": with_devices() });
        let thief = publish(&site, "/thief.json", &at_victims);
        let thief = AppFixture { redirect_uri: REDIRECT_URI.to_owned(), ..thief };
        assert!(documents::visit(&server, &thief).await.has("login-submit"));
        assert_eq!(sector_of(&server, &thief.client_id).await, None);
        let app = publish(&site, "/app.json", &json!({ "redirect_uris": [REDIRECT_URI] }));
        let app = AppFixture { redirect_uri: REDIRECT_URI.to_owned(), ..app };
        assert!(documents::visit(&server, &app).await.has("login-submit"));
        publish(&site, "/app.json", &at_victims);
        server.advance(mapae_protocol::time::Seconds::minutes(10));
        assert_eq!(documents::visit(&server, &app).await.status, 400, "it says what cannot be");
        assert_eq!(sector_of(&server, &app.client_id).await.as_deref(), Some("a.example"));
    }
}
