//! The page that shows which device asks for what — RFC 8628 §3.3, §5.4; threats DE-06, DE-08, DE-09.
//!
//! It is shown every time, whatever was agreed before: somebody else may have begun on a device of their own.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{Device, Waiting, answer};
use crate::{
    app::App,
    interaction::{
        Errand, PageError, Step, Visit,
        consent::{Questions, life, shown_items},
        page, see_other,
    },
    pages::{
        at,
        browser::Browser as BrowserName,
        device::{ConfirmDevice, StartedAt},
        look::Person,
        moment::Moment,
        shown::Shown,
    },
    store::{CommitError, Unit, device_requests, sessions::SignedIn},
    terms::renewal,
};

/// `GET /device/confirm`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        if visit.unseen {
            // The page gives the device to this browser.
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        ask(&visit, &step, false).await
    })
    .await
}

/// `POST /device/confirm`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        answer::take(&visit, &step).await
    })
    .await
}

/// The device of a step.
pub(super) fn device_of(step: &Step) -> Result<&Device, PageError> {
    match &step.errand {
        Errand::Device(device) => Ok(device),
        Errand::Authorize(_) | Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) => {
            Err(PageError::BadRequest)
        }
    }
}

/// Shows the page, or the one that comes before it; `changed` says why it is shown again.
pub(super) async fn ask(visit: &Visit, step: &Step, changed: bool) -> Result<Response, PageError> {
    let waiting = Waiting::read(visit, device_of(step)?).await?;
    let fresh = !waiting.signed_in_too_long_ago(visit, step);
    let Some(signed_in) = visit.session.as_ref().filter(|_| fresh) else {
        return Ok(see_other(&at::step(at::SIGN_IN, &visit.seal(step).await?))?);
    };
    if let Some(page) = renewal::first(visit, step).await? {
        return Ok(page);
    }
    claim(visit, waiting.device).await?;
    let questions = questions(&waiting);
    let step = Step { asked: Some(questions.asked_of(signed_in, &waiting.client)), ..step.clone() };
    let page = confirm(visit, &step, &waiting, signed_in, &questions);
    Ok(visit.show(&ConfirmDevice { step: visit.seal(&step).await?, changed, ..page }, Some(&step)))
}

/// What is not agreed yet is asked, also what was left out before: the page is there anyway.
pub(super) fn questions(waiting: &Waiting<'_>) -> Questions {
    Questions::anew(&waiting.requested, waiting.client.required(), &waiting.agreed)
}

/// The first browser in which somebody is signed in has the device to itself (DE-06).
async fn claim(visit: &Visit, device: &Device) -> Result<(), PageError> {
    let claim = device_requests::claim(&device.id, &visit.browser.name(), visit.app.now());
    match visit.app.commit(Unit::from(claim)).await {
        Ok(_) => Ok(()),
        Err(CommitError::Conflict { .. }) => Err(PageError::DeviceTaken),
        Err(error) => Err(error.into()),
    }
}

fn confirm(
    visit: &Visit,
    step: &Step,
    waiting: &Waiting<'_>,
    signed_in: &SignedIn,
    questions: &Questions,
) -> ConfirmDevice {
    let locale = visit.locale(Some(step));
    let items = |scopes| shown_items(visit, &waiting.client, scopes, locale);
    ConfirmDevice {
        step: String::new(),
        app: crate::interaction::login::card_alone(&waiting.client),
        person: Person::new(&signed_in.user.name, signed_in.user.address()),
        user_code: waiting.device.user_code.shown(),
        started: started(visit, waiting),
        required: items(&questions.required),
        optional: items(&questions.optional),
        agreed: items(&questions.settled).into_iter().map(|item| item.scope).collect(),
        changed: false,
        life: life(visit, &waiting.client, &waiting.requested),
    }
}

/// Where and when the device began, as far as is known: a person who began it themselves knows better.
fn started(visit: &Visit, waiting: &Waiting<'_>) -> StartedAt {
    let request = &waiting.request;
    let address = request.started_from.parse().ok();
    StartedAt {
        when: Moment::new(request.created_at.unix(), visit.app.now().unix()),
        browser: BrowserName::of(&request.user_agent),
        same_network: address.is_some_and(|address| visit.context.client.is_in_network_of(address)),
        address: (!request.started_from.is_empty()).then(|| Shown::place(&request.started_from)),
    }
}
