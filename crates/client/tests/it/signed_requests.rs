//! Requests that the client signs — RFC 9101 §4, §5, §10.5, OIDC Core §6.1, FAPI 2.0 Message Signing §5.3.2.

use mapae_client::{
    ClientRegistration, Error, LoginError, LoginRequest, Provider, ProviderSettings, Setting, StartedLogin,
};
use mapae_protocol::{
    base64url,
    jose::{Algorithm, SigningKey},
    params::{Limits, Params},
};
use mapae_testkit::pem;
use serde_json::{Value, json};

use crate::{
    issuer::Issuer,
    website::{SECRET, TestClock, registration},
};

/// An issuer that knows of signed requests, and a client that has a key.
struct Stage {
    issuer: Issuer,
    key: SigningKey,
    clock: TestClock,
}

impl Stage {
    async fn set() -> Self {
        let clock = TestClock::new();
        let issuer = Issuer::start(&clock).await;
        issuer.knows_signing(|_| {});
        Self { issuer, key: SigningKey::generate(Algorithm::Es256).unwrap(), clock }
    }

    fn with_key(&self) -> ClientRegistration {
        registration("op").with_private_key(self.key.kid(), pem(&self.key))
    }

    /// A new process has not heard of the provider yet.
    fn provider(&self, registration: ClientRegistration) -> Provider {
        let settings = ProviderSettings::new("op").for_development();
        Provider::discover(self.issuer.url(), registration, settings).unwrap()
    }

    async fn begin(&self, registration: ClientRegistration) -> Result<StartedLogin, Error> {
        self.provider(registration).start(&LoginRequest::new(), self.clock.now()).await
    }

    async fn refusal(&self, registration: ClientRegistration) -> Setting {
        match self.begin(registration).await {
            Err(Error::Configuration(error)) => error.setting(),
            other => panic!("{other:?}"),
        }
    }
}

fn sent(url: &str) -> Params {
    Params::parse(url.split_once('?').unwrap().1.as_bytes(), Limits::REQUEST).unwrap()
}

fn names(params: &Params) -> Vec<String> {
    let mut names: Vec<_> = params.iter().map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names
}

fn claims(object: &str) -> Value {
    serde_json::from_slice(&base64url::decode(object.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn pa_11_everything_that_is_asked_stands_in_an_object_that_the_client_has_signed() {
    let stage = Stage::set().await;
    let plain = sent(&stage.begin(stage.with_key()).await.unwrap().authorization_url);
    let begun = stage.begin(stage.with_key().with_signed_requests()).await.unwrap();
    let outside = sent(&begun.authorization_url);
    assert_eq!(names(&outside), ["client_id", "request", "response_type", "scope"]);
    let object = outside.one("request").unwrap().unwrap();
    let inside = stage.issuer.opened(object, &stage.key);
    assert_eq!(names(&inside), names(&plain), "no more and no less, and no other object");
    for name in ["client_id", "response_type", "scope"] {
        assert_eq!(outside.one(name), inside.one(name), "OIDC Core §6.1: {name}");
    }
    assert_eq!(inside.one("state").unwrap(), Some(begun.pending.state()));
    let header: Value =
        serde_json::from_slice(&base64url::decode(object.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!(header, json!({ "alg": "ES256", "kid": stage.key.kid(), "typ": "oauth-authz-req+jwt" }));
    let (claims, now) = (claims(object), stage.clock.unix());
    let expected = json!(["client-1", stage.issuer.url(), now, now, now + 600]);
    assert_eq!(json!([claims["iss"], claims["aud"], claims["nbf"], claims["iat"], claims["exp"]]), expected);
    assert!(claims.get("sub").is_none() && claims["jti"].as_str().is_some_and(|jti| jti.len() >= 22));
    let again = stage.begin(stage.with_key().with_signed_requests()).await.unwrap();
    let again = sent(&again.authorization_url).one("request").unwrap().unwrap().to_owned();
    assert_ne!(self::claims(&again)["jti"], claims["jti"]);
    // And it is a login like any other.
    let query = stage.issuer.approve(&stage.issuer.unfolded(&inside), "alice");
    let response = mapae_client::CallbackResponse::parse(Some(&query)).unwrap();
    let provider = stage.provider(stage.with_key().with_signed_requests());
    let completed = provider.finish(begun.pending, &response, stage.clock.now()).await.unwrap();
    assert_eq!(completed.identity.person().subject(), "alice");
}

/// RFC 9126 §3.
#[tokio::test]
async fn pa_10_a_signed_request_is_pushed_as_nothing_but_its_object() {
    let stage = Stage::set().await;
    let registration = || stage.with_key().with_signed_requests().with_pushed_requests();
    // Of the pushed one, the parameter of the authorization endpoint says nothing.
    stage.issuer.knows_signing(|document| document["request_parameter_supported"] = json!(false));
    let url = stage.begin(registration()).await.unwrap().authorization_url;
    assert_eq!(names(&sent(&url)), ["client_id", "request_uri"]);
    let mut form = stage.issuer.hits("/par").remove(0).form;
    let object = form.remove("request").unwrap();
    let mut left: Vec<_> = form.keys().map(String::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["client_assertion", "client_assertion_type", "client_id"]);
    let inside = stage.issuer.opened(&object, &stage.key);
    assert!(inside.one("state").unwrap().is_some() && inside.one("request_uri").unwrap().is_none());
    let claims = claims(&object);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 60, "it is read at once");
    assert_ne!(form["client_assertion"], object);
}

#[tokio::test]
async fn rfc9101_10_5_where_the_provider_wants_requests_signed_they_are_or_a_key_is_missing() {
    let stage = Stage::set().await;
    stage.issuer.knows_signing(|document| document["require_signed_request_object"] = json!(true));
    let url = stage.begin(stage.with_key()).await.unwrap().authorization_url;
    assert!(sent(&url).one("request").unwrap().is_some(), "nobody had to say so");
    assert_eq!(stage.refusal(registration("op").with_secret(SECRET)).await, Setting::PrivateKey);
    assert_eq!(stage.refusal(registration("op")).await, Setting::PrivateKey);
}

/// OIDC Discovery §3.
#[tokio::test]
async fn pa_10_what_the_provider_does_not_take_is_not_sent() {
    let stage = Stage::set().await;
    let signing = || stage.with_key().with_signed_requests();
    stage.issuer.knows_signing(|document| {
        document["request_object_signing_alg_values_supported"] = json!(["PS256", "none"]);
    });
    assert_eq!(stage.refusal(signing()).await, Setting::PrivateKey);
    assert_eq!(stage.refusal(signing().with_pushed_requests()).await, Setting::PrivateKey);
    assert!(stage.issuer.hits("/par").is_empty());
    stage.issuer.knows_signing(|document| {
        document.as_object_mut().unwrap().remove("request_parameter_supported");
    });
    assert_eq!(stage.refusal(signing()).await, Setting::Registration);
    stage.issuer.knows_signing(|document| {
        document.as_object_mut().unwrap().remove("request_object_signing_alg_values_supported");
    });
    stage.begin(signing()).await.unwrap();
    stage.begin(registration("op").with_secret(SECRET)).await.unwrap();
}

#[tokio::test]
async fn rp_20_no_extra_parameter_is_a_claim_about_the_request() {
    let stage = Stage::set().await;
    let provider = stage.provider(stage.with_key().with_signed_requests());
    for name in ["aud", "exp", "nbf", "iat", "jti", "sub"] {
        let request = LoginRequest::new().with_extra(name, "x").unwrap();
        let refused = provider.start(&request, stage.clock.now()).await.unwrap_err();
        assert!(matches!(refused, Error::Login(LoginError::ReservedParameter)), "{name}: {refused:?}");
    }
    let request = LoginRequest::new().with_extra("login_hint", "a@b.example").unwrap();
    let url = provider.start(&request, stage.clock.now()).await.unwrap().authorization_url;
    let object = sent(&url).one("request").unwrap().unwrap().to_owned();
    assert_eq!(stage.issuer.opened(&object, &stage.key).one("login_hint").unwrap(), Some("a@b.example"));
    assert!(!url.contains("login_hint"), "outside it would count for nothing");
}
