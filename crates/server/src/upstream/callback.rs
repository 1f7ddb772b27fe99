//! Coming back from a provider — RFC 6749 §4.1.2, RFC 9207 §2.4; threats RP-01, RP-03, RP-14.
//!
//! Whatever the provider sent: the row that its `state` names is taken first, by the browser that left and once. The
//! answer leads to a clean address at once.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use mapae_client::{CallbackResponse, PendingLogin};
use mapae_protocol::base64url;

use super::{
    arrival::{self, Arriving},
    trouble,
    waiting::{self, Departure},
};
use crate::{
    app::App,
    http::body,
    interaction::{PageError, Step, StepError, Visit, page, see_other},
    pages::sign_in::UpstreamTrouble,
};

/// `GET /upstream/{name}/callback`.
pub(crate) async fn callback(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    page(app, request, |visit| async move { come_back(&visit, &name).await }).await
}

/// The longest answer that a page posts, in bytes.
const LONGEST_POST: usize = 16 * 1024;

/// `POST /upstream/{name}/callback`: an answer that the provider's page posts (OAuth 2.0 Form Post Response Mode §2). It
/// comes from another site, without our cookies, so nothing is judged and nothing stored: the browser is sent to the same
/// address once more. What is no answer gets there, too, where the page says so.
pub(crate) async fn posted(request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let query = carried(request).await.unwrap_or_default();
    see_other(&format!("{path}?{query}")).unwrap_or_else(|_| StatusCode::BAD_REQUEST.into_response())
}

async fn carried(request: Request) -> Option<String> {
    let (parts, body) = request.into_parts();
    body::require_form(&parts.headers).ok()?;
    let form = body::read(body, LONGEST_POST).await.ok()?;
    CallbackResponse::query_of_post(&form).ok()
}

async fn come_back(visit: &Visit, name: &str) -> Result<Response, PageError> {
    let upstream = visit.app.upstreams().enabled(name).ok_or(PageError::NotFound)?;
    let response = CallbackResponse::parse(visit.uri.query()).map_err(|_| PageError::BadRequest)?;
    let state = response.state().ok_or(PageError::BadRequest)?;
    let Departure { upstream: left_for, step, login } = waiting::take_departure(visit, state).await?;
    let step = Step::open(&step, &visit.app, &visit.browser).await?;
    let login = base64url::decode(&login).ok().as_deref().and_then(PendingLogin::from_bytes);
    let login = login.ok_or(StepError::Over)?;
    if left_for != name {
        tracing::warn!(upstream = name, left_for, "an answer to a question that another provider was asked");
        return trouble::back(visit, &step, &upstream, UpstreamTrouble::Again).await;
    }
    match upstream.provider.finish(login, &response, visit.app.now()).await {
        Ok(completed) => arrival::arrive(visit, step, &upstream, Arriving::of(&visit.app, completed)).await,
        Err(error) => {
            tracing::info!(upstream = name, %error, "a sign-in through a provider came to nothing");
            trouble::back(visit, &step, &upstream, UpstreamTrouble::of(&error)).await
        }
    }
}
