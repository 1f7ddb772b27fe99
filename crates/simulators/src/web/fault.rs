//! Carries out what was ordered to go wrong.

use std::{future, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};

use crate::engine::{Engine, HowToFail};

/// More than any client should read, in bytes.
const HUGE: usize = 16 * 1_024 * 1_024;

pub(crate) async fn intervene(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    match engine.with(|world| world.take_fault(&path)) {
        None => next.run(request).await,
        Some(HowToFail::Error(code)) => engine.rules().failure(&engine, &path, code.as_deref()),
        Some(HowToFail::Stall(seconds)) => {
            stall(&engine, seconds).await;
            next.run(request).await
        }
        Some(HowToFail::Garbage) => {
            let half = "{\"access_token\": \"gar\u{fffd}bage\", \"id\": [[[, <html>";
            ([(header::CONTENT_TYPE, "application/json;charset=UTF-8")], half).into_response()
        }
        Some(HowToFail::Huge) => {
            let text = format!("{{\"filling\":\"{}\"}}", "x".repeat(HUGE));
            ([(header::CONTENT_TYPE, "application/json;charset=UTF-8")], text).into_response()
        }
        Some(HowToFail::Redirect) => {
            (StatusCode::FOUND, [(header::LOCATION, "/simulator/style.css")]).into_response()
        }
    }
}

/// Waits for so long, or until the client or this simulator has gone away.
async fn stall(engine: &Engine, seconds: Option<u32>) {
    let mut closing = engine.closing();
    let patience = async {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds.into())).await,
            None => future::pending().await,
        }
    };
    tokio::select! {
        () = patience => {}
        _ = closing.wait_for(|closed| *closed) => {}
    }
}
