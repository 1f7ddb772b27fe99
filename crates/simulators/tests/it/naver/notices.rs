//! Unlinking from both sides, and what the app hears of it.

use insta::assert_snapshot;
use mapae_protocol::params::{Limits, Params};
use mapae_simulators::Command;
use serde_json::Value;

use super::Naver;
use crate::{app::text, browser::Browser, listener::Listener, scene::sign_in};

async fn hooked(listener: &Listener) -> Naver {
    let naver = Naver::new().await;
    naver.0.hook("disconnect", listener).await;
    naver
}

#[tokio::test]
async fn revoking_either_token_unlinks_and_tells_nobody() {
    let mut listener = Listener::answering(204, "").await;
    let naver = hooked(&listener).await;
    for kind in ["access_token", "refresh_token"] {
        let tokens = naver.tokens("yuna", &[]).await;
        let fields = [
            ("token", text(&tokens, kind)),
            ("token_type_hint", kind),
            ("redirect_uri", ""),
            ("grant_type", ""),
        ];
        let revoke = async || naver.0.ask("/oauth2.0/revoke", &fields).await;
        let response = revoke().await;
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (200, ""));
        assert_eq!(revoke().await.status(), 200, "an unknown token is no error");
        assert_eq!(naver.me(text(&tokens, "access_token")).await.status(), 401);
        let page = sign_in(&Browser::new(), &naver.authorize(&[]), "yuna").await;
        assert!(page.has("consent-approve"), "consent appears again");
    }
    assert!(listener.is_silent());
    for (fields, status, error) in [
        (&[("token", "")][..], 400, "invalid_request"),
        (&[("token", "x"), ("token_type_hint", "nonsense")], 400, "invalid_request"),
        (&[("token", "x"), ("client_secret", "wrong")], 401, "unauthorized_client"),
    ] {
        let response = naver.0.ask("/oauth2.0/revoke", fields).await;
        assert_eq!(response.status(), status);
        assert_eq!(text(&response.json().await.unwrap(), "error"), error);
    }
    naver.0.simulator.control(Command::fail("/oauth2.0/revoke", "")).await.unwrap();
    let response = naver.0.ask("/oauth2.0/revoke", &[("token", "x")]).await;
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn the_deprecated_deletion_still_works() {
    let naver = Naver::new().await;
    let tokens = naver.tokens("yuna", &[]).await;
    let access = text(&tokens, "access_token");
    let delete = [("grant_type", "delete"), ("access_token", access), ("service_provider", "NAVER")];
    let response = naver.exchange(&delete).await;
    assert_snapshot!("naver_delete", naver.0.shown(response).await);
    assert_eq!(naver.me(access).await.status(), 401);
}

#[tokio::test]
async fn unlinking_from_their_side_is_signed_and_encrypted() {
    let mut listener = Listener::answering(204, "").await;
    let naver = hooked(&listener).await;
    let tokens = naver.tokens("yuna", &[]).await;
    let me: Value = naver.me(text(&tokens, "access_token")).await.json().await.unwrap();
    let done = naver.0.simulator.control(Command::unlink("yuna")).await.unwrap();
    assert_eq!(done.notices[0].status, Some(204));
    let body = listener.next().await.body;
    let sent = Params::parse(body.as_bytes(), Limits::REQUEST).unwrap();
    let names: Vec<&str> = sent.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["clientId", "encryptUniqueId", "timestamp", "signature"]);
    assert_eq!(sent.one("timestamp"), Ok(Some("1793000000")));
    // The id's length decides how many blocks there are: 16 of IV and 48 of 43 padded bytes.
    let id = me["response"]["id"].as_str().unwrap();
    let encrypted = mapae_protocol::base64url::decode(sent.one("encryptUniqueId").unwrap().unwrap()).unwrap();
    assert_eq!((id.len(), encrypted.len()), (43, 64));
    assert_eq!(naver.me(text(&tokens, "access_token")).await.status(), 401);
}

/// RFC 4648 §4.
#[tokio::test]
async fn the_encrypted_id_can_come_in_the_standard_alphabet() {
    let mut listener = Listener::answering(204, "").await;
    let naver = hooked(&listener).await;
    let (name, value) = ("notice_in_standard_base64".to_owned(), "true".to_owned());
    naver.0.simulator.control(Command::Fact { name, value }).await.unwrap();
    naver.tokens("yuna", &[]).await;
    naver.0.simulator.control(Command::unlink("yuna")).await.unwrap();
    let body = listener.next().await.body;
    let sent = Params::parse(body.as_bytes(), Limits::REQUEST).unwrap();
    let encrypted = sent.one("encryptUniqueId").unwrap().unwrap();
    assert!(encrypted.len() == 88 && encrypted.ends_with("=="), "64 bytes: {encrypted}");
    assert!(!encrypted.contains(['-', '_']), "{encrypted}");
}
