//! Which page made a browser send a request — Fetch Metadata (W3C), RFC 6454 §7, RFC 6749 §10.12.
//!
//! The one reading of `Sec-Fetch-Site` and `Origin` for every party that has pages. What a party makes of a request
//! about which nothing is said is its own affair: programs send neither header, and so do old browsers.

use http::{HeaderMap, HeaderName, header::ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who made a browser send a request, by the browser's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A page of this very origin; another port or sub-domain is another origin.
    OwnPage,
    /// No page: an address that somebody typed, or a program.
    NoPage,
    /// A page that hides where it is from (`Origin: null`) and of which nothing else is said: a form of one's own page
    /// without referrer in an old browser, or a frame in a sandbox.
    HiddenPage,
    /// A page of another origin, or headers that contradict each other.
    OtherPage,
}

/// Reads who sent it. `is_own` knows the origins of the party that asks, as browsers write them.
///
/// Both headers must agree: `Sec-Fetch-Site` is nothing that a page can set, and `Origin` is more exact, so that a
/// request is one's own only if neither says otherwise. A header that stands there twice says nothing good.
#[must_use]
pub fn sender(headers: &HeaderMap, is_own: impl Fn(&str) -> bool) -> Sender {
    let (Ok(site), Ok(origin)) = (one(headers, &SEC_FETCH_SITE), one(headers, &ORIGIN)) else {
        return Sender::OtherPage;
    };
    match (site, origin) {
        (None | Some("none"), None) => Sender::NoPage,
        (None | Some("none"), Some("null")) => Sender::HiddenPage,
        // Forms of pages that send no referrer have the origin `null`.
        (Some("same-origin"), None | Some("null")) => Sender::OwnPage,
        // `none`: the person sends a form of ours again, by loading its answer anew.
        (None | Some("same-origin" | "none"), Some(origin)) if is_own(origin) => Sender::OwnPage,
        _ => Sender::OtherPage,
    }
}

/// Two values, or one that is no text.
struct Unclear;

fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Unclear> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Unclear),
        (Some(_), Some(_)) => Err(Unclear),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// RFC 6454 §7.
    #[test]
    fn se_05_only_a_page_of_this_origin_is_ones_own() {
        let own = ("origin", "https://app.example");
        let (same, none, cross) =
            (("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site"));
        let null = ("origin", "null");
        for (lines, expected) in [
            (&[][..], Sender::NoPage),
            (&[none], Sender::NoPage),
            (&[same], Sender::OwnPage),
            (&[same, own], Sender::OwnPage),
            (&[same, null], Sender::OwnPage),
            (&[own], Sender::OwnPage),
            (&[null], Sender::HiddenPage),
            (&[none, null], Sender::HiddenPage),
            (&[none, own], Sender::OwnPage),
            (&[none, ("origin", "https://evil.example")], Sender::OtherPage),
            (&[cross], Sender::OtherPage),
            (&[cross, own], Sender::OtherPage),
            (&[cross, null], Sender::OtherPage),
            (&[("sec-fetch-site", "same-site"), own], Sender::OtherPage),
            (&[("sec-fetch-site", "Same-Origin")], Sender::OtherPage),
            (&[("sec-fetch-site", "something-new"), own], Sender::OtherPage),
            (&[("sec-fetch-site", "")], Sender::OtherPage),
            (&[same, cross], Sender::OtherPage),
            (&[same, same], Sender::OtherPage),
            (&[same, ("origin", "https://evil.example")], Sender::OtherPage),
            (&[own, ("origin", "https://evil.example")], Sender::OtherPage),
            (&[own, own], Sender::OtherPage),
            (&[("origin", "http://app.example")], Sender::OtherPage),
            (&[("origin", "https://app.example:8443")], Sender::OtherPage),
            (&[("origin", "https://app.example.evil.example")], Sender::OtherPage),
            (&[("origin", "https://app.example/")], Sender::OtherPage),
            (&[("origin", "")], Sender::OtherPage),
            (&[("origin", "https://app.example\u{e9}")], Sender::OtherPage),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            assert_eq!(sender(&headers, |origin| origin == "https://app.example"), expected, "{lines:?}");
        }
    }
}
