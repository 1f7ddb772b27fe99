//! What somebody reads who opens the API in a browser: RFC 6750 §3.1 has no error to tell them.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

/// For people; programs read the challenge.
const TEXT: &str = "{\"message\":\"액세스 토큰이 필요해요. Authorization: Bearer 헤더에 넣어 보내 주세요. · \
                    An access token is needed. Send it as Authorization: Bearer.\"}";

/// Gives a body to the refusal of a request that brought no token.
pub(super) async fn explain(mut response: Response) -> Response {
    let is_bare = !response.headers().contains_key(header::CONTENT_TYPE);
    if response.status() == StatusCode::UNAUTHORIZED && is_bare {
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *response.body_mut() = TEXT.into();
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, response::IntoResponse as _};

    use super::*;

    #[tokio::test]
    async fn a_refusal_without_an_error_says_what_is_missing() {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        let bare = explain((StatusCode::UNAUTHORIZED, challenge).into_response()).await;
        assert_eq!(bare.headers()[header::WWW_AUTHENTICATE], "Bearer", "the challenge stays");
        let body: serde_json::Value =
            serde_json::from_slice(&to_bytes(bare.into_body(), 1_000).await.unwrap()).unwrap();
        let message = body["message"].as_str().unwrap();
        assert!(message.contains("액세스 토큰") && message.contains("access token"), "{message}");

        let other = explain(StatusCode::NO_CONTENT.into_response()).await;
        assert!(to_bytes(other.into_body(), 1_000).await.unwrap().is_empty());
        let told = ([(header::CONTENT_TYPE, "application/json")], "{}");
        let told = explain((StatusCode::UNAUTHORIZED, told).into_response()).await;
        assert_eq!(to_bytes(told.into_body(), 1_000).await.unwrap(), "{}", "an error stays as it is");
    }
}
