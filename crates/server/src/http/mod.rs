//! HTTP as this server speaks it: connections, and what holds for every request before and after its route.
//!
//! [`listener`] accepts and times connections. [`Stack`] stands around the router as one plain service, so that
//! it also sees what the router answers by itself (404, 405) and costs next to nothing: it names the request,
//! finds the client's address, refuses foreign hosts and overlong targets, turns a panic into an answer, and
//! completes the headers. The other modules are tools for handlers.

mod accept_error;
pub mod body;
mod body_budget;
mod client_address;
mod connection;
pub mod cookies;
pub mod cross_site;
pub(crate) mod form;
pub(crate) mod head_lines;
pub(crate) mod host;
mod issuer_path;
pub mod listener;
pub(crate) mod multipart;
mod open_files;
mod own_head;
mod panic;
mod per_address;
mod request_id;
pub(crate) mod retry_after;
mod security_headers;
mod stack;
mod stopwatch;
pub mod tls;

use axum::{body::Body, response::Response};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

pub(crate) use self::client_address::Proxies;
pub use self::{
    client_address::ClientAddress,
    request_id::RequestId,
    stack::{RequestContext, Stack},
};

/// A fixed text under a status.
fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
