//! Every documented error, by what really causes it.

use std::fmt::Write as _;

use insta::assert_snapshot;
use mapae_protocol::time::Seconds;
use mapae_simulators::Command;
use serde_json::Value;

use super::Naver;
use crate::{
    app::text,
    browser::Browser,
    scene::{error_pages, sign_in},
};

#[tokio::test]
async fn what_never_goes_back_to_the_app() {
    let naver = Naver::new().await;
    let cases = [
        ("unknown client", naver.authorize(&[("client_id", "nobody")])),
        ("redirect URI of nobody", naver.authorize(&[("redirect_uri", "https://evil.example/")])),
        ("no state", naver.authorize(&[("state", "")])),
        ("repeated", naver.authorize(&[]) + "&state=x"),
    ];
    assert_snapshot!("naver_error_pages", error_pages(Browser::new, &cases).await);
}

#[tokio::test]
async fn what_goes_back_to_the_app() {
    let naver = Naver::new().await;
    let browser = Browser::new();
    let page = browser.open(&naver.authorize(&[("response_type", "token")])).await;
    assert_eq!(page.answered("error").as_deref(), Some("unsupported_response_type"));
    let page = browser.open(&naver.0.request("/oauth2/authorize", &[("scope", "profile")])).await;
    assert_eq!(page.answered("error").as_deref(), Some("invalid_request"));
    let page = sign_in(&browser, &naver.authorize(&[]), "yuna").await;
    let page = browser.press(&page, "consent-deny", &[]).await;
    assert_eq!(
        page.location().as_str(),
        "http://localhost:3000/callback?state=a+state&error=access_denied&error_description=Canceled+By+User"
    );
}

#[tokio::test]
async fn errors_of_the_token_endpoint_arrive_with_200() {
    let naver = Naver::new().await;
    let (used, expired) = (naver.code("yuna", &[]).await, naver.code("yuna", &[]).await);
    naver.exchange(&[("code", &used)]).await;
    let mut table = String::new();
    for (case, fields) in [
        ("used code", &[("code", used.as_str())][..]),
        ("unknown code", &[("code", "x")]),
        ("no code", &[]),
        ("no grant type", &[("grant_type", "")]),
        ("wrong grant type", &[("grant_type", "password")]),
        ("wrong secret", &[("client_secret", "wrong"), ("code", "x")]),
        ("no secret", &[("client_secret", ""), ("code", "x")]),
        ("unknown client", &[("client_id", "nobody"), ("code", "x")]),
        ("unknown refresh token", &[("grant_type", "refresh_token"), ("refresh_token", "x")]),
        (
            "delete, unknown token",
            &[("grant_type", "delete"), ("access_token", "x"), ("service_provider", "NAVER")],
        ),
    ] {
        writeln!(table, "# {case}\n{}\n", naver.0.shown(naver.exchange(fields).await).await).unwrap();
    }
    naver.0.simulator.advance(Seconds::minutes(10));
    writeln!(table, "# expired code\n{}", naver.0.shown(naver.exchange(&[("code", &expired)]).await).await)
        .unwrap();
    assert_snapshot!("naver_token_errors", table);
}

#[tokio::test]
async fn errors_of_the_api() {
    let naver = Naver::new().await;
    let missing = naver.0.http.get(naver.0.url("/v1/nid/me")).send().await.unwrap();
    assert_snapshot!("naver_me_no_header", naver.0.shown(missing).await);
    assert_snapshot!("naver_me_bad_token", naver.0.shown(naver.me("nonsense").await).await);
    let naver = Naver::deciding("profile_error_status", "200").await;
    assert_eq!(naver.me("nonsense").await.status(), 200, "as some clients have seen it");
    for (code, status) in [("403", 403), ("404", 404), ("500", 500)] {
        naver.0.simulator.control(Command::fail("/v1/nid/me", code)).await.unwrap();
        let response = naver.me("nonsense").await;
        assert_eq!(response.status(), status);
        assert_eq!(text(&response.json().await.unwrap(), "resultcode"), code);
    }
    naver.0.simulator.control(Command::fail("/oauth2.0/token", "")).await.unwrap();
    let error: Value = naver.exchange(&[("code", "x")]).await.json().await.unwrap();
    assert_eq!(text(&error, "error"), "server_error");
}

#[tokio::test]
async fn what_is_uncertain_can_be_decided_otherwise() {
    let naver = Naver::deciding("redirect_uri_checked", "true").await;
    let code = naver.code("yuna", &[]).await;
    let elsewhere =
        naver.exchange(&[("code", &code), ("redirect_uri", "http://localhost:8080/callback")]).await;
    assert!(elsewhere.json::<Value>().await.unwrap().get("error").is_some());
    let naver = Naver::deciding("state_required_at_token", "true").await;
    let code = naver.code("yuna", &[]).await;
    assert!(naver.exchange(&[("code", &code)]).await.json::<Value>().await.unwrap().get("error").is_some());
    let naver = Naver::deciding("token_error_status", "400").await;
    assert_eq!(naver.exchange(&[("code", "x")]).await.status(), 400);
    let naver = Naver::new().await;
    let code = naver.code("yuna", &[]).await;
    let elsewhere =
        naver.exchange(&[("code", &code), ("redirect_uri", "http://localhost:8080/callback")]).await;
    assert!(elsewhere.json::<Value>().await.unwrap().get("error").is_none(), "by default it is not compared");
}
