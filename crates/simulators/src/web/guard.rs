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
use mapae_protocol::same_origin::{Sender, sender};
use url::{Host, Url};

use crate::engine::Engine;

/// What every answer of ours says; addresses of apps must stay reachable for forms, so `form-action` is open.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(crate) async fn stand(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    if !is_called_by_name(&engine, request.headers()) {
        let text = format!("This simulator answers to {} only. Ask for it by that address.\n", engine.base());
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

fn is_called_by_name(engine: &Engine, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| is_name_of(engine.base(), engine.is_loopback(), host))
}

/// The announced host, or a name of this machine; over a network also a bare address, which no name of somebody else's
/// can be made to lead to.
fn is_name_of(base: &str, loopback: bool, host: &str) -> bool {
    if host.contains(['@', '/', '?', '#', '\\']) {
        return false;
    }
    let Ok(named) = Url::parse(&format!("http://{host}/")) else { return false };
    let announced = Url::parse(base).is_ok_and(|own| own.host() == named.host());
    let is_address = matches!(named.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
    announced || is_loopback(&named) || (is_address && !loopback)
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
    let port = Url::parse(engine.base()).ok().and_then(|own| own.port_or_known_default());
    let is_own = |named: &str| {
        let here =
            Url::parse(named).is_ok_and(|url| is_loopback(&url) && url.port_or_known_default() == port);
        here || named == engine.base()
    };
    !matches!(sender(headers, is_own), Sender::OwnPage | Sender::NoPage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_strange_name_leads_here_not_even_over_a_network() {
        let (here, announced) = ("http://localhost:9100", "http://kakao.test:9100");
        for (base, loopback, host, expected) in [
            (here, true, "localhost:9100", true),
            (here, true, "kakao.localhost", true),
            (here, true, "[::1]:9100", true),
            (here, true, "192.0.2.7:9100", false),
            (here, true, "evil.example", false),
            (here, false, "192.0.2.7:9100", true),
            (here, false, "[2001:db8::7]:9100", true),
            (here, false, "evil.example:9100", false),
            (announced, false, "kakao.test:9100", true),
            (announced, false, "KAKAO.TEST", true),
            (announced, false, "localhost:9100", true),
            (announced, false, "kakao.test.evil.example", false),
            (announced, false, "evil.example@kakao.test/", false),
            (announced, false, "", false),
        ] {
            assert_eq!(is_name_of(base, loopback, host), expected, "{host} at {base}");
        }
    }
}
