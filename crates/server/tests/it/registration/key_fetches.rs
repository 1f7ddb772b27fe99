//! Who makes this server fetch the keys of apps, before anything is proven — RFC 7591 §2, threats DC-04.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use mapae::store::verification;
use mapae_protocol::{jose::HeaderType, time::Seconds};
use mapae_testkit::{AppFixture, AppSpec, Authorization, Engine, TestServer};
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    REDIRECT_URI,
    keys::{answers, at_a_desk, cannot_tell, key, knows, of_keys_at},
    registered, server,
    site::Site,
};
use crate::protocol::{
    client_assertions::{good, key_set, present},
    request_objects::{begin, object},
};

/// As many as one source may cause at once.
const AT_ONCE: usize = 60;

/// An app of the operator's with its keys at this address.
async fn verified(server: &TestServer, address: &str) -> AppFixture {
    let metadata = BTreeMap::from([("jwks_uri".to_owned(), json!(address))]);
    let auth_method = Some("private_key_jwt".to_owned());
    server.register(AppSpec { auth_method, metadata, ..AppSpec::default() }).await
}

#[tokio::test]
async fn dc_04_nothing_that_is_unproven_makes_this_server_fetch_keys_without_end() {
    let server = at_a_desk(Engine::Sqlite).await;
    let (site, key) = (Site::start().await, key());
    let there = site.put_json("/keys", &key_set(&[&key]));
    let (of_operator, read) = (verified(&server, &there).await, of_keys_at(&server, &there).await);
    assert!(knows(&server, &read, &key).await);
    server.advance(Seconds::minutes(11));
    let mut apps = Vec::new();
    for number in 0..=AT_ONCE {
        apps.push(of_keys_at(&server, &site.at(&format!("/nothing/{number}"))).await);
    }
    site.asked();
    for app in &apps[..AT_ONCE] {
        assert!(cannot_tell(&answers(&server, app, &key).await));
    }
    let throttled = answers(&server, &apps[AT_ONCE], &key).await;
    assert_eq!((throttled.status.as_u16(), throttled.error()), (429, "temporarily_unavailable"));
    assert_eq!(site.asked().len(), AT_ONCE);
    assert!(knows(&server, &read, &key).await, "whose keys were read goes on");
    assert!(knows(&server, &of_operator, &key).await, "what the operator has verified is not counted");
    assert_eq!(site.asked(), ["/keys"], "for the operator's app alone");
    server.advance(Seconds::seconds(5));
    assert!(cannot_tell(&answers(&server, &apps[AT_ONCE], &key).await));
    assert_eq!(site.asked(), [format!("/nothing/{AT_ONCE}")]);
}

/// Whom a setting vouches for as soon as they register, nobody has looked at.
#[tokio::test]
async fn dc_04_whoever_registers_where_all_are_vouched_for_is_a_stranger_still() {
    let settings = [
        ("REGISTRATION__POLICY", "open"),
        ("REGISTRATION__VOUCH", "true"),
        ("FETCH__PRIVATE_ADDRESSES", "true"),
    ];
    let server = server(Engine::Sqlite, &settings).await;
    let (site, key) = (Site::start().await, key());
    let mut last = 0;
    for number in 0..=AT_ONCE {
        let app = of_keys_at(&server, &site.at(&format!("/nothing/{number}"))).await;
        last = answers(&server, &app, &key).await.status.as_u16();
    }
    assert_eq!((last, site.asked().len()), (429, AT_ONCE));
    let of_operator = verified(&server, &site.put_json("/keys", &key_set(&[&key]))).await;
    assert!(knows(&server, &of_operator, &key).await);
    let looked_at = of_keys_at(&server, &site.at("/keys")).await;
    assert_eq!(answers(&server, &looked_at, &key).await.status.as_u16(), 429);
    server.write(verification::verify(&looked_at.client_id, server.now())).await;
    assert!(knows(&server, &looked_at, &key).await, "the operator has looked at this one");
}

#[tokio::test]
async fn dc_04_keys_of_an_operators_app_are_fetched_while_strangers_stall() {
    let server = at_a_desk(Engine::Sqlite).await;
    let (site, key) = (Site::start().await, key());
    let of_operator = verified(&server, &site.put_json("/keys", &key_set(&[&key]))).await;
    // All of them are at one site: this machine.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut strangers = Vec::new();
    for number in 0..8 {
        let address = format!("http://{}/{number}", silent.local_addr().unwrap());
        strangers.push(of_keys_at(&server, &address).await);
    }
    let mut waiting = Box::pin(join_all(strangers.iter().map(|app| answers(&server, app, &key))));
    let stalled = async {
        let mut stalled = Vec::new();
        while stalled.len() < 4 {
            stalled.push(silent.accept().await.unwrap().0);
        }
        stalled
    };
    let stalled = tokio::select! {
        _ = &mut waiting => panic!("nothing is answered yet"),
        stalled = stalled => stalled,
    };
    tokio::select! {
        _ = &mut waiting => panic!("it waited for the strangers"),
        known = knows(&server, &of_operator, &key) => assert!(known),
    }
    assert_eq!(stalled.len(), 4);
}

/// RFC 7009 §2.2.1.
#[tokio::test]
async fn dc_04_while_its_keys_cannot_be_had_an_app_is_not_told_that_it_is_none() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let (site, key) = (Site::start().await, key());
        let app = of_keys_at(&server, &site.at("/nothing")).await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")];
        for path in ["/token", "/introspect", "/revoke", "/par", "/device_authorization"] {
            let assertion = key.sign(HeaderType::ClientAssertion, &good(&server, &app)).unwrap();
            let answer = present(&server, path, &assertion, &form).await;
            assert!(cannot_tell(&answer), "{path}: {} {}", answer.status, answer.json);
        }
        site.put_json("/nothing", &key_set(&[&key]));
        server.advance(Seconds::seconds(30));
        assert!(knows(&server, &app, &key).await);
        let stranger = self::key();
        assert!(!knows(&server, &app, &stranger).await, "its keys are known, and this is none of them");
    }
}

/// RFC 6749 §4.1.2.1.
#[tokio::test]
async fn dc_04_a_request_whose_keys_cannot_be_had_may_come_again() {
    let server = at_a_desk(Engine::Sqlite).await;
    let (site, key) = (Site::start().await, key());
    let app = registered(&server, json!({ "jwks_uri": site.at("/nothing") })).await.app;
    let asked = Authorization::of(&app, "openid");
    let signed = key.sign(HeaderType::RequestObject, &object(&server, &asked)).unwrap();
    let outside =
        [("client_id", app.client_id.as_str()), ("redirect_uri", REDIRECT_URI), ("request", &signed)];
    let page = begin(&server, &outside).await;
    assert!(page.body.contains("temporarily_unavailable"), "{} {}", page.status, page.body);
    let secret = app.client_secret.as_deref().unwrap();
    let pushed = server.post("/par", Some((&app.client_id, secret)), &[("request", &signed)]).await;
    assert!(cannot_tell(&pushed), "{} {}", pushed.status, pushed.json);
    site.put_json("/nothing", &key_set(&[&key]));
    server.advance(Seconds::seconds(30));
    assert!(begin(&server, &outside).await.has("login-submit"));
}
