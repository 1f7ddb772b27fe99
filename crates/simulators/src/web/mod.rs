//! What all simulators do with HTTP.

pub(crate) mod bearer;
pub(crate) mod cookie;
pub(crate) mod fault;
pub(crate) mod guard;
pub(crate) mod page;
mod picture;
mod sent;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use mapae_protocol::{locale::Locale, time::Timestamp};
use serde::Serialize;

pub(crate) use self::sent::{Body, Either, Query};
use crate::{control, dialog, engine::Engine};

/// Longest body that is read, in bytes.
const MOST_BYTES: usize = 64 * 1_024;

/// The provider's addresses, the pages between them, and the control.
pub(crate) fn router(engine: Engine) -> Router {
    let provider =
        engine.rules().routes().layer(middleware::from_fn_with_state(engine.clone(), fault::intervene));
    Router::new()
        .merge(provider)
        .route("/", get(control::page::show))
        .route("/control", get(control::page::show).post(control::command))
        .route("/control/state", get(control::state))
        .route("/simulator/sign-in", post(dialog::sign_in))
        .route("/simulator/consent", post(dialog::consent))
        .route("/simulator/picture/{person}/{size}", get(picture::draw))
        .route("/simulator/style.css", get(page::style))
        .route("/simulator/icon.svg", get(page::icon))
        .route("/favicon.ico", get(page::icon))
        .route("/simulator/hand-over.js", get(page::hand_over))
        .fallback(page::not_found)
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(engine.clone(), guard::stand))
        .with_state(engine)
}

/// 302 to an address that is not this server's.
pub(crate) fn moved(to: &str) -> Response {
    // Only an address of a lenient app can be no header value.
    match HeaderValue::from_str(to) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => (StatusCode::BAD_REQUEST, "the redirect URI cannot be sent").into_response(),
    }
}

/// JSON as the providers send it.
pub(crate) fn json(status: u16, value: &impl Serialize) -> Response {
    let text = serde_json::to_vec(value).unwrap_or_default();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json;charset=UTF-8")], text).into_response()
}

/// The same with one more header.
pub(crate) fn json_with(
    status: u16,
    value: &impl Serialize,
    name: HeaderName,
    text: &'static str,
) -> Response {
    let mut response = json(status, value);
    response.headers_mut().insert(name, HeaderValue::from_static(text));
    response
}

/// The language that a request asks for: its parameter, else the browser's, else the provider's.
pub(crate) fn locale(engine: &Engine, wanted: Option<&str>, headers: &HeaderMap) -> Locale {
    let accepted = || headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    wanted
        .and_then(|list| Locale::from_ui_locales(&list.replace('_', "-")))
        .or_else(|| accepted().and_then(Locale::from_accept_language))
        .unwrap_or_else(|| engine.rules().description().default_locale)
}

/// A date as RFC 3339 has it, in UTC.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.unix()).map_or_else(|_| at.unix().to_string(), |at| at.to_string())
}
