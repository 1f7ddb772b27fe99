//! From the button to the tokens.

use insta::assert_snapshot;
use mapae_protocol::pkce::CodeVerifier;
use mapae_simulators::{App, Provider, Settings};

use super::{ALL, Kakao, text};
use crate::{
    browser::Browser,
    scene::{Scene, agree, sign_in},
};

#[tokio::test]
async fn the_first_login_asks_and_gives_what_is_documented() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let page = browser.open(&kakao.authorize(&[("nonce", "a nonce")])).await;
    let page = browser
        .press(&page, "login-submit", &[("login", "ryan@example.test"), ("password", "simulation")])
        .await;
    assert_eq!(
        page.values("input[name=item]", "value").join(" "),
        "profile_nickname profile_image account_email gender age_range birthday birthyear phone_number name"
    );
    assert_eq!(page.values("input[name=item][disabled]", "value"), ["profile_nickname"]);
    let page = agree(&browser, &page, ALL).await;
    let location = page.location();
    assert!(location.as_str().starts_with("http://localhost:3000/callback?code="), "{location}");
    assert_eq!(page.answered("state").as_deref(), Some("a state"));

    let response = kakao.exchange(&[("code", &page.answered("code").unwrap())]).await;
    let tokens: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let claims = kakao.0.claims(text(&tokens, "id_token"), "/.well-known/jwks.json").await;
    assert_snapshot!("kakao_id_token", kakao.0.shown_claims(claims));
    let access = text(&tokens, "access_token");
    let info = kakao.0.get("/v1/user/access_token_info", access).await;
    assert_snapshot!("kakao_access_token_info", kakao.0.shown(info).await);
    let scopes = kakao.0.get("/v2/user/scopes", access).await;
    assert_snapshot!("kakao_scopes", kakao.0.shown(scopes).await);
}

#[tokio::test]
async fn the_token_response() {
    let kakao = Kakao::new().await;
    let code = kakao.code("ryan", ALL, &[]).await;
    let response = kakao.exchange(&[("code", &code)]).await;
    assert_snapshot!("kakao_token", kakao.0.shown(response).await);
}

#[tokio::test]
async fn the_second_login_goes_straight_through() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &kakao.authorize(&[]), "ryan").await;
    agree(&browser, &page, &[]).await;
    let page = browser.open(&kakao.authorize(&[])).await;
    assert!(page.answered("code").is_some(), "signed in and connected");
    let page = sign_in(&Browser::new(), &kakao.authorize(&[]), "ryan").await;
    assert!(page.answered("code").is_some(), "connected, in another browser");
    let page = browser.open(&kakao.authorize(&[("prompt", "login")])).await;
    assert!(page.has("login-submit"), "prompt=login asks for the password all the same");
}

#[tokio::test]
async fn one_button_agrees_to_everything() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &kakao.authorize(&[]), "ryan").await;
    let page = browser.press(&page, "consent-all", &[]).await;
    let code = page.answered("code").unwrap();
    let tokens: serde_json::Value = kakao.exchange(&[("code", &code)]).await.json().await.unwrap();
    let scope = text(&tokens, "scope");
    for item in ["profile_nickname", "profile_image", "account_email", "phone_number"] {
        assert!(scope.split(' ').any(|granted| granted == item), "{item} in {scope}");
    }
}

#[tokio::test]
async fn an_item_that_was_refused_is_asked_again_only_by_name() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &kakao.authorize(&[]), "ryan").await;
    agree(&browser, &page, &["profile_image"]).await;
    assert!(browser.open(&kakao.authorize(&[])).await.answered("code").is_some());
    for scope in ["account_email,openid", "account_email openid"] {
        let page = browser.open(&kakao.authorize(&[("scope", scope)])).await;
        assert_eq!(page.values("input[name=item]", "value"), ["account_email"], "{scope}");
    }
    let page = browser.open(&kakao.authorize(&[("scope", "account_email,openid")])).await;
    let page = agree(&browser, &page, &["account_email"]).await;
    let response = kakao.exchange(&[("code", &page.answered("code").unwrap())]).await;
    let tokens: serde_json::Value = response.json().await.unwrap();
    assert_eq!(text(&tokens, "scope"), "account_email openid profile_image profile_nickname");
    let page = browser.open(&kakao.authorize(&[("scope", "account_email,openid")])).await;
    assert!(page.answered("code").is_some(), "everything that is named is agreed to");
}

#[tokio::test]
async fn cancelling_goes_back_with_the_documented_words() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let page = browser.open(&kakao.authorize(&[])).await;
    let cancelled = browser.press(&page, "login-cancel", &[]).await;
    let address = "http://localhost:3000/callback?error=access_denied&error_description=User+denied+access&state=a+state";
    assert_eq!(cancelled.location().as_str(), address);
    let page = sign_in(&browser, &kakao.authorize(&[]), "ryan").await;
    assert_eq!(browser.press(&page, "consent-deny", &[]).await.location().as_str(), address);
    let page = browser.press(&page, "consent-approve", &[]).await;
    assert_eq!((page.status.as_u16(), page.has("trouble")), (400, true), "the page was used already");
}

#[tokio::test]
async fn without_a_page_there_is_an_answer_or_an_error() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let silent = kakao.authorize(&[("prompt", "none")]);
    let page = browser.open(&silent).await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"));
    let page = sign_in(&browser, &kakao.authorize(&[]), "ryan").await;
    let refused = browser.open(&silent).await;
    assert_eq!(refused.answered("error").as_deref(), Some("consent_required"));
    assert_eq!(refused.answered("error_description").as_deref(), Some("user consent required."));
    agree(&browser, &page, &[]).await;
    assert!(browser.open(&silent).await.answered("code").is_some());
}

#[tokio::test]
async fn a_wrong_password_is_said_so() {
    let kakao = Kakao::new().await;
    let browser = Browser::new();
    let page = browser.open(&kakao.authorize(&[("login_hint", "ryan@example.test")])).await;
    assert_eq!(page.values("#login", "value"), ["ryan@example.test"]);
    let page = browser.press(&page, "login-submit", &[("password", "wrong")]).await;
    assert_eq!((page.status.as_u16(), page.has("complaint")), (401, true));
    let page = browser
        .press(&page, "login-submit", &[("password", "simulation"), ("login", "RYAN@example.test ")])
        .await;
    assert!(page.has("consent-approve"));
}

#[tokio::test]
async fn openid_connect_can_be_off() {
    let app = App { oidc: false, ..Kakao::new().await.0.simulator.app() };
    let settings = Settings { apps: vec![app], ..Settings::default() };
    let kakao = Kakao(Scene::with(Provider::Kakao, settings).await);
    let tokens = kakao.tokens("ryan", ALL).await;
    assert!(tokens.get("id_token").is_none());
    assert!(!text(&tokens, "scope").contains("openid"));
    let page = Browser::new().open(&kakao.authorize(&[("scope", "openid")])).await;
    assert_eq!(page.text("#trouble-code"), "KOE205");
    let response = kakao.0.get("/v1/oidc/userinfo", text(&tokens, "access_token")).await;
    assert_snapshot!("kakao_userinfo_without_openid", kakao.0.shown(response).await);
}

#[tokio::test]
async fn a_scope_without_openid_gives_no_id_token() {
    let kakao = Kakao::new().await;
    let code = kakao.code("ryan", ALL, &[("scope", "account_email")]).await;
    let tokens: serde_json::Value = kakao.exchange(&[("code", &code)]).await.json().await.unwrap();
    assert!(tokens.get("id_token").is_none());
}

#[tokio::test]
async fn the_verifier_must_answer_the_challenge() {
    let kakao = Kakao::new().await;
    let verifier = CodeVerifier::generate();
    let challenge = verifier.challenge().to_string();
    let pkce = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    let code = kakao.code("ryan", &[], &pkce).await;
    for wrong in [&[("code", code.as_str())][..], &[("code", &code), ("code_verifier", &"x".repeat(43))]] {
        let response = kakao.exchange(wrong).await;
        assert_eq!(response.status(), 400);
        let error: serde_json::Value = response.json().await.unwrap();
        assert_eq!(text(&error, "error"), "invalid_grant");
    }
    let response = kakao.exchange(&[("code", &code), ("code_verifier", verifier.expose())]).await;
    assert_eq!(response.status(), 200, "wrong verifiers do not burn the code");
    let plain =
        browser_page(&kakao, &[("code_challenge", &"x".repeat(43)), ("code_challenge_method", "plain")])
            .await;
    assert_eq!(plain.text("#trouble-code"), "KOE001");
}

async fn browser_page(kakao: &Kakao, more: &[(&str, &str)]) -> crate::browser::Page {
    Browser::new().open(&kakao.authorize(more)).await
}

#[tokio::test]
async fn discovery_says_what_kakao_says() {
    let kakao = Kakao::new().await;
    let response = kakao.0.http.get(kakao.0.url("/.well-known/openid-configuration")).send().await.unwrap();
    assert_snapshot!("kakao_discovery", kakao.0.shown(response).await);
}

#[tokio::test]
async fn an_id_token_can_name_the_real_issuer() {
    let settings = Settings { issuer: mapae_simulators::IssuerName::Real, ..Settings::default() };
    let kakao = Kakao(Scene::with(Provider::Kakao, settings).await);
    let tokens = kakao.tokens("ryan", &[]).await;
    let claims = kakao.0.claims(text(&tokens, "id_token"), "/.well-known/jwks.json").await;
    assert_eq!(claims["iss"], "https://kauth.kakao.com");
}

#[tokio::test]
async fn any_client_is_taken_only_where_that_is_wanted() {
    let strange = [("client_id", "whatever"), ("redirect_uri", "http://localhost:5555/any")];
    let kakao = Kakao::new().await;
    assert_eq!(browser_page(&kakao, &strange).await.text("#trouble-code"), "KOE101");
    let settings = Settings { any_client: true, ..Settings::default() };
    let kakao = Kakao(Scene::with(Provider::Kakao, settings).await);
    let code = kakao.code("ryan", &[], &strange).await;
    let mut form = strange.to_vec();
    form.extend([("code", code.as_str()), ("client_secret", "any")]);
    assert_eq!(kakao.exchange(&form).await.status(), 200);
}
