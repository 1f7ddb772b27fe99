//! What may be said of an app, over the wire.

use mapae::store::apps;
use mapae_testkit::Engine;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

use super::{REDIRECT_URI, ask, open, register, registered};

fn with(name: &str, value: Value) -> Value {
    let mut said = json!({ "redirect_uris": [REDIRECT_URI] });
    said[name] = value;
    said
}

#[tokio::test]
async fn dc_02_dc_03_dc_08_dc_09_what_is_refused_is_refused_by_the_standards_codes_and_never_repeated() {
    let server = open(Engine::Sqlite).await;
    let private = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "echoed" }] });
    let both = json!({
        "redirect_uris": [REDIRECT_URI], "jwks_uri": "https://a.example/jwks",
        "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] },
    });
    for (said, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": "https://echoed.example" }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://echoed.example/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:echoed"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://echoed.example/*"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://echoed.example/#x"] }), "invalid_redirect_uri"),
        (with("logo_uri", json!("javascript:echoed")), "invalid_client_metadata"),
        (with("client_uri", json!("http://echoed.example")), "invalid_client_metadata"),
        (with("tos_uri", json!("file:///echoed")), "invalid_client_metadata"),
        (with("policy_uri", json!(["echoed"])), "invalid_client_metadata"),
        (with("jwks_uri", json!("http://echoed.example")), "invalid_client_metadata"),
        (with("jwks", private), "invalid_client_metadata"),
        (with("jwks", json!("echoed")), "invalid_client_metadata"),
        (both, "invalid_client_metadata"),
        (with("client_name", json!("Goоgle echoed")), "invalid_client_metadata"),
        (with("client_name", json!(["echoed"])), "invalid_client_metadata"),
        (with("token_endpoint_auth_method", json!("echoed")), "invalid_client_metadata"),
        (with("grant_types", json!(["client_credentials"])), "invalid_client_metadata"),
        (with("grant_types", json!(["refresh_token"])), "invalid_client_metadata"),
        (with("response_types", json!(["token"])), "invalid_client_metadata"),
        (with("id_token_signed_response_alg", json!("none")), "invalid_client_metadata"),
        (with("subject_type", json!("echoed")), "invalid_client_metadata"),
        (with("post_logout_redirect_uris", json!(["javascript:echoed"])), "invalid_client_metadata"),
        (with("default_max_age", json!("echoed")), "invalid_client_metadata"),
        (with("backchannel_logout_uri", json!("https://echoed.example/")), "invalid_client_metadata"),
        (with("contacts", json!("echoed")), "invalid_client_metadata"),
        (with("software_statement", json!("e30.eyJlY2hvZWQiOjF9.")), "invalid_software_statement"),
    ] {
        let answer = register(&server, &said).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, error), "{said} {}", answer.json);
        assert!(!answer.json.to_string().contains("echoed"), "{}", answer.json);
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    assert_eq!(apps::list(server.app().db(), 10).await.unwrap(), [], "nothing was registered");
}

/// RFC 7591 §3.1, OIDC Registration §3.
#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let server = open(Engine::Sqlite).await;
    let post = async |kind: &str, body: &str| {
        let request = mapae_testkit::http().post(server.at("/register")).header(CONTENT_TYPE, kind);
        mapae_testkit::client::send(request.body(body.to_owned())).await
    };
    let good = r#"{"redirect_uris":["https://a.example/cb"]}"#;
    assert_eq!(post("application/json; charset=utf-8", good).await.status, 201);
    for (kind, body, status) in [
        ("text/plain", good, 400),
        ("application/x-www-form-urlencoded", "redirect_uris=https://a.example/cb", 400),
        ("application/json", "", 400),
        ("application/json", "[]", 400),
        (
            "application/json",
            r#"{"redirect_uris":["https://a.example/cb"],"redirect_uris":["https://b.example/cb"]}"#,
            400,
        ),
        ("application/json", r#"{"redirect_uris":["https://a.example/cb"],"client_name":"a\u0000b"}"#, 400),
        ("application/json", &" ".repeat(65_537), 413),
    ] {
        let answer = post(kind, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (status, "invalid_client_metadata"),
            "{kind} {body}"
        );
    }
}

/// RFC 7591 §3.2.1, OIDC Registration §2.
#[tokio::test]
async fn dc_06_the_answer_tells_what_was_registered_and_it_is_that() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let app = registered(
            &server,
            json!({
                "client_name": "My app",
                "client_name#ko": "나의 앱",
                "scope": "openid email calendar.read admin",
                "grant_types": ["authorization_code", "refresh_token", "client_credentials", "implicit"],
                "response_types": ["code", "id_token"],
                "token_endpoint_auth_method": "client_secret_post",
                "id_token_signed_response_alg": "ES256",
                "subject_type": "public",
                "client_uri": "https://a.example",
                "contacts": ["dev@a.example"],
                "software_id": "4NRB1",
                "default_max_age": 600,
                "require_auth_time": true,
                "application_type": "web",
                "initiate_login_uri": "https://a.example/login",
                "post_logout_redirect_uris": ["https://a.example/bye"],
                "pkce_required": false, "owner": "usr_1", "verified": true, "id_token_encrypted_response_alg": "RSA-OAEP",
            }),
        )
        .await;
        let expected = json!({
            "redirect_uris": [REDIRECT_URI],
            "client_name": "My app",
            "client_name#ko": "나의 앱",
            "scope": "openid email",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_post",
            "id_token_signed_response_alg": "ES256",
            "subject_type": "public",
            "client_uri": "https://a.example",
            "contacts": ["dev@a.example"],
            "software_id": "4NRB1",
            "default_max_age": 600,
            "require_auth_time": true,
            "application_type": "web",
            "initiate_login_uri": "https://a.example/login",
            "post_logout_redirect_uris": ["https://a.example/bye"],
            "client_id": app.app.client_id,
        });
        assert_eq!(app.same(), expected);
        assert_eq!(app.told["client_id_issued_at"], server.now().unix());
        let kept = apps::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
        let settings = &kept.app.settings;
        assert_eq!(settings.grant_types, "authorization_code refresh_token");
        assert!(settings.pkce_required && settings.rotate_refresh && !settings.public);
        assert_eq!(kept.app.owner_id, None);
        let scopes: Vec<&str> = kept.lists.scopes.iter().map(|item| item.scope.as_str()).collect();
        assert_eq!(scopes, ["openid", "email"]);
        let shown = app.show().await;
        let mut without_secret = app.told.clone();
        without_secret.as_object_mut().unwrap().retain(|name, _| !name.starts_with("client_secret"));
        assert_eq!(shown.json, without_secret, "the secret is told once");
    }
}

#[tokio::test]
async fn dc_06_scopes_of_apis_are_the_operators_to_give() {
    let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__SCOPES", "calendar.read,not.there")];
    let server = super::server(Engine::Sqlite, &settings).await;
    server.register_api("https://calendar.example", &["calendar.read", "calendar.write"], false).await;
    let app = registered(&server, json!({})).await;
    assert_eq!(app.told["scope"], "openid profile email phone address offline_access calendar.read");
    let asked = registered(&server, json!({ "scope": "calendar.read calendar.write" })).await;
    assert_eq!(asked.told["scope"], "openid calendar.read");
}

#[tokio::test]
async fn an_app_without_a_secret_gets_none() {
    let server = open(Engine::Sqlite).await;
    let said = json!({
        "redirect_uris": ["http://127.0.0.1/cb", "com.example.app:/cb"],
        "token_endpoint_auth_method": "none",
    });
    let answer = register(&server, &said).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    assert!(
        answer.json.get("client_secret").is_none() && answer.json.get("client_secret_expires_at").is_none()
    );
    assert_eq!(answer.json["token_endpoint_auth_method"], "none");
    let get = ask(Method::GET, &server.at("/register"), None, None).await;
    assert_eq!(get.status, 405);
}
