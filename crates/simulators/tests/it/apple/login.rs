//! From the button to the ID token, which is all there is.

use insta::assert_snapshot;
use mapae_protocol::{id_token::at_hash, jose::Algorithm, pkce::CodeVerifier, time::Seconds};
use serde_json::{Value, json};

use super::{Apple, field};
use crate::{app::text, browser::Browser};

#[tokio::test]
async fn the_answer_is_posted_and_has_the_name_only_once() {
    let apple = Apple::new().await;
    let fields = apple.posted("haru", &[], "share").await;
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["state", "code", "user"]);
    let user: Value = serde_json::from_str(&field(&fields, "user")).unwrap();
    let name = json!({"firstName": "Haru", "lastName": "Yoon"});
    assert_eq!(user, json!({"email": "haru@icloud.example", "name": name}));
    let again = apple.posted("haru", &[], "").await;
    let names: Vec<&str> = again.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["state", "code"]);
    let response = apple.exchange(&[("code", &field(&fields, "code"))]).await;
    assert_snapshot!("apple_token", apple.0.shown(response).await);
}

#[tokio::test]
async fn id_tokens() {
    let apple = Apple::new().await;
    for (person, choice) in [("haru", "share"), ("minji", "hide"), ("garam", "share")] {
        let tokens = apple.tokens(person, choice).await;
        let claims = apple.id_token(&tokens).await;
        assert_eq!(claims["at_hash"], at_hash(Algorithm::Rs256, text(&tokens, "access_token")));
        assert_snapshot!(format!("apple_id_token_{person}"), apple.0.shown_claims(claims));
    }
    let strings =
        mapae_simulators::Command::Fact { name: "booleans_as_strings".into(), value: "true".into() };
    apple.0.simulator.control(strings).await.unwrap();
    let claims = apple.id_token(&apple.tokens("minji", "").await).await;
    assert_eq!((&claims["email_verified"], &claims["is_private_email"]), (&json!("true"), &json!("true")));
}

#[tokio::test]
async fn an_id_token_can_come_along() {
    let apple = Apple::new().await;
    let fields =
        apple.posted("haru", &[("response_type", "code id_token"), ("nonce", "a nonce")], "share").await;
    let claims = apple.0.claims(&field(&fields, "id_token"), "/auth/keys").await;
    assert_eq!(claims["c_hash"], at_hash(Algorithm::Rs256, &field(&fields, "code")));
    assert_eq!(claims["nonce"], "a nonce");
}

#[tokio::test]
async fn without_scopes_the_answer_may_be_a_redirect() {
    let apple = Apple::new().await;
    let page = apple.page("haru", &[("scope", ""), ("response_mode", "")], "").await;
    assert!(page.answered("code").is_some());
    assert!(page.answered("user").is_none());
}

#[tokio::test]
async fn a_refresh_token_lives_for_ever() {
    let apple = Apple::new().await;
    let tokens = apple.tokens("haru", "share").await;
    apple.0.simulator.advance(Seconds::days(3_650));
    let (iat, exp) = (crate::scene::NOW + 3_650 * 86_400, crate::scene::NOW + 3_651 * 86_400);
    let secret = apple.secret(json!({ "iat": iat, "exp": exp })).await;
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("client_secret", &secret),
    ];
    let response = apple.exchange(&refresh).await;
    assert_snapshot!("apple_refresh", apple.0.shown(response).await);
    let renewed: Value = apple.exchange(&refresh).await.json().await.unwrap();
    assert!(apple.id_token(&renewed).await.get("nonce").is_none());
}

#[tokio::test]
async fn pkce_is_not_advertised_and_kept_all_the_same() {
    let apple = Apple::new().await;
    let verifier = CodeVerifier::generate();
    let challenge = verifier.challenge().to_string();
    let pkce = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    let code = field(&apple.posted("haru", &pkce, "share").await, "code");
    assert_eq!(apple.exchange(&[("code", &code)]).await.status(), 400);
    assert_eq!(apple.exchange(&[("code", &code), ("code_verifier", verifier.expose())]).await.status(), 200);
}

#[tokio::test]
async fn discovery_has_no_user_information() {
    let apple = Apple::new().await;
    let response = apple.0.http.get(apple.0.url("/.well-known/openid-configuration")).send().await.unwrap();
    assert_snapshot!("apple_discovery", apple.0.shown(response).await);
}

#[tokio::test]
async fn the_form_goes_by_itself_or_by_its_button() {
    let apple = Apple::new().await;
    let page = apple.page("haru", &[], "share").await;
    assert_eq!(page.values("script", "src"), ["/simulator/hand-over.js"]);
    let script = Browser::new().open(&apple.0.url("/simulator/hand-over.js")).await;
    assert!(script.body.contains("submit()"));
}
