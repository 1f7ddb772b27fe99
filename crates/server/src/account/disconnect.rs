//! Disconnecting a service (연결 끊기): asked once more, then everything of it is dead in one commit.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::{connection, notice};
use crate::{
    app::App,
    audit::{About, Event},
    interaction::{person_page, see_other},
    pages::{account::AccountNotice, connected_service::Disconnect},
    store::{CommitError, consents},
};

/// `GET /account/services/{id}/disconnect`.
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let connected = connection::find(&visit, &signed_in, &id).await?;
        let client = connection::client(&visit, &connected).await?;
        let app = connection::card(&connected, Some(&client));
        // An app that is off is told nothing.
        let told = !client.is_disabled() && client.told_of_logout().is_some();
        let page = Disconnect { desk: visit.desk(&signed_in), id, app, told };
        Ok(visit.show(&page, None))
    })
    .await
}

/// `POST /account/services/{id}/disconnect`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let connected = connection::find(&visit, &signed_in, &id).await?;
        let unit = consents::disconnect(&connected.consent.id, &signed_in.user.id, visit.app.now());
        match visit.app.commit(unit).await {
            Ok(_) => {
                let about = About::user(&signed_in.user.id).with_app(&connected.consent.app_id);
                about.note(Event::ConsentWithdrawn);
            }
            // It was disconnected at the same time on another page.
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(see_other(&notice::account(AccountNotice::Disconnected))?)
    })
    .await
}
