//! From the button to the profile.

use insta::assert_snapshot;
use mapae_protocol::{
    digest::{HmacKey, hmac_sha256},
    pkce::CodeVerifier,
    time::Seconds,
};
use serde_json::Value;

use super::Facebook;
use crate::{
    app::text,
    browser::Browser,
    scene::{agree, sign_in},
};

#[tokio::test]
async fn the_token_response_by_post_and_by_get() {
    let facebook = Facebook::new().await;
    let page = facebook.0.visit(&facebook.authorize(&[]), "sora", &["email"]).await;
    assert_eq!(page.location().fragment(), Some("_=_"));
    assert_eq!(page.answered("state").as_deref(), Some("a state"));
    let response = facebook.exchange(&[("code", &page.answered("code").unwrap())]).await;
    assert_snapshot!("facebook_token", facebook.0.shown(response).await);
    let (app, code) = (facebook.0.simulator.app(), facebook.code("sora", &["email"]).await);
    let parameters = [
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.as_deref().unwrap()),
        ("redirect_uri", crate::scene::CALLBACK),
        ("code", code.as_str()),
    ];
    assert_eq!(facebook.graph("/v25.0/oauth/access_token", &parameters).await.status(), 200);
}

#[tokio::test]
async fn profiles() {
    let facebook = Facebook::new().await;
    for person in ["sora", "dami", "taeo", "minji"] {
        let token = facebook.token(person, &["email"]).await;
        let shown = facebook.0.shown(facebook.me(&token).await).await;
        assert_snapshot!(format!("facebook_me_{person}"), shown);
    }
    let token = facebook.token("sora", &["email"]).await;
    let response = facebook.graph("/v26.0/me", &[("access_token", &token)]).await;
    let me: Value = response.json().await.unwrap();
    assert_eq!(me.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "name"], "without fields");
    assert!(matches!(text(&me, "id").len(), 16..=17));
}

#[tokio::test]
async fn a_declined_permission_is_asked_again_only_by_rerequest() {
    let facebook = Facebook::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &facebook.authorize(&[]), "sora").await;
    assert_eq!(page.values("input[name=item][checked]", "value"), ["public_profile", "email"]);
    let page = browser.press(&page, "consent-approve", &[("item", "public_profile")]).await;
    let tokens: Value =
        facebook.exchange(&[("code", &page.answered("code").unwrap())]).await.json().await.unwrap();
    let token = text(&tokens, "access_token");
    let response = facebook.graph("/v25.0/me/permissions", &[("access_token", token)]).await;
    assert_snapshot!("facebook_permissions", facebook.0.shown(response).await);
    let me: Value = facebook.me(token).await.json().await.unwrap();
    assert!(me.get("email").is_none());
    assert!(browser.open(&facebook.authorize(&[])).await.answered("code").is_some(), "no dialog");
    let page = browser.open(&facebook.authorize(&[("auth_type", "rerequest")])).await;
    assert_eq!(page.values("input[name=item]", "value"), ["email"]);
    let page = agree(&browser, &page, &["email"]).await;
    assert!(page.answered("code").is_some());
    let me: Value = facebook.me(token).await.json().await.unwrap();
    assert_eq!(text(&me, "email"), "sora@example.test");
    let page = browser.open(&facebook.authorize(&[("response_type", "code granted_scopes")])).await;
    assert_eq!(page.answered("granted_scopes").as_deref(), Some("email,public_profile"));
    let page = browser.open(&facebook.authorize(&[("auth_type", "reauthenticate")])).await;
    assert!(page.has("login-submit"));
}

#[tokio::test]
async fn there_is_no_refresh_but_an_exchange() {
    let facebook = Facebook::new().await;
    let token = facebook.token("sora", &[]).await;
    facebook.0.simulator.advance(Seconds::days(50));
    let renew = [("grant_type", "fb_exchange_token"), ("fb_exchange_token", token.as_str())];
    let renewed: Value = facebook.exchange(&renew).await.json().await.unwrap();
    assert_eq!(renewed["expires_in"], 5_183_944);
    facebook.0.simulator.advance(Seconds::days(20));
    assert_eq!(facebook.me(text(&renewed, "access_token")).await.status(), 200);
    let dead = facebook.exchange(&renew).await;
    assert_snapshot!("facebook_exchange_dead", facebook.0.shown(dead).await);
    let app: Value = facebook.exchange(&[("grant_type", "client_credentials")]).await.json().await.unwrap();
    assert_eq!(text(&app, "access_token"), facebook.app_token());
}

#[tokio::test]
async fn tokens_are_inspected_by_the_app() {
    let facebook = Facebook::new().await;
    let token = facebook.token("sora", &["email"]).await;
    let inspect = async |input: &str| {
        let app = facebook.app_token();
        facebook.graph("/debug_token", &[("input_token", input), ("access_token", &app)]).await
    };
    let me: Value = facebook.me(&token).await.json().await.unwrap();
    let response = inspect(&token).await;
    let shown = facebook.0.shown(response).await;
    assert!(shown.contains(text(&me, "id")));
    assert_snapshot!("facebook_debug_token", shown);
    facebook.0.simulator.advance(Seconds::seconds(5_183_944));
    assert_snapshot!("facebook_debug_token_expired", facebook.0.shown(inspect(&token).await).await);
    let nobody = facebook.graph("/debug_token", &[("input_token", "x"), ("access_token", "1|2")]).await;
    assert_eq!(nobody.status(), 400);
}

#[tokio::test]
async fn the_proof_is_checked_when_it_comes_and_demanded_when_that_is_on() {
    let facebook = Facebook::new().await;
    let token = facebook.token("sora", &[]).await;
    let secret = facebook.0.simulator.app().client_secret.unwrap();
    let tag = hmac_sha256(&HmacKey::new(secret.as_bytes()), token.as_bytes());
    let proof: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    let me = async |proof: &str| {
        let mut parameters = vec![("access_token", token.as_str())];
        parameters.extend((!proof.is_empty()).then_some(("appsecret_proof", proof)));
        facebook.graph("/v25.0/me", &parameters).await.status().as_u16()
    };
    assert_eq!((me(&proof).await, me(&"00".repeat(32)).await, me("").await), (200, 400, 200));
    let on = mapae_simulators::Command::Fact { name: "proof_required".into(), value: "true".into() };
    facebook.0.simulator.control(on).await.unwrap();
    assert_eq!((me(&proof).await, me("").await), (200, 400));
}

#[tokio::test]
async fn the_flow_with_an_id_token() {
    let facebook = Facebook::new().await;
    let verifier = CodeVerifier::generate();
    let challenge = verifier.challenge().to_string();
    let address = facebook.authorize(&[
        ("scope", "openid email"),
        ("nonce", "a nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let code = facebook.0.visit(&address, "sora", &["email"]).await.answered("code").unwrap();
    let without = facebook.exchange(&[("code", &code)]).await;
    assert_eq!(without.status(), 400);
    let redeem = [("code", code.as_str()), ("code_verifier", verifier.expose())];
    let tokens: Value = facebook.exchange(&redeem).await.json().await.unwrap();
    let claims = facebook.0.claims(text(&tokens, "id_token"), "/.well-known/oauth/openid/jwks/").await;
    assert!(claims.get("email_verified").is_none());
    assert_snapshot!("facebook_id_token", facebook.0.shown_claims(claims));
    let response = facebook.graph("/.well-known/openid-configuration/", &[]).await;
    assert_snapshot!("facebook_discovery", facebook.0.shown(response).await);
}
