//! Icons of apps: for the eyes only, and the same for everybody — SE-10.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mapae_protocol::{base64url, client_id::ClientId};

use crate::{
    app::App,
    fault::{Artefact, Fault},
    pages::assets,
    store::app_icons,
};

/// Whatever a browser took the file for, it could do nothing: no script, no reference, no frame.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("image/png")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    (header::CACHE_CONTROL, HeaderValue::from_static(assets::CACHE_CONTROL)),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// `GET /icons/{app}/{file}`.
pub(crate) async fn icon(State(app): State<App>, Path((id, file)): Path<(String, String)>) -> Response {
    match find(&app, &id, &file).await {
        Ok(Some(png)) => {
            let mut response = Response::new(Body::from(png));
            response.headers_mut().extend(HEADERS);
            response
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(fault) => {
            fault.log("an icon was not found");
            let status = if fault.passes() {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::INTERNAL_SERVER_ERROR
            };
            status.into_response()
        }
    }
}

async fn find(app: &App, id: &str, file: &str) -> Result<Option<Vec<u8>>, Fault> {
    let digest = file.strip_suffix(".png").filter(|digest| base64url::decode_array::<32>(digest).is_ok());
    let (Ok(id), Some(digest)) = (ClientId::parse(id), digest) else { return Ok(None) };
    let Some(png) = app_icons::find(app.db(), id.as_str(), digest).await? else { return Ok(None) };
    Ok(Some(base64url::decode(&png).map_err(Fault::corrupt(Artefact::Icon))?))
}
