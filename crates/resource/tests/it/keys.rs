//! The authorization server's keys — RFC 8725 §3.10.

use std::time::Duration;

use futures_util::future::join_all;
use mapae_resource::protocol::jose::{Algorithm, HeaderType, SigningKey};
use serde_json::json;

use crate::{
    api::Api,
    forge,
    issuer::{Issuer, Mood, PATIENCE},
};

/// A token that names a key which nobody has published.
fn unknown(issuer: &Issuer) -> String {
    SigningKey::generate(Algorithm::Es256).unwrap().sign(HeaderType::AccessToken, &issuer.claims()).unwrap()
}

#[tokio::test]
async fn rs_06_a_new_key_is_found_by_the_first_token_that_names_it() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let before = issuer.token();
    issuer.rotate(true);
    assert_eq!(api.events(&issuer.token()).await.status, 200);
    assert_eq!(api.events(&before).await.status, 200, "the old key is still published");
    assert_eq!(issuer.calls("jwks"), 2);
    assert_eq!(issuer.calls("discovery"), 1, "only the keys were asked for");
}

#[tokio::test]
async fn rs_06_a_key_that_is_gone_vouches_no_more() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let before = issuer.token();
    assert_eq!(api.events(&before).await.status, 200);
    issuer.rotate(false);
    assert_eq!(api.events(&issuer.token()).await.status, 200);
    assert_eq!(api.events(&before).await.verdict(), "401 invalid_token", "though it was remembered");
}

#[tokio::test]
async fn rs_06_a_storm_of_unknown_keys_causes_one_fetch() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let storm = async || {
        let tokens: Vec<_> = (0..200).map(|_| unknown(&issuer)).collect();
        let answers = join_all(tokens.iter().map(|token| api.events(token))).await;
        assert!(answers.iter().all(|answer| answer.verdict() == "401 invalid_token"));
    };
    storm().await;
    assert_eq!(issuer.calls("jwks"), 2);
    storm().await;
    assert_eq!(issuer.calls("jwks"), 2, "not again so soon");
    // The machine's own time goes on meanwhile.
    api.clock.advance(25);
    storm().await;
    assert_eq!(issuer.calls("jwks"), 2);
    api.clock.advance(6);
    issuer.followed().await;
    storm().await;
    assert_eq!(issuer.calls("jwks"), 3);
}

#[tokio::test]
async fn rs_06_jo_03_jo_04_addresses_and_keys_in_the_header_are_not_looked_at() {
    let (issuer, evil) = (Issuer::start().await, Issuer::start().await);
    let api = Api::start(&issuer).await;
    let (key, claims) = (evil.signing_key(), issuer.claims().to_string());
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    for (name, value) in [
        ("jku", json!(format!("{}/jwks", evil.url))),
        ("x5u", json!(format!("{}/jwks", evil.url))),
        ("jwk", jwk.clone()),
        ("x5c", json!(["MIIB"])),
        ("kid", json!("../../dev/null")),
        ("kid", json!(format!("{}/jwks", evil.url))),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!("a\0b")),
        ("kid", json!("")),
        ("kid", json!("k".repeat(257))),
        ("kid", json!(["a"])),
    ] {
        let token = forge::sign(&key, &forge::header_with(&key, name, value), &claims);
        assert_eq!(api.events(&token).await.verdict(), "401 invalid_token", "{name}");
        // The honest key's id beside it.
        let mut header: serde_json::Value =
            serde_json::from_str(&forge::header_with(&issuer.signing_key(), "jwk", jwk.clone())).unwrap();
        header["jku"] = json!(format!("{}/jwks", evil.url));
        let posing = forge::sign(&key, &header.to_string(), &claims);
        assert_eq!(api.events(&posing).await.verdict(), "401 invalid_token", "{name}");
    }
    assert_eq!(evil.calls("jwks"), 0);
    assert_eq!(api.handled(), 0);
}

#[tokio::test]
async fn keys_are_renewed_before_they_are_too_old() {
    // In real time: the second fetch comes after two to four seconds, and is late after eight.
    let age = Duration::from_secs(8);
    let issuer = Issuer::start().await;
    let api = Api::build(Api::builder(&issuer).jwks_max_age(age));
    api.ready().await;
    issuer.rotate(true);
    // Without any request.
    let renewed = tokio::time::timeout(age, issuer.called("jwks", 2));
    renewed.await.expect("renewed too late");
    assert_eq!(api.events(&issuer.token()).await.status, 200);
}

#[tokio::test]
async fn jo_07_weak_and_foreign_keys_of_the_set_are_not_used() {
    let issuer = Issuer::start().await;
    for jwk in [
        json!({ "kty": "oct", "kid": "weak", "k": "c2VjcmV0" }),
        json!({ "kty": "RSA", "kid": "weak", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "EC", "kid": "weak", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!("not a key"),
        json!({ "kty": "XX" }),
    ] {
        issuer.publish(jwk);
    }
    let api = Api::start(&issuer).await;
    assert_eq!(api.events(&issuer.token()).await.status, 200, "the good key serves");
    let key = issuer.signing_key();
    for header in
        [r#"{"alg":"HS256","typ":"at+jwt","kid":"weak"}"#, r#"{"alg":"RS256","typ":"at+jwt","kid":"weak"}"#]
    {
        let claims = issuer.claims().to_string();
        for token in [forge::mac(b"secret", header, &claims), forge::sign(&key, header, &claims)] {
            assert_eq!(api.events(&token).await.verdict(), "401 invalid_token");
        }
    }
}

#[tokio::test]
async fn a_request_that_goes_away_takes_nobodys_answer_along() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    issuer.mood("jwks", Mood::Stall);
    issuer.rotate(true);
    let token = issuer.token();
    {
        let request = api.events(&token);
        tokio::pin!(request);
        tokio::select! {
            _ = &mut request => panic!("answered without keys"),
            () = issuer.called("jwks", 2) => {}
        }
    }
    // The fetch that was asked for goes on, ends in time, and is repeated by its own account.
    issuer.mood("jwks", Mood::Obedient);
    tokio::time::timeout(PATIENCE, issuer.called("jwks", 3)).await.unwrap();
    let answer = tokio::time::timeout(PATIENCE, async {
        while api.events(&token).await.status != 200 {
            tokio::task::yield_now().await;
        }
    });
    answer.await.unwrap();
}
