//! Somebody's site, at which things stand that an app names.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use reqwest::{StatusCode, header::CONTENT_TYPE};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::AbortHandle,
};

/// What stands where, and what was asked for.
#[derive(Clone, Default)]
pub(crate) struct Site {
    address: String,
    pages: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    documents: Arc<Mutex<BTreeMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
    trouble: Arc<Mutex<Option<StatusCode>>>,
    held: Arc<Mutex<BTreeMap<String, Arc<Held>>>>,
    serving: Option<AbortHandle>,
}

/// Those who asked for one thing there, and wait for it.
pub(crate) struct Held {
    come: Semaphore,
    gone: Semaphore,
}

impl Held {
    /// Waits until somebody has asked.
    pub(crate) async fn comes(&self) {
        self.come.acquire().await.unwrap().forget();
    }

    /// Answers them, and whoever asks later.
    pub(crate) fn let_go(&self) {
        self.gone.close();
    }
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self { address: format!("http://{}", listener.local_addr().unwrap()), ..Self::default() };
        let router = Router::new().fallback(answer).with_state(site.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { serving: Some(serving), ..site }
    }

    /// Nobody answers there any more.
    pub(crate) async fn stop(&self) {
        self.serving.as_ref().unwrap().abort();
        while TcpStream::connect(self.address.trim_start_matches("http://")).await.is_ok() {}
    }

    /// Puts something there.
    pub(crate) fn put(&self, path: &str, body: impl Into<Vec<u8>>) -> String {
        self.pages.lock().unwrap().insert(path.to_owned(), body.into());
        self.at(path)
    }

    /// Puts a JSON document there.
    pub(crate) fn put_json(&self, path: &str, document: &Value) -> String {
        self.put_as_json(path, &document.to_string())
    }

    /// Puts something there and calls it JSON.
    pub(crate) fn put_as_json(&self, path: &str, text: &str) -> String {
        self.documents.lock().unwrap().insert(path.to_owned(), text.to_owned());
        self.at(path)
    }

    /// Answers everything with this status from now on.
    pub(crate) fn is_in_trouble(&self, status: StatusCode) {
        *self.trouble.lock().unwrap() = Some(status);
    }

    /// Lets whoever asks for this wait.
    pub(crate) fn hold(&self, path: &str) -> Arc<Held> {
        let held = Arc::new(Held { come: Semaphore::new(0), gone: Semaphore::new(0) });
        self.held.lock().unwrap().insert(path.to_owned(), Arc::clone(&held));
        held
    }

    /// Takes a document away.
    pub(crate) fn remove(&self, path: &str) {
        self.documents.lock().unwrap().remove(path);
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// What was asked for since this was asked last.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn answer(State(site): State<Site>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    site.asked.lock().unwrap().push(path.clone());
    let held = site.held.lock().unwrap().get(&path).cloned();
    if let Some(held) = held {
        held.come.add_permits(1);
        assert!(held.gone.acquire().await.is_err(), "it is closed when they are let go");
    }
    if let Some(status) = *site.trouble.lock().unwrap() {
        return status.into_response();
    }
    if let Some(document) = site.documents.lock().unwrap().get(&path) {
        return ([(CONTENT_TYPE, "application/json")], document.clone()).into_response();
    }
    match site.pages.lock().unwrap().get(&path) {
        Some(body) => body.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
