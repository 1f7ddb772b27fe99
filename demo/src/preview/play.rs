//! How a rehearsed message is played: through the tap of the party that it reaches.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use axum::body::Body;
use http::{Request, Response};
use serde_json::Value;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::flow::{Lifeline, Stage, Tap};

/// An answer: its status, its headers, its body.
pub(super) struct Said<'a>(pub(super) u16, pub(super) Vec<(&'a str, String)>, pub(super) Option<Value>);

/// Whom a request reaches.
pub(super) enum Where {
    /// One of the parties of OAuth.
    Party(Lifeline),
    /// A social provider.
    Provider(&'static str),
}

impl From<Lifeline> for Where {
    fn from(party: Lifeline) -> Self {
        Self::Party(party)
    }
}

/// One request to a party through its tap; `inside` happens before it answers.
pub(super) async fn play(
    stage: &Stage,
    tap: impl Into<Where>,
    request: Request<Body>,
    said: Said<'_>,
    inside: impl Future<Output = ()> + Send,
) {
    let Said(status, headers, body) = said;
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = response.body(body).unwrap_or_default();
    // What happens inside is played between the two arrows, by taking the answer apart from the request.
    let (answer, ask) = tokio::sync::oneshot::channel();
    let ask = Arc::new(Mutex::new(Some(ask)));
    let tap = match tap.into() {
        Where::Party(party) => Tap::new(stage, party),
        Where::Provider(name) => Tap::at_provider(stage, name),
    };
    let party = tap.layer(service_fn(move |_| {
        let ask = ask.lock().ok().and_then(|mut ask| ask.take());
        async move {
            let response = match ask {
                Some(ask) => ask.await.unwrap_or_default(),
                None => Response::default(),
            };
            Ok::<_, Infallible>(response)
        }
    }));
    let _ = tokio::join!(party.oneshot(request), async move {
        inside.await;
        // Nobody waits: then there is nothing to draw either.
        let _ = answer.send(response);
    });
}

pub(super) fn cookie(name: &str, value: &str) -> (&'static str, String) {
    ("set-cookie", format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"))
}

pub(super) fn html() -> Vec<(&'static str, String)> {
    vec![("content-type", "text/html; charset=utf-8".to_owned())]
}

pub(super) fn json_type() -> Vec<(&'static str, String)> {
    vec![("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())]
}

pub(super) fn with_challenge(challenge: &str) -> Vec<(&'static str, String)> {
    let mut headers = json_type();
    headers.push(("www-authenticate", challenge.to_owned()));
    headers
}
