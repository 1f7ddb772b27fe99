//! What a test can tell the issuer to do, and what it has heard.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use serde_json::Value;
use tokio::sync::Semaphore;

/// The parameters of a form.
pub(super) type Form = HashMap<String, String>;

pub(crate) type Edit = Arc<dyn Fn(&mut Value) + Send + Sync>;

/// What an endpoint answers instead of the truth.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Html,
    Huge,
    HugeWithoutLength,
    Stall,
    Redirect,
    Compressed,
    WrongType,
    Malformed,
    Duplicate,
    Deep,
    Broken,
    Json(u16, Value),
}

impl Reply {
    pub(crate) const BROKEN: [Self; 11] = [
        Self::Html,
        Self::Huge,
        Self::HugeWithoutLength,
        Self::Stall,
        Self::Redirect,
        Self::Compressed,
        Self::WrongType,
        Self::Malformed,
        Self::Duplicate,
        Self::Deep,
        Self::Broken,
    ];

    /// As it goes out.
    pub(super) async fn given(self) -> Response {
        let json = |body: String| ([(header::CONTENT_TYPE, "application/json")], body).into_response();
        let huge = || format!("{{\"sub\":\"{}\"}}", "x".repeat(5_000_000));
        match self {
            Self::Html => axum::response::Html("<script>alert(1)</script>").into_response(),
            Self::Huge => json(huge()),
            Self::HugeWithoutLength => {
                let text = huge();
                let chunks: Vec<_> = text
                    .as_bytes()
                    .chunks(4_096)
                    .map(Bytes::copy_from_slice)
                    .map(Ok::<_, std::io::Error>)
                    .collect();
                let body = Body::from_stream(futures_util::stream::iter(chunks));
                ([(header::CONTENT_TYPE, "application/json")], body).into_response()
            }
            Self::Stall => std::future::pending().await,
            Self::Redirect => Redirect::temporary("/elsewhere").into_response(),
            Self::Compressed => ([(header::CONTENT_ENCODING, "gzip")], json("{}".to_owned())).into_response(),
            Self::WrongType => "{}".into_response(),
            Self::Malformed => json("{\"sub\":".to_owned()),
            Self::Duplicate => json("{\"sub\":\"a\",\"sub\":\"b\"}".to_owned()),
            Self::Deep => json("{\"a\":".repeat(5_000)),
            Self::Broken => {
                let body = futures_util::stream::iter([
                    Ok(Bytes::from_static(b"{")),
                    Err(std::io::Error::other("the connection breaks")),
                ]);
                ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(body)).into_response()
            }
            Self::Json(status, body) => (StatusCode::from_u16(status).unwrap(), Json(body)).into_response(),
        }
    }
}

/// How ID tokens are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Signing {
    #[default]
    Properly,
    AlgNone,
    Hmac,
    UnknownKey,
    AsAccessToken,
    BrokenSignature,
}

#[derive(Default)]
pub(crate) struct Behaviour {
    pub(crate) metadata: Option<Edit>,
    pub(crate) claims: Option<Edit>,
    pub(crate) tokens: Option<Edit>,
    pub(crate) user_info: Option<Edit>,
    /// How long every answer takes.
    pub(crate) takes: Duration,
    /// Requests for these paths wait for a permit before they are answered.
    pub(crate) held: HashMap<&'static str, Arc<Semaphore>>,
    pub(crate) replies: HashMap<&'static str, Reply>,
    pub(crate) signing: Signing,
    /// Refreshes wait for a permit before they are answered (after they were done).
    pub(crate) gate: Option<Arc<Semaphore>>,
    /// So many answers to refreshes get lost after they were done.
    pub(crate) lost_answers: usize,
    pub(crate) refreshes_are_dead: bool,
    pub(crate) refreshes_bring_id_tokens: bool,
    /// Wants a nonce in proofs, and takes this long over every answer to a refresh (RFC 9449 §8).
    pub(crate) slow_nonces: Option<Duration>,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) path: &'static str,
    pub(crate) form: Form,
    pub(crate) authorization: Option<String>,
    /// Whether a proof of possession came with it (RFC 9449 §4.1).
    pub(crate) proven: bool,
    /// What stood behind the `?` of its address.
    pub(crate) query: Option<String>,
}

impl Hit {
    pub(super) fn of(path: &'static str, uri: &Uri, headers: &HeaderMap, form: Form) -> Self {
        let authorization = headers.get(header::AUTHORIZATION);
        Self {
            path,
            form,
            authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
            proven: headers.contains_key("dpop"),
            query: uri.query().map(str::to_owned),
        }
    }
}
