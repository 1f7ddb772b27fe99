//! Name, homepage and kind of an app.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::{
    change::{self, Change},
    developer::console_page,
    fields::{Fields, is_public},
};
use crate::{app::App, registration::Draft};

/// `POST /console/apps/{id}/general`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let fields = Fields::named(developer.visit(), &["name", "homepage", "kind"])?;
        change::save(&developer, &id, &fields, |facts| {
            let draft = facts.draft();
            // A machine keeps its secret; its page does not ask.
            let public = match fields.optional("kind") {
                None if draft.grants.is_machine_only() => draft.public,
                _ => is_public(fields.text("kind")?)?,
            };
            let (name, homepage) = (fields.text("name")?.to_owned(), fields.text("homepage")?.to_owned());
            Ok(Change::of(Draft { name, homepage, public, ..draft }, facts))
        })
        .await
    })
    .await
}
