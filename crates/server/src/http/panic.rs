//! A panic is a fault of ours: the peer gets 500 and an id, the log the rest — threats OP-09.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

use super::{plain, request_id::RequestId};

const BODY: &str = "{\"error\":\"server_error\"}";

/// Answers in place of a handler that panicked. Where and with what, the log knows from the panic hook.
pub(super) fn answer(id: RequestId) -> Response {
    tracing::error!(request_id = %id, "a request panicked");
    let mut response = plain(StatusCode::INTERNAL_SERVER_ERROR, BODY);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
