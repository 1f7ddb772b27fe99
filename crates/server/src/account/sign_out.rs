//! Signing out of this browser: a link from elsewhere only asks — threats SE-27, SE-28.

use axum::{
    extract::{Request, State},
    response::Response,
};

use crate::{
    app::App,
    interaction::{PageError, Visit, page, seen_page},
    logout::{Said, Wish, end, forget},
    pages::{
        look::Person,
        policy::FormTarget,
        sign_out::{SignOut, SignedOut},
    },
    upstream,
};

/// `GET /sign-out`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    seen_page(app, request, |visit| async move {
        let Some(signed_in) = &visit.session else { return done(&visit).await };
        let page = SignOut {
            csrf: visit.form_token(signed_in),
            person: Person::new(&signed_in.user.name, signed_in.user.address()),
            app: None,
            asked: Vec::new(),
            target: FormTarget::OwnOrigin,
        };
        Ok(visit.show(&page, None))
    })
    .await
}

/// `POST /sign-out`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, sign_out).await
}

/// What the person has said, here or when an app asked for it.
async fn sign_out(visit: Visit) -> Result<Response, PageError> {
    let wish = Wish::read(&visit).await?;
    let said = match &visit.session {
        Some(signed_in) => {
            visit.verify_form(signed_in)?;
            Said::ByThePerson(end(&visit, signed_in).await?)
        }
        None => {
            upstream::drop_arrivals(&visit).await?;
            Said::Nothing
        }
    };
    wish.fulfilled(&visit, said).await
}

async fn done(visit: &Visit) -> Result<Response, PageError> {
    let mut response = visit.show(&SignedOut::here(), None);
    forget(visit, &mut response).await?;
    Ok(response)
}
