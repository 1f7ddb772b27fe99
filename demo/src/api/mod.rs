//! The calendar API: a resource server that knows tokens and nothing else.
//!
//! | request | needs |
//! |---|---|
//! | `GET /events?month=YYYY-MM` | `calendar.read`; the token may stand in `?access_token=` |
//! | `POST /events` | `calendar.write` |
//! | `GET /.well-known/oauth-protected-resource` | nothing (RFC 9728 §3) |

mod cors;
mod events;
mod needs_token;

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{any, get, post},
};
use mapae_client::Clock;
use mapae_resource::{BuildError, ResourceServer, require};

use crate::{
    database::Calendars,
    flow::{Lifeline, Stage, Tap},
    settings::ApiSettings,
};

/// Reads the calendar.
pub(crate) const READ: &str = "calendar.read";
/// Writes into the calendar.
pub(crate) const WRITE: &str = "calendar.write";

/// Longest body of an entry, in bytes.
const MOST_BYTES: usize = 16 * 1_024;

/// What the handlers have.
#[derive(Clone)]
pub(crate) struct Shelf {
    calendars: Calendars,
    clock: Clock,
}

/// The API's view of the authorization server: keys, and the feed of what was withdrawn.
///
/// # Errors
/// A wrong setting.
pub(crate) fn resource_server(issuer: &str, api: &ApiSettings) -> Result<ResourceServer, BuildError> {
    ResourceServer::builder(issuer, &api.identifier)
        .credential(&api.client_id, api.client_secret.expose().as_str())
        .scopes([READ, WRITE])
        .name("캘린더 API · Calendar API")
        // Both servers read the clock of this machine: an expired token is refused to the second.
        .leeway(Duration::ZERO)
        .build()
}

/// The whole API, drawn on `stage`; pages of `origin` may call it.
pub(crate) fn router(server: &ResourceServer, calendars: Calendars, stage: &Stage, origin: &str) -> Router {
    let shelf = Shelf { calendars, clock: stage.clock() };
    let read =
        get(events::read).layer::<_, Infallible>(require(READ)).layer(server.layer().allow_query_token());
    let write = post(events::write).layer::<_, Infallible>(require(WRITE)).layer(server.layer());
    // The layer answers for the metadata document itself, and refuses whatever else there is.
    let elsewhere = any(events::nothing_here).layer(server.layer());
    Router::new()
        .route("/events", read.merge(write))
        .fallback_service(elsewhere.with_state(()))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::map_response(needs_token::explain))
        .layer(middleware::from_fn_with_state(cors::Allowed::new(origin), cors::answer))
        .layer(Tap::new(stage, Lifeline::ResourceServer))
        .with_state(shelf)
}
