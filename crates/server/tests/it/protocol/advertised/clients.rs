//! How apps prove who they are, and what they may ask the token endpoint for.

use mapae_protocol::{
    base64url,
    client_assertion::ASSERTION_TYPE,
    jose::{Algorithm, HeaderType, SharedKey, SigningKey},
    secret::Secret,
};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser};
use serde_json::{Value, json};

use super::{
    super::{
        client_assertions::{Signer, good, key_set, present},
        device, sign_in_as,
        token_exchange::{exchange, service},
    },
    World,
};

pub(super) async fn grant_types(world: &World, values: &[&str]) {
    let server = &world.server;
    for value in values {
        let tokens = match *value {
            "authorization_code" => sign_in_as(server, &world.app, &world.user, "openid").await,
            "refresh_token" => {
                let tokens = sign_in_as(server, &world.app, &world.user, "openid").await;
                server.refresh(&world.app, &tokens.text("refresh_token")).await
            }
            "client_credentials" => {
                let spec = AppSpec {
                    redirect_uris: Vec::new(),
                    grant_types: (*value).to_owned(),
                    required: vec!["calendar.read".to_owned()],
                    optional: Vec::new(),
                    ..AppSpec::default()
                };
                let machine = server.register(spec).await;
                server.token(&machine, &[("grant_type", value)]).await
            }
            "urn:ietf:params:oauth:grant-type:device_code" => {
                let app = server.register(device::television()).await;
                let waiting = device::begin(server, &app, "openid").await;
                waiting.allow(server, &Browser::default(), &world.user).await;
                waiting.poll(server).await
            }
            "urn:ietf:params:oauth:grant-type:token-exchange" => {
                let subject = sign_in_as(server, &world.app, &world.user, "openid calendar.read").await;
                let service = service(server, &world.api, &["calendar.read"]).await;
                let audience = [("audience", world.api.identifier.as_str())];
                exchange(server, &service, &subject.text("access_token"), &audience).await
            }
            other => panic!("{other} is advertised, and nobody has said how it is used"),
        };
        assert_eq!(tokens.status, 200, "{value}: {}", tokens.json);
        assert!(!tokens.text("access_token").is_empty(), "{value}");
    }
    for value in ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", ""] {
        let refused = server.token(&world.app, &[("grant_type", value)]).await;
        let error = if value.is_empty() { "invalid_request" } else { "unsupported_grant_type" };
        assert_eq!((refused.status.as_u16(), refused.error()), (400, error), "{value}");
    }
}

/// A form that an app which proves itself may send to this endpoint, and what comes of it then.
fn form(path: &str) -> (Vec<(&'static str, &'static str)>, u16, &'static str) {
    match path {
        "/token" => (vec![("grant_type", "authorization_code"), ("code", "x")], 400, "invalid_grant"),
        _ => (vec![("token", "x")], 200, ""),
    }
}

fn is_let_in(path: &str, answer: &Answer) -> bool {
    let (_, status, error) = form(path);
    (answer.status.as_u16(), answer.error()) == (status, error)
}

fn is_refused(answer: &Answer) -> bool {
    (answer.status.as_u16(), answer.error()) == (401, "invalid_client")
}

pub(super) async fn methods(world: &World, path: &str, values: &[&str]) {
    let (server, form) = (&world.server, form(path).0);
    for value in values {
        let answer = match *value {
            "client_secret_basic" | "client_secret_post" => {
                let app = world.registered(json!({ "token_endpoint_auth_method": value })).await;
                let secret = app.client_secret.as_deref().unwrap();
                let post = [("client_id", app.client_id.as_str()), ("client_secret", secret)];
                let by_header = server.post(path, Some((&app.client_id, secret)), &form).await;
                let by_form = server.post(path, None, &[&form[..], &post].concat()).await;
                let (right, wrong) =
                    if value.ends_with("basic") { (by_header, by_form) } else { (by_form, by_header) };
                assert!(is_refused(&wrong), "{path} {value}: the other way is not registered");
                right
            }
            "client_secret_jwt" => {
                let app = world.registered(json!({ "token_endpoint_auth_method": value })).await;
                let key = SharedKey::new(&Secret::new(app.client_secret.clone().unwrap())).unwrap();
                let assertion = key.sign(HeaderType::Jwt, &good(server, &app)).unwrap();
                present(server, path, &assertion, &form).await
            }
            "private_key_jwt" => {
                let signer = Signer::register(server, Algorithm::Es256, AppSpec::default()).await;
                present(server, path, &signer.fresh(server), &form).await
            }
            "none" => {
                let app = server.register(AppSpec { public: true, ..AppSpec::default() }).await;
                server.post(path, None, &[&form[..], &[("client_id", app.client_id.as_str())]].concat()).await
            }
            other => panic!("{other} is advertised, and nobody has said how it is used"),
        };
        assert!(is_let_in(path, &answer), "{path} {value}: {} {}", answer.status, answer.json);
    }
    if !values.contains(&"none") {
        let app = server.register(AppSpec { public: true, ..AppSpec::default() }).await;
        let named = [&form[..], &[("client_id", app.client_id.as_str())]].concat();
        assert!(is_refused(&server.post(path, None, &named).await), "{path} none");
    }
    let unknown = ["tls_client_auth", "self_signed_tls_client_auth", "attest_jwt_client_auth", ""];
    world.cannot_register("token_endpoint_auth_method", &unknown).await;
    let nobody = server.post(path, None, &form).await;
    assert!(is_refused(&nobody) || nobody.error() == "invalid_request", "{path}: {}", nobody.json);
}

pub(super) async fn assertions(world: &World, path: &str, values: &[&str]) {
    let (server, form) = (&world.server, form(path).0);
    for value in values {
        let assertion = match Algorithm::parse(value) {
            Some(algorithm) => {
                let signer = Signer::register(server, algorithm, AppSpec::default()).await;
                signer.fresh(server)
            }
            None => {
                assert_eq!(*value, "HS256", "{value} is advertised, and nobody has said how it is used");
                let more = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
                let app = world.registered(more).await;
                let key = SharedKey::new(&Secret::new(app.client_secret.clone().unwrap())).unwrap();
                key.sign(HeaderType::Jwt, &good(server, &app)).unwrap()
            }
        };
        let answer = present(server, path, &assertion, &form).await;
        assert!(is_let_in(path, &answer), "{path} {value}: {} {}", answer.status, answer.json);
    }
    let signer = Signer::register(server, Algorithm::Es256, AppSpec::default()).await;
    for name in ["none", "RS512", "HS512", "ES384"] {
        let answer = present(server, path, &claiming(name, &good(server, &signer.app)), &form).await;
        assert!(is_refused(&answer), "{path} {name}");
    }
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let more = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key_set(&[&key]) });
    for name in ["none", "RS512", "HS512", "ES384"] {
        let mut more = more.clone();
        more["token_endpoint_auth_signing_alg"] = json!(name);
        assert_eq!(world.register(more).await.error(), "invalid_client_metadata", "{name}");
    }
}

/// A token that claims to be signed by this algorithm.
pub(super) fn claiming(algorithm: &str, claims: &Value) -> String {
    let header = base64url::encode(json!({ "alg": algorithm, "typ": "JWT" }).to_string());
    let signature = if algorithm == "none" { String::new() } else { base64url::encode([7; 64]) };
    format!("{header}.{}.{signature}", base64url::encode(claims.to_string()))
}

/// The credential of an app that signs, for a form.
pub(super) fn credential(assertion: &str) -> [(&str, &str); 2] {
    [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)]
}

/// The form with which an app redeems a code.
pub(super) fn redemption<'a>(
    app: &'a AppFixture,
    code: &'a str,
    asked: &'a Authorization,
) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &asked.verifier),
    ]
}
