//! Removing the login from both sides, and the two callbacks.

use mapae_protocol::{
    base64url,
    digest::{HmacKey, hmac_sha256},
    params::{Limits, Params},
};
use mapae_simulators::Command;
use serde_json::Value;

use super::Facebook;
use crate::{app::text, browser::Browser, listener::Listener, scene::sign_in};

#[tokio::test]
async fn removing_it_from_our_side_tells_nobody() {
    let mut listener = Listener::answering(200, "").await;
    let facebook = Facebook::new().await;
    facebook.0.hook("deauthorize", &listener).await;
    let token = facebook.token("sora", &["email"]).await;
    let me: Value = facebook.me(&token).await.json().await.unwrap();
    let delete = async |path: String, token: &str| {
        let address = facebook.0.address(&path, &[("access_token", token)]);
        facebook.0.http.delete(address).send().await.unwrap().json::<Value>().await.unwrap()
    };
    let permissions = format!("/v25.0/{}/permissions", text(&me, "id"));
    assert_eq!(delete(format!("{permissions}/email"), &token).await["success"], true);
    let me: Value = facebook.me(&token).await.json().await.unwrap();
    assert!(me.get("email").is_none(), "one permission is gone");
    assert_eq!(
        delete("/v25.0/123/permissions".into(), &token).await["error"]["code"],
        100,
        "somebody else's"
    );
    assert_eq!(delete(permissions.clone(), &facebook.app_token()).await["success"], true);
    let dead: Value = facebook.me(&token).await.json().await.unwrap();
    assert_eq!(dead["error"]["error_subcode"], 458);
    assert!(listener.is_silent());
    let page = sign_in(&Browser::new(), &facebook.authorize(&[]), "sora").await;
    assert!(page.has("consent-approve"));
    let token = facebook.token("sora", &[]).await;
    assert_eq!(delete("/v25.0/me/permissions".into(), &token).await["success"], true);
}

#[tokio::test]
async fn both_callbacks_are_signed_requests() {
    let mut listener =
        Listener::answering(200, r#"{"url":"https://a.example/d/1","confirmation_code":"1"}"#).await;
    let facebook = Facebook::new().await;
    facebook.0.hook("deauthorize", &listener).await;
    facebook.0.hook("data_deletion", &listener).await;
    let token = facebook.token("sora", &[]).await;
    let me: Value = facebook.me(&token).await.json().await.unwrap();
    let done = facebook.0.simulator.control(Command::unlink("sora")).await.unwrap();
    let kinds: Vec<&str> = done.notices.iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, ["deauthorize", "data_deletion"]);
    assert!(done.notices[1].answer.contains("confirmation_code"));
    for _ in 0..2 {
        let sent = listener.next().await;
        let sent = Params::parse(sent.body.as_bytes(), Limits::REQUEST).unwrap();
        let (signature, payload) = sent.one("signed_request").unwrap().unwrap().split_once('.').unwrap();
        let key = HmacKey::new(facebook.0.simulator.app().client_secret.unwrap().as_bytes());
        assert_eq!(base64url::decode(signature).unwrap(), hmac_sha256(&key, payload.as_bytes()));
        let payload: Value = serde_json::from_slice(&base64url::decode(payload).unwrap()).unwrap();
        assert_eq!(
            (text(&payload, "algorithm"), text(&payload, "user_id")),
            ("HMAC-SHA256", text(&me, "id"))
        );
        assert_eq!(payload["issued_at"], crate::scene::NOW);
    }
}
