//! The refresh token is replaced in its last month only.

use insta::assert_snapshot;
use mapae_protocol::time::Seconds;
use mapae_simulators::{Command, Tokens};
use serde_json::Value;

use super::{Kakao, text};

/// Two months, as Kakao says it.
const LIFE: u32 = 5_183_999;
const LAST_MONTH: u32 = 2_592_000;

#[tokio::test]
async fn with_a_month_left_the_old_one_stays() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", &[]).await;
    kakao.0.simulator.advance(Seconds::seconds(LIFE - LAST_MONTH));
    let response = kakao.refresh(text(&tokens, "refresh_token")).await;
    assert_eq!(response.status(), 200);
    assert_snapshot!("kakao_refresh", kakao.0.shown(response).await);
    let again = kakao.refresh(text(&tokens, "refresh_token")).await;
    assert_eq!(again.status(), 200, "it is still the same");
}

#[tokio::test]
async fn in_the_last_month_it_is_replaced_and_the_old_one_dies() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", &[]).await;
    kakao.0.simulator.advance(Seconds::seconds(LIFE - LAST_MONTH + 1));
    let renewed: Value = kakao.refresh(text(&tokens, "refresh_token")).await.json().await.unwrap();
    assert_eq!(renewed["refresh_token_expires_in"], LIFE);
    assert_ne!(text(&renewed, "refresh_token"), text(&tokens, "refresh_token"));
    let dead = kakao.refresh(text(&tokens, "refresh_token")).await;
    assert_snapshot!("kakao_refresh_dead", kakao.0.shown(dead).await);
    kakao.0.simulator.advance(Seconds::seconds(LIFE - 1));
    assert_eq!(kakao.refresh(text(&renewed, "refresh_token")).await.status(), 200);
    kakao.0.simulator.advance(Seconds::seconds(1));
}

#[tokio::test]
async fn access_and_refresh_tokens_end_to_the_second() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", &[]).await;
    let access = text(&tokens, "access_token");
    kakao.0.simulator.advance(Seconds::seconds(21_598));
    assert_eq!(kakao.me(access).await.status(), 200);
    kakao.0.simulator.advance(Seconds::seconds(1));
    assert_eq!(kakao.me(access).await.status(), 401);
    kakao.0.simulator.advance(Seconds::seconds(LIFE - 21_599));
    assert_eq!(kakao.refresh(text(&tokens, "refresh_token")).await.status(), 400);
}

#[tokio::test]
async fn expiry_can_be_ordered_for_one_person() {
    let kakao = Kakao::new().await;
    let (ryan, muzi) = (kakao.tokens("ryan", &[]).await, kakao.tokens("muzi", &[]).await);
    let expire = |tokens| Command::Expire { tokens, person: Some("ryan".to_owned()) };
    kakao.0.simulator.control(expire(Tokens::Access)).await.unwrap();
    assert_eq!(kakao.me(text(&ryan, "access_token")).await.status(), 401);
    assert_eq!(kakao.me(text(&muzi, "access_token")).await.status(), 200);
    assert_eq!(kakao.refresh(text(&ryan, "refresh_token")).await.status(), 200);
    kakao.0.simulator.control(expire(Tokens::All)).await.unwrap();
    assert_eq!(kakao.refresh(text(&ryan, "refresh_token")).await.status(), 400);
    assert_eq!(kakao.refresh(text(&muzi, "refresh_token")).await.status(), 200);
}

#[tokio::test]
async fn logging_out_kills_the_tokens_of_one_authorization() {
    let kakao = Kakao::new().await;
    let (one, other) = (kakao.tokens("ryan", &[]).await, kakao.tokens("ryan", &[]).await);
    let request = kakao.0.http.post(kakao.0.url("/v1/user/logout")).bearer_auth(text(&one, "access_token"));
    assert_snapshot!("kakao_logout", kakao.0.shown(request.send().await.unwrap()).await);
    assert_eq!(kakao.me(text(&one, "access_token")).await.status(), 401);
    assert_eq!(kakao.refresh(text(&one, "refresh_token")).await.status(), 400);
    assert_eq!(kakao.me(text(&other, "access_token")).await.status(), 200);
    let admin = format!("KakaoAK {}", kakao.0.simulator.app().admin_key.unwrap());
    let request = kakao.0.http.post(kakao.0.url("/v1/user/logout")).header("authorization", admin);
    let target = [("target_id_type", "user_id"), ("target_id", "1376016924429759228")];
    assert_eq!(request.form(&target).send().await.unwrap().status(), 200);
    assert_eq!(kakao.me(text(&other, "access_token")).await.status(), 401);
}
