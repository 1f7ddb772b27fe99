//! What an app on a profile gets — FAPI 2.0 §5.3.2.1, §5.4.1.

use futures_util::future::join;
use mapae_protocol::{
    jose::{Algorithm, SigningKey},
    time::Seconds,
};
use mapae_testkit::{AppSpec, Browser, Engine, Options, TestServer};
use serde_json::json;

use super::{
    super::{
        claims,
        dpop::{Key, userinfo},
    },
    Bank, PROFILES, SECURITY, pairs,
};

#[tokio::test]
async fn fapi_tokens_are_bound_to_a_key_and_refresh_tokens_stay() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        for profile in PROFILES {
            let bank = Bank::open(&server, profile).await;
            let user = server.user(&format!("{profile}@example.com")).await;
            let tokens = bank.tokens(&server, (&Browser::default(), &user)).await;
            assert_eq!(tokens.text("token_type"), "DPoP");
            let access = tokens.text("access_token");
            assert_eq!(claims(&access)["cnf"]["jkt"], bank.key.thumbprint());
            assert_eq!(userinfo(&server, "Bearer", &access, &[]).await.status, 401, "worth nothing alone");
            let refresh = tokens.text("refresh_token");
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            let bare = bank.present(&server, "/token", (&bank.signer.fresh(&server), None), &form).await;
            assert_eq!((bare.status.as_u16(), bare.error()), (400, "invalid_grant"), "RE-06");
            for _ in 0..3 {
                let renewed = bank.refresh(&server, &refresh).await;
                assert_eq!((renewed.status.as_u16(), renewed.text("token_type").as_str()), (200, "DPoP"));
                let told = renewed.json.get("refresh_token").and_then(|token| token.as_str());
                assert!(told.is_none_or(|told| told == refresh), "it does not rotate");
            }
        }
    }
}

#[tokio::test]
async fn po_01_without_a_proof_of_an_algorithm_of_the_profile_there_are_no_tokens() {
    let server = TestServer::start().await;
    let bank = Bank::open(&server, SECURITY).await;
    let user = server.user("hong@example.com").await;
    let asked = bank.asked();
    let code = bank.code(&server, (&Browser::default(), &user), &asked).await;
    let form = bank.redemption(&code, &asked.verifier);
    let bare = bank.present(&server, "/token", (&bank.signer.fresh(&server), None), &form).await;
    assert_eq!((bare.status.as_u16(), bare.error()), (400, "invalid_dpop_proof"));
    let by_rsa = Key(SigningKey::generate(Algorithm::Rs256).unwrap());
    let refused = bank.post_by(&server, "/token", &by_rsa, &form).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_dpop_proof"));
    let other = bank.post_by(&server, "/token", &Key::fresh(), &form).await;
    assert_eq!(other.error(), "invalid_grant", "the code is bound to the key with which it was pushed");
    for algorithm in [Algorithm::Ps256, Algorithm::EdDsa] {
        let bank = Bank {
            key: Key(SigningKey::generate(algorithm).unwrap()),
            ..Bank::open(&server, SECURITY).await
        };
        let person = server.user(&format!("{algorithm}@example.com").to_lowercase()).await;
        bank.tokens(&server, (&Browser::default(), &person)).await;
    }
}

#[tokio::test]
async fn fapi_a_code_lives_a_minute_whatever_is_configured_and_works_once() {
    let settings = vec![("MAPAE_TOKENS__CODE_SECONDS".to_owned(), "600".to_owned())];
    let server = TestServer::start_with(Options { settings, ..Options::default() }).await;
    let bank = Bank::open(&server, SECURITY).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let asked = bank.asked();
    let old = bank.code(&server, (&browser, &user), &asked).await;
    server.advance(Seconds::seconds(61));
    assert_eq!(bank.redeem(&server, &old, &asked.verifier).await.error(), "invalid_grant");
    let asked = bank.asked();
    let code = bank.code(&server, (&browser, &user), &asked).await;
    server.advance(Seconds::seconds(50));
    assert_eq!(bank.redeem(&server, &code, &asked.verifier).await.status, 200);
    assert_eq!(bank.redeem(&server, &code, &asked.verifier).await.error(), "invalid_grant", "once");
}

#[tokio::test]
async fn fapi_a_secret_proves_nothing_whatever_else_is_registered() {
    let server = TestServer::start().await;
    for method in ["client_secret_basic", "client_secret_post"] {
        let metadata = [("fapi_profile".to_owned(), json!(SECURITY))].into();
        let spec = AppSpec { metadata, auth_method: Some(method.to_owned()), ..AppSpec::default() };
        let app = server.register(spec).await;
        let secret = app.client_secret.as_deref().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let basic = server.post("/token", Some((&app.client_id, secret)), &form).await;
        assert_eq!((basic.status.as_u16(), basic.error()), (401, "invalid_client"));
        let named = [("client_id", app.client_id.as_str()), ("client_secret", secret)];
        let post = server.post("/token", None, &[&form[..], &named].concat()).await;
        assert_eq!((post.status.as_u16(), post.error()), (401, "invalid_client"));
    }
    let password = [("grant_type", "password"), ("username", "a"), ("password", "b")];
    let bank = Bank::open(&server, SECURITY).await;
    assert_eq!(bank.post(&server, "/token", &password).await.error(), "unsupported_grant_type");
}

/// RFC 9449 §8.
#[tokio::test]
async fn to_11_an_assertion_that_met_the_demand_for_a_nonce_is_good_for_one_request_more() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let bank = Bank::open(&server, SECURITY).await;
        let asked = bank.asked();
        let form = pairs(&asked.parameters);
        let assertion = bank.signer.fresh(&server);
        let push = async |nonce: Option<&str>| {
            bank.present(&server, "/par", (&assertion, Some((&bank.key, nonce))), &form).await
        };
        let told = push(None).await;
        assert_eq!(told.error(), "use_dpop_nonce", "{engine:?}");
        let nonce = told.headers["dpop-nonce"].to_str().unwrap();
        // Two who have it at once, and whoever comes after them.
        let (one, other) = join(push(Some(nonce)), push(Some(nonce))).await;
        let mut answers = [one.status.as_u16(), other.status.as_u16()];
        answers.sort_unstable();
        assert_eq!(answers, [201, 401], "{engine:?}");
        assert_eq!(push(None).await.error(), "use_dpop_nonce", "{engine:?}: nothing is used up by that");
        assert_eq!(push(Some(nonce)).await.error(), "invalid_client", "{engine:?}");
        // Whatever else is wrong with a proof uses it up.
        let assertion = bank.signer.fresh(&server);
        let elsewhere = bank.key.with_nonce(&server, "/token", Some(nonce));
        for expected in ["invalid_dpop_proof", "invalid_client"] {
            let answer = bank.prove(&server, "/par", (&assertion, Some(&elsewhere)), &form).await;
            assert_eq!(answer.error(), expected, "{engine:?}");
        }
    }
}
