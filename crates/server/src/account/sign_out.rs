//! Signing out of this browser: a link from elsewhere only asks — threats SE-27, SE-28.

use axum::{
    extract::{Request, State},
    http::header,
    response::Response,
};

use crate::{
    app::App,
    audit::{About, Event},
    interaction::{PageError, Visit, page},
    pages::{
        at,
        look::Person,
        sign_out::{SignOut, SignedOut},
    },
    store::sessions,
    upstream,
};

/// `GET /sign-out`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let Some(signed_in) = &visit.session else { return Ok(done(&visit)) };
        let person = Person::new(&signed_in.user.name, signed_in.user.address());
        let page = SignOut { csrf: visit.form_token(signed_in), person, app: None };
        Ok(visit.show(&page, None))
    })
    .await
}

/// `POST /sign-out`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, sign_out).await
}

/// Ends the session, and with it every grant that is bound to it.
async fn sign_out(visit: Visit) -> Result<Response, PageError> {
    if let Some(signed_in) = &visit.session {
        visit.verify_form(signed_in)?;
        let end = sessions::end(&signed_in.session.id, &signed_in.user.id, visit.app.now());
        visit.app.commit(end).await?;
        About::user(&signed_in.user.id).note(Event::SignedOut);
    }
    upstream::drop_arrivals(&visit).await?;
    Ok(done(&visit))
}

/// Whatever cookie the browser has is worth nothing now.
fn done(visit: &Visit) -> Response {
    let mut response = visit.show(&SignedOut { next: at::SIGN_IN }, None);
    response.headers_mut().append(header::SET_COOKIE, visit.app.cookies().session.remove());
    response
}
