//! Asking for the address to which a link goes: to sign up, or because the password is forgotten.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::request;
use crate::{
    accounts::typed,
    app::App,
    interaction::{Errand, PageError, Step, Visit, device, login, page, trust_target},
    pages::{
        input::{EmailMistake, Input},
        look::AppCard,
        mailed::MailPurpose,
        password::ForgotPassword,
        sign_up::SignUp,
    },
};

/// `GET /sign-up`.
pub(crate) async fn show_sign_up(State(app): State<App>, request: Request) -> Response {
    show(app, request, MailPurpose::SignUp).await
}

/// `POST /sign-up`.
pub(crate) async fn sign_up(State(app): State<App>, request: Request) -> Response {
    submit(app, request, MailPurpose::SignUp).await
}

/// `GET /password/forgot`.
pub(crate) async fn show_forgot_password(State(app): State<App>, request: Request) -> Response {
    show(app, request, MailPurpose::Reset).await
}

/// `POST /password/forgot`.
pub(crate) async fn forgot_password(State(app): State<App>, request: Request) -> Response {
    submit(app, request, MailPurpose::Reset).await
}

async fn show(app: App, request: Request, purpose: MailPurpose) -> Response {
    page(app, request, move |visit| async move {
        let step = login::step_or_account(&visit).await?;
        form(&visit, &step, purpose, Input::default()).await
    })
    .await
}

async fn submit(app: App, request: Request, purpose: MailPurpose) -> Response {
    page(app, request, move |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        match typed::email(visit.one("email")?) {
            Ok(email) => request::order(&visit, &step, purpose, email).await,
            Err(refused) => form(&visit, &step, purpose, refused).await,
        }
    })
    .await
}

async fn form(
    visit: &Visit,
    step: &Step,
    purpose: MailPurpose,
    email: Input<EmailMistake>,
) -> Result<Response, PageError> {
    let status = if email.mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let sealed = visit.seal(step).await?;
    let shown = match purpose {
        MailPurpose::SignUp => {
            let app = app(visit, step).await?;
            visit.show(&SignUp { step: sealed, app, email }, Some(step))
        }
        MailPurpose::Reset => visit.show(&ForgotPassword { step: sealed, email }, Some(step)),
    };
    Ok((status, shown).into_response())
}

/// The app for which the person signs up.
async fn app(visit: &Visit, step: &Step) -> Result<Option<AppCard>, PageError> {
    if let Errand::Device(waiting) = &step.errand {
        return Ok(Some(device::card(visit, waiting).await?));
    }
    let Errand::Authorize(authorize) = &step.errand else { return Ok(None) };
    let (client, redirect) = trust_target(&visit.app, &authorize.target).await?;
    Ok(Some(login::card(&client, redirect.uri())))
}
