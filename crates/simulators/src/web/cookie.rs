//! The session's cookie — RFC 6265 §4.1.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use mapae_protocol::cookie;

use crate::engine::Engine;

/// The ports of one host share their cookies, so each simulator has a name of its own.
fn name(engine: &Engine) -> String {
    let port = engine.base().rsplit(':').next().unwrap_or_default();
    format!("simulated-{}-{port}", engine.provider())
}

/// The session that the browser names.
pub(crate) fn session(engine: &Engine, headers: &HeaderMap) -> Option<String> {
    cookie::value(headers, &name(engine)).map(str::to_owned)
}

/// Tells the browser its session.
pub(crate) fn set(engine: &Engine, session: &str, response: &mut Response) {
    let cookie = format!("{}={session}; Path=/; HttpOnly; SameSite=Lax", name(engine));
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
