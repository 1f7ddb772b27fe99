//! Forgotten password: the address to which the link goes.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::request;
use crate::{
    accounts::typed,
    app::App,
    interaction::{PageError, Step, Visit, login, page},
    pages::{
        input::{EmailMistake, Input},
        mailed::MailPurpose,
        password::ForgotPassword,
    },
};

/// `GET /password/forgot`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = login::step_or_account(&visit).await?;
        form(&visit, &step, Input::default()).await
    })
    .await
}

/// `POST /password/forgot`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        match typed::email(visit.one("email")?) {
            Ok(email) => request::order(&visit, &step, MailPurpose::Reset, email).await,
            Err(refused) => form(&visit, &step, refused).await,
        }
    })
    .await
}

async fn form(visit: &Visit, step: &Step, email: Input<EmailMistake>) -> Result<Response, PageError> {
    let status = if email.mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ForgotPassword { step: visit.seal(step).await?, email };
    Ok((status, visit.show(&page, Some(step))).into_response())
}
