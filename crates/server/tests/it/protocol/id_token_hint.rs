//! Whom an app expects — OIDC Core §3.1.2.1.

use mapae_protocol::{base64url, time::Seconds};
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, TestServer};
use serde_json::json;

use super::{SignedIn, claims};

/// Two people at one app, each in a browser of their own.
async fn two_people(server: &TestServer, app: &AppFixture) -> (SignedIn, SignedIn) {
    let mut people = Vec::new();
    for email in ["hong@example.com", "kim@example.com"] {
        let user = server.user(email).await;
        let browser = Browser::default();
        let authorization = Authorization::of(app, "openid");
        let code = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(app, &code, &authorization.verifier).await;
        people.push(SignedIn { user, browser, tokens });
    }
    let (kim, hong) = (people.pop().unwrap(), people.pop().unwrap());
    (hong, kim)
}

fn unsigned(id_token: &str) -> String {
    let header = base64url::encode(br#"{"alg":"none"}"#);
    format!("{header}.{}.", id_token.split('.').nth(1).unwrap())
}

#[tokio::test]
async fn az_31_a_silent_answer_is_for_the_expected_person_or_login_required() {
    let (server, elsewhere) = (TestServer::start().await, TestServer::start().await);
    let app = server.register(AppSpec::default()).await;
    let other_app = server.register(AppSpec::default()).await;
    let (hong, kim) = two_people(&server, &app).await;
    let code = server.code(&hong.browser, &hong.user, &Authorization::of(&other_app, "openid")).await;
    assert!(!code.is_empty());
    let silently = async |hint: &str| {
        let request = Authorization::of(&app, "openid").with("prompt", "none").with("id_token_hint", hint);
        let answer = hong.browser.open(&request.address(&server)).await;
        answer
            .answered("error")
            .unwrap_or_else(|| answer.answered("code").map(|_| "code").unwrap().to_owned())
    };
    let own = hong.tokens.text("id_token");
    assert_eq!(silently(&own).await, "code");
    let there = elsewhere.register(AppSpec::default()).await;
    let stranger = super::sign_in(&elsewhere, &there, "openid").await;
    for (what, hint) in [
        ("another person", kim.tokens.text("id_token")),
        ("another issuer", stranger.tokens.text("id_token")),
        ("unsigned", unsigned(&own)),
        ("changed", own.replacen("eyJ", "eyK", 1)),
        ("an access token", hong.tokens.text("access_token")),
        ("a refresh token", hong.tokens.text("refresh_token")),
        ("nonsense", "x.y.z".to_owned()),
    ] {
        assert_eq!(silently(&hint).await, "login_required", "{what}");
    }
    server.advance(Seconds::days(1));
    assert_eq!(silently(&own).await, "code", "an ID token that has expired still says who it was");
}

#[tokio::test]
async fn az_31_an_id_token_of_another_app_tells_nothing_about_the_person() {
    let server = TestServer::start().await;
    let (app, other) = (server.register(AppSpec::default()).await, server.register(AppSpec::default()).await);
    let signed_in = super::sign_in(&server, &other, "openid").await;
    server.code(&signed_in.browser, &signed_in.user, &Authorization::of(&app, "openid")).await;
    let hint = signed_in.tokens.text("id_token");
    let request = Authorization::of(&app, "openid").with("prompt", "none").with("id_token_hint", &hint);
    let answer = signed_in.browser.open(&request.address(&server)).await;
    assert_eq!(answer.answered("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn az_31_the_page_asks_for_the_expected_person_and_takes_no_other() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let (hong, kim) = two_people(&server, &app).await;
    let request = Authorization::of(&app, "openid").with("id_token_hint", &kim.tokens.text("id_token"));
    let sign_in = async |person: &SignedIn| {
        let page = hong.browser.visit(&request.address(&server)).await;
        assert!(page.has("again") && page.has("login-submit"), "{}", page.body);
        assert_eq!(page.values("input[name=email]", "value"), [""], "nobody's address is given away");
        let fields = [("email", person.user.email.as_str()), ("password", person.user.password.as_str())];
        hong.browser.follow(hong.browser.submit(&page, "login-submit", &fields).await).await
    };
    let wrong = sign_in(&hong).await;
    assert_eq!(wrong.answered("error").as_deref(), Some("login_required"));
    let right = sign_in(&kim).await;
    let tokens = server.redeem(&app, &right.answered("code").unwrap(), &request.verifier).await;
    assert_eq!(claims(&tokens.text("id_token"))["sub"], json!(claims(&kim.tokens.text("id_token"))["sub"]));
    let unproven = Authorization::of(&app, "openid").with("id_token_hint", "x.y.z");
    let page = hong.browser.open(&unproven.address(&server)).await;
    assert!(page.answered("code").is_some(), "what is not ours says nothing to a person who can be asked");
}
