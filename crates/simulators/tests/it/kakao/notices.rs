//! Unlinking from both sides, and what the app hears of it.

use std::{
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use insta::assert_snapshot;
use mapae_protocol::params::{Limits, Params};
use mapae_simulators::{Command, Webhook};
use serde_json::Value;
use tokio::time::timeout;

use super::{ALL, Kakao, text};
use crate::{
    browser::Browser,
    listener::{Heard, Listener},
    scene::sign_in,
};

async fn hooked(kind: &str, listener: &Listener, method: &str) -> Kakao {
    let kakao = Kakao::new().await;
    hook(&kakao, kind, listener, method).await;
    kakao
}

async fn hook(kakao: &Kakao, kind: &str, listener: &Listener, method: &str) {
    let Webhook { url, .. } = Webhook::to(&listener.url);
    let command =
        Command::Webhook { kind: kind.into(), url: Some(url), method: Some(method.into()), client_id: None };
    kakao.0.simulator.control(command).await.unwrap();
}

fn fields(encoded: &str) -> Vec<(String, String)> {
    let params = Params::parse(encoded.as_bytes(), Limits::REQUEST).unwrap();
    params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn unlinking_from_our_side_kills_the_tokens_and_tells_nobody() {
    let mut listener = Listener::answering(200, "").await;
    let kakao = hooked("unlink", &listener, "POST").await;
    let tokens = kakao.tokens("ryan", ALL).await;
    let access = text(&tokens, "access_token");
    let unlink = || kakao.0.http.post(kakao.0.url("/v1/user/unlink")).bearer_auth(access).send();
    assert_snapshot!("kakao_unlink", kakao.0.shown(unlink().await.unwrap()).await);
    assert_eq!(unlink().await.unwrap().status(), 401);
    assert_eq!(kakao.refresh(text(&tokens, "refresh_token")).await.status(), 400);
    assert!(listener.is_silent());
    let page = sign_in(&Browser::new(), &kakao.authorize(&[]), "ryan").await;
    assert!(page.has("consent-approve"), "the consent page is back");
}

#[tokio::test]
async fn unlinking_by_the_admin_key_needs_no_token() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", &[]).await;
    let admin = format!("KakaoAK {}", kakao.0.simulator.app().admin_key.unwrap());
    let request = kakao.0.http.post(kakao.0.url("/v1/user/unlink")).header("authorization", admin);
    let target = [("target_id_type", "user_id"), ("target_id", "1376016924429759228")];
    assert_eq!(request.form(&target).send().await.unwrap().status(), 200);
    assert_eq!(kakao.me(text(&tokens, "access_token")).await.status(), 401);
}

#[tokio::test]
async fn unlinking_from_their_side_posts_a_form_under_the_admin_key() {
    let mut listener = Listener::answering(200, "").await;
    let kakao = hooked("unlink", &listener, "POST").await;
    let tokens = kakao.tokens("ryan", &[]).await;
    let done = kakao.0.simulator.control(Command::unlink("ryan")).await.unwrap();
    assert_eq!(done.notices.iter().map(|notice| notice.status).collect::<Vec<_>>(), [Some(200)]);
    let Heard { method, headers, body, .. } = listener.next().await;
    assert_eq!(method, "POST");
    assert_eq!(headers["authorization"], "KakaoAK mapaekakaoadminkey00000000000001");
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded;charset=utf-8");
    assert_eq!(body, "app_id=1234&user_id=1376016924429759228&referrer_type=UNLINK_FROM_APPS");
    assert_eq!(kakao.me(text(&tokens, "access_token")).await.status(), 401);
    let again = kakao.0.simulator.control(Command::unlink("ryan")).await;
    assert!(again.is_err(), "nobody is connected any more");
}

#[tokio::test]
async fn the_webhook_can_be_a_get() {
    let mut listener = Listener::answering(200, "").await;
    let kakao = hooked("unlink", &listener, "GET").await;
    kakao.tokens("muzi", &[]).await;
    kakao.0.simulator.control(Command::Delete { person: "muzi".into() }).await.unwrap();
    let heard = listener.next().await;
    assert_eq!((heard.method.as_str(), heard.body.as_str()), ("GET", ""));
    assert_eq!(
        fields(heard.uri.query().unwrap())[1..],
        [("user_id".into(), "4029384756".into()), ("referrer_type".into(), "ACCOUNT_DELETE".into())]
    );
    let page = Browser::new().open(&kakao.authorize(&[])).await;
    assert!(!page.has("login-as-muzi"), "the account is gone");
}

#[tokio::test]
async fn the_account_webhook_is_a_signed_event() {
    let mut listener = Listener::answering(202, "").await;
    let kakao = hooked("account", &listener, "POST").await;
    kakao.tokens("ryan", &[]).await;
    let mut types = Vec::new();
    for _ in 0..2 {
        types.extend(events(&kakao, &listener.next().await.body).await);
    }
    let prefix = "https://schemas.openid.net/secevent/oauth/event-type/";
    assert_eq!(types, [format!("{prefix}user-linked"), format!("{prefix}user-scope-consent")]);

    kakao.0.simulator.control(Command::unlink("ryan")).await.unwrap();
    let heard = listener.next().await;
    assert_eq!(heard.headers["content-type"], "application/secevent+jwt");
    let header = heard.body.split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&mapae_protocol::base64url::decode(header).unwrap()).unwrap();
    assert_eq!((text(&header, "alg"), text(&header, "typ")), ("RS256", "secevent+jwt"));
    let claims = kakao.0.claims(&heard.body, "/.well-known/jwks.json").await;
    assert_snapshot!("kakao_user_unlinked", kakao.0.shown_claims(claims));
}

async fn events(kakao: &Kakao, token: &str) -> Vec<String> {
    let claims = kakao.0.claims(token, "/.well-known/jwks.json").await;
    claims["events"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn other_events_go_by_their_names() {
    let mut listener = Listener::answering(202, "").await;
    let kakao = Kakao::new().await;
    kakao.tokens("ryan", &[]).await;
    hook(&kakao, "account", &listener, "POST").await;
    for (name, uri) in [
        ("account-disabled", "https://schemas.openid.net/secevent/risc/event-type/account-disabled"),
        ("credential-change", "https://schemas.openid.net/secevent/caep/event-type/credential-change"),
        ("https://schemas.kakao.com/events/oauth/new", "https://schemas.kakao.com/events/oauth/new"),
        ("UNLINK_FROM_ADMIN", "https://schemas.openid.net/secevent/oauth/event-type/user-unlinked"),
    ] {
        let command = Command::Notify { event: name.into(), person: "ryan".into(), client_id: None };
        kakao.0.simulator.control(command).await.unwrap();
        assert_eq!(events(&kakao, &listener.next().await.body).await, [uri]);
    }
    let revoke = Command::Revoke { person: "ryan".into(), client_id: None };
    kakao.0.simulator.control(revoke).await.unwrap();
    assert!(events(&kakao, &listener.next().await.body).await[0].ends_with("/tokens-revoked"));
    let unknown = Command::Notify { event: "nonsense".into(), person: "ryan".into(), client_id: None };
    assert!(kakao.0.simulator.control(unknown).await.is_err());
}

#[tokio::test]
async fn an_app_that_answers_wrongly_is_remembered_with_its_answer() {
    let listener = Listener::answering(500, "out of order").await;
    let kakao = hooked("unlink", &listener, "POST").await;
    kakao.tokens("ryan", &[]).await;
    let done = kakao.0.simulator.control(Command::unlink("ryan")).await.unwrap();
    assert_eq!((done.notices[0].status, done.notices[0].answer.as_str()), (Some(500), "out of order"));
    let state: Value =
        kakao.0.http.get(kakao.0.url("/control/state")).send().await.unwrap().json().await.unwrap();
    assert_eq!(state["notices"][0]["status"], 500);
}

#[tokio::test]
async fn the_browser_can_be_logged_out_of_kakao_too() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &kakao.authorize(&[]), "ryan").await;
    crate::scene::agree(&browser, &page, &[]).await;
    let app = kakao.0.simulator.app();
    let address = kakao.0.address(
        "/oauth/logout",
        &[("client_id", &app.client_id), ("logout_redirect_uri", "http://localhost:3000/"), ("state", "s")],
    );
    let page = browser.open(&address).await;
    assert_eq!(page.location().as_str(), "http://localhost:3000/?state=s");
    assert!(browser.open(&kakao.authorize(&[])).await.has("login-submit"));
}

#[tokio::test]
async fn the_app_is_told_even_if_whoever_pressed_the_button_is_gone() {
    let mut listener = Listener::answering(200, "").await;
    let kakao = hooked("unlink", &listener, "POST").await;
    kakao.tokens("ryan", ALL).await;
    // Begun, and then given up: the window is closed before the app has answered.
    {
        let mut pressed = pin!(kakao.0.simulator.control(Command::unlink("ryan")));
        let begun = pressed.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(begun.is_pending(), "nobody waits for it");
    }
    let heard = timeout(Duration::from_secs(10), listener.next()).await.unwrap();
    let subject = ("user_id".to_owned(), "1376016924429759228".to_owned());
    assert!(fields(&heard.body).contains(&subject), "{heard:?}");
}
