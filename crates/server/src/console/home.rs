//! The list of one's own apps.

use axum::{
    extract::{Request, State},
    response::Response,
};

use super::{app_page, developer::console_page};
use crate::{
    app::App,
    pages::{
        at,
        console::home::{ConsoleHome, ListedApp},
    },
};

/// Most apps on the page. Whoever runs the server may give one person more than they could register.
const MAX_LISTED: i64 = 500;
/// What the address tells when an app was deleted.
const DELETED: &str = "deleted";

/// `GET /console`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let mut own = developer.apps(MAX_LISTED).await?;
        own.reverse();
        let people = developer.people().await?;
        let people =
            |id: &str| people.get(id).and_then(|count| u64::try_from(*count).ok()).unwrap_or_default();
        let listed = own.iter().map(|app| ListedApp { app: app_page::shown(app), people: people(&app.id) });
        Ok(developer.show(&ConsoleHome {
            desk: developer.desk(),
            apps: listed.collect(),
            operator: developer.user().operator,
            deleted: developer.visit().one(app_page::DONE)? == Some(DELETED),
        }))
    })
    .await
}

/// The address of the list, where it is told that an app was deleted.
pub(super) fn after_deletion() -> String {
    at::with(at::CONSOLE, app_page::DONE, DELETED)
}
