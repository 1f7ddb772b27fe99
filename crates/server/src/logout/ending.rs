//! The end of a session in this browser — threats SE-25, SE-27, SE-28.

use axum::{http::header, response::Response};

use super::front_channel::frames;
use crate::{
    accounts::session,
    audit::{About, Event},
    interaction::{PageError, Visit},
    pages::sign_out::LogoutFrame,
    store::sessions::{self, SignedIn},
    upstream,
};

/// Ends the session, and with it every grant that is bound to it and whatever waits in this browser to become one. The
/// pages to be framed are those of all apps that know it now: none can come to know it any more.
pub(crate) async fn end(visit: &Visit, signed_in: &SignedIn) -> Result<Vec<LogoutFrame>, PageError> {
    let end = sessions::end(&signed_in.session.id, &signed_in.user.id, visit.app.now());
    visit.app.commit(end).await?;
    About::user(&signed_in.user.id).note(Event::SignedOut);
    upstream::drop_arrivals(visit).await?;
    Ok(frames(&visit.app, &signed_in.session.id).await?)
}

/// Whatever cookie the browser has is worth nothing now. Two of one name signed nobody in, and our word takes away one of
/// them: what both stand for ends, or the other would be good again (SE-25).
pub(crate) async fn forget(visit: &Visit, response: &mut Response) -> Result<(), PageError> {
    for shown in session::shown(&visit.app, &visit.headers).await? {
        end(visit, &shown).await?;
    }
    response.headers_mut().append(header::SET_COOKIE, visit.app.cookies().session.remove());
    Ok(())
}
