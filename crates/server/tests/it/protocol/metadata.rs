//! Metadata and keys — OIDC Discovery §4, RFC 8414 §3, RFC 7517.

use mapae_protocol::{issuer::Issuer, jose::JwkSet, server_metadata::ServerMetadata};
use mapae_testkit::{TestServer, client::send};
use serde_json::Value;

use crate::store::sqlite_file;

#[tokio::test]
async fn me_01_me_05_metadata_is_constant_public_and_cached() {
    let server = TestServer::start().await;
    let http = mapae_testkit::http();
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = send(http.get(server.at(path)).header("x-forwarded-host", "evil.example")).await;
        let body = answer.json.to_string();
        ServerMetadata::parse(body.as_bytes(), &Issuer::parse(server.issuer()).unwrap()).unwrap();
        assert!(!body.contains("evil"));
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
        assert!(answer.headers["cache-control"].to_str().unwrap().contains("max-age"));
        let etag = answer.headers["etag"].clone();
        assert_eq!(send(http.get(server.at(path)).header("if-none-match", etag)).await.status, 304);
        let foreign = send(http.get(server.at(path)).header("host", "evil.example")).await;
        assert_eq!(foreign.status, 421);
    }
}

#[tokio::test]
async fn me_05_metadata_and_keys_are_told_from_memory() {
    let server = TestServer::start().await;
    let http = mapae_testkit::http();
    let tables = ["apps", "signing_keys", "seal_keys", "apis", "counters"];
    sqlite_file::hide(&server.data().join("mapae.db"), &tables);
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"] {
        for _ in 0..200 {
            assert_eq!(send(http.get(server.at(path))).await.status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn me_02_the_key_set_is_public_keys_for_signatures_and_nothing_else() {
    let server = TestServer::start().await;
    let answer = send(mapae_testkit::http().get(server.at("/jwks"))).await;
    JwkSet::parse(answer.json.to_string().as_bytes()).unwrap();
    let keys = answer.json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 4);
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        assert_eq!(key["use"], "sig");
        assert!(["ES256", "RS256", "PS256", "EdDSA"].contains(&key["alg"].as_str().unwrap()));
        assert!(key["kid"].is_string());
    }
}

/// OIDC RP-Initiated Logout §2.1.
#[tokio::test]
async fn me_03_every_endpoint_that_is_named_is_there() {
    let server = TestServer::start().await;
    let http = mapae_testkit::http();
    let metadata = send(http.get(server.at("/.well-known/openid-configuration"))).await.json;
    let members = metadata
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let endpoints: Vec<(String, String)> =
        members.map(|(name, address)| (name.clone(), address.as_str().unwrap().to_owned())).collect();
    assert_eq!(endpoints.len(), 9, "{endpoints:?}");
    // What is for APIs alone stands in the document that they read.
    let for_apis = send(http.get(server.at("/.well-known/oauth-authorization-server"))).await.json;
    assert_eq!(for_apis["revocation_feed_endpoint"], server.at("/revocations"));
    for (name, address) in endpoints {
        let status = send(http.get(&address)).await.status.as_u16();
        assert_ne!(status, 404, "{name}");
        assert!(status < 500, "{name}");
    }
    let texts = |name: &str| {
        metadata[name].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts("response_types_supported"), ["code"]);
    assert_eq!(texts("code_challenge_methods_supported"), ["S256"]);
    let signing = ["HS256", "ES256", "RS256", "PS256", "EdDSA"];
    for endpoint in ["token", "introspection", "revocation"] {
        assert_eq!(texts(&format!("{endpoint}_endpoint_auth_signing_alg_values_supported")), signing);
        let methods = texts(&format!("{endpoint}_endpoint_auth_methods_supported"));
        assert!(
            ["client_secret_jwt", "private_key_jwt"].iter().all(|one| methods.contains(&(*one).to_owned()))
        );
    }
    let objects = texts("request_object_signing_alg_values_supported");
    assert!(objects.len() == signing.len() && objects.iter().all(|one| signing.contains(&one.as_str())));
    assert_eq!(metadata["request_parameter_supported"], Value::Bool(true));
    assert_eq!(metadata["require_request_uri_registration"], Value::Bool(true));
    assert_eq!(metadata["request_uri_parameter_supported"], Value::Bool(true));
}
