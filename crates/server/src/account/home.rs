//! The account's first page.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{connection, notice, terms, ways};
use crate::{
    accounts::typed,
    app::App,
    http::retry_after,
    interaction::{PageError, Visit, person_page},
    pages::{
        account::{AccountHome, ChangePasswordProblem, ConnectedService, SignedInBrowser},
        at,
        browser::Browser,
        moment::Moment,
    },
    store::{
        consents,
        sessions::{self, Session, SignedIn},
        users,
    },
};

/// `GET /`: who types the server's name alone is looking for their account.
pub(crate) async fn start() -> Redirect {
    Redirect::to(at::ACCOUNT)
}

/// `GET /account`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move { answer(&visit, &signed_in, None).await }).await
}

/// The page, with what is wrong with a change of password that was tried.
pub(super) async fn answer(
    visit: &Visit,
    signed_in: &SignedIn,
    password: Option<ChangePasswordProblem>,
) -> Result<Response, PageError> {
    let page = AccountHome {
        desk: visit.desk(signed_in),
        services: services(visit, signed_in).await?,
        browsers: browsers(visit, signed_in).await?,
        ways: ways::shown(visit, signed_in).await?,
        terms: terms::shown(visit, signed_in).await?,
        trouble: notice::trouble_of_account(visit)?.filter(|_| !visit.posted),
        has_password: has_password(visit, signed_in).await?,
        password,
        rule: typed::PASSWORD_RULE,
        notice: notice::of_account(visit)?.filter(|_| password.is_none()),
    };
    let status = match password {
        None => StatusCode::OK,
        Some(ChangePasswordProblem::TooManyAttempts { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(ChangePasswordProblem::WrongPresent | ChangePasswordProblem::New(_)) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    };
    let mut response = (status, visit.show(&page, None)).into_response();
    if let Some(ChangePasswordProblem::TooManyAttempts { minutes }) = password {
        retry_after::in_minutes(&mut response, minutes);
    }
    Ok(response)
}

async fn has_password(visit: &Visit, signed_in: &SignedIn) -> Result<bool, PageError> {
    let account = users::by_id(visit.app.db(), &signed_in.user.id).await?;
    Ok(account.is_some_and(|account| account.password_hash.is_some()))
}

/// What is connected, last used first.
async fn services(visit: &Visit, signed_in: &SignedIn) -> Result<Vec<ConnectedService>, PageError> {
    let mut connections = consents::connected(visit.app.db(), &signed_in.user.id).await?;
    connections.sort_by_key(|connection| std::cmp::Reverse(connection.last_used_at));
    let now = visit.app.now();
    let mut shown = Vec::new();
    for connected in &connections {
        let client = visit.app.catalog().client(&connected.consent.app_id).await?;
        let client = client.as_deref();
        let items = connection::in_order(connected, client);
        shown.push(ConnectedService {
            id: connected.consent.id.clone(),
            app: connection::card(connected, client),
            items: items.into_iter().map(|scope| connection::titled(visit, client, scope)).collect(),
            last_used: connected.last_used_at.map(|used| Moment::new(used.unix(), now.unix())),
        });
    }
    Ok(shown)
}

/// Where the person is signed in, this browser first.
async fn browsers(visit: &Visit, signed_in: &SignedIn) -> Result<Vec<SignedInBrowser>, PageError> {
    let now = visit.app.now();
    let mut living = sessions::list(visit.app.db(), &signed_in.user.id, now).await?;
    let is_current = |session: &Session| session.id == signed_in.session.id;
    living.sort_by_key(|session| !is_current(session));
    let shown = living.iter().map(|session| SignedInBrowser {
        id: session.id.clone(),
        browser: Browser::of(&session.user_agent),
        since: Moment::new(session.created_at.unix(), now.unix()),
        seen: Moment::new(session.last_seen_at.unix(), now.unix()),
        current: is_current(session),
    });
    Ok(shown.collect())
}
