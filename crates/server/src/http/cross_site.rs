//! Requests that another site made a browser send — Fetch Metadata (W3C), RFC 6454 §7; threats SE-05, AD-06.
//!
//! For pages only: the endpoints of the protocol are meant to be called from elsewhere. It stands beside the
//! anti-forgery token of each form, not in its place.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, Method, StatusCode, header::HOST};
use mapae_protocol::same_origin::{self, Sender};

use super::plain;
use crate::config::Site;

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");

const REFUSAL: &str = "다른 사이트에서 보낸 요청이라 처리하지 않았어요. 페이지를 다시 열고 시도해 주세요.\n\
                       This request came from another site, so nothing was done. Open the page again and retry.\n";

/// Another site made the browser send this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request came from another site")]
pub struct CrossSite;

/// Refuses a request that changes something and comes from another site.
///
/// Where the browser says nothing, or only `null`, the form's token decides: browsers say `null` for the forms of our
/// own pages too, because those send no referrer, and old ones say nothing else.
///
/// # Errors
/// [`CrossSite`].
pub fn verify(method: &Method, headers: &HeaderMap, site: &Site) -> Result<(), CrossSite> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    match same_origin::sender(headers, |origin| is_ours(origin, headers, site)) {
        Sender::OwnPage | Sender::NoPage | Sender::HiddenPage => Ok(()),
        Sender::OtherPage => Err(CrossSite),
    }
}

/// [`verify`] as a layer: `route_layer(from_fn_with_state(site, cross_site::refuse))`.
pub async fn refuse(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    match verify(request.method(), request.headers(), &site) {
        Ok(()) => next.run(request).await,
        Err(CrossSite) => plain(StatusCode::FORBIDDEN, REFUSAL),
    }
}

/// Whether a browser fetches this ahead of time: nothing must happen because of it, not even on a GET that
/// a person would have confirmed by following the link.
pub fn is_prefetch(headers: &HeaderMap) -> bool {
    [SEC_PURPOSE, PURPOSE].iter().any(|name| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split([';', ',']))
            .any(|word| word.trim().eq_ignore_ascii_case("prefetch"))
    })
}

/// Whether nobody will see the page that is asked for: only its head is wanted, or it is fetched ahead of time, by a
/// script, or as a picture. Nothing may come of that, although it is a GET (AZ-41).
pub fn is_unseen(method: &Method, headers: &HeaderMap) -> bool {
    let said = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let shown = said(&SEC_FETCH_DEST)
        .is_none_or(|destination| matches!(destination, "document" | "iframe" | "frame"));
    let navigates = said(&SEC_FETCH_MODE).is_none_or(|mode| mode == "navigate");
    *method == Method::HEAD || is_prefetch(headers) || !shown || !navigates
}

/// On this machine the server has several names: then the origin must be the one under which it was called.
fn is_ours(origin: &str, headers: &HeaderMap, site: &Site) -> bool {
    if origin == site.origin() {
        return true;
    }
    let scheme = if site.is_https() { "https://" } else { "http://" };
    let called = headers.get(HOST).and_then(|host| host.to_str().ok());
    let same = origin.strip_prefix(scheme).is_some_and(|authority| called == Some(authority));
    site.is_loopback() && same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(site: &str, method: &Method, lines: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        verify(method, &headers, &Site::parse(site).unwrap()).is_ok()
    }

    #[test]
    fn se_05_a_form_of_another_site_is_refused() {
        let site = "https://id.example.com";
        for (lines, expected) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "null")], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "https://id.example.com")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("origin", "https://id.example.com")], true),
            (vec![], true),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "same-site"), ("origin", "https://id.example.com")], false),
            (vec![("sec-fetch-site", "something-new")], false),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")], false),
            (vec![("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
            (vec![("origin", "https://evil.example")], false),
            (vec![("origin", "http://id.example.com")], false),
            (vec![("origin", "https://id.example.com.evil.example")], false),
            (vec![("origin", "null")], true),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "null")], false),
            (vec![("origin", "https://evil.example"), ("host", "evil.example")], false),
        ] {
            for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
                assert_eq!(check(site, &method, &lines), expected, "{lines:?}");
            }
        }
    }

    #[test]
    fn links_from_other_sites_are_followed() {
        for method in [Method::GET, Method::HEAD] {
            assert!(check("https://id.example.com", &method, &[("sec-fetch-site", "cross-site")]));
        }
    }

    #[test]
    fn on_this_machine_the_origin_is_the_name_that_was_called() {
        let site = "http://localhost:9000";
        assert!(check(
            site,
            &Method::POST,
            &[("origin", "http://127.0.0.1:9000"), ("host", "127.0.0.1:9000")]
        ));
        assert!(!check(
            site,
            &Method::POST,
            &[("origin", "http://127.0.0.1:9000"), ("host", "localhost:9000")]
        ));
        assert!(!check(
            site,
            &Method::POST,
            &[("origin", "http://localhost:3000"), ("host", "localhost:9000")]
        ));
    }

    #[test]
    fn a_prefetch_is_recognised() {
        let is = |name: &'static str, value: &'static str| {
            is_prefetch(&HeaderMap::from_iter([(
                HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )]))
        };
        assert!(is("sec-purpose", "prefetch"));
        assert!(is("sec-purpose", "prefetch;prerender"));
        assert!(is("sec-purpose", "prefetch;anonymous-client-ip"));
        assert!(is("purpose", "prefetch"));
        assert!(!is("sec-purpose", "prerender-later"));
        assert!(!is_prefetch(&HeaderMap::new()));
    }
}
