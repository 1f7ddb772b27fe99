//! Tokens that are bound to a key of the service's, and the FAPI profile — RFC 9449 §5, §7, §8, §10, RFC 9126 §2, RFC 7523 §2.2.

use std::sync::Arc;

use axum::{Router, routing::get};
use mapae_client::{AccessError, CallbackResponse, Class, ClientRegistration, EndUser, LoginRequest, Tokens};
use mapae_protocol::{
    jose::{Algorithm, SigningKey},
    params::{Limits, Params},
};
use mapae_resource::{Authorized, ResourceServer};
use mapae_testkit::{AppSpec, Engine, client::send, pem};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    stage::Stage,
    web_service::{Plan, Service, Visitor},
};
use crate::protocol::{claims, client_assertions::key_set};

fn bound(registration: ClientRegistration) -> ClientRegistration {
    registration.with_bound_tokens()
}

async fn service(stage: &Stage, public: bool) -> Service {
    let metadata = [("dpop_bound_access_tokens".to_owned(), json!(true))].into();
    let spec = AppSpec { public, metadata, ..AppSpec::default() };
    stage.service_with(spec, |plan| Plan { registered: Arc::new(bound), ..plan }).await
}

/// A service on the FAPI profile: no secret, pushed requests, bound tokens.
async fn fapi(stage: &Stage) -> Service {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let metadata = [
        ("jwks".to_owned(), key_set(&[&key])),
        ("dpop_bound_access_tokens".to_owned(), json!(true)),
        ("require_pushed_authorization_requests".to_owned(), json!(true)),
    ];
    let auth_method = Some("private_key_jwt".to_owned());
    let id_token_alg = "PS256".to_owned();
    let spec = AppSpec { auth_method, id_token_alg, metadata: metadata.into(), ..AppSpec::default() };
    let (kid, pem) = (key.kid().to_owned(), pem(&key));
    let registered =
        move |registration: ClientRegistration| registration.with_private_key(&kid, &pem).with_fapi_profile();
    stage
        .service_with(spec, |mut plan| {
            plan.app.client_secret = None;
            Plan { registered: Arc::new(registered), ..plan }
        })
        .await
}

/// How often the server wanted its nonce.
fn wanted(stage: &Stage) -> usize {
    stage.gateway.passed().iter().filter(|passed| passed.answer["error"] == "use_dpop_nonce").count()
}

fn latest(stage: &Stage, kind: &str) -> Value {
    let passed = stage.gateway.passed();
    let answers = passed.iter().rev().map(|passed| &passed.answer);
    answers.map(|answer| answer[kind].clone()).find(Value::is_string).expect("the server gave one")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn po_09_a_key_for_each_login_goes_with_its_tokens_through_nonces_refreshes_and_restarts() {
    for engine in Engine::ALL {
        for public in [true, false] {
            let stage = Stage::set(engine).await;
            let service = service(&stage, public).await;
            let (mut visitor, mut other) = (Visitor::of(&stage), Visitor::of(&stage));
            let person = visitor.join(&service).await;
            assert_eq!(wanted(&stage), 1, "the first proof has no nonce, those that follow have it");
            let first = service.client.access_token(&person).await.unwrap();
            let jkt = |token: &str| claims(token)["cnf"]["jkt"].as_str().unwrap().to_owned();
            assert!(first.is_bound());
            // Nonces are good for five minutes: by now the one that is known is old.
            stage.advance(301);
            let second = service.client.access_token(&person).await.unwrap();
            assert_eq!((stage.gateway.refreshes(), wanted(&stage)), (2, 2), "{engine:?}: made again once");
            assert_eq!(jkt(second.expose()), jkt(first.expose()));
            // Another process has nothing but the vault.
            let service = service.stop().await.start().await;
            stage.advance(300);
            let third = service.client.access_token(&person).await.unwrap();
            assert_eq!(jkt(third.expose()), jkt(first.expose()));
            // Another login, another key.
            other.visit(&service.at("/home")).await;
            let fourth = service.client.access_token(&person).await.unwrap();
            assert_ne!(jkt(fourth.expose()), jkt(first.expose()));
            let file = service.files();
            let plain = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!plain("\"key\":") && !plain(&jkt(first.expose())), "RP-21: keys are sealed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn po_07_po_08_what_is_stolen_without_its_key_opens_nothing_and_harms_nobody() {
    for engine in Engine::ALL {
        let stage = Stage::set(engine).await;
        let service = service(&stage, true).await;
        let person = Visitor::of(&stage).join(&service).await;
        let (access, refresh) = (latest(&stage, "access_token"), latest(&stage, "refresh_token"));
        let http = mapae_testkit::http();
        let userinfo = format!("{}/userinfo", stage.gateway.issuer());
        for scheme in ["Bearer", "DPoP"] {
            let authorization = format!("{scheme} {}", access.as_str().unwrap());
            let answer = send(http.get(&userinfo).header("authorization", authorization)).await;
            assert_eq!(answer.status, 401, "{engine:?} {scheme}");
        }
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str().unwrap()),
            ("client_id", &service.plan.app.client_id),
        ];
        let answer = send(http.post(format!("{}/token", stage.gateway.issuer())).form(&form)).await;
        assert!(answer.status == 400 && answer.error() != "use_dpop_nonce", "{engine:?} {}", answer.json);
        stage.advance(300);
        service.client.access_token(&person).await.expect("whoever has the key goes on");
    }
}

/// Signs in without a vault: the tokens as whoever keeps them has them.
async fn tokens(stage: &Stage, service: &Service) -> (EndUser, Tokens) {
    let provider = service.plan.provider();
    let started = provider.start(&LoginRequest::new(), stage.clock.now()).await.unwrap();
    let callback = service.plan.app.redirect_uri.clone();
    let mut visitor = Visitor::of(stage);
    let page = visitor.walk(&started.authorization_url, |next| next.as_str().starts_with(&callback)).await;
    let back = page.location().unwrap();
    let response = CallbackResponse::parse(back.query()).unwrap();
    // What is remembered of a login goes through bytes, as in a cookie.
    let pending = mapae_client::PendingLogin::from_bytes(&started.pending.to_bytes()).unwrap();
    let done = provider.finish(pending, &response, stage.clock.now()).await.unwrap();
    (done.identity.person().clone(), done.tokens)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn po_07_who_has_lost_the_key_signs_in_again() {
    for engine in Engine::ALL {
        let stage = Stage::set(engine).await;
        let service = service(&stage, true).await;
        let (person, kept) = tokens(&stage, &service).await;
        let mut plain: Value = serde_json::from_slice(&kept.to_bytes()).unwrap();
        let key = plain.as_object_mut().unwrap().remove("key").unwrap();
        let lost = Tokens::from_bytes(plain.to_string().as_bytes()).unwrap();
        let provider = service.plan.provider();
        let refused = provider.refresh(&person, &lost, stage.clock.now()).await.unwrap_err();
        assert!(matches!(AccessError::from(refused), AccessError::SignInAgain), "{engine:?}");
        let (_, others) = tokens(&stage, &service).await;
        let other: Value = serde_json::from_slice(&others.to_bytes()).unwrap();
        assert_ne!(other["key"], key);
        plain["key"] = other["key"].clone();
        let foreign = Tokens::from_bytes(plain.to_string().as_bytes()).unwrap();
        let refused = provider.refresh(&person, &foreign, stage.clock.now()).await.unwrap_err();
        assert_eq!(refused.class(), Class::Restart, "{engine:?}");
        plain["key"] = json!("AAAA");
        assert!(Tokens::from_bytes(plain.to_string().as_bytes()).is_none());
        // And whoever has it goes on.
        provider.refresh(&person, &kept, stage.clock.now()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_fapi_profile_nothing_but_a_reference_travels_and_a_restart_in_between_is_not_noticed() {
    for engine in Engine::ALL {
        let mut stage = Stage::set(engine).await;
        let mut service = fapi(&stage).await;
        let mut visitor = Visitor::of(&stage);
        let back = visitor.reach_callback(&service).await;
        let authorize = visitor.seen.iter().find(|page| page.address.path() == "/authorize").unwrap();
        let sent = Params::parse(authorize.address.query().unwrap().as_bytes(), Limits::REQUEST).unwrap();
        let names: Vec<_> = sent.iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["client_id", "request_uri"]);
        stage = stage.restart().await;
        service = service.stop().await.start().await;
        let form = visitor.visit(back.as_str()).await;
        visitor.sign_up(&form).await;
        let person = visitor.person(&service).await.unwrap();
        stage.advance(300);
        assert!(service.client.access_token(&person).await.unwrap().is_bound());
        let passed = stage.gateway.passed();
        let pushed: Vec<_> = passed.iter().filter(|passed| passed.path == "/par").collect();
        assert!(!pushed.is_empty() && pushed.iter().all(|passed| passed.status == StatusCode::CREATED));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_03_on_the_fapi_profile_an_answer_without_its_issuer_is_refused() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = fapi(&stage).await;
    let mut visitor = Visitor::of(&stage);
    let mut back = visitor.reach_callback(&service).await;
    let kept: Vec<_> = back
        .query_pairs()
        .filter(|(name, _)| name != "iss")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    back.query_pairs_mut().clear().extend_pairs(kept);
    assert_eq!(visitor.open(back.as_str()).await.status, 400);
    assert_eq!(stage.gateway.grants("authorization_code"), 0);
}

/// RFC 9449 §8.2, §9.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn po_09_an_api_that_wants_nonces_is_called_with_them_by_the_same_call() {
    let stage = Stage::set_with(Engine::Sqlite, mapae::clock::Clock::System, &[]).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://localhost:{}", socket.local_addr().unwrap().port());
    let fixture = stage.server.register_api(&api, &["calendar.read"], false).await;
    let resource = ResourceServer::builder(stage.gateway.issuer(), &api)
        .credential(&fixture.client_id, &fixture.client_secret)
        .require_bound_tokens()
        .dpop_nonces([7; 32])
        .build()
        .unwrap();
    let routes =
        Router::new().route("/events", get(|caller: Authorized| async move { caller.subject().to_owned() }));
    let app = resource.protect(routes);
    let task = tokio::spawn(async move { axum::serve(socket, app).await.unwrap() });
    resource.ready().await;

    let metadata = [("dpop_bound_access_tokens".to_owned(), json!(true))].into();
    let spec = AppSpec { optional: vec!["calendar.read".to_owned()], metadata, ..AppSpec::default() };
    let plan = |plan| Plan { registered: Arc::new(bound), scopes: "openid calendar.read".to_owned(), ..plan };
    let service = stage.service_with(spec, plan).await;
    let person = Visitor::of(&stage).join(&service).await;
    let (http, client) = (mapae_testkit::http(), &service.client);
    let statuses = std::sync::Mutex::new(Vec::new());
    for _ in 0..2 {
        let address = format!("{api}/events?week=3");
        let called = client.call_with_token(&person, |token| {
            let headers = client.headers_of_call(&token, &Method::GET, &address);
            let request = http.get(&address).headers(headers);
            let (address, statuses) = (&address, &statuses);
            async move {
                let answer = request.send().await?;
                let (status, headers) = (answer.status(), answer.headers().clone());
                statuses.lock().unwrap().push(status.as_u16());
                Ok::<_, reqwest::Error>(client.attempt(address, (status, &headers), status))
            }
        });
        assert_eq!(called.await.unwrap(), 200);
    }
    assert_eq!(*statuses.lock().unwrap(), [401, 200, 200], "the nonce is learnt once");
    assert_eq!(stage.gateway.refreshes(), 0, "a nonce that is missing is no token that is over");
    task.abort();
}
