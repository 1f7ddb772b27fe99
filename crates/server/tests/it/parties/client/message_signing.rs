//! Requests and answers that are signed, with a secret for nothing — RFC 9101 §5, §10.5, JARM §2.4,
//! FAPI 2.0 Message Signing §5.3.2, §5.4.2.

use std::sync::Arc;

use mapae_client::{CallbackError, CallbackResponse, Class, ClientRegistration, Error, LoginRequest};
use mapae_protocol::{
    authorization::signed_response,
    base64url,
    jose::{Algorithm, HeaderType, SigningKey},
    params::{self, Limits, Params},
};
use mapae_testkit::{AppSpec, Engine, pem};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    stage::Stage,
    web_service::{Plan, Registered, Service, Visitor},
};
use crate::protocol::{claims, client_assertions::key_set};

/// An app whose messages must be signed, with what else it registers, and how its client is set up.
fn signing(
    more: &[(&str, Value)],
    chosen: fn(ClientRegistration) -> ClientRegistration,
) -> (AppSpec, Registered) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let members = [
        ("jwks", key_set(&[&key])),
        ("require_signed_request_object", json!(true)),
        ("authorization_signed_response_alg", json!("ES256")),
    ];
    let metadata = members.iter().chain(more).map(|(name, value)| ((*name).to_owned(), value.clone()));
    let spec = AppSpec {
        auth_method: Some("private_key_jwt".to_owned()),
        id_token_alg: "PS256".to_owned(),
        metadata: metadata.collect(),
        ..AppSpec::default()
    };
    let (kid, pem) = (key.kid().to_owned(), pem(&key));
    let registered = move |registration: ClientRegistration| {
        chosen(registration.with_private_key(&kid, &pem)).with_answer_algorithm(Algorithm::Es256)
    };
    (spec, Arc::new(registered))
}

/// A web service with pushed requests and bound tokens, as the profile wants it. (A profile wants https, too, which is
/// not to be had here: the app that is on one is below.)
async fn service(stage: &Stage) -> Service {
    let more =
        [("dpop_bound_access_tokens", json!(true)), ("require_pushed_authorization_requests", json!(true))];
    let (spec, registered) = signing(&more, ClientRegistration::with_message_signing_profile);
    open(stage, spec, registered).await
}

async fn open(stage: &Stage, spec: AppSpec, registered: Registered) -> Service {
    stage
        .service_with(spec, |mut plan| {
            plan.app.client_secret = None;
            Plan { registered, ..plan }
        })
        .await
}

fn sent(address: &url::Url) -> Params {
    Params::parse(address.query().unwrap().as_bytes(), Limits::REQUEST).unwrap()
}

fn names(address: &url::Url) -> Vec<String> {
    let mut names: Vec<_> = sent(address).iter().map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names
}

fn asked(visitor: &Visitor) -> url::Url {
    visitor.seen.iter().rev().find(|page| page.address.path() == "/authorize").unwrap().address.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pa_10_rp_01_a_login_all_of_whose_messages_are_signed() {
    for engine in Engine::ALL {
        let mut stage = Stage::set(engine).await;
        let mut service = service(&stage).await;
        let mut visitor = Visitor::of(&stage);
        let back = visitor.reach_callback(&service).await;
        assert_eq!(names(&asked(&visitor)), ["client_id", "request_uri"]);
        assert_eq!(names(&back), ["response"]);
        let said = claims(sent(&back).one("response").unwrap().unwrap());
        assert_eq!(
            (&said["iss"], &said["aud"]),
            (&json!(stage.server.issuer()), &json!(service.plan.app.client_id))
        );
        stage = stage.restart().await;
        service = service.stop().await.start().await;
        let form = visitor.visit(back.as_str()).await;
        visitor.sign_up(&form).await;
        let person = visitor.person(&service).await.unwrap();
        stage.advance(300);
        assert!(service.client.access_token(&person).await.unwrap().is_bound());
        let codes = stage.gateway.grants("authorization_code");
        assert_eq!(visitor.open(back.as_str()).await.status, 400, "once");
        assert_eq!(stage.gateway.grants("authorization_code"), codes);
        let passed = stage.gateway.passed();
        let pushed: Vec<_> = passed.iter().filter(|passed| passed.path == "/par").collect();
        assert!(!pushed.is_empty() && pushed.iter().all(|passed| passed.status == StatusCode::CREATED));
    }
}

/// OIDC Core §6.1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pa_11_a_signed_request_in_the_address_is_taken_by_a_server_that_wants_all_of_them_signed() {
    for engine in Engine::ALL {
        let stage = Stage::set(engine).await;
        let both =
            |registration: ClientRegistration| registration.with_signed_requests().with_signed_answers();
        let (spec, registered) = signing(&[], both);
        let service = open(&stage, spec.clone(), registered).await;
        let mut visitor = Visitor::of(&stage);
        visitor.join(&service).await;
        assert_eq!(names(&asked(&visitor)), ["client_id", "request", "response_type", "scope"]);
        // The same app, whose client signs nothing.
        let unsigned = ClientRegistration::with_signed_answers;
        let (spec, registered) = signing(&[], unsigned);
        let service = open(&stage, spec, registered).await;
        let page = Visitor::of(&stage).visit(&service.at("/home")).await;
        assert_eq!((page.status, page.address.path()), (StatusCode::BAD_REQUEST, "/authorize"), "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_30_an_answer_loses_its_signature_or_its_words_and_is_none() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = service(&stage).await;
    let mut visitor = Visitor::of(&stage);
    let back = visitor.reach_callback(&service).await;
    let response = sent(&back).one("response").unwrap().unwrap().to_owned();
    let said = claims(&response);
    let text = |name: &str| said[name].as_str().unwrap();
    let plain = [("code", text("code")), ("state", text("state")), ("iss", text("iss"))];
    let error = [("error", "access_denied"), ("state", text("state")), ("iss", text("iss"))];
    for query in [
        params::encode(plain),
        params::encode(error),
        format!("response={response}&{}", params::encode(plain)),
        format!("response={response}&response={response}"),
    ] {
        let page = visitor.open(&service.at(&format!("/callback?{query}"))).await;
        assert_eq!(page.status, 400, "{query}: {}", page.body);
    }
    assert_eq!(stage.gateway.grants("authorization_code"), 0);
    let form = visitor.visit(back.as_str()).await;
    assert_eq!(form.address.path(), "/sign-up", "nothing of this used the login up: {}", form.body);

    // Words of somebody else's under the right `state` end the login, and bring nothing.
    let mut visitor = Visitor::of(&stage);
    let back = visitor.reach_callback(&service).await;
    let codes = stage.gateway.grants("authorization_code");
    let said = claims(sent(&back).one("response").unwrap().unwrap());
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap().sign(HeaderType::Jwt, &said).unwrap();
    let headers = visitor.cookies(&service).await;
    let query = format!("response={stranger}");
    let refused = service.client.callback("mapae", Some(&query), &headers).await.unwrap_err();
    let expected = CallbackError::Signed(signed_response::Error::UnknownKey);
    assert!(matches!(refused, Error::Callback(error) if error == expected), "{refused:?}");
    assert_eq!(stage.gateway.grants("authorization_code"), codes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_14_who_does_not_agree_is_told_so_in_a_signed_answer() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = service(&stage).await;
    let mut visitor = Visitor::of(&stage);
    let consent = visitor.until_page(&service.at("/login"), "consent-deny").await;
    let back = visitor.submit(&consent, "consent-deny", &[]).await.location().unwrap();
    assert_eq!(names(&back), ["response"]);
    let headers = visitor.cookies(&service).await;
    let refused = service.client.callback("mapae", back.query(), &headers).await.unwrap_err();
    assert_eq!(refused.class(), Class::Cancelled, "{refused:?}");
}

/// FAPI 2.0 Message Signing §5.3.1, §5.4.1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pa_10_rp_01_an_app_on_the_profile_and_a_client_on_the_profile_understand_each_other() {
    for engine in Engine::ALL {
        let stage = Stage::set(engine).await;
        let profile = [("fapi_profile", json!("fapi2_message_signing"))];
        let (mut spec, registered) = signing(&profile, ClientRegistration::with_message_signing_profile);
        spec.redirect_uris = vec!["https://shop.example/callback".to_owned()];
        spec.optional.push("offline_access".to_owned());
        let mut plan = Plan::of(&stage, &stage.server.register(spec).await);
        (plan.app.client_secret, plan.registered) = (None, registered);
        let provider = plan.provider();
        let started = provider.start(&LoginRequest::new(), stage.clock.now()).await.unwrap();
        let mut visitor = Visitor::of(&stage);
        let home = |next: &url::Url| next.host_str() == Some("shop.example");
        let page = visitor.walk(&started.authorization_url, home).await;
        let back = page.location().unwrap_or_else(|| panic!("{engine:?} {} {}", page.status, page.body));
        let response = CallbackResponse::parse(back.query()).unwrap();
        assert!(started.pending.is_answered_by(&response));
        let done = provider.finish(started.pending, &response, stage.clock.now()).await.unwrap();
        assert_eq!(done.identity.email().unwrap().address, "hong@example.com");
        stage.advance(300);
        let tokens = provider.refresh(done.identity.person(), &done.tokens, stage.clock.now()).await.unwrap();
        assert!(tokens.can_be_refreshed(), "refresh tokens of the profile stay");
        // An answer that is five minutes old has expired, whoever comes with it.
        let started = provider.start(&LoginRequest::new(), stage.clock.now()).await.unwrap();
        let page = visitor.walk(&started.authorization_url, home).await;
        let response = CallbackResponse::parse(page.location().unwrap().query()).unwrap();
        stage.advance(330);
        let late = provider.finish(started.pending, &response, stage.clock.now()).await.unwrap_err();
        let expired = CallbackError::Signed(signed_response::Error::Expired);
        assert!(matches!(late, Error::Callback(error) if error == expired), "{late:?}");
    }
}

/// RFC 9101 §6.3: what the person's browser changes outside of an object changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pa_11_what_is_added_outside_of_the_object_counts_for_nothing() {
    let stage = Stage::set(Engine::Sqlite).await;
    let both = |registration: ClientRegistration| registration.with_signed_requests().with_signed_answers();
    let (spec, registered) = signing(&[], both);
    let service = open(&stage, spec, registered).await;
    let mut visitor = Visitor::of(&stage);
    let login = visitor.open(&service.at("/login")).await.location().unwrap();
    let object = sent(&login).one("request").unwrap().unwrap().to_owned();
    let payload = base64url::decode(object.split('.').nth(1).unwrap()).unwrap();
    let inside: Value = serde_json::from_slice(&payload).unwrap();
    let more = params::encode([("response_mode", "query"), ("state", "evil"), ("prompt", "none")]);
    let page = visitor.walk(&format!("{login}&{more}"), |next| next.path() == "/callback").await;
    let back = page.location().unwrap_or_else(|| panic!("{} {}", page.status, page.body));
    assert_eq!(names(&back), ["response"], "it is signed all the same");
    assert_eq!(claims(sent(&back).one("response").unwrap().unwrap())["state"], inside["state"]);
}
