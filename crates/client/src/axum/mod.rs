//! The client's pages as axum routes, and the extractor that says who is signed in.

mod account;
mod account_pages;
mod answer;
mod bodies;
mod html;
mod logged_out;
mod pages;
mod same_origin;
mod service_tokens;
mod signed_in;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use mapae_protocol::params::{Limits, Params};

use answer::{failed, json_address, redirect, say};
pub use pages::{Pages, PlainPages};
pub use signed_in::{SignInRequired, SignedIn};

use crate::{
    client::{Client, paths},
    error::{Error, Locale},
    login::LoginRequest,
    notice::{Notice, NoticeAnswer},
    redirect::Redirect,
    sign_up::{self, SignUpError, SignUpOutcome},
};

/// What every handler has.
struct Desk<U> {
    client: Client<U>,
    pages: Arc<dyn Pages>,
}

/// The client's routes, with plain pages:
///
/// | route | does |
/// |---|---|
/// | `GET /login?provider=NAME&return_to=/path` | sends the browser to the provider of this name, or to the first: a button is a link to it |
/// | `GET` or `POST /login.json?provider=NAME&return_to=/path` | answers `{"authorization_url": "…"}` to a front end |
/// | `GET` the path of each provider's redirect URI | finishes the login |
/// | `POST` there, where a provider's page posts its answer (Apple) | leads on to the `GET`, which has the cookies |
/// | `GET` and `POST /sign-up` | the sign-up step |
/// | `POST /sign-up/prove` | starts the proof of an account to which whoever signs up may belong |
/// | `POST /sign-out` | ends the session: of the cookie, the JWT, or the `refresh_token` that a front end keeps itself |
/// | `GET /sign-in-methods` | shows the ways into the account |
/// | `POST /sign-in-methods/prove`, `/add`, `/remove` | proves who is there, then adds or removes one |
/// | `GET` and `POST /sign-in-methods/confirm` | shows whom the provider sent back to be added, and adds them |
/// | | the same for a front end that accepts `application/json`, with its session or its JWT (and `refresh_token` in the form, if it keeps that itself): the list, `{"authorization_url": "…"}`, errors with a code; `return_to` says where to come back to |
/// | `GET` and `POST /agreements` | shows the service's terms; agrees to optional ones, or withdraws |
/// | `POST /tokens`, `POST /tokens/renewal` | with [`ServiceTokens`](crate::ServiceTokens): the one-time code, then each refresh token, for JWTs |
/// | `GET /.well-known/jwks.json`, `/.well-known/oauth-authorization-server` | with them: the keys and the metadata for APIs |
/// | `POST /login/backchannel-logout/PROVIDER` | takes a logout token: somebody has signed out there |
/// | `POST` (or `GET`) `/notices/PROVIDER/NAME` | takes what a provider has to tell, for instance `/notices/kakao/unlink` |
/// | `GET /deletion?code=CODE` | where a provider asks for deletions (Facebook): what became of one |
///
/// A body has ten seconds to arrive (else 408) and 16 KiB to fit into (else 413).
pub fn routes<U, S>(client: &Client<U>) -> Router<S>
where
    U: Send + Sync + 'static,
    S: Clone + Send + Sync + 'static,
{
    routes_with(client, PlainPages)
}

/// The client's [`routes`], with the application's own pages.
pub fn routes_with<U, S>(client: &Client<U>, pages: impl Pages) -> Router<S>
where
    U: Send + Sync + 'static,
    S: Clone + Send + Sync + 'static,
{
    routes_within(bodies::PATIENCE, client, pages)
}

/// The same, with how long a body may take to arrive.
fn routes_within<U, S>(patience: Duration, client: &Client<U>, pages: impl Pages) -> Router<S>
where
    U: Send + Sync + 'static,
    S: Clone + Send + Sync + 'static,
{
    let desk = Desk { client: client.clone(), pages: Arc::new(pages) };
    let router = forms(&desk, patience).merge(others(client, patience));
    router.layer(DefaultBodyLimit::max(sign_up::FORM.bytes)).with_state(desk)
}

/// What not only pages of this service ask for.
fn others<U: Send + Sync + 'static>(client: &Client<U>, patience: Duration) -> Router<Desk<U>> {
    let mut router = Router::new()
        .route(paths::LOGIN, get(login).head(untouched))
        .route(paths::LOGIN_JSON, get(login_json).head(untouched).post(login_json))
        .route(paths::SIGN_OUT, post(sign_out));
    for provider in client.providers() {
        let name: Arc<str> = provider.name().into();
        let finish = move |desk: State<Desk<U>>, query: RawQuery, headers: HeaderMap| {
            callback(name, desk, query, headers)
        };
        let mut route = get(finish).head(untouched);
        if provider.answers_by_post() {
            let name: Arc<str> = provider.name().into();
            let take = move |desk: State<Desk<U>>, headers: HeaderMap, body: Bytes| {
                posted(name, desk, headers, body)
            };
            route = route.post(take);
        }
        router = router.route(&provider.callback_path(), route);
    }
    let notices = format!("{}/{{provider}}/{{name}}", paths::NOTICES);
    router = router.route(&notices, get(notified).head(untouched).post(notified));
    router = router.route(&format!("{}/{{provider}}", paths::BACK_CHANNEL_LOGOUT), post(logged_out::take));
    for path in deletion_pages(client) {
        router = router.route(&path, get(deletion));
    }
    if client.issues_tokens() {
        router = router.merge(service_tokens::routes());
    }
    router.route_layer(middleware::from_fn_with_state(patience, bodies::in_time))
}

/// What only a page of this service may change. A route of this kind has no check of its own to forget.
fn forms<U: Send + Sync + 'static>(desk: &Desk<U>, patience: Duration) -> Router<Desk<U>> {
    let mut router = Router::new().route(paths::SIGN_UP, get(sign_up_form).post(sign_up));
    for (path, answer) in account::routes() {
        router = router.route(path, answer);
    }
    if desk.client.issues_tokens() {
        router = router.route(paths::TOKENS, post(service_tokens::hand_over));
    }
    // The last one is asked first: no body of another site's is waited for.
    router
        .route_layer(middleware::from_fn_with_state(patience, bodies::in_time))
        .route_layer(middleware::from_fn_with_state(desk.clone(), same_origin::demand))
}

async fn login<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    match desk.start(query.as_deref(), &headers).await {
        Ok(started) => redirect(started),
        Err(error) => desk.fail(&error, &headers),
    }
}

async fn login_json<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    match desk.start(query.as_deref(), &headers).await {
        Ok(started) => json_address(started),
        Err(error) => say(&error, &headers),
    }
}

async fn callback<U: Send + Sync + 'static>(
    provider: Arc<str>,
    State(desk): State<Desk<U>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    match desk.client.callback(&provider, query.as_deref(), &headers).await {
        Ok(arrived) => redirect(arrived),
        Err(error) => desk.fail(&error, &headers),
    }
}

/// `HEAD` is asked by who looks where a link leads (RFC 9110 §9.3.2): nothing is used up and nothing happens.
async fn untouched() -> Response {
    answer::guarded(StatusCode::OK.into_response())
}

async fn posted<U: Send + Sync + 'static>(
    provider: Arc<str>,
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match desk.client.posted(&provider, &body) {
        Ok(onwards) => redirect(onwards),
        Err(error) => desk.fail(&error, &headers),
    }
}

async fn sign_up_form<U: Send + Sync + 'static>(State(desk): State<Desk<U>>, headers: HeaderMap) -> Response {
    match desk.client.sign_up_form(&headers).await {
        Ok(form) => answer::page(StatusCode::OK, desk.pages.sign_up(&form, language(&headers))),
        Err(Error::SignUp(SignUpError::ProofNeeded)) => desk.existing_account(&headers).await,
        Err(error) => desk.fail(&error, &headers),
    }
}

async fn sign_up<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match desk.client.sign_up(&headers, &body).await {
        Ok(SignUpOutcome::Done(arrived)) => redirect(arrived),
        Err(Error::SignUp(SignUpError::ProofNeeded)) => desk.existing_account(&headers).await,
        Ok(SignUpOutcome::Again(form)) => {
            answer::page(StatusCode::UNPROCESSABLE_ENTITY, desk.pages.sign_up(&form, language(&headers)))
        }
        Err(error) => desk.fail(&error, &headers),
    }
}

async fn sign_out<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !same_origin::is_same_origin(&headers, desk.client.origin()) {
        match desk.client.shows_access_token(&headers).await {
            // No page of another site has one. The header alone says nothing: browsers send it by themselves (RFC 7617 §2).
            Ok(true) => {}
            // Whoever posts a refresh token has it; cookies come along with any form.
            Ok(false) if desk.client.is_of_a_front_end_without_cookies(&headers) => {
                headers.remove(http::header::COOKIE);
            }
            Ok(false) => return same_origin::refused(),
            Err(error) => return desk.fail(&error, &headers),
        }
    }
    match desk.client.sign_out(&headers, &body).await {
        Ok(gone) => redirect(gone),
        Err(error) => desk.fail(&error, &headers),
    }
}

async fn notified<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    Path((provider, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let notice = Notice { headers: &headers, query: query.as_deref(), body: &body };
    match desk.client.notified(&provider, &name, &notice).await {
        Ok(NoticeAnswer { status, body: Some(body), .. }) => (status, Json(body)).into_response(),
        Ok(NoticeAnswer { status, body: None, .. }) => status.into_response(),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a notice was not taken");
            answer::refused(desk.client.refusal(&provider, &name, &error))
        }
    }
}

/// Paths of pages that say what became of a deletion.
fn deletion_pages<U: Send + Sync + 'static>(client: &Client<U>) -> BTreeSet<String> {
    let notices = client.providers().iter().flat_map(|provider| &provider.definition().schema().notices);
    notices.filter_map(|rule| rule.deletion_page.clone()).collect()
}

async fn deletion<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST).ok();
    let code = params.and_then(|params| params.one("code").ok().flatten().map(str::to_owned));
    let found = match code {
        Some(code) => desk.client.deletion(&code).await.map(|at| at.map(|at| (code, at))),
        None => Ok(None),
    };
    match found {
        Ok(found) => {
            let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
            let found = found.as_ref().map(|(code, at)| (code.as_str(), *at));
            answer::page(status, desk.pages.deletion(found, language(&headers)))
        }
        Err(error) => desk.fail(&error, &headers),
    }
}

impl<U: Send + Sync + 'static> Desk<U> {
    async fn start(&self, query: Option<&str>, headers: &HeaderMap) -> Result<Redirect, Error> {
        self.client.login(&LoginRequest::from_query(query)?, headers).await
    }

    async fn existing_account(&self, headers: &HeaderMap) -> Response {
        match self.client.waiting_identity(headers).await {
            Ok(identity) => {
                let page = self.pages.existing_account(&identity, self.client.providers(), language(headers));
                answer::page(StatusCode::OK, page)
            }
            Err(error) => self.fail(&error, headers),
        }
    }

    fn fail(&self, error: &Error, headers: &HeaderMap) -> Response {
        failed(error, self.pages.failed(error, language(headers)))
    }
}

impl<U> Clone for Desk<U> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), pages: Arc::clone(&self.pages) }
    }
}

/// The language that the browser prefers of those in which there are texts (RFC 9110 §12.5.4), else English.
fn language(headers: &HeaderMap) -> Locale {
    let accepted = headers.get(http::header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.and_then(Locale::from_accept_language).unwrap_or(Locale::En)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 §12.5.4: the weights decide, and not who stands first.
    #[test]
    fn rfc9110_12_5_4_a_page_is_in_the_language_that_the_browser_prefers() {
        for (accepted, expected) in [
            (Some("ko-KR,ko;q=0.9,en;q=0.8"), Locale::Ko),
            (Some("en;q=0.1, ko"), Locale::Ko),
            (Some("ko;q=0, en"), Locale::En),
            (Some("de, en-US;q=0.7, ko;q=0.3"), Locale::En),
            (Some("fr, KO"), Locale::Ko),
            (Some("kok, korean"), Locale::En),
            (Some(""), Locale::En),
            (None, Locale::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(accepted.map(|text| (http::header::ACCEPT_LANGUAGE, text.parse().unwrap())));
            assert_eq!(language(&headers), expected, "{accepted:?}");
        }
    }
}
