//! A service that is notified: a real listener that keeps what it hears and answers what it is told to.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{Method, Uri},
};
use reqwest::{StatusCode, header::HeaderMap};
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

/// Something that was heard.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) method: String,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A listener on a port of its own.
pub(crate) struct Listener {
    pub(crate) url: String,
    heard: UnboundedReceiver<Heard>,
}

#[derive(Clone)]
struct Ear {
    sender: UnboundedSender<Heard>,
    answer: (u16, &'static str),
}

impl Listener {
    pub(crate) async fn answering(status: u16, body: &'static str) -> Self {
        let (sender, heard) = unbounded_channel();
        let socket = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/hook", socket.local_addr().unwrap());
        let router = Router::new().fallback(hear).with_state(Ear { sender, answer: (status, body) });
        tokio::spawn(async move { axum::serve(socket, router).await.unwrap() });
        Self { url, heard }
    }

    /// What came next; waits for it.
    pub(crate) async fn next(&mut self) -> Heard {
        self.heard.recv().await.unwrap()
    }

    /// Whether nothing has come that was not asked for yet.
    pub(crate) fn is_silent(&mut self) -> bool {
        self.heard.try_recv().is_err()
    }
}

async fn hear(
    State(ear): State<Ear>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let body = String::from_utf8(body.to_vec()).unwrap();
    ear.sender.send(Heard { method: method.to_string(), uri, headers, body }).unwrap();
    (StatusCode::from_u16(ear.answer.0).unwrap(), ear.answer.1)
}

impl crate::scene::Scene {
    /// Lets the default app hear of one kind of notification.
    pub(crate) async fn hook(&self, kind: &str, listener: &Listener) {
        let command = mapae_simulators::Command::Webhook {
            kind: kind.to_owned(),
            url: Some(listener.url.clone()),
            method: None,
            client_id: None,
        };
        self.simulator.control(command).await.unwrap();
    }
}
