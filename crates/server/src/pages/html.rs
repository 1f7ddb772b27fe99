//! A finished page and the headers that go with it.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};
use mapae_protocol::locale::Locale;

use crate::pages::policy::FormTarget;

/// Headers of every page, errors included: in nobody's frame (RFC 6749 §10.13), no address told to anybody
/// (RFC 9700 §4.2.4), in no cache, apart from other windows.
pub const HEADERS: [(HeaderName, HeaderValue); 8] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        header::VARY,
        HeaderValue::from_static("Accept-Language, Cookie, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site"),
    ),
];

/// A rendered page. As a response it carries [`HEADERS`] and its own policy; its status is 200 unless given.
#[derive(Debug, Clone)]
pub struct Html {
    /// The document.
    pub body: String,
    /// Its `Content-Security-Policy`.
    pub policy: String,
}

impl Html {
    pub(in crate::pages) const fn new(body: String, policy: String) -> Self {
        Self { body, policy }
    }

    /// Says sorry without a template.
    pub(in crate::pages) fn apology(locale: Locale) -> Self {
        let (lang, text) = match locale {
            Locale::Ko => ("ko", "페이지를 보여 드리지 못했어요. 잠시 뒤 다시 시도해 주세요."),
            Locale::En => ("en", "This page could not be shown. Please try again in a moment."),
        };
        let body = format!("<!doctype html><html lang=\"{lang}\"><title>Mapae</title><h1>{text}</h1></html>");
        Self::new(body, FormTarget::OwnOrigin.policy(&[]))
    }
}

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body.into());
        let headers = response.headers_mut();
        headers.extend(HEADERS);
        // A policy that is no header value would be ours to blame; then nothing at all may be loaded.
        let policy =
            HeaderValue::try_from(self.policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{self, Page, blocked::Blocked};

    #[test]
    fn se_06_every_page_refuses_to_be_framed() {
        for (state, page) in Blocked::samples() {
            let response = pages::render(&page, Locale::Ko).into_response();
            let header =
                |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
            assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{state}");
            assert_eq!(header("x-frame-options"), "DENY", "{state}");
            assert_eq!(header("content-type"), "text/html; charset=utf-8", "{state}");
        }
    }

    #[test]
    fn se_29_and_az_40_pages_tell_nobody_about_themselves() {
        let response = Html::apology(Locale::En).into_response();
        let header =
            |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert!(header("vary").contains("Cookie") && header("vary").contains("Sec-Fetch-Site"));
    }
}
