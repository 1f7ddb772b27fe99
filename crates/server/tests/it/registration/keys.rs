//! Keys and secrets with which apps sign — RFC 7591 §2, OIDC Core §10.1, §10.1.1.

use futures_util::future::join_all;
use mapae_protocol::{
    jose::{Algorithm, HeaderType, SharedKey, SigningKey},
    secret::Secret,
    time::Seconds,
};
use mapae_testkit::{Answer, AppFixture, Authorization, Browser, Engine, TestServer};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{REDIRECT_URI, Registered, register, registered, server, site::Site};
use crate::protocol::client_assertions::{good, key_set, present};

/// A server to develop against: what apps name may be on this machine.
pub(super) async fn at_a_desk(engine: Engine) -> TestServer {
    let settings = [
        ("REGISTRATION__POLICY", "open"),
        ("REGISTRATION__CLIENT_DOCUMENTS", "true"),
        ("REGISTRATION__SECRET_SECONDS", "7200"),
        ("FETCH__PRIVATE_ADDRESSES", "true"),
    ];
    server(engine, &settings).await
}

pub(super) fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

/// Whether the app is known by this assertion: what is asked about is no token.
pub(super) async fn knows(server: &TestServer, app: &AppFixture, key: &SigningKey) -> bool {
    is_known(&answers(server, app, key).await)
}

/// What the app is told that asks about no token.
pub(super) async fn answers(server: &TestServer, app: &AppFixture, key: &SigningKey) -> Answer {
    let assertion = key.sign(HeaderType::ClientAssertion, &good(server, app)).unwrap();
    present(server, "/introspect", &assertion, &[("token", "x")]).await
}

/// Nobody knows now whether it is the app, and it is told so.
pub(super) fn cannot_tell(answer: &Answer) -> bool {
    (answer.status.as_u16(), answer.error()) == (503, "temporarily_unavailable")
        && answer.headers["retry-after"] == "60"
}

fn is_known(answer: &Answer) -> bool {
    match answer.status.as_u16() {
        200 => true,
        401 => false,
        other => panic!("{other} {}", answer.json),
    }
}

pub(super) async fn of_keys_at(server: &TestServer, address: &str) -> AppFixture {
    let more = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": address });
    let app = registered(server, more).await;
    assert!(app.told.get("client_secret").is_none(), "it has nothing to send: {}", app.told);
    app.app
}

#[tokio::test]
async fn dc_04_keys_at_an_address_are_fetched_once_and_again_when_one_is_new() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let (first, second) = (key(), key());
    let app = of_keys_at(&server, &site.put_json("/keys", &key_set(&[&first]))).await;
    assert_eq!(site.asked(), Vec::<String>::new(), "nothing is fetched before it is needed");
    let all = join_all((0..8).map(|_| knows(&server, &app, &first))).await;
    assert!(all.into_iter().all(|known| known), "who comes at the same time waits for the one fetch");
    assert_eq!(site.asked(), ["/keys"]);
    site.put_json("/keys", &key_set(&[&first, &second]));
    server.advance(Seconds::seconds(29));
    assert!(!knows(&server, &app, &second).await, "anybody can name a key");
    assert_eq!(site.asked(), Vec::<String>::new());
    server.advance(Seconds::seconds(1));
    assert!(knows(&server, &app, &second).await && knows(&server, &app, &first).await);
    assert_eq!(site.asked(), ["/keys"], "once for the new one");
    site.put_json("/keys", &key_set(&[&second]));
    server.advance(Seconds::minutes(10));
    assert!(!knows(&server, &app, &first).await, "a key that is taken away is soon over");
    assert!(knows(&server, &app, &second).await);
    assert_eq!(site.asked(), ["/keys"]);
}

#[tokio::test]
async fn dc_04_a_site_that_does_not_answer_takes_the_keys_with_it_after_a_day() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let key = key();
    let app = of_keys_at(&server, &site.put_json("/keys", &key_set(&[&key]))).await;
    assert!(knows(&server, &app, &key).await);
    site.remove("/keys");
    server.advance(Seconds::hours(1));
    assert!(knows(&server, &app, &key).await, "the app goes on");
    server.advance(Seconds::hours(23));
    assert!(cannot_tell(&answers(&server, &app, &key).await), "not that it is none");
}

#[tokio::test]
async fn dc_04_a_stalled_or_hostile_address_costs_only_its_app() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let key = key();
    let stalled = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nowhere = format!("http://{}/keys", stalled.local_addr().unwrap());
    let stalls = of_keys_at(&server, &nowhere).await;
    let works = of_keys_at(&server, &site.put_json("/keys", &key_set(&[&key]))).await;
    let waiting = join_all((0..8).map(|_| answers(&server, &stalls, &key)));
    let others = async {
        for _ in 0..8 {
            assert!(knows(&server, &works, &key).await);
        }
    };
    let (waiting, ()) = tokio::join!(waiting, others);
    assert!(waiting.iter().all(cannot_tell));
    let many: Vec<SigningKey> = (0..65).map(|_| self::key()).collect();
    for (path, body) in [
        ("/many", key_set(&many.iter().chain([&key]).collect::<Vec<_>>()).to_string()),
        ("/long", format!("{}{}", " ".repeat(65 * 1024), key_set(&[&key]))),
        ("/twice", format!(r#"{{"keys":[],{}"#, &key_set(&[&key]).to_string()[1..])),
        ("/page", "<html>".to_owned()),
    ] {
        let app = of_keys_at(&server, &site.put_as_json(path, &body)).await;
        assert!(cannot_tell(&answers(&server, &app, &key).await), "{path}");
    }
    let secret = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] });
    let app = of_keys_at(&server, &site.put_json("/secret", &secret)).await;
    assert!(!knows(&server, &app, &key).await, "it has keys, and none of them counts");
    assert!(knows(&server, &works, &key).await);
}

#[tokio::test]
async fn dc_04_who_goes_away_while_keys_are_fetched_leaves_them_to_the_others() {
    let server = at_a_desk(Engine::Sqlite).await;
    let key = key();
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = of_keys_at(&server, &format!("http://{}/keys", slow.local_addr().unwrap())).await;
    let mut leaving = Box::pin(knows(&server, &app, &key));
    let mut asked = tokio::select! {
        _ = &mut leaving => panic!("nothing is answered yet"),
        asked = slow.accept() => asked.unwrap().0,
    };
    drop(leaving);
    let staying = async { assert!(knows(&server, &app, &key).await) };
    let serving = async {
        let body = key_set(&[&key]).to_string();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        assert_ne!(asked.read(&mut [0; 4096]).await.unwrap(), 0);
        asked.write_all(answer.as_bytes()).await.unwrap();
    };
    tokio::join!(staying, serving);
}

#[tokio::test]
async fn to_11_an_app_that_nobody_has_checked_is_throttled_by_its_assertions() {
    let server = at_a_desk(Engine::Sqlite).await;
    let app = registered(&server, json!({ "token_endpoint_auth_method": "client_secret_jwt" })).await.app;
    let secret = app.client_secret.clone().unwrap();
    for _ in 0..600 {
        assert!(knows_by(&server, &app, &secret).await);
    }
    let more = present(&server, "/introspect", &signed(&secret, &server, &app), &[("token", "x")]).await;
    assert_eq!((more.status.as_u16(), more.error()), (429, "temporarily_unavailable"));
    let wrong =
        present(&server, "/introspect", &signed(&"x".repeat(43), &server, &app), &[("token", "x")]).await;
    assert_eq!(wrong.status, 401, "who cannot sign costs nothing and is not told");
    server.advance(Seconds::seconds(1));
    assert!(knows_by(&server, &app, &secret).await);
}

#[tokio::test]
async fn dc_04_keys_at_private_addresses_are_not_asked_for() {
    let server = server(Engine::Sqlite, &[("REGISTRATION__POLICY", "open")]).await;
    let site = Site::start().await;
    let key = key();
    let here = site.put_json("/keys", &key_set(&[&key])).replace("http://", "https://");
    for address in [here.as_str(), "https://169.254.169.254/keys", "https://[::ffff:10.0.0.1]/keys"] {
        let app = of_keys_at(&server, address).await;
        assert!(cannot_tell(&answers(&server, &app, &key).await), "{address}");
    }
    assert_eq!(site.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn dc_11_an_app_that_is_an_address_proves_itself_by_its_key() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let key = key();
        let id = site.at("/app.json");
        let said = json!({
            "client_id": id, "client_name": "도우미", "redirect_uris": ["http://localhost/cb"],
            "grant_types": ["authorization_code"], "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": site.put_json("/keys", &key_set(&[&key])),
        });
        site.put_json("/app.json", &said);
        let app =
            AppFixture { client_id: id, client_secret: None, redirect_uri: "http://localhost/cb".to_owned() };
        let authorization = Authorization::of(&app, "openid email");
        let form: Vec<_> = authorization
            .parameters
            .iter()
            .filter(|(name, _)| name != "client_id")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let fresh = || key.sign(HeaderType::Jwt, &good(&server, &app)).unwrap();
        let pushed = present(&server, "/par", &fresh(), &form).await;
        assert_eq!(pushed.status, 201, "before anybody was sent by it: {}", pushed.json);
        let user = server.user("hong@example.com").await;
        let code = server.code(&Browser::default(), &user, &authorization).await;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", app.redirect_uri.as_str()),
            ("code_verifier", authorization.verifier.as_str()),
        ];
        let unproven = [&redeem[..], &[("client_id", app.client_id.as_str())]].concat();
        assert_eq!(server.post("/token", None, &unproven).await.error(), "invalid_client");
        let tokens = present(&server, "/token", &fresh(), &redeem).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
    }
}

fn signed(secret: &str, server: &TestServer, app: &AppFixture) -> String {
    let key = SharedKey::new(&Secret::new(secret.to_owned())).unwrap();
    key.sign(HeaderType::Jwt, &good(server, app)).unwrap()
}

async fn knows_by(server: &TestServer, app: &AppFixture, secret: &str) -> bool {
    is_known(&present(server, "/introspect", &signed(secret, server, app), &[("token", "x")]).await)
}

#[tokio::test]
async fn to_09_jo_19_a_secret_signs_while_it_is_good_and_is_never_sent() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let app = registered(&server, json!({ "token_endpoint_auth_method": "client_secret_jwt" })).await;
        let first = app.app.client_secret.clone().unwrap();
        assert!(knows_by(&server, &app.app, &first).await);
        assert!(!knows_by(&server, &app.app, &"x".repeat(43)).await);
        let node = server.second_node().await;
        assert!(knows_by(&node, &app.app, &first).await, "the other node has the same master key");
        let sent = [("token", "x"), ("client_id", &app.app.client_id), ("client_secret", &first)];
        assert_eq!(server.post("/introspect", None, &sent).await.status, 401);
        let basic = Some((app.app.client_id.as_str(), first.as_str()));
        assert_eq!(server.post("/introspect", basic, &[("token", "x")]).await.status, 401);
        server.advance(Seconds::minutes(61));
        let renewed = Registered::of(&app.update(&app.same()).await);
        let second = renewed.app.client_secret.clone().unwrap();
        assert!(knows_by(&server, &app.app, &first).await && knows_by(&server, &app.app, &second).await);
        server.advance(Seconds::minutes(59));
        assert!(!knows_by(&server, &app.app, &first).await, "its time is over");
        assert!(knows_by(&server, &app.app, &second).await);
        let stored = mapae::store::apps::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
        for kept in &stored.secrets {
            let sealed = kept.sealed.as_ref().unwrap().expose();
            assert!(!sealed.contains(&first) && !sealed.contains(&second), "only wrapped");
        }
    }
}

#[tokio::test]
async fn to_09_a_secret_that_was_sent_does_not_begin_to_sign() {
    let server = at_a_desk(Engine::Sqlite).await;
    let app = registered(&server, json!({})).await;
    let sent = app.app.client_secret.clone().unwrap();
    let changed = app.update(&app.with("token_endpoint_auth_method", json!("client_secret_jwt"))).await;
    let signing = changed.text("client_secret");
    assert_ne!(signing, sent, "it is renewed, because only its digest is known");
    assert!(knows_by(&server, &app.app, &signing).await && !knows_by(&server, &app.app, &sent).await);
    let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key_set(&[&key()]) });
    let mut said = app.same();
    said.as_object_mut().unwrap().extend(keyed.as_object().unwrap().clone());
    let keyed = app.update(&said).await;
    assert_eq!((keyed.status.as_u16(), keyed.json.get("client_secret")), (200, None), "{}", keyed.json);
    let stored = mapae::store::apps::find(server.app().db(), &app.app.client_id).await.unwrap().unwrap();
    assert!(stored.secrets.is_empty(), "what is not needed is not kept");
}

#[tokio::test]
async fn jo_19_dc_09_ways_to_sign_that_do_not_fit_are_refused_at_registration() {
    let server = at_a_desk(Engine::Sqlite).await;
    let jwks = key_set(&[&key()]);
    let with = |method: &str, alg: Value, jwks: &Value| {
        json!({
            "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": method,
            "token_endpoint_auth_signing_alg": alg, "jwks": jwks,
        })
    };
    for (method, alg, jwks) in [
        ("private_key_jwt", Value::Null, &Value::Null),
        ("private_key_jwt", json!("HS256"), &jwks),
        ("private_key_jwt", json!("none"), &jwks),
        ("client_secret_jwt", json!("ES256"), &Value::Null),
        ("client_secret_jwt", json!("HS384"), &Value::Null),
        ("client_secret_jwt", json!("HS512"), &Value::Null),
        ("private_key_jwt", Value::Null, &json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] })),
    ] {
        let answer = register(&server, &with(method, alg.clone(), jwks)).await;
        assert_eq!(answer.error(), "invalid_client_metadata", "{method} {alg} {}", answer.json);
    }
    for (method, alg, jwks) in
        [("private_key_jwt", json!("ES256"), &jwks), ("client_secret_jwt", json!("HS256"), &Value::Null)]
    {
        let answer = register(&server, &with(method, alg.clone(), jwks)).await;
        assert_eq!((answer.status.as_u16(), &answer.json["token_endpoint_auth_signing_alg"]), (201, &alg));
        assert_eq!(answer.json["token_endpoint_auth_method"], method);
    }
}
