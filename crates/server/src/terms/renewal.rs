//! A required term that is new, or has a new version: asked of people who have an account, before they go on.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_client::terms::{Agreed, Term, to_ask};

use super::{boxes, keeping, read};
use crate::{
    app::App,
    audit::{About, Event},
    interaction::{
        Asked, PageError, Step, StepError, Visit, form_target, in_the_name_of, page, proceed, see_other,
    },
    pages::{
        at,
        look::Person,
        terms::{TermBox, TermsPage},
    },
    store::{CommitError, sessions::SignedIn, term_agreements},
};

/// The page that must come before anything else on the way of this step, if one must.
pub(crate) async fn first(visit: &Visit, step: &Step) -> Result<Option<Response>, PageError> {
    if !are_open(visit).await? {
        return Ok(None);
    }
    Ok(Some(see_other(&at::step(at::TERMS, &visit.seal(step).await?))?))
}

/// Whether somebody is signed in who must be asked.
pub(crate) async fn are_open(visit: &Visit) -> Result<bool, PageError> {
    match &visit.session {
        Some(signed_in) => Ok(!open(&visit.app, signed_in).await?.is_empty()),
        None => Ok(false),
    }
}

async fn open<'a>(app: &'a App, signed_in: &SignedIn) -> Result<Vec<&'a Term>, PageError> {
    let terms = app.config().terms.as_slice();
    // Where there are none, nobody pays for a look.
    if terms.iter().all(|term| !term.is_required()) {
        return Ok(Vec::new());
    }
    let agreed = term_agreements::of_user(app.db(), &signed_in.user.id).await?;
    let agreed: Vec<Agreed> = agreed
        .into_iter()
        .map(|agreement| Agreed { term: agreement.term, version: agreement.version })
        .collect();
    Ok(to_ask(terms, &agreed))
}

/// `GET /terms`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        let Some(signed_in) = &visit.session else { return proceed(&visit, &step).await };
        let asked = open(&visit.app, signed_in).await?;
        if asked.is_empty() {
            return proceed(&visit, &step).await;
        }
        let boxes = boxes(&asked, visit.locale(Some(&step)));
        form(&visit, &step, signed_in, boxes).await
    })
    .await
}

/// `POST /terms`: the step is the form's anti-forgery token, and of the person to whom the page was shown.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        let Some(signed_in) = &visit.session else { return proceed(&visit, &step).await };
        let shown = step.asked.as_ref().filter(|asked| asked.session_id == signed_in.session.id);
        // Whoever saw another page has not read the terms.
        if !shown.is_some_and(Asked::is_of_terms) {
            return Err(PageError::ForgedForm);
        }
        let asked = open(&visit.app, signed_in).await?;
        let answered = read(&visit, &asked, visit.locale(Some(&step)))?;
        if answered.refused {
            return form(&visit, &step, signed_in, answered.boxes).await;
        }
        if !answered.agreed.is_empty() {
            let user_id = &signed_in.user.id;
            let unit = keeping(in_the_name_of(signed_in), user_id, &answered.agreed, visit.app.now());
            match visit.app.commit(unit).await {
                Ok(_) => {}
                Err(CommitError::Conflict { .. }) if !visit.is_still_of(signed_in).await? => {
                    return Err(StepError::Over.into());
                }
                Err(error) => return Err(error.into()),
            }
            About::user(user_id).note(Event::TermsAgreed);
        }
        proceed(&visit, &Step { asked: None, ..step }).await
    })
    .await
}

async fn form(
    visit: &Visit,
    step: &Step,
    signed_in: &SignedIn,
    boxes: Vec<TermBox>,
) -> Result<Response, PageError> {
    let refused = boxes.iter().any(|term| term.missing);
    let step = Step { asked: Some(Asked::of_terms(&signed_in.session.id)), ..step.clone() };
    let page = TermsPage {
        step: visit.seal(&step).await?,
        person: Person::new(&signed_in.user.name, signed_in.user.address()),
        terms: boxes,
        target: form_target(&step),
    };
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, visit.show(&page, Some(&step))).into_response())
}
