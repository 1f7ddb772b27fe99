//! Taking a file out of a form, which then goes on as any other form — RFC 7578.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
};
use bytes::Bytes;
use mapae_protocol::params;

use crate::{
    app::App,
    http::{body, multipart},
};

/// How much of a file that is too large is still taken in and thrown away: without that the sender would only
/// see the connection end, not why.
const MOST_IGNORED: usize = 16 * 1024 * 1024;

/// What a form without files says that it is.
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// What was sent as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing: no file was chosen.
    Nothing,
    /// This.
    File(Bytes),
    /// More than a form may hold.
    TooLarge,
}

/// A form that is not looked at, because nobody who may send it is there. The answer does not wait for it, and
/// nothing of it is kept; it is read nevertheless, or its sender would only see the connection end.
pub(super) fn ignore(request: Request) -> Request {
    let (mut parts, body) = request.into_parts();
    tokio::spawn(body::read_beginning(body, 0, MOST_IGNORED));
    parts.headers.insert(header::CONTENT_TYPE, FORM);
    Request::from_parts(parts, Body::empty())
}

/// Takes the file `name` out of a form. What is no form with a file goes on as it is, without a body; whoever
/// reads it then refuses it.
pub(super) async fn take(app: &App, request: Request, name: &str) -> (Request, Sent) {
    let (mut parts, body) = request.into_parts();
    let Some(boundary) = multipart::boundary(&parts.headers).map(str::to_owned) else {
        return (Request::from_parts(parts, body), Sent::Nothing);
    };
    let limit = app.config().limits.upload_bytes;
    let fields = match body::read_beginning(body, limit, MOST_IGNORED).await {
        Ok((beginning, cut)) => multipart::parse(&beginning, &boundary, cut).unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut sent = Sent::Nothing;
    let mut rest = Vec::new();
    for multipart::Part { name: of, is_file, content, whole } in fields {
        match (is_file && of == name, whole) {
            (true, true) if content.is_empty() => {}
            (true, true) => sent = Sent::File(content),
            (true, false) => sent = Sent::TooLarge,
            (false, _) => rest.push((of, String::from_utf8_lossy(&content).into_owned())),
        }
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, FORM);
    (Request::from_parts(parts, Body::from(params::encode(rest))), sent)
}
