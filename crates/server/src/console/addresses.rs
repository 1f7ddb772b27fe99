//! Redirect URIs and origins of an app.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::{
    change::{self, Change},
    developer::console_page,
    fields::Fields,
};
use crate::{app::App, registration::Draft};

/// `POST /console/apps/{id}/addresses`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let fields = Fields::named(developer.visit(), &["redirect_uris", "origins"])?;
        change::save(&developer, &id, &fields, |facts| {
            let (redirect_uris, origins) = (fields.lines("redirect_uris")?, fields.lines("origins")?);
            Ok(Change::of(Draft { redirect_uris, origins, ..facts.draft() }, facts))
        })
        .await
    })
    .await
}
