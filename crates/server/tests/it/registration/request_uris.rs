//! Request objects at addresses of the app, and those that its secret signs — OIDC Core §6.2, RFC 9101 §5.2, §10.4.

use mapae_protocol::{
    jose::{Algorithm, HeaderType, SharedKey, SigningKey},
    secret::Secret,
};
use mapae_testkit::{Authorization, Engine, TestServer};
use serde_json::json;

use super::{REDIRECT_URI, register, registered, server, site::Site};
use crate::protocol::{
    client_assertions::key_set,
    request_objects::{begin, object},
};

async fn at_a_desk() -> TestServer {
    let settings = [("REGISTRATION__POLICY", "open"), ("FETCH__PRIVATE_ADDRESSES", "true")];
    server(Engine::Sqlite, &settings).await
}

#[tokio::test]
async fn pa_13_a_request_is_fetched_from_registered_addresses_only() {
    let server = at_a_desk().await;
    let site = Site::start().await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let there = site.at("/request.jwt");
    let said = json!({
        "jwks": key_set(&[&key]),
        "request_uris": [there, format!("{there}#v2"), site.at("/nothing"), site.at("/long"), site.at("/page")],
    });
    let app = registered(&server, said).await.app;
    let asked = Authorization::of(&app, "openid");
    let signed = key.sign(HeaderType::RequestObject, &object(&server, &asked)).unwrap();
    site.put("/request.jwt", format!("{signed}\n"));
    site.put("/unregistered.jwt", signed.clone());
    site.put("/long", format!("{signed}{}", " ".repeat(17 * 1024)));
    site.put("/page", "<html>");
    let ask = async |address: &str| {
        let outside =
            [("client_id", app.client_id.as_str()), ("redirect_uri", REDIRECT_URI), ("request_uri", address)];
        begin(&server, &outside).await
    };
    assert!(ask(&there).await.has("login-submit"));
    assert_eq!(site.asked(), ["/request.jwt"]);
    // OIDC Core §6.2: the part after the sign names a version, and is registered with the rest.
    assert!(ask(&format!("{there}#v2")).await.has("login-submit"));
    assert_eq!(site.asked(), ["/request.jwt"]);
    for (path, error) in [
        ("/unregistered.jwt", "invalid_request_uri"),
        ("/request.jwt?x", "invalid_request_uri"),
        ("/request.jwt#v3", "invalid_request_uri"),
        ("/nothing", "invalid_request_uri"),
        ("/long", "invalid_request_uri"),
        ("/page", "invalid_request_object"),
    ] {
        // The app has registered itself, and nobody has checked it: the person reads first where the way leads.
        let page = ask(&site.at(path)).await;
        assert!(
            page.status == 400 && page.location().is_none() && page.body.contains(error),
            "{path} {}",
            page.body
        );
    }
    assert_eq!(site.asked(), ["/nothing", "/long", "/page"], "what is not registered is not asked for");
}

#[tokio::test]
async fn pa_13_dc_04_requests_at_private_addresses_are_not_asked_for() {
    let server = server(Engine::Sqlite, &[("REGISTRATION__POLICY", "open")]).await;
    let site = Site::start().await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let here = site.at("/request.jwt").replace("http://", "https://");
    let addresses = [here.as_str(), "https://169.254.169.254/latest", "https://[::1]/x"];
    let app = registered(&server, json!({ "jwks": key_set(&[&key]), "request_uris": addresses })).await.app;
    for address in addresses {
        let outside =
            [("client_id", app.client_id.as_str()), ("redirect_uri", REDIRECT_URI), ("request_uri", address)];
        assert!(begin(&server, &outside).await.body.contains("invalid_request_uri"), "{address}");
    }
    assert_eq!(site.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn pa_10_jo_19_a_secret_signs_requests_only_if_the_app_has_registered_that() {
    let server = at_a_desk().await;
    for (said, works) in [
        (json!({ "request_object_signing_alg": "HS256" }), true),
        (
            json!({ "request_object_signing_alg": "HS256", "token_endpoint_auth_method": "client_secret_post" }),
            true,
        ),
        (json!({ "token_endpoint_auth_method": "client_secret_jwt" }), false),
        (json!({}), false),
    ] {
        let app = registered(&server, said.clone()).await.app;
        let secret = Secret::new(app.client_secret.clone().unwrap());
        let asked = Authorization::of(&app, "openid");
        let signed = SharedKey::new(&secret)
            .unwrap()
            .sign(HeaderType::RequestObject, &object(&server, &asked))
            .unwrap();
        let outside =
            [("client_id", app.client_id.as_str()), ("redirect_uri", REDIRECT_URI), ("request", &signed)];
        assert_eq!(begin(&server, &outside).await.has("login-submit"), works, "{said}");
    }
    for method in ["none", "private_key_jwt"] {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let said = json!({
            "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": method, "jwks": key_set(&[&key]),
            "request_object_signing_alg": "HS256",
        });
        assert_eq!(register(&server, &said).await.error(), "invalid_client_metadata", "{method}");
    }
}
