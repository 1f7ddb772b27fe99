//! A provider that is none: it answers everything with the same, and remembers what it was told.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::Uri, response::IntoResponse};

use super::stage::{Stage, written};

/// A listener on this machine.
#[derive(Clone)]
pub(super) struct Stranger {
    base: String,
    heard: Arc<Mutex<Vec<String>>>,
    profile: Arc<Mutex<String>>,
}

impl Stranger {
    pub(super) async fn listen() -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        let stranger = Self { base, heard: Arc::default(), profile: Arc::default() };
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

    /// Path and body of every request.
    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn answer(State(stranger): State<Stranger>, address: Uri, body: Bytes) -> impl IntoResponse {
    let text = String::from_utf8_lossy(&body);
    stranger.heard.lock().unwrap().push(format!("{} {text}", address.path()));
    let tokens = r#"{"access_token":"a","token_type":"bearer","expires_in":3600}"#;
    let profile = stranger.profile.lock().unwrap().clone();
    let answer = if address.path().ends_with("/token") { tokens.to_owned() } else { profile };
    ([("content-type", "application/json")], answer)
}
