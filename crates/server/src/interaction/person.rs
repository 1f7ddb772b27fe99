//! Pages of a signed-in person: who is not signed in does that first; a form must come from their own page.

use axum::{extract::Request, response::Response};

use super::{Errand, PageError, Step, Visit, page, see_other};
use crate::{
    accounts::session,
    app::App,
    fault::Fault,
    pages::{
        at,
        look::{Desk, Person},
    },
    store::{
        Unit,
        sessions::{self, SignedIn},
        users,
    },
};

/// Runs a page for whoever is signed in. The work of a POST begins only when its form is proven.
pub(crate) async fn person_page<F>(
    app: App,
    request: Request,
    work: impl FnOnce(Visit, SignedIn) -> F,
) -> Response
where
    F: Future<Output = Result<Response, PageError>>,
{
    page(app, request, |visit| async move {
        let Some(signed_in) = visit.session.clone() else { return sign_in_first(&visit).await };
        if visit.posted {
            visit.verify_form(&signed_in)?;
        }
        work(visit, signed_in).await
    })
    .await
}

/// Leads to the sign-in page, and from there back to this page. A form that was sent is not sent again: the person who
/// signs in may be another one.
async fn sign_in_first(visit: &Visit) -> Result<Response, PageError> {
    let path = visit.uri.path();
    let path = match visit.posted {
        false => path,
        true if path.starts_with(at::CONSOLE) => at::CONSOLE,
        true => at::ACCOUNT,
    };
    if visit.posted && visit.browser.is_new() {
        // No answer to a form gives it the cookie that a step is bound to: the page that leads on from there does.
        return Ok(see_other(path)?);
    }
    let step = Step::new(Errand::Visit(path.to_owned()), visit.app.now());
    Ok(see_other(&at::step(at::SIGN_IN, &visit.seal(&step).await?))?)
}

/// Makes a unit conflict unless this person is signed in still: in the name of a session nothing is agreed to after its end.
pub(crate) fn in_the_name_of(signed_in: &SignedIn) -> Unit {
    let SignedIn { session, user } = signed_in;
    Unit::from(users::guard(&user.id, user.epoch)).with(sessions::guard(&session.id, session.epoch))
}

impl Visit {
    /// Whether this person is signed in still, as they were when the request came: whoever is not does not try again what
    /// was [in their name](in_the_name_of) and conflicted.
    pub(crate) async fn is_still_of(&self, signed_in: &SignedIn) -> Result<bool, Fault> {
        let now = session::current(&self.app, &self.headers).await?;
        Ok(now.is_some_and(|now| {
            now.session.id == signed_in.session.id
                && now.session.epoch == signed_in.session.epoch
                && now.user.epoch == signed_in.user.epoch
        }))
    }

    /// What stands around a signed-in person's page.
    pub(crate) fn desk(&self, signed_in: &SignedIn) -> Desk {
        let person = Person::new(&signed_in.user.name, signed_in.user.address());
        Desk { person, csrf: self.form_token(signed_in) }
    }
}
