//! The pages' style sheet, scripts and marks: compiled in, with their content in their names.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::pages::assets;

/// `GET /assets/{name}`.
pub(crate) async fn asset(request: Request) -> Response {
    let Some(asset) = assets::at(request.uri().path()) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = asset.body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL));
    response
}
