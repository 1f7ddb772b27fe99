//! A reverse proxy before a server: it counts what comes, and can keep answers back, lose them, or lead nowhere.
//!
//! What it lets through is the server's own answer, byte for byte. It is what stands between two parties anyway: a wire
//! that can break at the worst moment.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use mapae_protocol::params::{Limits, Params};
use reqwest::{StatusCode, header, redirect::Policy};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    task::JoinHandle,
};

/// The longest request that is passed on, in bytes.
const LONGEST: usize = 1 << 20;

/// What happens to requests for one path.
#[derive(Clone, Debug, Default)]
pub enum Mood {
    /// They are passed on, and so are their answers.
    #[default]
    Pass,
    /// They are never answered, and the server never sees them.
    Stall,
    /// The server answers; each answer waits for a permit.
    Hold(Arc<Semaphore>),
    /// The server answers, and the connection breaks before the answer is through.
    Lose,
}

/// A request that was passed on, and its answer.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Its path.
    pub path: String,
    /// `grant_type` of its form, if there is one.
    pub grant_type: Option<String>,
    /// The status of the answer.
    pub status: StatusCode,
    /// The answer, if it is JSON.
    pub answer: Value,
}

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct Gateway {
    issuer: String,
    wire: Arc<Wire>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Wire {
    target: Mutex<String>,
    moods: Mutex<HashMap<String, Mood>>,
    passed: Mutex<Vec<Passed>>,
    one_more: Notify,
    http: reqwest::Client,
}

impl Gateway {
    /// Opens one on a free port, which leads nowhere yet.
    pub async fn open() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.expect("a port is free"))
    }

    /// Opens one behind this socket, which leads nowhere yet.
    pub fn on(socket: TcpListener) -> Self {
        let port = socket.local_addr().expect("the socket has an address").port();
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build();
        let wire = Arc::new(Wire {
            target: Mutex::default(),
            moods: Mutex::default(),
            passed: Mutex::default(),
            one_more: Notify::new(),
            http: http.expect("a client can be made"),
        });
        let router = Router::new().fallback(forward).with_state(Arc::clone(&wire));
        let task = tokio::spawn(async move { axum::serve(socket, router).await.expect("it serves") });
        Self { issuer: format!("http://localhost:{port}"), wire, task }
    }

    /// Its address, which is the issuer of the server behind it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Leads to the server at this socket from now on.
    pub fn lead_to(&self, socket: impl ToString) {
        *lock(&self.wire.target) = socket.to_string();
    }

    /// From now on this happens to requests for this path.
    pub fn set(&self, path: &str, mood: Mood) {
        lock(&self.wire.moods).insert(path.to_owned(), mood);
    }

    /// Everything that was passed on so far, as soon as the server had answered it.
    pub fn passed(&self) -> Vec<Passed> {
        lock(&self.wire.passed).clone()
    }

    /// How many requests with this `grant_type` the server has answered.
    pub fn grants(&self, grant_type: &str) -> usize {
        self.passed().iter().filter(|passed| passed.grant_type.as_deref() == Some(grant_type)).count()
    }

    /// How many refreshes the server has answered.
    pub fn refreshes(&self) -> usize {
        self.grants("refresh_token")
    }

    /// Waits until the server has answered `count` requests with this `grant_type`.
    pub async fn until_grants(&self, grant_type: &str, count: usize) {
        loop {
            let one_more = self.wire.one_more.notified();
            if self.grants(grant_type) >= count {
                return;
            }
            one_more.await;
        }
    }

    /// Every token that the server gave.
    pub fn tokens(&self) -> Vec<String> {
        let names = ["access_token", "refresh_token", "id_token"];
        let of = |passed: Passed| names.map(|name| passed.answer.get(name)?.as_str().map(str::to_owned));
        self.passed().into_iter().flat_map(of).flatten().collect()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(State(wire): State<Arc<Wire>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let mood = lock(&wire.moods).get(&path).cloned().unwrap_or_default();
    if matches!(mood, Mood::Stall) {
        return std::future::pending().await;
    }
    let Ok((passed, answer)) = wire.pass(path, request).await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    lock(&wire.passed).push(passed);
    wire.one_more.notify_waiters();
    match mood {
        Mood::Hold(permits) => permits.acquire().await.expect("it stays open").forget(),
        Mood::Lose => {
            let broken = futures_util::stream::iter([Ok(Bytes::from("{")), Err(io::Error::other("lost"))]);
            return ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(broken)).into_response();
        }
        Mood::Pass | Mood::Stall => {}
    }
    answer
}

impl Wire {
    async fn pass(&self, path: String, request: Request) -> Result<(Passed, Response), reqwest::Error> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, LONGEST).await.expect("the request arrives");
        let target = lock(&self.target).clone();
        let rest = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let sent = self.http.request(head.method, format!("http://{target}{rest}")).headers(head.headers);
        let grant_type = grant_type(&body);
        let received = sent.body(body).send().await?;
        let (status, headers) = (received.status(), received.headers().clone());
        let bytes = received.bytes().await?;
        let answer = serde_json::from_slice(&bytes).unwrap_or_default();
        let mut response = (status, bytes).into_response();
        *response.headers_mut() = headers;
        response.headers_mut().remove(header::TRANSFER_ENCODING);
        Ok((Passed { path, grant_type, status, answer }, response))
    }
}

fn grant_type(form: &[u8]) -> Option<String> {
    let params = Params::parse(form, Limits::REQUEST).ok()?;
    params.one("grant_type").ok()?.map(str::to_owned)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
