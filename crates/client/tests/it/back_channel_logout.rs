//! A provider tells that somebody has signed out there — OIDC Back-Channel Logout §2.6, §2.7, §2.8; threats LO-05, LO-06, LO-10.

use std::sync::atomic::Ordering;

use axum::Router;
use http::{StatusCode, header};
use mapae_client::{Error, EventKind, Field, ServiceTokens, axum::routes};
use mapae_protocol::{
    jose::{Algorithm, HeaderType, SigningKey},
    params,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    issuer::{Issuer, Reply},
    website::{Browser, Setup, Website, http_client},
};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A good logout token's claims with others in place of its own.
fn claims(website: &Website, issuer: &Issuer, others: &Value) -> Value {
    let now = website.clock.unix();
    let mut claims = json!({
        "iss": issuer.url(), "aud": "client-1", "iat": now, "exp": now + 120, "jti": "one", "sub": "alice",
        "events": { EVENT: {} },
    });
    for (name, value) in others.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn body(token: &str) -> String {
    params::encode([("logout_token", token)])
}

/// What the service hears of it: to whom it happened.
async fn tell(website: &Website, issuer: &Issuer, others: &Value) -> Result<Vec<String>, u16> {
    let token = issuer.sign(HeaderType::LogoutToken, &claims(website, issuer, others));
    hear(website, &body(&token)).await
}

async fn hear(website: &Website, body: &str) -> Result<Vec<String>, u16> {
    let events = website.client.logged_out("op", body.as_bytes()).await;
    let events = events.map_err(|error| error.status().as_u16())?;
    assert!(events.iter().all(|event| event.kind == EventKind::SessionsRevoked));
    Ok(events.iter().map(|event| event.person.subject().to_owned()).collect())
}

/// Somebody signs in, in this session at the provider.
async fn sign_in(website: &Website, issuer: &Issuer, subject: &str, sid: &'static str) -> Browser {
    issuer.edit_claims(move |claims| claims["sid"] = json!(sid));
    let (mut browser, _) = website.sign_in(issuer, subject).await.unwrap();
    if browser.cookies.keys().any(|name| name.ends_with("-code")) {
        browser.hand_over(&website.client).await.unwrap();
    }
    browser
}

async fn both_kinds() -> [(Website, Issuer); 2] {
    let tokens: Option<fn() -> ServiceTokens<_>> = Some(ServiceTokens::new);
    [Website::start().await, Website::start_with(Setup { tokens, ..Setup::default() }).await]
}

#[tokio::test]
async fn lo_06_a_session_or_all_of_a_person_end_in_every_process_and_nobody_elses() {
    for (website, issuer) in both_kinds().await {
        let other = website.second_process(&issuer).await;
        let is_in = async |browser: &Browser| browser.user(&website).await.is_some();
        let (here, there) = (
            sign_in(&website, &issuer, "alice", "s1").await,
            sign_in(&website, &issuer, "alice", "s2").await,
        );
        let bob = sign_in(&website, &issuer, "bob", "s3").await;
        let session = json!({ "sid": "s1", "jti": "a" });
        assert_eq!(tell(&other, &issuer, &session).await, Ok(vec!["alice".to_owned()]));
        assert!(!is_in(&here).await && is_in(&there).await && is_in(&bob).await);
        if here.access_token.is_some() {
            here.clone().renew(&website.client).await.unwrap_err();
            there.clone().renew(&website.client).await.unwrap();
        }
        // Unknown, or named together with somebody else: nothing to end, and nothing wrong.
        for (nobody, jti) in [(json!("s9"), "b"), (json!("s3"), "c")] {
            let told = tell(&other, &issuer, &json!({ "sid": nobody, "jti": jti })).await;
            assert_eq!(told, Ok(vec!["alice".to_owned()]));
        }
        let unknown = json!({ "sid": "s9", "sub": null, "jti": "b2" });
        assert_eq!(tell(&other, &issuer, &unknown).await, Ok(vec![]));
        assert!(is_in(&there).await && is_in(&bob).await);
        let alone = json!({ "sid": "s3", "sub": null, "jti": "d" });
        assert_eq!(tell(&other, &issuer, &alone).await, Ok(vec!["bob".to_owned()]));
        assert!(!is_in(&bob).await && is_in(&there).await);
        assert_eq!(tell(&other, &issuer, &json!({ "jti": "e" })).await, Ok(vec!["alice".to_owned()]));
        assert!(!is_in(&there).await);
    }
}

#[tokio::test]
async fn lo_05_a_token_that_is_forged_old_or_of_another_kind_ends_nothing() {
    let (website, issuer) = Website::start().await;
    let browser = sign_in(&website, &issuer, "alice", "s1").await;
    let now = website.clock.unix();
    for (what, others, refused) in [
        ("another issuer", json!({ "iss": "https://evil.example" }), 403),
        ("another client", json!({ "aud": "client-2" }), 403),
        ("for others, too", json!({ "aud": ["client-1", "client-2"] }), 403),
        ("no event", json!({ "events": {} }), 403),
        ("another event", json!({ "events": { "http://schemas.openid.net/event/other": {} } }), 403),
        ("a nonce", json!({ "nonce": "n" }), 403),
        ("nobody", json!({ "sub": null }), 403),
        ("no name", json!({ "jti": null }), 403),
        ("over", json!({ "exp": now - 61 }), 400),
        ("no end", json!({ "exp": null }), 403),
        ("old, and never over", json!({ "iat": now - 3_661, "exp": now + 9_999 }), 400),
        ("from the future", json!({ "iat": now + 61 }), 400),
    ] {
        assert_eq!(tell(&website, &issuer, &others).await, Err(refused), "{what}");
    }
    let good = claims(&website, &issuer, &json!({}));
    for kind in [HeaderType::AccessToken, HeaderType::SecurityEvent] {
        assert_eq!(hear(&website, &body(&issuer.sign(kind, &good))).await, Err(403), "{kind:?}");
    }
    let foreign =
        SigningKey::generate(Algorithm::Es256).unwrap().sign(HeaderType::LogoutToken, &good).unwrap();
    assert_eq!(hear(&website, &body(&foreign)).await, Err(403), "signed by somebody else");
    let own = issuer.sign(HeaderType::LogoutToken, &good);
    let payload = own.split('.').nth(1).unwrap();
    let none = mapae_protocol::base64url::encode(br#"{"alg":"none","typ":"logout+jwt"}"#);
    assert_eq!(hear(&website, &body(&format!("{none}.{payload}."))).await, Err(403), "unsigned");
    let id_token =
        json!({ "iss": issuer.url(), "aud": "client-1", "sub": "alice", "iat": now, "exp": now + 120 });
    assert_eq!(
        hear(&website, &body(&issuer.sign(HeaderType::Jwt, &id_token))).await,
        Err(403),
        "an ID token"
    );
    for malformed in ["", "logout_token=", "logout_token=a&logout_token=a", "token=a", "%ff"] {
        assert!(hear(&website, malformed).await.is_err(), "{malformed}");
    }
    assert!(browser.user(&website).await.is_some(), "LO-05: the session is kept");
    // A provider from before the final text does not say what kind of token it is.
    assert_eq!(
        hear(&website, &body(&issuer.sign(HeaderType::Jwt, &good))).await,
        Ok(vec!["alice".to_owned()])
    );
    assert!(browser.user(&website).await.is_none());
}

#[tokio::test]
async fn lo_05_a_token_works_once_on_any_number_of_processes() {
    let (website, issuer) = Website::start().await;
    let other = website.second_process(&issuer).await;
    sign_in(&website, &issuer, "alice", "s1").await;
    let token = issuer.sign(HeaderType::LogoutToken, &claims(&website, &issuer, &json!({})));
    assert_eq!(hear(&website, &body(&token)).await, Ok(vec!["alice".to_owned()]));
    website.clock.advance(1);
    let back = sign_in(&website, &issuer, "alice", "s2").await;
    for process in [&website, &other] {
        assert_eq!(hear(process, &body(&token)).await, Err(400), "it was here before");
    }
    assert!(back.user(&website).await.is_some());
}

/// What was half-way in when its session at the provider ended: a login, and a sign-up form.
#[tokio::test]
async fn lo_10_whoever_is_on_the_way_in_does_not_arrive() {
    for (website, issuer) in both_kinds().await {
        issuer.edit_claims(|claims| claims["sid"] = json!("s1"));
        let mut browser = Browser::default();
        let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
        let told = tell(&website, &issuer, &json!({ "sid": "s1", "sub": null })).await;
        assert_eq!(told, Ok(vec![]), "nobody is in yet");
        let refused = browser.come_back(&website, &query).await.unwrap_err();
        assert!(matches!(refused, Error::Callback(_)), "{refused:?}");
        assert!(browser.user(&website).await.is_none());
        sign_in(&website, &issuer, "alice", "s2").await;
    }
    let sign_up = vec![Field::required("nickname")];
    let (website, issuer) = Website::start_with(Setup { sign_up, ..Setup::default() }).await;
    for (sid, others) in [
        ("s1", json!({ "sid": "s1", "jti": "a" })),
        ("s2", json!({ "sid": "s2", "sub": null, "jti": "b" })),
        ("s3", json!({ "jti": "c" })),
    ] {
        let mut waiting = sign_in(&website, &issuer, "alice", sid).await;
        tell(&website, &issuer, &others).await.unwrap();
        waiting.sign_up(&website, "nickname=a").await.unwrap_err();
        assert!(waiting.user(&website).await.is_none(), "{others}");
    }
}

#[tokio::test]
async fn lo_05_the_route_says_yes_or_no_and_is_never_cached() {
    let (website, issuer) = Website::start().await;
    let app = Router::new().merge(routes(&website.client)).with_state(website.client.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let uri = website.client.back_channel_logout_uri("op");
    assert_eq!(uri, "http://localhost:3000/login/backchannel-logout/op");
    let browser = sign_in(&website, &issuer, "alice", "s1").await;
    let token = issuer.sign(HeaderType::LogoutToken, &claims(&website, &issuer, &json!({ "sid": "s1" })));
    let form = "application/x-www-form-urlencoded";
    for (path, kind, body, status) in [
        ("op", "text/plain", body(&token), StatusCode::BAD_REQUEST),
        ("op", form, body("a.b.c"), StatusCode::BAD_REQUEST),
        ("nobody", form, body(&token), StatusCode::NOT_FOUND),
        ("op", form, body(&token), StatusCode::OK),
        ("op", form, body(&token), StatusCode::BAD_REQUEST),
    ] {
        let address = format!("{base}/login/backchannel-logout/{path}");
        let request = http_client().post(address).header(header::CONTENT_TYPE, kind).body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path} {kind}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        if status == StatusCode::BAD_REQUEST {
            assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "error": "invalid_request" }));
        }
    }
    assert!(browser.user(&website).await.is_none());
    website.users.deaf.store(true, Ordering::SeqCst);
    let token = issuer.sign(HeaderType::LogoutToken, &claims(&website, &issuer, &json!({ "jti": "two" })));
    let request = http_client().post(format!("{base}/login/backchannel-logout/op"));
    let answer = request.header(header::CONTENT_TYPE, form).body(body(&token)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "it may be repeated");
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "error": "temporarily_unavailable" }));
}

/// Without a session, the token says that everything has ended: also what was on the way.
#[tokio::test]
async fn lo_06_lo_10_everything_of_a_person_that_began_before_ends_on_its_way() {
    let form = || vec![Field::required("nickname")];
    for sign_up in [Vec::new(), form()] {
        let (website, issuer) = Website::start_with(Setup { sign_up, ..Setup::default() }).await;
        let (mut before, mut bob) = (Browser::default(), Browser::default());
        let query = before.go_to_provider(&website, &issuer, "alice").await.unwrap();
        let bobs = bob.go_to_provider(&website, &issuer, "bob").await.unwrap();
        website.clock.advance(30);
        assert_eq!(tell(&website, &issuer, &json!({})).await, Ok(vec!["alice".to_owned()]));
        website.clock.advance(1);
        let mut after = Browser::default();
        let later = after.go_to_provider(&website, &issuer, "alice").await.unwrap();
        website.clock.advance(500);
        let mut arrivals = Vec::new();
        for (browser, query) in [(&mut before, query), (&mut bob, bobs), (&mut after, later)] {
            let mut arrived = browser.come_back(&website, &query).await.map(drop);
            if arrived.is_ok() && browser.user(&website).await.is_none() {
                arrived = browser.sign_up(&website, "nickname=a").await.map(drop);
            }
            assert_eq!(arrived.is_ok(), browser.user(&website).await.is_some(), "{arrived:?}");
            arrivals.push(arrived.is_ok());
        }
        assert_eq!(arrivals, [false, true, true]);
    }
}

#[tokio::test]
async fn lo_06_a_session_that_names_none_at_the_provider_ends_with_any_of_its_person() {
    let (website, issuer) = Website::start().await;
    let (unnamed, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (bob, _) = website.sign_in(&issuer, "bob").await.unwrap();
    let named = sign_in(&website, &issuer, "alice", "s1").await;
    tell(&website, &issuer, &json!({ "sid": "s9" })).await.unwrap();
    assert!(unnamed.user(&website).await.is_none());
    assert!(named.user(&website).await.is_some() && bob.user(&website).await.is_some());
}

#[tokio::test]
async fn lo_05_lo_06_what_the_application_could_not_hear_is_told_again() {
    for (website, issuer) in both_kinds().await {
        let cases =
            [json!({ "jti": "a" }), json!({ "sid": "s", "jti": "b" }), json!({ "sid": "t", "sub": null })];
        for (others, sid) in cases.into_iter().zip(["r", "s", "t"]) {
            website.clock.advance(1);
            let browser = sign_in(&website, &issuer, "alice", sid).await;
            let token = issuer.sign(HeaderType::LogoutToken, &claims(&website, &issuer, &others));
            website.users.deaf.store(true, Ordering::SeqCst);
            assert_eq!(hear(&website, &body(&token)).await, Err(503), "{others}");
            assert!(browser.user(&website).await.is_none(), "{others}: it has ended all the same");
            website.users.deaf.store(false, Ordering::SeqCst);
            website.clock.advance(600);
            sign_in(&website, &issuer, "bob", "another").await;
            // Of ten copies at once, one is heard.
            let other = website.second_process(&issuer).await;
            let token = issuer.sign(HeaderType::LogoutToken, &claims(&website, &issuer, &others));
            let body = body(&token);
            let copies = (0..10).map(|n| hear([&website, &other][n % 2], &body));
            let heard = futures_util::future::join_all(copies).await;
            let told: Vec<_> = heard.iter().filter_map(|heard| heard.as_ref().ok()).collect();
            assert_eq!(told, [&vec!["alice".to_owned()]], "{others} {heard:?}");
            assert!(heard.iter().filter_map(|heard| heard.as_ref().err()).all(|status| *status == 400));
        }
    }
}

#[tokio::test]
async fn lo_05_what_cannot_be_judged_ends_nothing_and_works_later() {
    let (website, issuer) = Website::start().await;
    let browser = sign_in(&website, &issuer, "alice", "s1").await;
    issuer.rotate_key();
    let token = issuer.sign(HeaderType::LogoutToken, &claims(&website, &issuer, &json!({})));
    issuer.reply("/jwks", Reply::Broken);
    assert_eq!(hear(&website, &body(&token)).await, Err(503));
    assert!(browser.user(&website).await.is_some());
    issuer.obey();
    website.clock.advance(31);
    assert_eq!(hear(&website, &body(&token)).await, Ok(vec!["alice".to_owned()]));
}
