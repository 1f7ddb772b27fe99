//! What a back-channel request brings: a form and its credentials — RFC 6749 §3.2, Appendix B.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use mapae_protocol::params::{self, Limits, Params};

use super::{ClientAddress, RequestContext, body};

/// A decoded form request.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) params: Params,
    pub(crate) headers: HeaderMap,
    /// Who sent it, as far as that is known.
    pub(crate) from: Option<ClientAddress>,
}

/// Why a request is not a form. Every surface answers `invalid_request` and the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error(transparent)]
    Body(#[from] body::BodyError),
    #[error(transparent)]
    Params(#[from] params::Error),
    #[error("parameters belong in the body")]
    Query,
}

/// Reads a POST form; parameters in the query are refused (CO-14, TO-19).
pub(crate) async fn read(request: Request, limit: usize) -> Result<Form, FormError> {
    let (Parts { headers, uri, extensions, .. }, body) = request.into_parts();
    if uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(FormError::Query);
    }
    body::require_form(&headers)?;
    let bytes = body::read(body, limit).await?;
    let params = Params::parse(&bytes, Limits::REQUEST)?;
    let from = extensions.get::<RequestContext>().map(|context| context.client);
    Ok(Form { params, headers, from })
}

/// Reads the form of a page; what its address says is not part of it.
pub(crate) async fn read_page(headers: &HeaderMap, body: Body, limit: usize) -> Result<Params, FormError> {
    read_within(headers, body, Limits { bytes: limit, ..Limits::REQUEST }).await
}

/// As [`read_page`], with other limits than usual.
pub(crate) async fn read_within(
    headers: &HeaderMap,
    body: Body,
    limits: Limits,
) -> Result<Params, FormError> {
    body::require_form(headers)?;
    let bytes = body::read(body, limits.bytes).await?;
    Ok(Params::parse(&bytes, limits)?)
}

impl Form {
    /// By which a request counts that must be counted by where it came from.
    pub(crate) fn source(&self) -> String {
        self.from.map(|from| from.throttle_key().to_string()).unwrap_or_default()
    }

    /// The values of the `Authorization` header.
    pub(crate) fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes)
    }

    /// Whether the client used the header to say who it is.
    pub(crate) fn has_authorization(&self) -> bool {
        self.headers.contains_key(header::AUTHORIZATION)
    }
}
