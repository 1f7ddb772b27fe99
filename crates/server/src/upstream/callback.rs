//! Coming back from a provider — RFC 6749 §4.1.2, RFC 9207 §2.4; threats RP-01, RP-03, RP-14.
//!
//! Whatever the provider sent: the row that its `state` names is taken first, by the browser that left and once. The
//! answer leads to a clean address at once.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use mapae_client::{CallbackResponse, PendingLogin};
use mapae_protocol::base64url;

use super::{
    Upstream,
    arrival::{self, Arriving},
    trouble,
    waiting::{self, Departure},
};
use crate::{
    app::App,
    http::{body, cookies::Life},
    interaction::{PageError, Step, StepError, Visit, page, see_other},
    keys::ANSWER_LIFE,
    pages::sign_in::UpstreamTrouble,
};

/// `GET /upstream/{name}/callback`.
pub(crate) async fn callback(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    page(app, request, |visit| async move { come_back(&visit, &name).await }).await
}

/// The longest answer that a page posts, in bytes.
const LONGEST_POST: usize = 16 * 1024;

/// `POST /upstream/{name}/callback`: an answer that the provider's page posts (OAuth 2.0 Form Post Response Mode §2). It
/// comes from another site, without our cookies, so nothing is judged and nothing stored: what it brings is sealed into a
/// cookie, and the browser is sent to the same address once more (decision 0040). What is no answer gets there, too, where
/// the page says so.
pub(crate) async fn posted(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let answer = carried(request).await.unwrap_or_default();
    let by_post = app.upstreams().enabled(&name).filter(|upstream| upstream.provider.answers_by_post());
    let sealed = by_post.map(|_| app.keys().current().seals.answers.seal(answer.as_bytes(), name.as_bytes()));
    let cookie = sealed.and_then(|sealed| app.cookies().answer.set(&sealed, Life::For(ANSWER_LIFE)).ok());
    let Ok(mut response) = see_other(&path) else { return StatusCode::BAD_REQUEST.into_response() };
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

async fn carried(request: Request) -> Option<String> {
    let (parts, body) = request.into_parts();
    body::require_form(&parts.headers).ok()?;
    let form = body::read(body, LONGEST_POST).await.ok()?;
    CallbackResponse::query_of_post(&form).ok()
}

/// What the provider's page posted a moment ago. One provider's answer is not another's (mix-up, RFC 9700 §4.4).
async fn posted_answer(visit: &Visit, name: &str) -> Result<String, PageError> {
    let sealed = visit.app.cookies().answer.read(&visit.headers).ok_or(PageError::BadRequest)?;
    let keys = visit.app.keys_for(sealed).await?;
    let opened = keys.seals.answers.open(sealed, name.as_bytes()).map_err(|_| PageError::BadRequest)?;
    String::from_utf8(opened).map_err(|_| PageError::BadRequest)
}

async fn come_back(visit: &Visit, name: &str) -> Result<Response, PageError> {
    let upstream = visit.app.upstreams().enabled(name).ok_or(PageError::NotFound)?;
    if !upstream.provider.answers_by_post() {
        return judge(visit, &upstream, visit.uri.query()).await;
    }
    // One way in: an answer of such a provider in the address is none.
    let answer = posted_answer(visit, name).await?;
    let mut response = judge(visit, &upstream, Some(&answer)).await?;
    response.headers_mut().append(header::SET_COOKIE, visit.app.cookies().answer.remove());
    Ok(response)
}

async fn judge(visit: &Visit, upstream: &Upstream, answer: Option<&str>) -> Result<Response, PageError> {
    let name = upstream.name();
    let response = CallbackResponse::parse(answer).map_err(|_| PageError::BadRequest)?;
    let state = response.state().ok_or(PageError::BadRequest)?;
    let Departure { upstream: left_for, step, login } = waiting::take_departure(visit, state).await?;
    let step = Step::open(&step, &visit.app, &visit.browser).await?;
    let login = base64url::decode(&login).ok().as_deref().and_then(PendingLogin::from_bytes);
    let login = login.ok_or(StepError::Over)?;
    if left_for != name {
        tracing::warn!(upstream = name, left_for, "an answer to a question that another provider was asked");
        return trouble::back(visit, &step, upstream, UpstreamTrouble::Again).await;
    }
    match upstream.provider.finish(login, &response, visit.app.now()).await {
        Ok(completed) => arrival::arrive(visit, step, upstream, Arriving::of(&visit.app, completed)).await,
        Err(error) => {
            tracing::info!(upstream = name, %error, "a sign-in through a provider came to nothing");
            trouble::back(visit, &step, upstream, UpstreamTrouble::of(&error)).await
        }
    }
}
