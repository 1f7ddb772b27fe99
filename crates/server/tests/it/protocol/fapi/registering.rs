//! Which apps can be on a profile, and what they are told that cannot — FAPI 2.0 §5.3.2, §5.4.1.

use mapae_protocol::jose::{Algorithm, SigningKey};
use mapae_testkit::{Answer, Options, TestServer, client::send};
use serde_json::{Value, json};

use super::{super::client_assertions::key_set, MESSAGE_SIGNING, PROFILES, SECURITY};

async fn open() -> TestServer {
    let settings = vec![("MAPAE_REGISTRATION__POLICY".to_owned(), "open".to_owned())];
    TestServer::start_with(Options { settings, ..Options::default() }).await
}

async fn register(server: &TestServer, profile: &str, more: Value) -> Answer {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut said = json!({
        "redirect_uris": ["https://a.example/cb"], "client_name": "은행", "fapi_profile": profile,
        "grant_types": ["authorization_code", "refresh_token"], "jwks": key_set(&[&key]),
    });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    said.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    send(mapae_testkit::http().post(server.at("/register")).json(&said)).await
}

#[tokio::test]
async fn fapi_one_member_switches_everything_on() {
    let server = open().await;
    for profile in PROFILES {
        let told = register(&server, profile, json!({})).await;
        assert_eq!(told.status, 201, "{}", told.json);
        for (name, value) in [
            ("fapi_profile", json!(profile)),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("id_token_signed_response_alg", json!("ES256")),
            ("require_pushed_authorization_requests", json!(true)),
            ("dpop_bound_access_tokens", json!(true)),
        ] {
            assert_eq!(told.json[name], value, "{name}");
        }
        let signs = told.json.get("require_signed_request_object");
        assert_eq!(signs.is_some(), profile == MESSAGE_SIGNING);
        assert_eq!(told.json.get("client_secret"), None);
    }
}

#[tokio::test]
async fn fapi_an_app_that_does_not_fit_hears_which_rule_it_breaks() {
    let server = open().await;
    for (more, error, rule) in [
        (json!({ "token_endpoint_auth_method": "none" }), "invalid_client_metadata", "§5.3.2.1"),
        (
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            "invalid_client_metadata",
            "private_key_jwt",
        ),
        (
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
            "invalid_client_metadata",
            "private_key_jwt",
        ),
        (json!({ "jwks": null }), "invalid_client_metadata", "jwks"),
        (json!({ "redirect_uris": ["http://127.0.0.1/cb"] }), "invalid_redirect_uri", "§5.3.2.2"),
        (json!({ "redirect_uris": ["http://localhost/cb"] }), "invalid_redirect_uri", "§5.3.2.2"),
        (json!({ "id_token_signed_response_alg": "RS256" }), "invalid_client_metadata", "§5.4.1"),
        (json!({ "token_endpoint_auth_signing_alg": "RS256" }), "invalid_client_metadata", "§5.4.1"),
        (json!({ "request_object_signing_alg": "RS256" }), "invalid_client_metadata", "§5.4.1"),
        (json!({ "request_object_signing_alg": "HS256" }), "invalid_client_metadata", "§5.4.1"),
        (json!({ "userinfo_signed_response_alg": "RS256" }), "invalid_client_metadata", "§5.4.1"),
        (json!({ "authorization_signed_response_alg": "RS256" }), "invalid_client_metadata", "§5.4.1"),
        (json!({ "dpop_bound_access_tokens": false }), "invalid_client_metadata", "dpop_bound_access_tokens"),
        (
            json!({ "require_pushed_authorization_requests": false }),
            "invalid_client_metadata",
            "require_pushed",
        ),
        (json!({ "fapi_profile": "fapi1" }), "invalid_client_metadata", "fapi_profile"),
    ] {
        let refused = register(&server, SECURITY, more.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, error), "{more}");
        let told = refused.text("error_description");
        assert!(told.contains(rule), "{more}: {told}");
    }
    let unsigned = json!({ "require_signed_request_object": false });
    assert_eq!(register(&server, SECURITY, unsigned.clone()).await.status, 201);
    assert_eq!(register(&server, MESSAGE_SIGNING, unsigned).await.status, 400);
    for algorithm in ["PS256", "EdDSA"] {
        let told = register(&server, SECURITY, json!({ "id_token_signed_response_alg": algorithm })).await;
        assert_eq!(told.json["id_token_signed_response_alg"], algorithm, "{}", told.json);
    }
}
