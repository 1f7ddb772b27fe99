//! A calendar API behind the layer, as an application would write it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Json, Router,
    body::Body,
    http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri, header},
    routing::{any, get, post},
};
use http_body_util::BodyExt;
use mapae_resource::{Authorized, Builder, ResourceServer, require};
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use crate::{
    issuer::{AUDIENCE, CLIENT_ID, Issuer, PATIENCE, SECRET},
    test_clock::TestClock,
};

pub(crate) struct Api {
    pub(crate) resource: ResourceServer,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) app: Router,
    handled: Arc<AtomicUsize>,
}

/// A response with the parts that tests look at.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Api {
    /// An API that follows the issuer's feed, ready.
    pub(crate) async fn start(issuer: &Issuer) -> Self {
        let api = Self::build(Self::builder(issuer));
        api.ready().await;
        api
    }

    pub(crate) fn builder(issuer: &Issuer) -> Builder {
        ResourceServer::builder(&issuer.url, AUDIENCE).credential(CLIENT_ID, SECRET)
    }

    pub(crate) fn build(builder: Builder) -> Self {
        let (clock, handled) = (Arc::new(TestClock::default()), Arc::default());
        let resource = builder.clock(Arc::clone(&clock) as Arc<_>).build().unwrap();
        let app = app(&resource).layer(Extension(Arc::clone(&handled)));
        Self { resource, clock, app, handled }
    }

    pub(crate) async fn ready(&self) {
        let ready = timeout(PATIENCE, self.resource.ready()).await;
        ready.unwrap_or_else(|_| panic!("never ready: {:?}", self.resource.status()));
    }

    /// How many requests reached a handler.
    pub(crate) fn handled(&self) -> usize {
        self.handled.load(Ordering::SeqCst)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.with_headers(path, &[(header::AUTHORIZATION, &format!("Bearer {token}"))]).await
    }

    pub(crate) async fn events(&self, token: &str) -> Answer {
        self.get("/events", token).await
    }

    pub(crate) async fn with_headers(&self, path: &str, headers: &[(HeaderName, &str)]) -> Answer {
        self.send(request(Method::GET, path, headers)).await
    }
}

pub(crate) fn request(method: Method, path: &str, headers: &[(HeaderName, &str)]) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}

impl Answer {
    /// The value of `WWW-Authenticate`; empty if there is none.
    pub(crate) fn challenge(&self) -> &str {
        self.headers.get(header::WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, and `error` of the challenge: `401 invalid_token`.
    pub(crate) fn verdict(&self) -> String {
        let error = self.challenge().split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
        format!("{} {}", self.status.as_u16(), error.unwrap_or("-"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

type Handled = Extension<Arc<AtomicUsize>>;

fn app(resource: &ResourceServer) -> Router {
    let routes = Router::new()
        .route("/events", get(events).layer(require("calendar.read")))
        .route("/events", post(events).layer(require("calendar.write")))
        .route("/whoami", get(whoami))
        .route("/socket", any(events))
        .route("/both", get(events).layer(require("calendar.read").and("calendar.admin")))
        .route(
            "/recent",
            get(events).layer(require("calendar.read").signed_in_within(Duration::from_secs(120))),
        )
        .route("/strong", get(events).layer(require("calendar.read").acr("urn:mapae:acr:passkey")))
        .route("/broken", get(events).layer(require("two words")));
    let subscription = Router::new()
        .route("/calendar.ics", get(subscribe))
        .route_layer(resource.layer().allow_query_token().require("calendar.read"));
    Router::new()
        .merge(subscription)
        .route("/health", get(|| async { "ok" }))
        .route("/forgotten", get(events))
        .route("/unguarded", get(|| async { "for nobody" }).layer(require("calendar.read")))
        .merge(resource.protect(routes))
}

async fn events(Extension(handled): Handled, caller: Authorized) -> String {
    handled.fetch_add(1, Ordering::SeqCst);
    format!("the events of {}", caller.subject())
}

async fn subscribe(Extension(handled): Handled, _: Authorized, address: Uri, headers: HeaderMap) -> String {
    handled.fetch_add(1, Ordering::SeqCst);
    format!("{address} {:?}", headers.get(header::AUTHORIZATION))
}

async fn whoami(caller: Authorized) -> Json<Value> {
    let (issuer, subject) = caller.identity();
    Json(json!({
        "iss": issuer, "sub": subject, "client_id": caller.client_id(), "scope": caller.scopes(),
        "aud": caller.audience(), "exp": caller.expires_at(), "iat": caller.issued_at(),
        "auth_time": caller.auth_time(), "acr": caller.acr(), "amr": caller.amr(), "jti": caller.token_id(),
        "is_client_itself": caller.is_client_itself(),
    }))
}
