//! Who may talk to a simulator: this machine by its own name, and no page of somebody else's.
//!
//! A simulator has no password. Any web page could make a browser post to it, or reach it under a name of its
//! own that leads here (DNS rebinding), so both are refused.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::{Host, Url};

use crate::engine::Engine;

/// What every answer of ours says; addresses of apps must stay reachable for forms, so `form-action` is open.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) async fn stand(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    if engine.is_loopback() && !names_this_machine(&engine, request.headers()) {
        let text = "This simulator answers to localhost only. Start it with --listen to use another name.";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let ours = ["/control", "/simulator/"].iter().any(|path| request.uri().path().starts_with(path));
    if ours && request.method() != Method::GET && is_from_elsewhere(&engine, request.headers()) {
        return (StatusCode::FORBIDDEN, "This was sent by a page of another site.").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn names_this_machine(engine: &Engine, headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let Ok(named) = Url::parse(&format!("http://{host}/")) else { return false };
    let own = Url::parse(engine.base()).ok();
    is_loopback(&named) || own.is_some_and(|own| own.host() == named.host())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Browsers name the origin of every form that is posted; programs name none.
fn is_from_elsewhere(engine: &Engine, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if let Some(site) = site {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()) else { return true };
    let port = Url::parse(engine.base()).ok().and_then(|own| own.port_or_known_default());
    !(is_loopback(&origin) && origin.port_or_known_default() == port
        || origin.as_str().trim_end_matches('/') == engine.base())
}
