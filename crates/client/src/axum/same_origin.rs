//! Forms are posted by pages of this service only (cross-site request forgery, RFC 6749 §10.12).

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use mapae_protocol::same_origin::{Sender, sender};

use super::Desk;

/// Lets only pages of this service change something. Of what another site sends not even the body is read.
pub(super) async fn demand<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() || is_same_origin(request.headers(), desk.client.origin()) {
        next.run(request).await
    } else {
        refused()
    }
}

/// Whether a page of this very origin made the request. One of which nothing is said comes from no page of ours.
pub(super) fn is_same_origin(headers: &HeaderMap, origin: &str) -> bool {
    sender(headers, |named| named == origin) == Sender::OwnPage
}

pub(super) fn refused() -> Response {
    let text = "이 요청은 다른 사이트에서 왔습니다. 이 서비스의 페이지에서 다시 시도하세요.\n\
                This request came from another site. Please try again from a page of this service.\n";
    (StatusCode::FORBIDDEN, text).into_response()
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn se_05_only_pages_of_this_origin() {
        let same = |pairs: &[(&'static str, &str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), http::HeaderValue::try_from(*value).unwrap())
            });
            is_same_origin(&headers.collect(), "http://localhost:3000")
        };
        assert!(same(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(same(&[("origin", "http://localhost:3000")]));
        for refused in [
            &[("sec-fetch-site", "same-site")][..],
            &[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://localhost:9000")],
            &[("origin", "null")],
            &[("origin", "http://localhost:3000.evil.test")],
            &[],
        ] {
            assert!(!same(refused), "{refused:?}");
        }
    }
}
