//! What an ID token says of a sign-in — OIDC Core §2, §3.1.3.6.

use mapae_protocol::{base64url, digest::sha256, time::Seconds};
use mapae_testkit::{AppSpec, Authorization, Browser, TestServer, client::send};
use serde_json::{Value, json};

use super::claims;

/// The left half of the SHA-256 of an access token, as OIDC Core §3.1.3.6 says it, written once more.
fn half_hash(access_token: &str) -> Value {
    json!(base64url::encode(&sha256(access_token.as_bytes())[..16]))
}

/// RFC 8176 §2.
/// OIDC Core §15.1.
#[tokio::test]
async fn oidc_core_2_every_claim_tells_of_this_sign_in() {
    for algorithm in ["RS256", "ES256", "PS256"] {
        let server = TestServer::start().await;
        let app = server.register(AppSpec { id_token_alg: algorithm.to_owned(), ..AppSpec::default() }).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let signed_in_at = server.now();
        server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
        // The request comes later than the sign-in, and the redemption later than the request.
        server.advance(Seconds::seconds(1000));
        let authorization = Authorization::of(&app, "openid").with("nonce", "한 번만 ~+/%20");
        let code = server.code(&browser, &user, &authorization).await;
        server.advance(Seconds::seconds(7));
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let id_token = claims(&tokens.text("id_token"));
        assert_eq!(id_token["iss"], server.issuer(), "{algorithm}");
        assert_eq!(id_token["aud"], json!(app.client_id), "{algorithm}");
        assert_eq!(id_token["iat"], json!(server.now().unix()), "{algorithm}");
        assert_eq!(id_token["auth_time"], json!(signed_in_at.unix()), "{algorithm}");
        assert_eq!(id_token["nonce"], "한 번만 ~+/%20", "{algorithm}");
        assert_eq!(id_token["amr"], json!(["pwd"]), "{algorithm}: RFC 8176 §2");
        assert_eq!(id_token["at_hash"], half_hash(&tokens.text("access_token")), "{algorithm}");
        let metadata = send(mapae_testkit::http().get(server.at("/.well-known/openid-configuration"))).await;
        assert!(metadata.json["acr_values_supported"].as_array().unwrap().contains(&id_token["acr"]));
        assert_eq!(id_token["acr"], "1", "{algorithm}");
        let next = server.refresh(&app, &tokens.text("refresh_token")).await;
        let renewed = claims(&next.text("id_token"));
        assert_eq!(renewed["at_hash"], half_hash(&next.text("access_token")), "{algorithm}");
        assert_ne!(renewed["at_hash"], id_token["at_hash"], "{algorithm}");
    }
}

#[tokio::test]
async fn oidc_core_3_1_2_1_what_was_not_sent_is_not_told() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid").with("nonce", "");
    let code = server.code(&browser, &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    assert_eq!(claims(&tokens.text("id_token")).get("nonce"), None);
    let plain = Authorization::of(&app, "profile");
    let code = server.code(&browser, &user, &plain).await;
    let tokens = server.redeem(&app, &code, &plain.verifier).await;
    assert_eq!(tokens.json.get("id_token"), None, "OIDC Core §3.1.2.1: without openid it is not OpenID");
}

#[tokio::test]
async fn a_sid_names_one_session_to_one_app_and_tells_another_nothing() {
    let server = TestServer::start().await;
    let leaving = || {
        let back =
            ("post_logout_redirect_uris".to_owned(), serde_json::json!(["https://app.example.com/bye"]));
        AppSpec { metadata: [back].into(), ..AppSpec::default() }
    };
    let apps = [server.register(leaving()).await, server.register(leaving()).await];
    let user = server.user("hong@example.com").await;
    let browsers = [Browser::default(), Browser::default()];
    let mut sids = Vec::new();
    for browser in &browsers {
        for app in &apps {
            for _ in 0..2 {
                let authorization = Authorization::of(app, "openid");
                let code = server.code(browser, &user, &authorization).await;
                let tokens = server.redeem(app, &code, &authorization.verifier).await;
                let sid = claims(&tokens.text("id_token"))["sid"].as_str().unwrap().to_owned();
                assert_eq!(base64url::decode(&sid).unwrap().len(), 16, "{sid}");
                sids.push(sid);
            }
        }
    }
    assert!(sids.chunks(2).all(|pair| pair[0] == pair[1]), "one app, one session, one name: {sids:?}");
    let names: std::collections::BTreeSet<_> = sids.iter().collect();
    assert_eq!(names.len(), 4, "two apps in two browsers: {sids:?}");
    let plain = server.register(AppSpec::default()).await;
    let tokens = super::sign_in_as(&server, &plain, &user, "openid").await;
    assert_eq!(claims(&tokens.text("id_token")).get("sid"), None, "it has nothing to do with logout");
}
