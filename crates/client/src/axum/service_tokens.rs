//! The routes of the service's own tokens: they answer in JSON, to the service's own front end.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;

use super::{Desk, answer, same_origin};
use crate::{
    client::paths,
    service_tokens::{ServiceTokenAnswer, ServiceTokenError},
};

/// For APIs and pages elsewhere: there is nothing secret in it.
const OPEN: [(header::HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
];

pub(super) fn routes<U: Send + Sync + 'static>() -> Router<Desk<U>> {
    Router::new()
        .route(paths::RENEWAL, post(renew))
        .route(paths::SERVICE_KEYS, get(keys))
        .route(paths::SERVICE_METADATA, get(metadata))
}

pub(super) async fn hand_over<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(desk.client.hand_over(&headers, &body).await)
}

async fn renew<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // A refresh token in the body is its own proof; one in a cookie comes along with whatever another site makes.
    if desk.client.keeps_refresh_token_in_cookie()
        && !same_origin::is_same_origin(&headers, desk.client.origin())
    {
        return same_origin::refused();
    }
    answered(desk.client.renew(&headers, &body).await)
}

async fn keys<U: Send + Sync + 'static>(State(desk): State<Desk<U>>) -> Response {
    match desk.client.service_keys().await {
        Ok(keys) => (OPEN, Json(keys)).into_response(),
        Err(error) => refused(&error),
    }
}

async fn metadata<U: Send + Sync + 'static>(State(desk): State<Desk<U>>) -> Response {
    match desk.client.service_metadata() {
        Ok(metadata) => (OPEN, Json(metadata)).into_response(),
        Err(error) => refused(&error),
    }
}

fn answered(issued: Result<ServiceTokenAnswer, ServiceTokenError>) -> Response {
    match issued {
        Ok(tokens) => answer::tokens(tokens),
        Err(error) => refused(&error),
    }
}

fn refused(error: &ServiceTokenError) -> Response {
    match error {
        ServiceTokenError::Failed(cause) => {
            tracing::warn!(error = &**cause as &dyn std::error::Error, "tokens could not be issued");
        }
        other => tracing::info!(error = %other, "no tokens were issued"),
    }
    answer::json(error.status(), json!({ "error": error.code() }))
}
