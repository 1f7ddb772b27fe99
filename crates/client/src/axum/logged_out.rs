//! Where providers tell that somebody has signed out there — OIDC Back-Channel Logout §2.5, §2.8.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::{Desk, answer};
use crate::notice::NoticeError;

const FORM: &str = "application/x-www-form-urlencoded";

/// `POST /login/backchannel-logout/{provider}`: 200 also when nobody had a session here, 400 whatever is wrong
/// with it, and 503 when that cannot be told or done at this moment: the provider may repeat it.
pub(super) async fn take<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let taken = if is_form(&headers) {
        desk.client.logged_out(&provider, &body).await.map(drop)
    } else {
        Err(NoticeError::Malformed)
    };
    match taken {
        Ok(()) => answer::guarded(StatusCode::OK.into_response()),
        Err(NoticeError::Unknown) => answer::guarded(StatusCode::NOT_FOUND.into_response()),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                provider,
                "a logout token was not taken"
            );
            if matches!(error, NoticeError::Unavailable(_)) {
                return answer::json(error.status(), json!({ "error": "temporarily_unavailable" }));
            }
            answer::json(StatusCode::BAD_REQUEST, json!({ "error": "invalid_request" }))
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}
