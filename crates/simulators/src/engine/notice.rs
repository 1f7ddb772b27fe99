//! Notifications from the provider to an app.

use std::time::Duration;

use reqwest::Method;
use serde::Serialize;

use super::Engine;

/// How long an app may take to answer, as Kakao demands.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many deliveries are remembered.
const REMEMBERED: usize = 200;

/// A notification that is due.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// Its kind, which is the name of the webhook that it goes to.
    pub(crate) kind: &'static str,
    pub(crate) url: String,
    pub(crate) method: Method,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Body,
}

/// What a notification carries.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Form fields; in the query when the method is GET.
    Form(Vec<(&'static str, String)>),
    /// A security event token — RFC 8935 §2.1.
    SecurityEvent(String),
    /// JSON.
    Json(String),
}

/// A notification that was sent, and what the app said.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// The kind of notification: the name of the webhook.
    pub kind: &'static str,
    /// Where it went.
    pub url: String,
    /// What it carried, as sent.
    pub sent: String,
    /// The status of the answer; `None` when there was none within three seconds.
    pub status: Option<u16>,
    /// The beginning of the answer's text.
    pub answer: String,
}

impl Engine {
    /// Sends these one after another and remembers what came back, even if whoever caused them is gone before that.
    pub(crate) async fn deliver(&self, notices: Vec<Notice>) -> Vec<Delivered> {
        let engine = self.clone();
        tokio::spawn(async move { engine.deliver_all(notices).await }).await.unwrap_or_default()
    }

    async fn deliver_all(&self, notices: Vec<Notice>) -> Vec<Delivered> {
        let mut delivered = Vec::with_capacity(notices.len());
        for notice in notices {
            let outcome = self.send(notice).await;
            self.with(|world| {
                if world.outbox.len() >= REMEMBERED {
                    world.outbox.remove(0);
                }
                world.outbox.push(outcome.clone());
            });
            delivered.push(outcome);
        }
        delivered
    }

    /// The same beside whatever goes on.
    pub(crate) fn deliver_later(&self, notices: Vec<Notice>) {
        if notices.is_empty() {
            return;
        }
        let engine = self.clone();
        tokio::spawn(async move { engine.deliver_all(notices).await });
    }

    async fn send(&self, notice: Notice) -> Delivered {
        let Notice { kind, mut url, method, authorization, body } = notice;
        let (content_type, sent) = match body {
            Body::Form(fields) => {
                ("application/x-www-form-urlencoded;charset=utf-8", mapae_protocol::params::encode(fields))
            }
            Body::SecurityEvent(token) => ("application/secevent+jwt", token),
            Body::Json(text) => ("application/json", text),
        };
        if method == Method::GET {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&sent);
        }
        let mut request = self.http().request(method.clone(), &url).timeout(PATIENCE);
        if method != Method::GET {
            request = request.header(http::header::CONTENT_TYPE, content_type).body(sent.clone());
        }
        if let Some(value) = authorization {
            request = request.header(http::header::AUTHORIZATION, value);
        }
        let (status, answer) = match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let text = response.text().await.unwrap_or_default();
                (Some(status), text.chars().take(500).collect())
            }
            Err(error) => {
                tracing::info!(
                    kind,
                    error = &error as &dyn std::error::Error,
                    "a notification did not arrive"
                );
                (None, String::new())
            }
        };
        Delivered { kind, url, sent, status, answer }
    }
}
