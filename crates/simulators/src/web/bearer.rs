//! Credentials in the `Authorization` header — RFC 6750 §2.1.

use http::{HeaderMap, header};

/// What stands behind this scheme, which has no case.
pub(crate) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (name, credentials) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}

/// A bearer token.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    credentials(headers, "Bearer")
}
