//! Request objects — RFC 9101, OIDC Core §6.

use std::collections::BTreeMap;

use mapae::store::apps;
use mapae_protocol::{
    base64url,
    jose::{Algorithm, HeaderType, SharedKey, SigningKey},
    params,
    secret::Secret,
};
use mapae_testkit::{AppSpec, Authorization, Browser, Engine, Page, TestServer};
use serde_json::{Map, Value, json};

use super::{
    claims,
    client_assertions::{Signer, key_set, present},
    to_consent,
};

/// The claims of an object that is this request, good for a minute.
pub(crate) fn object(server: &TestServer, authorization: &Authorization) -> Value {
    let parameters = authorization.parameters.iter();
    let mut claims: Map<String, Value> =
        parameters.map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    claims.insert("iss".to_owned(), claims["client_id"].clone());
    claims.insert("aud".to_owned(), json!(server.issuer()));
    claims.insert("exp".to_owned(), json!(server.now().unix() + 60));
    Value::Object(claims)
}

fn changed(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

/// The address of a request with these parameters.
pub(crate) fn address(server: &TestServer, parameters: &[(&str, &str)]) -> String {
    server.at(&format!("/authorize?{}", params::encode(parameters.iter().copied())))
}

pub(crate) async fn begin(server: &TestServer, parameters: &[(&str, &str)]) -> Page {
    Browser::default().visit(&address(server, parameters)).await
}

fn is_page(page: &Page) -> bool {
    page.status == 400 && page.location().is_none()
}

/// An app of the usual kind that has registered a key and these members besides.
async fn app(server: &TestServer, more: &[(&str, Value)]) -> Signer {
    let metadata: BTreeMap<String, Value> =
        more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Signer::register(server, Algorithm::Es256, AppSpec { metadata, ..AppSpec::default() }).await
}

/// RFC 9101 §6.
#[tokio::test]
async fn pa_11_only_what_the_app_has_signed_counts() {
    let server = TestServer::start().await;
    let signer = app(&server, &[]).await;
    let user = server.user("hong@example.com").await;
    let asked =
        Authorization::of(&signer.app, "openid email").with("state", "서명된 것").with("nonce", "signed");
    let object = signer.key.sign(HeaderType::RequestObject, &object(&server, &asked)).unwrap();
    let browser = Browser::default();
    let beside = [
        ("client_id", signer.app.client_id.as_str()),
        ("request", &object),
        ("scope", "openid profile"),
        ("state", "unsigned"),
        ("nonce", "unsigned"),
        ("redirect_uri", "https://evil.example/cb"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("prompt", "none"),
        ("response_mode", "form_post"),
        ("claims", "{}"),
    ];
    let sign_in = browser.visit(&address(&server, &beside)).await;
    assert!(sign_in.has("login-submit"), "{}", sign_in.body);
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    let answered = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    assert_eq!(answered.answered("state").as_deref(), Some("서명된 것"));
    let code = answered.answered("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", &signer.app.redirect_uri),
        ("code_verifier", &asked.verifier),
    ];
    let tokens = present(&server, "/token", &signer.fresh(&server), &form).await;
    assert_eq!(
        (tokens.status.as_u16(), tokens.text("scope").as_str()),
        (200, "email openid"),
        "{}",
        tokens.json
    );
    assert_eq!(claims(&tokens.text("id_token"))["nonce"], "signed");
    let stranger = [("client_id", "app_other"), ("request", object.as_str())];
    assert!(is_page(&begin(&server, &stranger).await));
    let nobody = [("request", object.as_str())];
    assert!(is_page(&begin(&server, &nobody).await), "who asks stands outside, too");
}

#[tokio::test]
async fn pa_10_jo_16_an_object_that_is_wrong_is_told_to_the_app_and_leads_nowhere_else() {
    let server = TestServer::start().await;
    let signer = app(&server, &[]).await;
    let other = app(&server, &[]).await;
    let asked = Authorization::of(&signer.app, "openid");
    let good = object(&server, &asked);
    let (now, key) = (server.now().unix(), &signer.key);
    let sign = |claims: Value| key.sign(HeaderType::RequestObject, &claims).unwrap();
    let with = |name: &str, value: Value| sign(changed(good.clone(), name, value));
    let payload = base64url::encode(good.to_string());
    let public = serde_json::to_string(key.public_jwk()).unwrap();
    let confused = SharedKey::new(&Secret::new(public)).unwrap();
    let inner = format!("{}.{payload}.", base64url::encode(r#"{"alg":"none"}"#));
    for object in [
        other.key.sign(HeaderType::RequestObject, &good).unwrap(),
        confused.sign(HeaderType::RequestObject, &good).unwrap(),
        key.sign(HeaderType::ClientAssertion, &good).unwrap(),
        key.sign(HeaderType::AccessToken, &good).unwrap(),
        sign(Value::from(inner.as_str())),
        inner.clone(),
        format!("{}.AA.AA.AA.AA", base64url::encode(r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#)),
        "x".to_owned(),
        with("client_id", json!(other.app.client_id)),
        with("client_id", Value::Null),
        with("iss", json!(other.app.client_id)),
        with("aud", json!("https://evil.example")),
        with("exp", json!(now - 300)),
        with("exp", json!("soon")),
        with("nbf", json!(now + 61)),
        with("sub", json!(signer.app.client_id)),
        with("state", json!([["x"]])),
    ] {
        let outside = [
            ("client_id", signer.app.client_id.as_str()),
            ("redirect_uri", &signer.app.redirect_uri),
            ("scope", "openid"),
            ("state", "outside"),
            ("request", &object),
        ];
        let page = begin(&server, &outside).await;
        assert_eq!(page.answered("error").as_deref(), Some("invalid_request_object"), "{object}");
        assert_eq!(page.answered("state").as_deref(), Some("outside"));
        let mut elsewhere = outside;
        elsewhere[1].1 = "https://evil.example/cb";
        assert!(is_page(&begin(&server, &elsewhere).await), "{object}");
    }
    for name in ["redirect_uri", "response_type"] {
        let wrong = with(name, json!("https://evil.example/cb"));
        let page = begin(&server, &[("client_id", &signer.app.client_id), ("request", &wrong)]).await;
        let elsewhere = name == "redirect_uri";
        assert_eq!(is_page(&page), elsewhere, "{name}: a target inside is judged like any other");
    }
}

#[tokio::test]
async fn pa_12_pa_13_two_objects_nested_ones_and_addresses_that_nobody_registered() {
    let server = TestServer::start().await;
    let signer = app(&server, &[]).await;
    let registered = app(&server, &[("request_uris", json!(["https://a.example/r"]))]).await;
    let asked = Authorization::of(&signer.app, "openid");
    let good = object(&server, &asked);
    let sign = |claims: &Value| signer.key.sign(HeaderType::RequestObject, claims).unwrap();
    let (whole, uri) = (sign(&good), "https://app.example.com/r");
    let nested = sign(&changed(good.clone(), "request", json!(whole)));
    let nested_uri = sign(&changed(good, "request_uri", json!(uri)));
    let to = |signer: &Signer, more: Vec<(&'static str, String)>, expected: &'static str| {
        let (id, redirect) = (signer.app.client_id.clone(), signer.app.redirect_uri.clone());
        let server = &server;
        async move {
            let mut all = vec![("client_id", id.as_str()), ("redirect_uri", redirect.as_str())];
            all.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
            assert_eq!(begin(server, &all).await.answered("error").as_deref(), Some(expected), "{more:?}");
        }
    };
    to(&signer, vec![("request", whole.clone()), ("request_uri", uri.to_owned())], "invalid_request").await;
    to(&signer, vec![("request", whole.clone()), ("request", whole.clone())], "invalid_request").await;
    to(&signer, vec![("request", nested)], "invalid_request_object").await;
    to(&signer, vec![("request", nested_uri)], "invalid_request_object").await;
    to(&signer, vec![("request_uri", uri.to_owned())], "request_uri_not_supported").await;
    for other in
        ["https://a.example/r?", "https://a.example/R", "https://a.example/r#x", "https://169.254.169.254/"]
    {
        to(&registered, vec![("request_uri", other.to_owned())], "invalid_request_uri").await;
    }
    let keyless = server.register(AppSpec::default()).await;
    let parameters = [
        ("client_id", keyless.client_id.as_str()),
        ("redirect_uri", &keyless.redirect_uri),
        ("request", &whole),
    ];
    let page = begin(&server, &parameters).await;
    assert_eq!(page.answered("error").as_deref(), Some("request_not_supported"));
}

/// RFC 9101 §10.5.
#[tokio::test]
async fn rfc9101_10_5_an_app_that_signs_its_requests_is_asked_for_nothing_else() {
    let server = TestServer::start().await;
    let more =
        [("require_signed_request_object", json!(true)), ("request_object_signing_alg", json!("ES256"))];
    let signer = app(&server, &more).await;
    let asked = Authorization::of(&signer.app, "openid");
    assert!(is_page(&Browser::default().visit(&asked.address(&server)).await));
    let form: Vec<_> = asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = present(&server, "/par", &signer.fresh(&server), &form).await;
    assert_eq!((pushed.status.as_u16(), pushed.error()), (400, "invalid_request"));
    let object = signer.key.sign(HeaderType::Jwt, &object(&server, &asked)).unwrap();
    let page = begin(&server, &[("client_id", &signer.app.client_id), ("request", &object)]).await;
    assert!(page.has("login-submit"), "{}", page.body);
    let only = [("request_object_signing_alg", json!("RS256"))];
    let bound = app(&server, &only).await;
    let asked = Authorization::of(&bound.app, "openid");
    let object = bound.key.sign(HeaderType::Jwt, &self::object(&server, &asked)).unwrap();
    let outside = [
        ("client_id", bound.app.client_id.as_str()),
        ("redirect_uri", &bound.app.redirect_uri),
        ("request", &object),
    ];
    let page = begin(&server, &outside).await;
    assert_eq!(page.answered("error").as_deref(), Some("invalid_request_object"), "another algorithm");
}

/// RFC 9126 §3.
#[tokio::test]
async fn rfc9126_3_a_signed_request_is_pushed_and_begun_with_once() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let signer = app(&server, &[("require_signed_request_object", json!(true))]).await;
        let user = server.user("hong@example.com").await;
        let asked = Authorization::of(&signer.app, "openid email").with("state", &"긴".repeat(1_000));
        let signed = signer.key.sign(HeaderType::RequestObject, &object(&server, &asked)).unwrap();
        let form = [("request", signed.as_str()), ("scope", "openid profile"), ("state", "outside")];
        let pushed = present(&server, "/par", &signer.fresh(&server), &form).await;
        assert_eq!(pushed.status, 201, "{}", pushed.json);
        let reference = pushed.text("request_uri");
        let begin = [("client_id", signer.app.client_id.as_str()), ("request_uri", &reference)];
        let browser = Browser::default();
        let sign_in = browser.visit(&address(&server, &begin)).await;
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
        let answered = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        assert_eq!(answered.answered("state"), Some("긴".repeat(1_000)), "a long one as well");
        assert!(answered.answered("code").is_some());
        assert!(is_page(&browser.visit(&address(&server, &begin)).await), "it has been answered");
        let other = app(&server, &[]).await;
        for (signer, object, expected) in [
            (&other, signed.clone(), "invalid_request_object"),
            (&signer, signer.fresh(&server), "invalid_request_object"),
            (&signer, "x".to_owned(), "invalid_request_object"),
        ] {
            let form = [("request", object.as_str())];
            let refused = present(&server, "/par", &signer.fresh(&server), &form).await;
            assert_eq!((refused.status.as_u16(), refused.error()), (400, expected));
        }
    }
}

#[tokio::test]
async fn pa_14_a_request_and_an_assertion_are_never_taken_for_each_other() {
    let server = TestServer::start().await;
    let signer = app(&server, &[]).await;
    let asked = Authorization::of(&signer.app, "openid");
    let mut both = object(&server, &asked);
    both["sub"] = json!(signer.app.client_id);
    both["jti"] = json!("both");
    for kind in [HeaderType::Jwt, HeaderType::ClientAssertion, HeaderType::RequestObject] {
        let token = signer.key.sign(kind, &both).unwrap();
        let as_assertion = present(&server, "/introspect", &token, &[("token", "x")]).await;
        assert_eq!(as_assertion.status, 401, "{kind:?}");
        let outside = [
            ("client_id", signer.app.client_id.as_str()),
            ("redirect_uri", &signer.app.redirect_uri),
            ("request", &token),
        ];
        let page = begin(&server, &outside).await;
        assert_eq!(page.answered("error").as_deref(), Some("invalid_request_object"), "{kind:?}");
    }
}

#[tokio::test]
async fn az_22_a_large_signed_request_goes_from_page_to_page() {
    let server = TestServer::start().await;
    let signer = app(&server, &[]).await;
    let user = server.user("hong@example.com").await;
    let state = "s".repeat(4_096);
    let asked =
        Authorization::of(&signer.app, "openid").with("state", &state).with("nonce", &"n".repeat(512));
    let object = signer.key.sign(HeaderType::RequestObject, &object(&server, &asked)).unwrap();
    assert!(object.len() > 6 * 1024);
    let outside = Authorization {
        verifier: asked.verifier.clone(),
        parameters: vec![
            ("client_id".to_owned(), signer.app.client_id.clone()),
            ("request".to_owned(), object),
        ],
    };
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &outside).await;
    let back = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    assert_eq!(back.answered("state"), Some(state));
}

#[tokio::test]
async fn pa_10_a_key_that_was_taken_away_signs_no_request() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let signer = app(&server, &[]).await;
        let asked = Authorization::of(&signer.app, "openid");
        let signed = signer.key.sign(HeaderType::Jwt, &object(&server, &asked)).unwrap();
        let outside = [
            ("client_id", signer.app.client_id.as_str()),
            ("redirect_uri", &signer.app.redirect_uri),
            ("request", &signed),
        ];
        assert!(begin(&server, &outside).await.has("login-submit"));
        let id = &signer.app.client_id;
        let mut registered = apps::find(server.app().db(), id).await.unwrap().unwrap();
        let next = SigningKey::generate(Algorithm::Es256).unwrap();
        registered.lists.metadata.insert("jwks".to_owned(), key_set(&[&next]).to_string());
        let (settings, lists) = (&registered.app.settings, &registered.lists);
        server.write(apps::update(id, settings, lists, server.now())).await;
        let page = begin(&server, &outside).await;
        assert_eq!(page.answered("error").as_deref(), Some("invalid_request_object"));
        server.write(apps::disable(id, server.now())).await;
        assert!(is_page(&begin(&server, &outside).await));
    }
}
