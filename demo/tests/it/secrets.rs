//! What viewers never get: the secrets of a run, wherever they travel.

use std::convert::Infallible;

use axum::body::Body;
use http::{Request, Response};
use mapae_demo::{
    Stage,
    flow::{Lifeline, Tap},
    preview,
};
use mapae_protocol::params;
use proptest::prelude::*;
use tower::{Layer as _, ServiceExt as _, service_fn};

fn shown(stage: &Stage) -> String {
    let messages = stage.journal().after(0);
    messages.iter().map(|message| serde_json::to_string(&**message).unwrap()).collect()
}

#[tokio::test]
async fn rp_21_no_secret_of_a_whole_run_is_ever_shown() {
    let stage = Stage::new();
    preview::rehearse(&stage).await;
    let shown = shown(&stage);
    for secret in preview::REHEARSED_SECRETS {
        assert!(!shown.contains(secret), "{secret}");
        // Nor as it travels.
        let encoded = params::encode([("x", *secret)]);
        assert!(!shown.contains(encoded.trim_start_matches("x=")), "{secret}");
    }
    assert!(shown.contains("•••"), "the password is there, and hidden");
}

/// Where a secret may travel.
#[derive(Clone, Copy, Debug)]
enum Road {
    Query,
    Form,
    Bearer,
    Basic,
    Cookie,
    JsonBody,
    Location,
    SetCookie,
    JsonAnswer,
}

const ROADS: &[Road] = &[
    Road::Query,
    Road::Form,
    Road::Bearer,
    Road::Basic,
    Road::Cookie,
    Road::JsonBody,
    Road::Location,
    Road::SetCookie,
    Road::JsonAnswer,
];

const NAMES: &[&str] = &[
    "code",
    "access_token",
    "refresh_token",
    "id_token",
    "code_verifier",
    "client_secret",
    "password",
    "new_password",
    "token",
    "step",
    "nonce",
];

fn request(road: Road, name: &str, secret: &str) -> Request<Body> {
    let pair = params::encode([(name, secret)]);
    let request = Request::post(match road {
        Road::Query => format!("/events?{pair}"),
        _ => "/events".to_owned(),
    });
    let request = request.header("host", "localhost:9000");
    let (request, body) = match road {
        Road::Form => (request.header("content-type", "application/x-www-form-urlencoded"), pair),
        Road::JsonBody => (
            request.header("content-type", "application/json"),
            serde_json::json!({ "in": { name: secret } }).to_string(),
        ),
        Road::Bearer => (request.header("authorization", format!("Bearer {secret}")), String::new()),
        Road::Basic => (request.header("authorization", format!("Basic {secret}")), String::new()),
        Road::Cookie => {
            (request.header("cookie", format!("session={secret}; other={secret}")), String::new())
        }
        _ => (request, String::new()),
    };
    request.header("content-length", body.len()).body(Body::from(body)).unwrap()
}

fn response(road: Road, name: &str, secret: &str) -> Response<Body> {
    let pair = params::encode([(name, secret)]);
    let response = Response::builder();
    match road {
        Road::Location => {
            let address = format!("http://localhost:3000/callback?{pair}&state=s#{pair}");
            response.status(303).header("location", address).body(Body::empty()).unwrap()
        }
        Road::SetCookie => {
            response.header("set-cookie", format!("session={secret}; Path=/")).body(Body::empty()).unwrap()
        }
        Road::JsonAnswer => {
            let body = serde_json::json!({ name: secret, "list": [{ name: [secret] }] });
            response.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
        }
        _ => response.body(Body::empty()).unwrap(),
    }
}

proptest! {
    #[test]
    fn rp_21_whatever_the_road_no_viewer_sees_it(
        secret in "[A-Za-z0-9_-]{20,60}", road in prop::sample::select(ROADS), name in prop::sample::select(NAMES),
    ) {
        let stage = Stage::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for party in [Lifeline::AuthorizationServer, Lifeline::ResourceServer, Lifeline::Client] {
            let answer = secret.clone();
            let party = Tap::new(&stage, party).layer(service_fn(move |_: Request<Body>| {
                let response = response(road, name, &answer);
                async move { Ok::<_, Infallible>(response) }
            }));
            runtime.block_on(party.oneshot(request(road, name, &secret))).unwrap();
        }
        let shown = shown(&stage);
        prop_assert!(stage.journal().after(0).len() >= 4);
        prop_assert!(!shown.contains(&secret), "{:?} {}: {}", road, name, shown);
    }
}

#[tokio::test]
async fn what_is_watched_arrives_as_it_was_sent() {
    let stage = Stage::new();
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "password=a%zz&&=".to_owned()),
        ("application/json", "{not json".to_owned()),
        ("text/plain", "x".repeat(100_000)),
        ("application/x-www-form-urlencoded", "a=".to_owned() + &"b".repeat(100_000)),
    ] {
        let echo = Tap::new(&stage, Lifeline::AuthorizationServer).layer(service_fn(
            |request: Request<Body>| async { Ok::<_, Infallible>(Response::new(request.into_body())) },
        ));
        let request = Request::post("/sign-in")
            .header("content-type", content_type)
            .header("content-length", body.len());
        let response = echo.oneshot(request.body(Body::from(body.clone())).unwrap()).await.unwrap();
        let arrived = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(arrived, body.as_bytes());
    }
}
