//! When to come back — RFC 6585 §4, RFC 9110 §10.2.3, RFC 9110 §15.6.4.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header::RETRY_AFTER};

/// Until a source has something of its budget again.
const TOO_MANY: HeaderValue = HeaderValue::from_static("60");

/// What passes by itself has mostly passed by then.
const UNAVAILABLE: HeaderValue = HeaderValue::from_static("1");

/// Says it in seconds, unless whoever answers knows better: nobody has to guess how often to ask again.
pub(crate) fn apply(status: StatusCode, headers: &mut HeaderMap) {
    let seconds = match status {
        StatusCode::TOO_MANY_REQUESTS => TOO_MANY,
        StatusCode::SERVICE_UNAVAILABLE => UNAVAILABLE,
        _ => return,
    };
    headers.entry(RETRY_AFTER).or_insert(seconds);
}

/// Says what the page says.
pub(crate) fn in_minutes(response: &mut Response, minutes: u32) {
    let seconds = HeaderValue::from(u64::from(minutes) * 60);
    response.headers_mut().insert(RETRY_AFTER, seconds);
}
