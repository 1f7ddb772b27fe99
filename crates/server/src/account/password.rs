//! Change of password: the present one is asked for, and everything else is signed out — threats SE-27, RE-08.

use axum::{
    extract::{Request, State},
    response::Response,
};

use super::{home, notice};
use crate::{
    accounts::{
        NewPassword,
        session::{self, Proven},
        typed,
    },
    app::App,
    audit::{About, Event},
    interaction::{
        PageError, Visit,
        login::{self, Attempt},
        person_page, see_other,
    },
    mailed::new_password,
    pages::{
        account::{AccountNotice, ChangePasswordProblem},
        at,
        input::PasswordMistake,
    },
    store::{
        CommitError,
        sessions::{self, SignedIn},
        users,
    },
};

/// `GET /account/password`: the form stands on the account's page.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    person_page(app, request, |_, _| async move { Ok(see_other(at::ACCOUNT)?) }).await
}

/// `POST /account/password`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        match verified(&visit, &signed_in).await? {
            Ok(password) => change(&visit, &signed_in, password).await,
            Err(problem) => home::answer(&visit, &signed_in, Some(problem)).await,
        }
    })
    .await
}

/// The new password, once the present one is proven.
async fn verified(
    visit: &Visit,
    signed_in: &SignedIn,
) -> Result<Result<NewPassword, ChangePasswordProblem>, PageError> {
    let user = &signed_in.user;
    let present = visit.one("present_password")?.unwrap_or_default();
    let typed_new = visit.one("new_password")?;
    let new = match typed::new_password(typed_new, &[user.address(), &user.name]) {
        Ok(new) => new,
        Err(mistake) => return Ok(Err(ChangePasswordProblem::New(mistake))),
    };
    match login::verify(visit, user.address(), present).await {
        Ok(Some(account)) if account.user.id == user.id => {}
        Ok(_) => return Ok(Err(ChangePasswordProblem::WrongPresent)),
        Err(Attempt::Throttled(throttled)) => {
            let minutes = throttled.minutes();
            return Ok(Err(ChangePasswordProblem::TooManyAttempts { minutes }));
        }
        Err(Attempt::Failed(error)) => return Err(error),
    }
    if typed_new == Some(present) {
        return Ok(Err(ChangePasswordProblem::New(PasswordMistake::Unchanged)));
    }
    Ok(Ok(new))
}

/// Ends every session and grant of the person but this session, which goes on under a new secret (SE-01).
async fn change(visit: &Visit, signed_in: &SignedIn, password: NewPassword) -> Result<Response, PageError> {
    let SignedIn { session, user } = signed_in;
    let hash = visit.passwords().hash(password).await?;
    // One unit: should it not be written, nothing has changed; once it is, no copy of the cookie lives on.
    let after = Proven { user_id: &user.id, epoch: user.epoch + 1 };
    let (renewed, renewal) = session::renew(&visit.app, &session.id, user.epoch, after, &visit.headers)?;
    let unit = users::set_password(&user.id, user.epoch, &hash.into(), visit.app.now())
        .with(renewal)
        .with(sessions::keep(&session.id));
    let mut notice = new_password::notice(visit, user)?;
    match visit.app.commit(unit.with(notice.keep(visit.app.now()))).await {
        Ok(_) => {
            About::user(&user.id).note(Event::PasswordChanged);
            visit.app.post_office().hand_over(notice);
        }
        // Something else has ended everything, this session too: then the person signs in first.
        Err(CommitError::Conflict { .. }) => return Ok(see_other(at::ACCOUNT)?),
        Err(error) => return Err(error.into()),
    }
    let mut response = see_other(&notice::account(AccountNotice::PasswordChanged))?;
    renewed.give_cookies(response.headers_mut());
    Ok(response)
}
