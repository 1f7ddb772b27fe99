//! Revoking from both sides, and server-to-server notifications.

use insta::assert_snapshot;
use mapae_simulators::Command;
use serde_json::{Value, json};

use super::{Apple, field};
use crate::{app::text, listener::Listener, scene::in_order};

#[tokio::test]
async fn revoking_brings_the_consent_page_and_the_name_back() {
    let mut listener = Listener::answering(200, "").await;
    let apple = Apple::new().await;
    apple.0.hook("notifications", &listener).await;
    let tokens = apple.tokens("haru", "share").await;
    let secret = apple.secret(json!({})).await;
    let revoke = [("token", text(&tokens, "refresh_token")), ("client_secret", &secret), ("grant_type", "")];
    let response = apple.0.ask("/auth/revoke", &revoke).await;
    assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, ""));
    assert_eq!(apple.0.ask("/auth/revoke", &revoke).await.status(), 200);
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
    assert_eq!(apple.exchange(&refresh).await.status(), 400);
    assert!(!field(&apple.posted("haru", &[], "share").await, "user").is_empty());
    assert!(listener.is_silent());
    assert_eq!(apple.0.ask("/auth/revoke", &[("token", "x"), ("client_secret", "x")]).await.status(), 400);
}

#[tokio::test]
async fn events_are_json_in_a_string_in_a_token_in_json() {
    let mut listener = Listener::answering(200, "").await;
    let apple = Apple::new().await;
    apple.0.hook("notifications", &listener).await;
    let tokens = apple.tokens("minji", "hide").await;
    let subject = apple.id_token(&tokens).await["sub"].clone();
    let disabled =
        Command::Notify { event: "email-disabled".into(), person: "minji".into(), client_id: None };
    for (command, kind) in [(disabled, "email-disabled"), (Command::unlink("minji"), "consent-revoked")] {
        apple.0.simulator.control(command).await.unwrap();
        let heard = listener.next().await;
        assert_eq!(heard.headers["content-type"], "application/json");
        let body: Value = serde_json::from_str(&heard.body).unwrap();
        let mut claims = apple.0.claims(text(&body, "payload"), "/auth/keys").await;
        let event: Value = serde_json::from_str(claims["events"].as_str().unwrap()).unwrap();
        assert_eq!((text(&event, "type"), &event["sub"]), (kind, &subject));
        claims.insert("events".to_owned(), in_order(event).to_string().into());
        assert_snapshot!(format!("apple_{}", kind.replace('-', "_")), apple.0.shown_claims(claims));
    }
    apple.tokens("haru", "share").await;
    apple.0.simulator.control(Command::Delete { person: "haru".into() }).await.unwrap();
    let body: Value = serde_json::from_str(&listener.next().await.body).unwrap();
    let claims = apple.0.claims(text(&body, "payload"), "/auth/keys").await;
    assert!(claims["events"].as_str().unwrap().contains("account-delete"));
}
