//! A provider that is none: it answers everything with the same, and remembers what it was told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::Uri,
    response::IntoResponse,
};
use mapae_testkit::until;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock};

use super::stage::{Stage, written};

/// A listener on this machine.
#[derive(Clone)]
pub(super) struct Stranger {
    base: String,
    heard: Arc<Mutex<Vec<String>>>,
    profile: Arc<Mutex<String>>,
    /// Whoever has it holds every refresh.
    gate: Arc<RwLock<()>>,
    /// So many answers to refreshes get lost.
    losing: Arc<AtomicUsize>,
}

impl Stranger {
    pub(super) async fn listen() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        let stranger = Self {
            base,
            heard: Arc::default(),
            profile: Arc::default(),
            gate: Arc::default(),
            losing: Arc::default(),
        };
        let routes = Router::new().fallback(answer).with_state(stranger.clone());
        tokio::spawn(async move { axum::serve(socket, routes).await.unwrap() });
        stranger
    }

    /// From now on this is what the server calls so.
    pub(super) async fn take_the_name_of(&self, stage: &Stage, name: &str) {
        self.speak_as(stage, "kakao", name).await;
    }

    /// A provider of this definition, and what it says of everybody.
    pub(super) async fn speak_as(&self, stage: &Stage, id: &str, name: &str) {
        let secret = written(stage.server.data(), "secret-of-strangers", "secret");
        let words =
            ["upstream", "add", id, "--name", name, "--client-id", "client", "--base-url", &self.base];
        let mut words = [&words[..], &["--client-secret-file", &secret]].concat();
        words.extend((id == "kakao").then_some("--without-openid"));
        stage.mapae(&words).await;
    }

    pub(super) fn says(&self, profile: &str) {
        profile.clone_into(&mut self.profile.lock().unwrap());
    }

    /// Lets no refresh through until this is dropped.
    pub(super) async fn hold_refreshes(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.gate).write_owned().await
    }

    /// The connection breaks before the next answers to refreshes are complete.
    pub(super) fn loses_refreshes(&self, how_many: usize) {
        self.losing.store(how_many, Ordering::SeqCst);
    }

    /// Until somebody wants a refresh.
    pub(super) async fn is_asked_to_refresh(&self) {
        until("somebody wants a refresh", async || self.refreshes() > 0).await;
    }

    /// How many have arrived.
    pub(super) fn refreshes(&self) -> usize {
        self.heard().iter().filter(|said| said.contains("grant_type=refresh_token")).count()
    }

    pub(super) fn forget(&self) {
        self.heard.lock().unwrap().clear();
    }

    /// Path and body of every request.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn answer(State(stranger): State<Stranger>, address: Uri, body: Bytes) -> impl IntoResponse {
    let text = String::from_utf8_lossy(&body);
    stranger.heard.lock().unwrap().push(format!("{} {text}", address.path()));
    if text.contains("grant_type=refresh_token") {
        drop(stranger.gate.read().await);
        let one_less = |losing: usize| losing.checked_sub(1);
        if stranger.losing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            let parts = [Ok(Bytes::from_static(b"{")), Err(std::io::Error::other("the connection breaks"))];
            let broken = futures_util::stream::iter(parts);
            return ([("content-type", "application/json")], Body::from_stream(broken));
        }
    }
    let tokens = r#"{"access_token":"a","token_type":"bearer","expires_in":3600,"refresh_token":"r"}"#;
    let profile = stranger.profile.lock().unwrap().clone();
    let answer = if address.path().ends_with("/token") { tokens.to_owned() } else { profile };
    ([("content-type", "application/json")], Body::from(answer))
}
