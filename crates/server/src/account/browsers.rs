//! Signing out of other browsers.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::notice;
use crate::{
    app::App,
    audit::{About, Event},
    interaction::{PageError, person_page, see_other},
    pages::account::AccountNotice,
    store::{Unit, sessions},
};

/// `POST /account/browsers/{id}/end`.
pub(crate) async fn end(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let now = visit.app.now();
        let living = sessions::list(visit.app.db(), &signed_in.user.id, now).await?;
        if living.iter().all(|session| session.id != id) {
            return Err(PageError::NotFound);
        }
        visit.app.commit(sessions::end(&id, &signed_in.user.id, now)).await?;
        About::user(&signed_in.user.id).note(Event::SignedOutElsewhere);
        Ok(see_other(&notice::account(AccountNotice::BrowserEnded))?)
    })
    .await
}

/// `POST /account/browsers/end-others`.
pub(crate) async fn end_others(State(app): State<App>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let now = visit.app.now();
        let living = sessions::list(visit.app.db(), &signed_in.user.id, now).await?;
        let others = living.iter().filter(|session| session.id != signed_in.session.id);
        let unit =
            Unit::new().with_all(others.map(|other| sessions::end(&other.id, &signed_in.user.id, now)));
        visit.app.commit(unit).await?;
        About::user(&signed_in.user.id).note(Event::SignedOutElsewhere);
        Ok(see_other(&notice::account(AccountNotice::OtherBrowsersEnded))?)
    })
    .await
}
