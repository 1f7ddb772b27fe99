//! Reading along without disturbing: bodies of known small size are read, everything else passes unread.

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Response, header};
use http_body_util::BodyExt as _;
use mapae_protocol::percent;
use serde_json::Value;

use super::{
    mask::{self, Shown},
    message::{Parameter, Place},
};

/// The longest body that is read, in bytes.
const MOST: u64 = 64 * 1_024;

/// What was heard of a body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    bytes: Bytes,
    form: bool,
    json: bool,
}

impl Heard {
    /// The encoded form.
    pub(crate) fn form(&self) -> Option<&[u8]> {
        self.form.then_some(&*self.bytes)
    }

    /// The body as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The JSON document, masked.
    pub(crate) fn json(&self) -> Option<Value> {
        self.value().map(mask::json)
    }

    /// The query and the form, masked.
    pub(crate) fn parameters(&self, query: Option<&str>) -> Vec<Parameter> {
        let read = |place, text: Option<&str>| {
            let fields = text.and_then(mask::fields).unwrap_or_default();
            fields.into_iter().map(move |(name, value)| Parameter::shown(place, &name, value))
        };
        let form = self.form().and_then(|form| std::str::from_utf8(form).ok());
        read(Place::Query, query).chain(read(Place::Form, form)).collect()
    }

    /// A field of the form that tells what the request is for: `grant_type` of a token request.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let form = std::str::from_utf8(self.form()?).ok()?;
        let mut pairs = form.split('&').filter_map(|field| field.split_once('='));
        let (_, value) = pairs.find(|(found, _)| *found == name)?;
        percent::decode_form(value.as_bytes()).ok()
    }

    /// `error` of a JSON answer (RFC 6749 §5.2).
    pub(crate) fn error(&self) -> Option<String> {
        Some(self.value()?.get("error")?.as_str()?.to_owned())
    }

    /// Whether this is an answer of the revocation feed with something in it.
    pub(crate) fn has_news(&self) -> bool {
        let value = self.value();
        let events = value.as_ref().and_then(|value| value.get("events")).and_then(Value::as_array);
        events.is_some_and(|events| events.iter().any(|event| event.get("handle").is_some()))
    }

    fn value(&self) -> Option<Value> {
        if self.json { serde_json::from_slice(&self.bytes).ok() } else { None }
    }
}

/// Reads the body of a request, if its length is announced and small.
pub(crate) async fn request(headers: &HeaderMap, body: Body) -> (Heard, Body) {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let small = announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length <= MOST);
    read(headers, body, small).await
}

/// Reads the body of a response, if it is there as a whole and small.
pub(crate) async fn response(response: Response<Body>) -> (Heard, Response<Body>) {
    let (parts, body) = response.into_parts();
    let small = body.size_hint().exact().is_some_and(|length| length <= MOST);
    let (heard, body) = read(&parts.headers, body, small).await;
    (heard, Response::from_parts(parts, body))
}

async fn read(headers: &HeaderMap, body: Body, small: bool) -> (Heard, Body) {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let form = kind.starts_with("application/x-www-form-urlencoded");
    let json = kind.starts_with("application/json");
    if !small || !(form || json) {
        return (Heard::default(), body);
    }
    match body.collect().await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            (Heard { bytes: bytes.clone(), form, json }, Body::from(bytes))
        }
        // Whoever reads the body next meets the same error.
        Err(error) => (Heard::default(), Body::from_stream(stream::iter([Err::<Bytes, _>(error)]))),
    }
}

/// The headers that the diagram shows, in the order in which they came.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(String, Shown)> {
    let shown = headers.iter().filter_map(|(name, value)| {
        let shown = mask::header(name.as_str(), value.to_str().ok()?)?;
        Some((name.as_str().to_owned(), shown))
    });
    shown.collect()
}
