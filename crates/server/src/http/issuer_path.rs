//! An issuer with a path: the one place that knows of it — RFC 8414 §3.1, OIDC Discovery §4.1.
//!
//! All others know addresses from the root. Here the path is taken from what comes in, and put before what pages and
//! redirects of ours lead to. At an issuer without a path nothing happens.

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Uri,
    header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
    uri::PathAndQuery,
};
use http_body_util::BodyExt as _;

use crate::paths;

/// What stands before an address of ours in a page, down to its slash. Each has a quotation mark, which what people and
/// apps wrote has nowhere: it is escaped.
const BEFORE: [&str; 5] = [" href=\"", " action=\"", " src=\"", " srcset=\"", " content=\"3;url="];

/// An address that is not below the path: others may answer there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not below the issuer's path")]
pub(super) struct Outside;

/// The path of the issuer, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IssuerPath(String);

impl IssuerPath {
    /// This path; empty at the root.
    pub(super) fn new(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// The address as the router knows it; none when it is the same.
    ///
    /// # Errors
    /// [`Outside`].
    pub(super) fn enter(&self, uri: &Uri) -> Result<Option<Uri>, Outside> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let inside = self.inside(uri.path()).ok_or(Outside)?;
        let target = match uri.query() {
            Some(query) => format!("{inside}?{query}"),
            None => inside.to_owned(),
        };
        PathAndQuery::try_from(target).map(|target| Some(target.into())).map_err(|_| Outside)
    }

    /// The path from our root.
    fn inside<'p>(&self, path: &'p str) -> Option<&'p str> {
        // Before the path for OAuth (RFC 8414 §3.1), and by some for OpenID Connect, too (RFC 8414 §5).
        for known in [paths::OAUTH_METADATA, paths::OPENID_CONFIGURATION] {
            if path.strip_prefix(known) == Some(&self.0) {
                return path.get(..known.len());
            }
        }
        match path.strip_prefix(&*self.0)? {
            "" => Some("/"),
            inside if inside.starts_with('/') => Some(inside),
            _ => None,
        }
    }

    /// What the router answered, with the path before addresses of ours.
    pub(super) async fn leave(&self, mut response: Response) -> Response {
        if self.0.is_empty() {
            return response;
        }
        self.redirect(response.headers_mut());
        if !is_page(response.headers()) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        // Pages are whole in memory; reading them cannot fail.
        let page = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        parts.headers.remove(CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(self.page(page)))
    }

    fn redirect(&self, headers: &mut HeaderMap) {
        let Some(location) = headers.get(LOCATION).and_then(|location| location.to_str().ok()) else {
            return;
        };
        if location.starts_with('/')
            && let Ok(whole) = HeaderValue::try_from(format!("{}{location}", self.0))
        {
            headers.insert(LOCATION, whole);
        }
    }

    fn page(&self, page: Bytes) -> Bytes {
        let Ok(text) = std::str::from_utf8(&page) else { return page };
        let mut whole = String::with_capacity(text.len() + text.len() / 16);
        for (number, piece) in text.split('/').enumerate() {
            if number > 0 {
                if BEFORE.iter().any(|before| whole.ends_with(before)) {
                    whole.push_str(&self.0);
                }
                whole.push('/');
            }
            whole.push_str(piece);
        }
        whole.into()
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> IssuerPath {
        IssuerPath::new("/a/b")
    }

    fn entered(target: &str) -> Option<String> {
        path().enter(&target.parse().unwrap()).ok().map(|uri| uri.unwrap().to_string())
    }

    #[test]
    fn addresses_below_the_path_are_known_and_no_others() {
        for (target, inside) in [
            ("/a/b", Some("/")),
            ("/a/b?x=1", Some("/?x=1")),
            ("/a/b/token?x=/y", Some("/token?x=/y")),
            ("/a/b/a/b/token", Some("/a/b/token")),
            ("/a/b//evil.example", Some("//evil.example")),
            ("/.well-known/oauth-authorization-server/a/b", Some("/.well-known/oauth-authorization-server")),
            ("/.well-known/openid-configuration/a/b", Some("/.well-known/openid-configuration")),
            ("/a/b/.well-known/openid-configuration", Some("/.well-known/openid-configuration")),
            ("/.well-known/oauth-authorization-server", None),
            ("/.well-known/openid-configuration", None),
            ("/.well-known/oauth-authorization-server/a/b/c", None),
            ("/.well-known/oauth-authorization-server/a", None),
            ("/", None),
            ("/token", None),
            ("/a/bc/token", None),
            ("/a%2Fb/token", None),
            ("/A/b/token", None),
            ("*", None),
        ] {
            assert_eq!(entered(target).as_deref(), inside, "{target}");
        }
        assert_eq!(entered("https://id.example/a/b/x?y").as_deref(), Some("/x?y"));
        assert_eq!(IssuerPath::new("").enter(&"/a?b".parse().unwrap()).unwrap(), None);
    }

    async fn left(
        content_type: &'static str,
        location: &'static str,
        body: &'static str,
    ) -> (String, String) {
        let mut response = Response::new(Body::from(body));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
        response.headers_mut().insert(LOCATION, HeaderValue::from_static(location));
        let response = path().leave(response).await;
        let location = response.headers()[LOCATION].to_str().unwrap().to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (location, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_pages_and_redirects_lead_to_is_below_the_path_and_nothing_else_is_touched() {
        let page = "<a href=\"/x\">=\"/x\"</a><form action=\"/\"><source srcset=\"/i\"><img src=\"/i.png\"><a href=\"https://a/\">\
                    <input value=\"x&#38;url=/y&#34;url=/z\"><meta http-equiv=\"refresh\" content=\"3;url=/x\">";
        let (location, text) = left("text/html; charset=utf-8", "/sign-in?step=/x", page).await;
        assert_eq!(location, "/a/b/sign-in?step=/x");
        assert_eq!(
            text,
            "<a href=\"/a/b/x\">=\"/x\"</a><form action=\"/a/b/\"><source srcset=\"/a/b/i\"><img src=\"/a/b/i.png\"><a href=\"https://a/\">\
             <input value=\"x&#38;url=/y&#34;url=/z\"><meta http-equiv=\"refresh\" content=\"3;url=/a/b/x\">"
        );
        let (location, text) =
            left("application/json", "https://app.example/", "{\"a\":\" href=\\\"/x\"}").await;
        assert_eq!((location.as_str(), text.as_str()), ("https://app.example/", "{\"a\":\" href=\\\"/x\"}"));
    }
}
