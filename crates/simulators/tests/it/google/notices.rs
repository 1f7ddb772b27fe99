//! Revoking from both sides, and Cross-Account Protection.

use insta::assert_snapshot;
use mapae_simulators::Command;
use serde_json::Value;

use super::Google;
use crate::{app::text, browser::Browser, listener::Listener, scene::sign_in};

#[tokio::test]
async fn revoking_either_token_removes_the_grant() {
    let mut listener = Listener::answering(202, "").await;
    let google = Google::new().await;
    google.0.hook("risc", &listener).await;
    for kind in ["access_token", "refresh_token"] {
        let tokens = google.tokens("jiwoo", &[("access_type", "offline")]).await;
        let revoke = async || google.0.post("/revoke", &[("token", text(&tokens, kind))]).await;
        assert_eq!(revoke().await.status(), 200);
        assert_snapshot!("google_revoke_again", google.0.shown(revoke().await).await);
        assert_eq!(google.refresh(text(&tokens, "refresh_token")).await.status(), 400);
        let page = sign_in(&Browser::new(), &google.authorize(&[]), "jiwoo").await;
        assert!(page.has("consent-approve"));
    }
    assert!(listener.is_silent());
}

#[tokio::test]
async fn removing_access_sends_an_event_for_the_person_and_one_for_each_token() {
    let mut listener = Listener::answering(202, "").await;
    let google = Google::new().await;
    google.0.hook("risc", &listener).await;
    let tokens = google.tokens("jiwoo", &[]).await;
    let access = text(&tokens, "access_token").to_owned();
    let done = google.0.simulator.control(Command::unlink("jiwoo")).await.unwrap();
    assert_eq!(done.notices.len(), 2);
    let heard = listener.next().await;
    assert_eq!(heard.headers["content-type"], "application/secevent+jwt");
    let claims = google.0.claims(&heard.body, "/oauth2/v3/certs").await;
    assert!(claims.get("exp").is_none());
    assert_snapshot!("google_tokens_revoked", google.0.shown_claims(claims));
    let claims = google.0.claims(&listener.next().await.body, "/oauth2/v3/certs").await;
    let event = &claims["events"]["https://schemas.openid.net/secevent/oauth/event-type/token-revoked"];
    assert_eq!(event["subject"]["token"], access[..16]);
    assert_eq!(google.0.get("/v1/userinfo", &access).await.status(), 401);
}

#[tokio::test]
async fn other_events_go_by_their_names() {
    let mut listener = Listener::answering(202, "").await;
    let google = Google::new().await;
    google.0.hook("risc", &listener).await;
    google.tokens("jiwoo", &[]).await;
    let risc = "https://schemas.openid.net/secevent/risc/event-type/";
    for (name, uri, reason) in [
        ("account-disabled:hijacking", format!("{risc}account-disabled"), "hijacking"),
        ("account-enabled", format!("{risc}account-enabled"), ""),
        ("verification:a state", format!("{risc}verification"), ""),
        (
            "https://accounts.google.com/risc/event/sessions-revoked",
            "https://accounts.google.com/risc/event/sessions-revoked".into(),
            "",
        ),
    ] {
        let command = Command::Notify { event: name.into(), person: "jiwoo".into(), client_id: None };
        google.0.simulator.control(command).await.unwrap();
        let claims = google.0.claims(&listener.next().await.body, "/oauth2/v3/certs").await;
        let event: &Value = &claims["events"][&uri];
        assert!(event.is_object(), "{name}: {claims:?}");
        assert_eq!(event["reason"].as_str().unwrap_or_default(), reason, "{name}");
    }
}
