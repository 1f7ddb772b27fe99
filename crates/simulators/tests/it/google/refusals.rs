//! Every documented error, by what really causes it.

use std::fmt::Write as _;

use insta::assert_snapshot;
use mapae_protocol::time::Seconds;
use mapae_simulators::Command;

use super::Google;
use crate::{
    app::text,
    browser::Browser,
    scene::{error_pages, sign_in},
};

#[tokio::test]
async fn what_never_goes_back_to_the_app() {
    let google = Google::new().await;
    let cases = [
        ("unknown client", google.authorize(&[("client_id", "nobody")])),
        ("redirect URI of nobody", google.authorize(&[("redirect_uri", "https://evil.example/")])),
        ("no scope", google.authorize(&[("scope", "")])),
        ("no response_type", google.authorize(&[("response_type", "")])),
        ("response_type=token", google.authorize(&[("response_type", "token")])),
        ("prompt=login", google.authorize(&[("prompt", "login")])),
        ("prompt=none and more", google.authorize(&[("prompt", "none consent")])),
        ("repeated", google.authorize(&[]) + "&state=x"),
    ];
    assert_snapshot!("google_error_pages", error_pages(|| Browser::speaking("en"), &cases).await);
}

#[tokio::test]
async fn in_app_browsers_are_refused() {
    let google = Google::new().await;
    for (agent, status) in [
        ("Mozilla/5.0 (Linux; Android 15; SM-S936N; wv) AppleWebKit/537.36 KAKAOTALK/25.1.0", 403),
        ("Mozilla/5.0 (iPhone) NAVER(inapp; search; 2000; 12.9.1)", 403),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0 Safari/537.36", 200),
    ] {
        let request = google.0.http.get(google.authorize(&[])).header("user-agent", agent);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{agent}");
        assert_eq!(response.text().await.unwrap().contains("disallowed_useragent"), status == 403);
    }
}

#[tokio::test]
async fn what_goes_back_to_the_app() {
    let google = Google::new().await;
    let browser = Browser::new();
    let error = |page: &crate::browser::Page| page.answered("error").unwrap();
    let page =
        browser.open(&google.authorize(&[("scope", "openid https://www.googleapis.com/auth/drive")])).await;
    assert_eq!(error(&page), "invalid_scope");
    let iss = google.0.simulator.base_url();
    assert_eq!(page.answered("iss").as_deref(), Some(iss), "as the metadata promises");
    let silent = google.authorize(&[("prompt", "none")]);
    assert_eq!(error(&browser.open(&silent).await), "login_required");
    let page = sign_in(&browser, &google.authorize(&[]), "jiwoo").await;
    assert_eq!(error(&browser.open(&silent).await), "consent_required");
    let page = browser.press(&page, "consent-deny", &[]).await;
    assert_eq!((error(&page), page.answered("iss").as_deref()), ("access_denied".into(), Some(iss)));
    assert!(page.location().as_str().starts_with("http://localhost:3000/callback?state=a+state&"));
}

#[tokio::test]
async fn errors_of_the_token_endpoint() {
    let google = Google::new().await;
    let (used, expired, elsewhere) =
        (google.code("jiwoo", &[]).await, google.code("jiwoo", &[]).await, google.code("jiwoo", &[]).await);
    google.exchange(&[("code", &used)]).await;
    let mut table = String::new();
    for (case, fields) in [
        ("used code", &[("code", used.as_str())][..]),
        ("malformed code", &[("code", "nonsense")]),
        ("another redirect URI", &[("code", &elsewhere), ("redirect_uri", "http://localhost:8080/callback")]),
        ("wrong secret", &[("code", &elsewhere), ("client_secret", "wrong")]),
        ("no secret", &[("code", &elsewhere), ("client_secret", "")]),
        ("unknown client", &[("code", &elsewhere), ("client_id", "nobody")]),
        ("unknown refresh token", &[("grant_type", "refresh_token"), ("refresh_token", "x")]),
        ("wrong grant type", &[("grant_type", "password")]),
        ("no code", &[]),
    ] {
        writeln!(table, "# {case}\n{}\n", google.0.shown(google.exchange(fields).await).await).unwrap();
    }
    google.0.simulator.advance(Seconds::minutes(10));
    writeln!(table, "# expired code\n{}", google.0.shown(google.exchange(&[("code", &expired)]).await).await)
        .unwrap();
    assert_snapshot!("google_token_errors", table);
}

#[tokio::test]
async fn what_nothing_causes_here_can_be_ordered() {
    let google = Google::new().await;
    for (path, code, status) in [
        ("/token", "rate_limit_exceeded", 429),
        ("/token", "", 500),
        ("/token", "invalid_grant", 400),
        ("/v1/userinfo", "invalid_request", 401),
    ] {
        google.0.simulator.control(Command::fail(path, code)).await.unwrap();
        let response = google.0.post(path, &[]).await;
        assert_eq!(response.status(), status, "{path} {code}");
        assert!(!text(&response.json().await.unwrap(), "error").is_empty());
    }
    google.0.simulator.control(Command::fail("/o/oauth2/v2/auth", "org_internal")).await.unwrap();
    assert_eq!(Browser::new().open(&google.authorize(&[])).await.status, 403);
}
