//! The address of an app: it hears what it is told, and answers as a test wants.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use mapae_protocol::params::{Limits, Params};
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
};

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    With(StatusCode),
    /// Not at all.
    Never,
}

#[derive(Clone)]
struct Ear {
    heard: UnboundedSender<String>,
    mood: Arc<Mutex<Mood>>,
}

#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) address: String,
    heard: UnboundedReceiver<String>,
    mood: Arc<Mutex<Mood>>,
    task: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    pub(crate) async fn at(address: &str) -> Self {
        let socket = TcpListener::bind(address).await.unwrap();
        let address = format!("http://{}/logout?from=mapae", socket.local_addr().unwrap());
        let (sender, heard) = mpsc::unbounded_channel();
        let mood = Arc::new(Mutex::new(Mood::With(StatusCode::OK)));
        let ear = Ear { heard: sender, mood: Arc::clone(&mood) };
        let router = Router::new().route("/logout", post(hear)).with_state(ear);
        let task = tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Self { address, heard, mood, task }
    }

    pub(crate) fn answers(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The next logout token that it hears.
    pub(crate) async fn next(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(30), self.heard.recv()).await;
        next.expect("it is told").unwrap()
    }

    /// The next one, if it comes before a look is taken at what is due.
    pub(crate) async fn next_soon(&mut self) -> Option<String> {
        tokio::time::timeout(Duration::from_secs(2), self.heard.recv()).await.ok().flatten()
    }

    /// Whatever it has heard by now.
    pub(crate) fn so_far(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.heard.try_recv().ok()).collect()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hear(State(ear): State<Ear>, body: String) -> StatusCode {
    let form = Params::parse(body.as_bytes(), Limits::REQUEST).unwrap();
    let _ = ear.heard.send(form.one("logout_token").unwrap().unwrap().to_owned());
    let mood = *ear.mood.lock().unwrap();
    match mood {
        Mood::With(status) => status,
        Mood::Never => std::future::pending().await,
    }
}
