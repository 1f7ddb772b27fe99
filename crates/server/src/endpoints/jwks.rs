//! The key set — RFC 7517 §5, from memory.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use super::{cors, json};
use crate::app::App;

/// Half of the time for which a new key is published before it signs.
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `GET /jwks`.
pub(crate) async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    let keys = app.keys().current();
    public_document(&headers, keys.jwks.clone(), &keys.jwks_etag)
}

/// A document that everybody may read and keep for a while.
pub(super) fn public_document(headers: &HeaderMap, bytes: bytes::Bytes, etag: &str) -> Response {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let fresh = known.flat_map(|value| value.split(',')).any(|tag| tag.trim() == etag);
    let mut response = if fresh {
        json::empty(StatusCode::NOT_MODIFIED)
    } else {
        json::bytes_with_status(StatusCode::OK, bytes)
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, MAX_AGE);
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(header::ETAG, etag);
    }
    cors::allow_all(response)
}
