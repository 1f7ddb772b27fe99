//! Sign up: the address first. A link in a mail proves it, and goes on.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::request;
use crate::{
    accounts::typed,
    app::App,
    interaction::{Errand, PageError, Step, Visit, login, page, trust_target},
    pages::{
        input::{EmailMistake, Input},
        mailed::MailPurpose,
        sign_up::SignUp,
    },
};

/// `GET /sign-up`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = login::step_or_account(&visit).await?;
        form(&visit, &step, Input::default()).await
    })
    .await
}

/// `POST /sign-up`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        match typed::email(visit.one("email")?) {
            Ok(email) => request::order(&visit, &step, MailPurpose::SignUp, email).await,
            Err(refused) => form(&visit, &step, refused).await,
        }
    })
    .await
}

async fn form(visit: &Visit, step: &Step, email: Input<EmailMistake>) -> Result<Response, PageError> {
    let app = match &step.errand {
        Errand::Visit(_) => None,
        Errand::Authorize(authorize) => {
            let (client, redirect) = trust_target(&visit.app, &authorize.target).await?;
            Some(login::card(&client, redirect.uri().as_str()))
        }
    };
    let status = if email.mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = SignUp { step: visit.seal(step).await?, app, email };
    Ok((status, visit.show(&page, Some(step))).into_response())
}
