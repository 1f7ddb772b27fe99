//! The head of a request whose body is long in coming, in memory of its own — threats G-33.
//!
//! A head that was read is a part of the connection's buffer and keeps all of it, for as long as the request lasts,
//! and the connection takes a second buffer for the body.

use axum::body::HttpBody;
use http::{HeaderMap, HeaderValue, Request, Uri};

/// What a field takes beside its name and value, in bytes.
const FIELD: usize = 96;

/// About what a head holds, in bytes.
pub(super) fn size<B>(request: &Request<B>) -> usize {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    request
        .headers()
        .iter()
        .fold(target, |size, (name, value)| size + name.as_str().len() + value.len() + FIELD)
}

/// The same request, free of the buffer it came in, unless its body is `short` and will be there in a moment.
pub(super) fn own<B: HttpBody>(request: Request<B>, short: usize) -> Request<B> {
    let length = request.body().size_hint().upper();
    if length.and_then(|length| usize::try_from(length).ok()).is_some_and(|length| length <= short) {
        return request;
    }
    let (mut parts, body) = request.into_parts();
    let own =
        |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
    parts.headers =
        parts.headers.iter().map(|(name, value)| (name.clone(), own(value))).collect::<HeaderMap>();
    if let Ok(uri) = parts.uri.to_string().parse::<Uri>() {
        parts.uri = uri;
    }
    Request::from_parts(parts, body)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use bytes::Bytes;

    use super::*;

    #[test]
    fn g_33_a_head_whose_body_is_long_in_coming_keeps_no_buffer() {
        let buffer = Bytes::from(b"one two".to_vec());
        let request = |body| {
            let shared = |range| HeaderValue::from_maybe_shared(buffer.slice(range)).unwrap();
            let request = Request::builder().uri("http://a.example:1/token?b=c").header("x", shared(0..3));
            request.header("x", shared(4..7)).header("y", "z").body(body).unwrap()
        };
        for (body, short) in
            [(Body::empty(), true), (Body::from("12345678"), true), (Body::from("123456789"), false)]
        {
            let before = request(Body::empty());
            let after = own(request(body), 8);
            assert_eq!((after.uri(), after.headers()), (before.uri(), before.headers()));
            assert_eq!(size(&after), size(&before));
            let address = |request: &Request<Body>| request.headers()["x"].as_bytes().as_ptr();
            assert_eq!(address(&after) == address(&before), short);
        }
    }
}
