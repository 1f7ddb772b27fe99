//! The browser that began a request, before anybody has signed in.

use axum::http::{HeaderMap, HeaderValue};
use mapae_protocol::{base64url, digest::sha256, random};

use crate::{
    http::cookies::{Cookie, Life},
    keys::BROWSER_LIFE,
};

/// A browser, known by a random cookie that says nothing else.
#[derive(Debug)]
pub(crate) struct Browser {
    digest: [u8; 32],
    /// The cookie to give it, if it brought none.
    fresh: Option<String>,
}

impl Browser {
    /// The browser of a request; one without the cookie is given one with the answer to a `GET`.
    pub(crate) fn of(headers: &HeaderMap, cookie: &Cookie) -> Self {
        if let Some(known) = cookie.read(headers).filter(|value| value.len() == 43) {
            return Self { digest: sha256(known.as_bytes()), fresh: None };
        }
        let fresh = random::token();
        Self { digest: sha256(fresh.as_bytes()), fresh: Some(fresh) }
    }

    /// Whether it brought no cookie.
    pub(crate) const fn is_new(&self) -> bool {
        self.fresh.is_some()
    }

    /// What steps are bound to.
    pub(crate) const fn binding(&self) -> &[u8] {
        &self.digest
    }

    /// The name under which its rows are counted.
    pub(crate) fn name(&self) -> String {
        base64url::encode(self.digest)
    }

    /// The `Set-Cookie` for a browser that brought none.
    pub(crate) fn set_cookie(&self, cookie: &Cookie) -> Option<HeaderValue> {
        cookie.set(self.fresh.as_deref()?, Life::For(BROWSER_LIFE)).ok()
    }
}
