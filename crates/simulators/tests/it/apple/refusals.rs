//! Every documented error, by what really causes it.

use std::fmt::Write as _;

use insta::assert_snapshot;
use mapae_protocol::time::Seconds;
use mapae_simulators::Command;
use serde_json::{Value, json};

use super::{Apple, field, signed};
use crate::{
    app::text,
    browser::Browser,
    scene::{NOW, error_pages, sign_in},
};

#[tokio::test]
async fn what_never_goes_back_to_the_app() {
    let apple = Apple::new().await;
    let cases = [
        ("unknown client", apple.authorize(&[("client_id", "nobody")])),
        ("redirect URI of nobody", apple.authorize(&[("redirect_uri", "https://evil.example/")])),
        ("scopes by query", apple.authorize(&[("response_mode", "query")])),
        ("unknown scope", apple.authorize(&[("scope", "name phone")])),
        ("response_type=token", apple.authorize(&[("response_type", "token")])),
        ("repeated", apple.authorize(&[]) + "&state=x"),
    ];
    assert_snapshot!("apple_error_pages", error_pages(|| Browser::speaking("en"), &cases).await);
}

#[tokio::test]
async fn cancelling_is_posted_too() {
    let apple = Apple::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &apple.authorize(&[]), "haru").await;
    let (_, fields) = browser.press(&page, "consent-deny", &[]).await.form("hand-over-submit");
    assert_eq!(
        fields,
        [("state".into(), "a state".into()), ("error".into(), "user_cancelled_authorize".into())]
    );
}

#[tokio::test]
async fn errors_of_the_token_endpoint() {
    let apple = Apple::new().await;
    let code = async || field(&apple.posted("haru", &[], "").await, "code");
    let (used, expired, elsewhere) = (code().await, code().await, code().await);
    apple.exchange(&[("code", &used)]).await;
    let mut table = String::new();
    for (case, fields) in [
        ("used code", &[("code", used.as_str())][..]),
        ("unknown code", &[("code", "x")]),
        ("no code", &[]),
        ("another redirect URI", &[("code", &elsewhere), ("redirect_uri", "http://localhost:8080/callback")]),
        ("no secret", &[("code", &elsewhere), ("client_secret", "")]),
        ("unknown client", &[("code", &elsewhere), ("client_id", "nobody")]),
        ("unknown refresh token", &[("grant_type", "refresh_token"), ("refresh_token", "x")]),
        ("wrong grant type", &[("grant_type", "password")]),
    ] {
        writeln!(table, "# {case}\n{}\n", apple.0.shown(apple.exchange(fields).await).await).unwrap();
    }
    apple.0.simulator.advance(Seconds::minutes(5));
    writeln!(table, "# expired code\n{}", apple.0.shown(apple.exchange(&[("code", &expired)]).await).await)
        .unwrap();
    assert_snapshot!("apple_token_errors", table);
}

#[tokio::test]
async fn only_a_right_client_secret_will_do() {
    let apple = Apple::new().await;
    for (case, claims) in [
        ("another team", json!({ "iss": "OTHERTEAM0" })),
        ("another client", json!({ "sub": "com.example.other" })),
        ("another audience", json!({ "aud": "https://accounts.google.com" })),
        ("expired", json!({ "exp": NOW })),
        ("for too long", json!({ "exp": NOW + 15_777_001 })),
        ("made tomorrow", json!({ "iat": NOW + 86_400 })),
    ] {
        let secret = apple.secret(claims).await;
        let response = apple.exchange(&[("code", "x"), ("client_secret", &secret)]).await;
        assert_eq!(text(&response.json().await.unwrap(), "error"), "invalid_client", "{case}");
    }
    let other =
        aws_lc_rs::signature::EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING)
            .unwrap();
    let app = apple.0.simulator.app();
    let claims = json!({ "iss": app.team_id, "sub": app.client_id, "aud": apple.0.simulator.base_url(), "iat": NOW, "exp": NOW + 60 });
    let forged = signed(
        other.to_pkcs8v1().unwrap().as_ref(),
        &json!({ "alg": "ES256", "kid": "SIMULATED1" }),
        &claims,
    );
    let response = apple.exchange(&[("code", "x"), ("client_secret", &forged)]).await;
    assert_eq!(text(&response.json().await.unwrap(), "error"), "invalid_client", "another key");
    let base = apple.0.simulator.base_url();
    for right in [
        json!({}),
        json!({ "aud": base }),
        json!({ "aud": ["https://appleid.apple.com"] }),
        json!({ "exp": NOW + 15_777_000 }),
    ] {
        let secret = apple.secret(right).await;
        let response = apple.exchange(&[("code", "x"), ("client_secret", &secret)]).await;
        assert_eq!(text(&response.json().await.unwrap(), "error"), "invalid_grant");
    }
}

#[tokio::test]
async fn what_nothing_causes_here_can_be_ordered() {
    let apple = Apple::new().await;
    apple.0.simulator.control(Command::fail("/auth/token", "")).await.unwrap();
    let response = apple.exchange(&[("code", "x")]).await;
    assert_eq!(response.status(), 500);
    apple.0.simulator.control(Command::fail("/auth/token", "invalid_client")).await.unwrap();
    let error: Value = apple.exchange(&[("code", "x")]).await.json().await.unwrap();
    assert_eq!(text(&error, "error"), "invalid_client");
}
