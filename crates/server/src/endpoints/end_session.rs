//! Signing out at the wish of an app — OIDC RP-Initiated Logout §2, §3; threats LO-01 … LO-04, LO-11.
//!
//! An app that shows the ID token of this very session has the person's word; whoever else asks, the person is asked, and
//! so they are for an app whose ID tokens name no session, because it has registered nothing about the end of one (0232).
//! Where they go afterwards is one of the addresses that the app registered for that, or our own page.

use axum::{
    extract::{Request, State},
    response::Response,
};

use crate::{
    app::App,
    interaction::{PageError, Visit, login, page_for_apps},
    logout::{Said, Wish, end},
    pages::{look::Person, policy::FormTarget, sign_out::SignOut},
};

/// `GET /logout` and `POST /logout`.
pub(crate) async fn end_session(State(app): State<App>, request: Request) -> Response {
    page_for_apps(app, request, begin).await
}

async fn begin(visit: Visit) -> Result<Response, PageError> {
    let wish = Wish::read(&visit).await?;
    let Some(signed_in) = &visit.session else { return wish.fulfilled(&visit, Said::Nothing).await };
    if wish.proves(&visit.app, signed_in) {
        let frames = end(&visit, signed_in).await?;
        return wish.fulfilled(&visit, Said::ByTheApp(frames)).await;
    }
    let page = SignOut {
        csrf: visit.form_token(signed_in),
        person: Person::new(&signed_in.user.name, signed_in.user.address()),
        app: wish.client.as_deref().map(login::card_alone),
        asked: wish.fields(),
        target: if wish.back.is_some() { FormTarget::App } else { FormTarget::OwnOrigin },
    };
    Ok(visit.show(&page, None))
}
