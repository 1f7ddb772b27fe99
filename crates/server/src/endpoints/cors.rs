//! Cross-origin reading for browser apps: only on the origins that the app registered, never with cookies.

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use super::json;
use crate::{app::App, catalog::Client};

const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
const MANAGING_METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE");
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, dpop");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static("www-authenticate, dpop-nonce");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The `Origin` of a request.
pub(crate) fn origin(request: &Request) -> Option<HeaderValue> {
    request.headers().get(header::ORIGIN).cloned()
}

/// Lets the app's own page read this answer, whatever it says. Where it is not known whose it is, the answer is an
/// error that says nothing of any app, and the page of any app may read it.
pub(crate) async fn allow_client(
    app: &App,
    response: Response,
    origin: Option<HeaderValue>,
    client: Option<&Client>,
) -> Response {
    let Some(origin) = origin else { return response };
    let registered = match client {
        Some(client) => origin.to_str().is_ok_and(|origin| client.has_origin(origin)),
        None => is_registered(app, &origin).await,
    };
    if registered { allow(response, origin) } else { vary(response) }
}

async fn is_registered(app: &App, origin: &HeaderValue) -> bool {
    match origin.to_str() {
        Ok(text) => app.catalog().is_registered_origin(text).await.unwrap_or(false),
        Err(_) => false,
    }
}

/// Lets every page read this answer: public documents, and what is only given to whoever holds a token.
pub(crate) fn allow_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    response
}

/// `OPTIONS`: a pre-flight names no app, so any registered origin may go on; the answer that follows is
/// readable only on the origins of the app that asked.
pub(crate) async fn preflight(State(app): State<App>, request: Request) -> Response {
    let mut response = json::empty(StatusCode::NO_CONTENT);
    let Some(origin) = origin(&request) else { return response };
    if !is_registered(&app, &origin).await {
        return vary(response);
    }
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    allow(response, origin)
}

/// `OPTIONS` where every page may ask, with a token in its hand and never by a cookie.
pub(crate) async fn preflight_for_all() -> Response {
    let mut response = allow_all(json::empty(StatusCode::NO_CONTENT));
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, MANAGING_METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

fn allow(mut response: Response, origin: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    vary(response)
}

fn vary(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}
