//! JSON answers: one way to write them, never cached unless they say so.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;

/// 200, for no cache (RFC 6749 §5.1).
pub(crate) fn no_store(value: &impl Serialize) -> Response {
    with_status(StatusCode::OK, value)
}

/// Any status, for no cache: one that speaks HTTP/1.0 alone knows the second header only.
pub(crate) fn with_status(status: StatusCode, value: &impl Serialize) -> Response {
    let Ok(bytes) = serde_json::to_vec(value) else {
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = bytes_with_status(status, bytes.into());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// JSON that is ready, with no word about caching.
pub(crate) fn bytes_with_status(status: StatusCode, bytes: bytes::Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A status and nothing else.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
