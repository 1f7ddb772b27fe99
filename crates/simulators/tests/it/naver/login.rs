//! From the button to the profile, on both paths.

use insta::assert_snapshot;
use mapae_protocol::{pkce::CodeVerifier, time::Seconds};
use serde_json::{Value, json};

use super::{ALL, Naver};
use crate::{
    app::text,
    browser::Browser,
    scene::{agree, sign_in},
};

#[tokio::test]
async fn the_token_response_has_a_number_that_is_a_string() {
    let naver = Naver::new().await;
    let page = naver.0.visit(&naver.authorize(&[]), "yuna", ALL).await;
    assert_eq!(page.answered("state").as_deref(), Some("a state"));
    let code = page.answered("code").unwrap();
    let response = naver.exchange(&[("code", &code), ("state", "a state")]).await;
    assert_snapshot!("naver_token", naver.0.shown(response).await);
    let tokens = naver.tokens("yuna", ALL).await;
    let access = text(&tokens, "access_token");
    assert!(access.len() <= 256 && ["+", "/", "="].iter().all(|mark| access.contains(mark)), "{access}");
}

#[tokio::test]
async fn the_credentials_may_come_in_the_query_too() {
    let naver = Naver::new().await;
    let code = naver.code("yuna", &[]).await;
    let app = naver.0.simulator.app();
    let address = naver.0.address(
        "/oauth2.0/token",
        &[
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("client_secret", app.client_secret.as_deref().unwrap()),
            ("code", &code),
            ("state", "a state"),
        ],
    );
    let response = naver.0.http.get(address).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["token_type"], "bearer");
}

#[tokio::test]
async fn profiles() {
    let naver = Naver::new().await;
    for (person, items) in
        [("yuna", ALL), ("yuna_refusing", &[][..]), ("haneul", ALL), ("bada", ALL), ("sangmin", ALL)]
    {
        let (name, naver) = match person.strip_suffix("_refusing") {
            Some(name) => (name, &Naver::new().await),
            None => (person, &naver),
        };
        let tokens = naver.tokens(name, items).await;
        let shown = naver.0.shown(naver.me(text(&tokens, "access_token")).await).await;
        assert_snapshot!(format!("naver_me_{person}"), shown);
    }
}

#[tokio::test]
async fn each_app_knows_a_person_by_another_id() {
    let naver = Naver::new().await;
    let own: Value =
        naver.me(text(&naver.tokens("yuna", &[]).await, "access_token")).await.json().await.unwrap();
    let other = mapae_simulators::App { client_id: "other".into(), ..naver.0.simulator.app() };
    naver.0.simulator.control(mapae_simulators::Command::App(Box::new(other))).await.unwrap();
    let page = naver.0.visit(&naver.authorize(&[("client_id", "other")]), "yuna", &[]).await;
    let code = page.answered("code").unwrap();
    let tokens: Value =
        naver.exchange(&[("client_id", "other"), ("code", &code)]).await.json().await.unwrap();
    let others: Value = naver.me(text(&tokens, "access_token")).await.json().await.unwrap();
    assert_ne!(own["response"]["id"], others["response"]["id"]);
}

#[tokio::test]
async fn the_second_login_is_silent_and_reprompt_asks_for_what_was_refused() {
    let naver = Naver::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &naver.authorize(&[]), "yuna").await;
    agree(&browser, &page, &["name"]).await;
    assert!(browser.open(&naver.authorize(&[])).await.answered("code").is_some());
    let page = browser.open(&naver.authorize(&[("auth_type", "reprompt")])).await;
    let asked = page.values("input[name=item]", "value");
    assert!(asked.contains(&"email".to_owned()) && !asked.contains(&"name".to_owned()), "{asked:?}");
    let page = browser.open(&naver.authorize(&[("auth_type", "reauthenticate")])).await;
    assert!(page.has("login-submit"));
}

#[tokio::test]
async fn automatic_login_says_why_not() {
    let naver = Naver::new().await;
    let silent = naver.authorize(&[("auth_type", "autologin")]);
    let browser = Browser::new();
    let description = |page: crate::browser::Page| {
        assert_eq!(page.answered("error").as_deref(), Some("access_denied"));
        page.answered("error_description").unwrap()
    };
    assert_eq!(description(browser.open(&silent).await), "user not logged in.");
    sign_in(&browser, &naver.authorize(&[]), "yuna").await;
    assert_eq!(description(browser.open(&silent).await), "need user consent.");
    let naver = Naver::deciding("autologin_supported", "false").await;
    let page = browser.open(&naver.authorize(&[("auth_type", "autologin")])).await;
    assert_eq!(description(page), "unsupported browser environment.");
}

#[tokio::test]
async fn a_refresh_brings_no_new_refresh_token() {
    let naver = Naver::new().await;
    let tokens = naver.tokens("yuna", &[]).await;
    naver.0.simulator.advance(Seconds::hours(1));
    let dead = naver.me(text(&tokens, "access_token")).await;
    assert_snapshot!("naver_me_expired", naver.0.shown(dead).await);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
    assert_snapshot!("naver_refresh", naver.0.shown(naver.exchange(&refresh).await).await);
    let renewed: Value = naver.exchange(&refresh).await.json().await.unwrap();
    assert_eq!(naver.me(text(&renewed, "access_token")).await.status(), 200);
    naver.0.simulator.advance(Seconds::seconds(31_536_000));
    assert_snapshot!("naver_refresh_dead", naver.0.shown(naver.exchange(&refresh).await).await);
}

#[tokio::test]
async fn openid_connect_is_a_path_of_its_own() {
    let naver = Naver::new().await;
    let verifier = CodeVerifier::generate();
    let challenge = verifier.challenge().to_string();
    let address = naver.0.request(
        "/oauth2/authorize",
        &[
            ("scope", "openid"),
            ("nonce", "a nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ],
    );
    let code = naver.0.visit(&address, "yuna", ALL).await.answered("code").unwrap();
    let crossed: Value = naver.exchange(&[("code", &code)]).await.json().await.unwrap();
    assert_eq!(text(&crossed, "error_description"), "no valid data in session", "a code of the other path");
    let wrong = naver.0.ask("/oauth2/token", &[("code", &code), ("code_verifier", &"x".repeat(43))]).await;
    assert_snapshot!("naver_oidc_wrong_verifier", naver.0.shown(wrong).await);
    let redeem = [("code", code.as_str()), ("code_verifier", verifier.expose())];
    let response = naver.0.ask("/oauth2/token", &redeem).await;
    let tokens: Value = response.json().await.unwrap();
    assert_eq!(tokens["expires_in"], 3600, "a number on this path");
    let claims = naver.0.claims(text(&tokens, "id_token"), "/oauth2/jwks").await;
    let me: Value = naver.me(text(&tokens, "access_token")).await.json().await.unwrap();
    assert_eq!(claims["sub"], me["response"]["id"]);
    assert_snapshot!("naver_id_token", naver.0.shown_claims(claims));
    let response = naver.0.http.get(naver.0.url("/.well-known/openid-configuration")).send().await.unwrap();
    assert_snapshot!("naver_discovery", naver.0.shown(response).await);
    let wrong = naver.0.ask("/oauth2/token", &[("code", "x"), ("client_secret", "wrong")]).await;
    assert_snapshot!("naver_oidc_wrong_client", naver.0.shown(wrong).await);
}

#[tokio::test]
async fn verify_tells_that_a_token_lives_and_not_whose_it_is() {
    let naver = Naver::new().await;
    let tokens = naver.tokens("yuna", &["email"]).await;
    let access = text(&tokens, "access_token");
    let response = naver.0.get("/v1/nid/verify?info=true", access).await;
    assert_snapshot!("naver_verify", naver.0.shown(response).await);
    let response = naver.0.get("/v1/nid/verify", access).await;
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer, json!({"message": "success", "resultcode": "00"}));
    let response = naver.0.get("/v1/nid/agreement", access).await;
    assert_eq!(response.json::<Value>().await.unwrap()["result"], "success");
}
