//! How the API describes itself — RFC 9728 §2, RFC 9728 §3.

use http::{Method, header};
use mapae_resource::ResourceServer;
use serde_json::json;

use crate::{
    api::{Api, request},
    issuer::{AUDIENCE, CLIENT_ID, Issuer, SECRET},
};

const PATH: &str = "/.well-known/oauth-protected-resource/calendar";

#[tokio::test]
async fn rfc9728_3_the_document_is_for_everybody() {
    let issuer = Issuer::start().await;
    let builder = Api::builder(&issuer)
        .scopes(["calendar.read", "calendar.write"])
        .name("Calendar")
        .documentation("https://docs.example/calendar");
    let api = Api::build(builder);
    let answer = api.with_headers(PATH, &[]).await;
    assert_eq!(
        answer.json(),
        json!({
            "resource": AUDIENCE,
            "authorization_servers": [issuer.url],
            "scopes_supported": ["calendar.read", "calendar.write"],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ["ES256", "RS256", "PS256", "EdDSA"],
            "resource_name": "Calendar",
            "resource_documentation": "https://docs.example/calendar",
        })
    );
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(api.resource.metadata_address().unwrap().as_str(), format!("http://localhost:4000{PATH}"));
}

#[tokio::test]
async fn the_document_is_read_by_browser_applications() {
    let issuer = Issuer::start().await;
    let api = Api::build(Api::builder(&issuer));
    let preflight =
        api.send(request(Method::OPTIONS, PATH, &[(header::ORIGIN, "https://app.example")])).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(preflight.headers[header::ACCESS_CONTROL_ALLOW_HEADERS], "*");
    let head = api.send(request(Method::HEAD, PATH, &[])).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        assert_eq!(api.send(request(method, PATH, &[])).await.status, 405);
    }
    let root = api.with_headers("/.well-known/oauth-protected-resource", &[]).await;
    assert_eq!(root.status, 401, "another resource of the same host is not ours to describe");
}

#[tokio::test]
async fn an_api_that_is_not_on_the_web_has_no_document() {
    let issuer = Issuer::start().await;
    let builder = ResourceServer::builder(&issuer.url, "urn:example:calendar").credential(CLIENT_ID, SECRET);
    let api = Api::build(builder);
    assert!(api.resource.metadata_address().is_none());
    assert_eq!(api.with_headers("/events", &[]).await.challenge(), "Bearer");
}
