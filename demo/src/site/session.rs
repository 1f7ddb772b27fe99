//! A page that is open hears at once that its session is over (WHATWG HTML, server-sent events).

use std::convert::Infallible;

use axum::{
    extract::State,
    response::{
        IntoResponse as _, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream;
use http::{HeaderMap, StatusCode};
use mapae_client::SignedIn;

use super::Desk;
use crate::database::User;

/// `GET /session/events`: one event when the session is over; 204, after which browsers do not ask again, without one.
pub(super) async fn events(
    State(desk): State<Desk>,
    signed_in: Option<SignedIn<User>>,
    headers: HeaderMap,
) -> Response {
    let session = desk.session(&headers).map(str::to_owned);
    let (Some(SignedIn { person, .. }), Some(session)) = (signed_in, session) else {
        return StatusCode::NO_CONTENT.into_response();
    };
    desk.departures().seen(&session, &person);
    let mut closing = desk.stage().closing();
    let news = stream::once(async move {
        tokio::select! {
            () = desk.departures().over(&session) => {}
            // The service goes down; the browser asks again and hears what there is then.
            _ = closing.wait_for(|closed| *closed) => return None,
        }
        Some(Ok::<_, Infallible>(Event::default().event("over").data("{}")))
    });
    let news = futures_util::StreamExt::filter_map(news, std::future::ready);
    Sse::new(news).keep_alive(KeepAlive::default()).into_response()
}
