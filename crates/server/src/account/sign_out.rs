//! Signing out of this browser: a link from elsewhere only asks — threats SE-27, SE-28.

use axum::{
    extract::{Request, State},
    http::header,
    response::Response,
};

use super::logout::{Said, Wish};
use crate::{
    app::App,
    audit::{About, Event},
    interaction::{PageError, Visit, page},
    pages::{
        look::Person,
        policy::FormTarget,
        sign_out::{SignOut, SignedOut},
    },
    store::sessions::{self, SignedIn},
    upstream,
};

/// `GET /sign-out`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let Some(signed_in) = &visit.session else { return Ok(done(&visit)) };
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
            end(&visit, signed_in).await?;
            Said::ByThePerson
        }
        None => Said::Nothing,
    };
    upstream::drop_arrivals(&visit).await?;
    wish.fulfilled(&visit, said)
}

/// Ends the session, and with it every grant that is bound to it and whatever waits in this browser to become one.
pub(super) async fn end(visit: &Visit, signed_in: &SignedIn) -> Result<(), PageError> {
    let end = sessions::end(&signed_in.session.id, &signed_in.user.id, visit.app.now());
    visit.app.commit(end).await?;
    About::user(&signed_in.user.id).note(Event::SignedOut);
    upstream::drop_arrivals(visit).await?;
    Ok(())
}

fn done(visit: &Visit) -> Response {
    let mut response = visit.show(&SignedOut::here(), None);
    forget(visit, &mut response);
    response
}

/// Whatever cookie the browser has is worth nothing now.
pub(super) fn forget(visit: &Visit, response: &mut Response) {
    response.headers_mut().append(header::SET_COOKIE, visit.app.cookies().session.remove());
}
