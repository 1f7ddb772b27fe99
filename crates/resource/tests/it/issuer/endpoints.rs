//! What the issuer answers, and how it misbehaves.

use std::{
    collections::HashMap,
    io, mem,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll as Polled},
    time::Duration,
};

use axum::{
    Form, Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::Stream;
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use super::{Books, Feed, LONGEST_LIFE, Poll, now};

/// `CLIENT_ID` and `SECRET`, form-encoded, joined, base64 (RFC 6749 Appendix B), computed by hand.
const BASIC: &str = "Basic Y2FsZW5kYXIlM0FhcGk6YStzZWNyZXQlMkZ3aXRoJTJCc2lnbnMrJTI1";

/// Events in one answer of the feed.
const PAGE: usize = 1_000;

/// How an endpoint behaves.
#[derive(Clone, Debug, Default)]
pub(crate) enum Mood {
    #[default]
    Obedient,
    /// Never answers.
    Stall,
    /// Sends headers and half a body, then nothing.
    Drip,
    Status(StatusCode),
    /// 200 with this body.
    Says(String),
    /// 200 with a body that does not end.
    Huge,
    Redirect(String),
    /// The feed: something new at every request, one or two at a time.
    Busy,
}

pub(super) fn router(state: &Arc<Books>) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata))
        .route("/.well-known/openid-configuration", get(openid_configuration))
        .route("/jwks", get(jwks))
        .route("/introspect", post(introspect))
        .route("/revocations", post(revocations))
        .with_state(Arc::clone(state))
}

async fn metadata(State(books): State<Arc<Books>>) -> Response {
    let document = books.discovery.lock().unwrap().clone();
    books.answer("discovery", || Json(document).into_response()).await
}

async fn openid_configuration(State(books): State<Arc<Books>>) -> Response {
    let document = books.discovery.lock().unwrap().clone();
    books.answer("openid", || Json(document).into_response()).await
}

async fn jwks(State(books): State<Arc<Books>>) -> Response {
    let keys = json!({ "keys": *books.published.lock().unwrap() });
    books.answer("jwks", || Json(keys).into_response()).await
}

async fn introspect(
    State(books): State<Arc<Books>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|basic| basic != BASIC) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let known = books.active.lock().unwrap().get(&form["token"]).cloned();
    let answer = known.unwrap_or_else(|| json!({ "active": false }));
    books.answer("introspect", || Json(answer).into_response()).await
}

async fn revocations(
    State(books): State<Arc<Books>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|basic| basic != BASIC) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    let after = form.get("after").cloned();
    let wait = form.get("wait").and_then(|wait| wait.parse().ok());
    books.polls.send_modify(|polls| polls.push(Poll { after: after.clone(), wait }));
    if !matches!(books.mood_of("revocations"), Mood::Obedient) {
        return books.answer("revocations", || StatusCode::OK.into_response()).await;
    }
    books.count("revocations");
    let _held = Held::new(&books.held);
    books.news(after.as_deref(), Duration::from_secs(wait.unwrap_or(0).min(25))).await
}

/// Counts a request while it is answered, or until its connection breaks.
struct Held<'a>(&'a watch::Sender<usize>);

impl<'a> Held<'a> {
    fn new(held: &'a watch::Sender<usize>) -> Self {
        held.send_modify(|held| *held += 1);
        Self(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

pub(super) fn cursor(generation: u64, position: usize) -> String {
    format!("{generation}.{position}")
}

impl Books {
    fn mood_of(&self, endpoint: &'static str) -> Mood {
        self.moods.lock().unwrap().get(endpoint).cloned().unwrap_or_default()
    }

    fn count(&self, endpoint: &'static str) {
        self.calls.send_modify(|calls| *calls.entry(endpoint).or_default() += 1);
    }

    /// Answers as the endpoint's mood is.
    async fn answer(&self, endpoint: &'static str, obediently: impl FnOnce() -> Response) -> Response {
        self.count(endpoint);
        match self.mood_of(endpoint) {
            Mood::Obedient => obediently(),
            Mood::Stall => std::future::pending().await,
            Mood::Drip => Body::from_stream(Dripping::default()).into_response(),
            Mood::Status(status) => status.into_response(),
            Mood::Says(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Mood::Huge => Body::from_stream(Endless).into_response(),
            Mood::Busy => Json(self.always_news()).into_response(),
            Mood::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        }
    }

    fn always_news(&self) -> Value {
        let n = self.serial.fetch_add(1, Ordering::Relaxed);
        let events: Vec<_> =
            (0..=n % 2).map(|_| json!({ "handle": format!("news-{n}"), "at": now() })).collect();
        json!({ "events": events, "cursor": format!("busy-{n}"), "complete_since": now() - LONGEST_LIFE })
    }

    /// What happened after the cursor, as soon as there is something, or nothing after `wait`.
    async fn news(&self, after: Option<&str>, wait: Duration) -> Response {
        let mut feed = self.feed.subscribe();
        let known = after.and_then(|cursor| position(&feed.borrow(), cursor));
        if known.is_none() && after.is_some() && feed.borrow().refuses_unknown_cursors {
            let error = json!({ "error": "invalid_request" });
            return (StatusCode::BAD_REQUEST, Json(error)).into_response();
        }
        let position = known.unwrap_or(0);
        if known.is_some() {
            drop(timeout(wait, feed.wait_for(|feed| feed.events.len() > position)).await);
        }
        let feed = feed.borrow().clone();
        let end = feed.events.len().min(position + PAGE);
        let events: Vec<_> = feed.events[position..end]
            .iter()
            .map(|event| json!({ "handle": event.handle, "at": event.at }))
            .collect();
        let cursor = cursor(feed.generation, end);
        let since = now() - LONGEST_LIFE;
        Json(json!({ "events": events, "cursor": cursor, "complete_since": since })).into_response()
    }
}

/// The position that a cursor stands for, if it is one of this generation.
fn position(feed: &Feed, cursor: &str) -> Option<usize> {
    let (generation, position) = cursor.split_once('.')?;
    let position = position.parse().ok()?;
    (generation == feed.generation.to_string() && position <= feed.events.len()).then_some(position)
}

/// Half a JSON text, then nothing for ever.
#[derive(Default)]
struct Dripping {
    begun: bool,
}

/// Zeros for ever.
struct Endless;

type Chunk = Result<&'static [u8], io::Error>;

impl Stream for Dripping {
    type Item = Chunk;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled<Option<Chunk>> {
        if mem::replace(&mut self.begun, true) {
            return Polled::Pending;
        }
        Polled::Ready(Some(Ok(b"{\"keys\":[")))
    }
}

impl Stream for Endless {
    type Item = Chunk;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled<Option<Chunk>> {
        Polled::Ready(Some(Ok(&[b' '; 65_536])))
    }
}
