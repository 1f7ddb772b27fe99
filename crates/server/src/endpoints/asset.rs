//! The pages' style sheets, scripts and marks, with their content in their names.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    pages::assets::{self, Asset},
};

/// `GET /assets/{name}`.
pub(crate) async fn asset(State(app): State<App>, request: Request) -> Response {
    let address = request.uri().path();
    if let Some(asset) = assets::at(address) {
        return answer(asset);
    }
    app.upstreams().brands().at(address).map_or_else(|| StatusCode::NOT_FOUND.into_response(), answer)
}

fn answer(asset: &Asset) -> Response {
    let mut response = asset.body.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL));
    response
}
