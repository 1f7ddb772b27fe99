//! What a request sends, decoded once — RFC 6749 Appendix B.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use mapae_protocol::params::{Limits, Params};

use crate::engine::Engine;

/// The query.
pub(crate) struct Query(pub(crate) Params);

/// The form in the body.
pub(crate) struct Body(pub(crate) Params);

/// Query and form as one list, where the provider takes either.
pub(crate) struct Either(pub(crate) Params);

/// What is sent is no list of parameters.
pub(crate) struct Malformed;

impl IntoResponse for Malformed {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, "the parameters are malformed").into_response()
    }
}

fn decode(encoded: &[u8]) -> Result<Params, Malformed> {
    Params::parse(encoded, Limits::REQUEST).map_err(|_| Malformed)
}

impl FromRequestParts<Engine> for Query {
    type Rejection = Malformed;

    async fn from_request_parts(parts: &mut Parts, _: &Engine) -> Result<Self, Malformed> {
        decode(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

impl FromRequest<Engine> for Body {
    type Rejection = Malformed;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, Malformed> {
        let bytes = bytes::Bytes::from_request(request, engine).await.map_err(|_| Malformed)?;
        decode(&bytes).map(Self)
    }
}

impl FromRequest<Engine> for Either {
    type Rejection = Malformed;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, Malformed> {
        let query = decode(request.uri().query().unwrap_or_default().as_bytes())?;
        let Body(body) = Body::from_request(request, engine).await?;
        Ok(Self(query.with_body(body)))
    }
}
