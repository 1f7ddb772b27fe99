//! Signing out of this browser: a link from elsewhere only asks — threats SE-27, SE-28.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::logout::{Said, Wish};
use crate::{
    accounts::session,
    app::App,
    audit::{About, Event},
    http::cross_site,
    interaction::{PageError, Visit, page},
    logout,
    pages::{
        look::Person,
        policy::FormTarget,
        sign_out::{LogoutFrame, SignOut, SignedOut},
    },
    store::sessions::{self, SignedIn},
    upstream,
};

/// `GET /sign-out`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    if cross_site::is_unseen(request.method(), request.headers()) {
        return StatusCode::NO_CONTENT.into_response();
    }
    page(app, request, |visit| async move {
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

/// Ends the session, and with it every grant that is bound to it and whatever waits in this browser to become one. The
/// pages to be framed are those of all apps that know it now: none can come to know it any more.
pub(super) async fn end(visit: &Visit, signed_in: &SignedIn) -> Result<Vec<LogoutFrame>, PageError> {
    let end = sessions::end(&signed_in.session.id, &signed_in.user.id, visit.app.now());
    visit.app.commit(end).await?;
    About::user(&signed_in.user.id).note(Event::SignedOut);
    upstream::drop_arrivals(visit).await?;
    Ok(logout::frames(&visit.app, &signed_in.session.id).await?)
}

async fn done(visit: &Visit) -> Result<Response, PageError> {
    let mut response = visit.show(&SignedOut::here(), None);
    forget(visit, &mut response).await?;
    Ok(response)
}

/// Whatever cookie the browser has is worth nothing now. Two of one name signed nobody in, and our word takes away one of
/// them: what both stand for ends, or the other would be good again (SE-25).
pub(super) async fn forget(visit: &Visit, response: &mut Response) -> Result<(), PageError> {
    for shown in session::shown(&visit.app, &visit.headers).await? {
        end(visit, &shown).await?;
    }
    response.headers_mut().append(header::SET_COOKIE, visit.app.cookies().session.remove());
    Ok(())
}
