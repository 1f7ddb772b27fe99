//! A small authorization server on a loopback port: signs, publishes keys, holds its feed open, introspects —
//! and misbehaves when it is told to.

mod endpoints;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mapae_resource::protocol::jose::{Algorithm, HeaderType, SigningKey};
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

pub(crate) use self::endpoints::Mood;
use self::endpoints::{cursor, router};
use crate::http_server::HttpServer;

pub(crate) const AUDIENCE: &str = "http://localhost:4000/calendar";
pub(crate) const CLIENT_ID: &str = "calendar:api";
pub(crate) const SECRET: &str = "a secret/with+signs %";
/// How far the feed goes back, in seconds.
pub(crate) const LONGEST_LIFE: i64 = 3_600;
/// How long the longest test waits for an event before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One event of the feed.
#[derive(Clone, Debug)]
struct Withdrawn {
    handle: String,
    at: i64,
}

/// What the feed knows; its cursors are `{generation}.{position}`.
#[derive(Clone, Debug, Default)]
struct Feed {
    generation: u64,
    events: Vec<Withdrawn>,
    refuses_unknown_cursors: bool,
}

/// A request that the feed got, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Poll {
    pub(crate) after: Option<String>,
    pub(crate) wait: Option<u64>,
}

pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<Books>,
    server: Mutex<Option<HttpServer>>,
    port: u16,
}

struct Books {
    signing: Mutex<Arc<SigningKey>>,
    published: Mutex<Vec<Value>>,
    discovery: Mutex<Value>,
    moods: Mutex<HashMap<&'static str, Mood>>,
    calls: watch::Sender<HashMap<&'static str, usize>>,
    feed: watch::Sender<Feed>,
    polls: watch::Sender<Vec<Poll>>,
    held: watch::Sender<usize>,
    active: Mutex<HashMap<String, Value>>,
    serial: AtomicI64,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        Self::with_key(Algorithm::Es256).await
    }

    pub(crate) async fn with_key(algorithm: Algorithm) -> Self {
        let listener = HttpServer::bind(0).await;
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let key = Arc::new(SigningKey::generate(algorithm).unwrap());
        let state = Arc::new(Books {
            signing: Mutex::new(Arc::clone(&key)),
            published: Mutex::new(vec![serde_json::to_value(key.public_jwk()).unwrap()]),
            discovery: Mutex::new(discovery(&url)),
            moods: Mutex::default(),
            calls: watch::Sender::default(),
            feed: watch::Sender::default(),
            polls: watch::Sender::default(),
            held: watch::Sender::default(),
            active: Mutex::default(),
            serial: AtomicI64::new(0),
        });
        let server = HttpServer::serve(listener, router(&state));
        Self { url, state, server: Mutex::new(Some(server)), port }
    }

    /// The claims of a good access token; every token has its own `jti`.
    pub(crate) fn claims(&self) -> Value {
        let n = self.state.serial.fetch_add(1, Ordering::Relaxed);
        json!({
            "iss": self.url, "sub": "alice", "aud": AUDIENCE, "client_id": "planner",
            "iat": now(), "exp": now() + 300, "jti": format!("token-{n}"),
            "scope": "calendar.read calendar.write", "auth_time": now() - 60, "acr": "urn:mapae:acr:password",
            "amr": ["pwd"], "gid": "grant-1", "rvh": ["user-1", "app-1", "grant-1"],
        })
    }

    pub(crate) fn claims_with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[name] = value;
        claims
    }

    /// An access token with these claims, signed with the current key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.signing_key().sign(HeaderType::AccessToken, claims).unwrap()
    }

    pub(crate) fn token(&self) -> String {
        self.sign(&self.claims())
    }

    pub(crate) fn signing_key(&self) -> Arc<SigningKey> {
        Arc::clone(&self.state.signing.lock().unwrap())
    }

    /// Signs with a new key from now on; the old one stays published only if told so.
    pub(crate) fn rotate(&self, keep_old: bool) {
        let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
        let mut published = self.state.published.lock().unwrap();
        if !keep_old {
            published.clear();
        }
        published.push(serde_json::to_value(key.public_jwk()).unwrap());
        *self.state.signing.lock().unwrap() = key;
    }

    /// Publishes these keys beside its own.
    pub(crate) fn publish(&self, jwk: Value) {
        self.state.published.lock().unwrap().push(jwk);
    }

    pub(crate) fn withdraw(&self, handle: &str) {
        self.withdraw_at(handle, now());
    }

    pub(crate) fn withdraw_at(&self, handle: &str, at: i64) {
        let event = Withdrawn { handle: handle.into(), at };
        self.state.feed.send_modify(|feed| feed.events.push(event));
    }

    pub(crate) fn withdraw_all(&self, handles: impl Iterator<Item = String>) {
        let at = now();
        let events = handles.map(|handle| Withdrawn { handle, at });
        self.state.feed.send_modify(|feed| feed.events.extend(events));
    }

    /// Forgets its cursors, as a server does that was restored. They are answered like none from now on, or, by a
    /// server that cannot even read them, with 400.
    pub(crate) fn forget_cursors(&self, refuse: bool) {
        self.state.feed.send_modify(|feed| {
            feed.generation += 1;
            feed.refuses_unknown_cursors = refuse;
        });
    }

    /// Makes introspection answer with this for the token.
    pub(crate) fn introspects(&self, token: &str, answer: Value) {
        self.state.active.lock().unwrap().insert(token.into(), answer);
    }

    pub(crate) fn mood(&self, endpoint: &'static str, mood: Mood) {
        self.state.moods.lock().unwrap().insert(endpoint, mood);
    }

    pub(crate) fn discovery(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.state.discovery.lock().unwrap());
    }

    /// How often an endpoint was called.
    pub(crate) fn calls(&self, endpoint: &'static str) -> usize {
        self.state.calls.borrow().get(endpoint).copied().unwrap_or(0)
    }

    /// Waits until an endpoint was called `n` times in all.
    pub(crate) async fn called(&self, endpoint: &'static str, n: usize) {
        let mut calls = self.state.calls.subscribe();
        let enough = calls.wait_for(|calls| calls.get(endpoint).copied().unwrap_or(0) >= n);
        drop(timeout(PATIENCE, enough).await.expect("the endpoint was not called").unwrap());
    }

    /// Waits until the follower asks for what comes after everything that is known now. It asks only after it
    /// has taken in what it got before.
    pub(crate) async fn followed(&self) {
        let cursor = self.cursor();
        self.polled(|polls| polls.iter().any(|poll| poll.after.as_deref() == Some(&cursor))).await;
    }

    /// Waits until the feed was polled in this way.
    pub(crate) async fn polled(&self, enough: impl Fn(&[Poll]) -> bool) -> Vec<Poll> {
        let mut polls = self.state.polls.subscribe();
        let polls = timeout(PATIENCE, polls.wait_for(|polls| enough(polls))).await;
        polls.expect("the feed was not polled so").unwrap().clone()
    }

    /// Waits until as many requests are held open as told.
    pub(crate) async fn holds(&self, n: usize) {
        let mut held = self.state.held.subscribe();
        drop(
            timeout(PATIENCE, held.wait_for(|held| *held == n)).await.expect("other requests held").unwrap(),
        );
    }

    pub(crate) fn cursor(&self) -> String {
        let feed = self.state.feed.borrow();
        cursor(feed.generation, feed.events.len())
    }

    /// Breaks all connections and listens no more.
    pub(crate) async fn stop(&self) {
        let server = self.server.lock().unwrap().take();
        server.expect("the issuer was stopped before").stop().await;
    }

    /// Listens again, at the same address, with everything that it knew.
    pub(crate) async fn restart(&self) {
        let listener = HttpServer::bind(self.port).await;
        *self.server.lock().unwrap() = Some(HttpServer::serve(listener, router(&self.state)));
    }
}

pub(crate) fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the issuer's own clock")]
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since_epoch.as_secs()).unwrap()
}

fn discovery(url: &str) -> Value {
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "introspection_endpoint": format!("{url}/introspect"),
        "revocation_feed_endpoint": format!("{url}/revocations"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}
