//! Which pages may call the API from a browser: those of the service (WHATWG Fetch, CORS protocol).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// The one origin that may call.
#[derive(Clone, Debug)]
pub(super) struct Allowed(Arc<str>);

impl Allowed {
    pub(super) fn new(origin: &str) -> Self {
        Self(origin.into())
    }

    fn header(&self, asked: &HeaderMap) -> Option<HeaderValue> {
        let origin = asked.get(header::ORIGIN)?;
        (origin.as_bytes() == self.0.as_bytes()).then(|| origin.clone())
    }
}

/// Answers preflights and marks answers that the origin may read. No cookie is ever involved.
pub(super) async fn answer(State(allowed): State<Allowed>, request: Request, next: Next) -> Response {
    let origin = allowed.header(request.headers());
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    // The metadata document answers for itself: everybody may read it.
    let own = request.uri().path() == "/events";
    let mut response =
        if preflight && own { preflight_answer(origin.is_some()) } else { next.run(request).await };
    let headers = response.headers_mut();
    if own {
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin.filter(|_| own) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
    }
    response
}

fn preflight_answer(allowed: bool) -> Response {
    if !allowed {
        return StatusCode::FORBIDDEN.into_response();
    }
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
