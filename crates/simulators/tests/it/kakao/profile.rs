//! What is told about a person: by consent, and by what the account has.

use insta::assert_snapshot;

use super::{ALL, Kakao, text};

#[tokio::test]
async fn a_person_with_everything() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", ALL).await;
    let access = text(&tokens, "access_token");
    assert_snapshot!("kakao_me", kakao.0.shown(kakao.me(access).await).await);
    let response = kakao.0.get("/v1/oidc/userinfo", access).await;
    assert_snapshot!("kakao_userinfo", kakao.0.shown(response).await);
}

#[tokio::test]
async fn the_id_is_a_number_beyond_what_a_double_holds() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("apeach", ALL).await;
    let raw = kakao.me(text(&tokens, "access_token")).await.text().await.unwrap();
    assert!(
        raw.starts_with(r#"{"id":9007199254740993,"#) || raw.contains(r#""id":9007199254740993"#),
        "{raw}"
    );
    assert_ne!(9_007_199_254_740_993_f64.to_string(), "9007199254740993", "2^53 + 1 is no double");
    let claims = kakao.0.claims(text(&tokens, "id_token"), "/.well-known/jwks.json").await;
    assert_eq!(claims["sub"], "9007199254740993");
    assert!(claims.get("email").is_none(), "the address is not verified");
    let response = kakao.0.get("/v1/oidc/userinfo", text(&tokens, "access_token")).await;
    assert_snapshot!("kakao_userinfo_unverified", kakao.0.shown(response).await);
}

#[tokio::test]
async fn somebody_who_refuses_all_that_is_optional() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", &[]).await;
    let access = text(&tokens, "access_token");
    assert_snapshot!("kakao_me_refused", kakao.0.shown(kakao.me(access).await).await);
    let response = kakao.0.get("/v1/oidc/userinfo", access).await;
    assert_snapshot!("kakao_userinfo_refused", kakao.0.shown(response).await);
}

#[tokio::test]
async fn an_account_without_an_address_and_one_whose_address_was_taken_over() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("muzi", ALL).await;
    assert_snapshot!("kakao_me_no_email", kakao.0.shown(kakao.me(text(&tokens, "access_token")).await).await);
    let tokens = kakao.tokens("frodo", ALL).await;
    assert_snapshot!(
        "kakao_me_invalid_email",
        kakao.0.shown(kakao.me(text(&tokens, "access_token")).await).await
    );
}

#[tokio::test]
async fn property_keys_choose() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", ALL).await;
    let address = kakao
        .0
        .address("/v2/user/me", &[("property_keys", r#"["kakao_account.email","properties.nickname"]"#)]);
    let response = kakao.0.http.get(address).bearer_auth(text(&tokens, "access_token")).send().await.unwrap();
    assert_snapshot!("kakao_me_property_keys", kakao.0.shown(response).await);
}

#[tokio::test]
async fn the_admin_key_reads_anybody_who_is_connected() {
    let kakao = Kakao::new().await;
    kakao.tokens("ryan", &[]).await;
    let admin = format!("KakaoAK {}", kakao.0.simulator.app().admin_key.unwrap());
    let request = kakao.0.http.get(
        kakao
            .0
            .address("/v2/user/me", &[("target_id_type", "user_id"), ("target_id", "1376016924429759228")]),
    );
    let response = request.header("authorization", admin).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let me: serde_json::Value = response.json().await.unwrap();
    assert_eq!(me["id"], 1_376_016_924_429_759_228_i64);
}

#[tokio::test]
async fn an_item_can_be_withdrawn() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", ALL).await;
    let access = text(&tokens, "access_token");
    let request = kakao.0.http.post(kakao.0.url("/v2/user/revoke/scopes")).bearer_auth(access);
    let response = request.form(&[("scopes", r#"["account_email"]"#)]).send().await.unwrap();
    assert_snapshot!("kakao_revoke_scopes", kakao.0.shown(response).await);
    let me: serde_json::Value = kakao.me(access).await.json().await.unwrap();
    assert_eq!(me["kakao_account"]["email_needs_agreement"], true);
    assert!(me["kakao_account"].get("email").is_none());
}

#[tokio::test]
async fn an_app_that_completes_the_connection_itself() {
    let first = Kakao::new().await.0.simulator.app();
    let app = mapae_simulators::App { manual_signup: true, ..first };
    let settings = mapae_simulators::Settings { apps: vec![app], ..Default::default() };
    let kakao = Kakao(crate::scene::Scene::with(mapae_simulators::Provider::Kakao, settings).await);
    let tokens = kakao.tokens("ryan", &[]).await;
    let access = text(&tokens, "access_token");
    let me: serde_json::Value = kakao.me(access).await.json().await.unwrap();
    assert_eq!(me["has_signed_up"], false);
    let sign_up = || kakao.0.http.post(kakao.0.url("/v1/user/signup")).bearer_auth(access).send();
    assert_eq!(sign_up().await.unwrap().status(), 200);
    let me: serde_json::Value = kakao.me(access).await.json().await.unwrap();
    assert_eq!(me["has_signed_up"], true);
    let again: serde_json::Value = sign_up().await.unwrap().json().await.unwrap();
    assert_eq!(again["code"], -102);
}
