//! When a person must choose an account, and the page for it — OIDC Core §3.1.2.1 (`prompt=select_account`).

use axum::{
    extract::{Request, State},
    response::Response,
};
use mapae_protocol::{authorization::Prompt as Requested, error::ErrorCode};

use super::{
    Check, Errand, Facts, PageError, Prompt, Step, Visit, device, login, page, proceed, see_other,
    trust_target,
};
use crate::{
    app::App,
    pages::{at, look::Person, policy::FormTarget, select_account::SelectAccount},
};

pub(super) const SELECT_ACCOUNT: Prompt = Prompt {
    asked_by: Requested::SelectAccount,
    path: at::SELECT_ACCOUNT,
    checks: &[Check {
        name: "prompt=select_account",
        error: ErrorCode::AccountSelectionRequired,
        applies: |facts| not_chosen_yet(facts),
    }],
};

/// Signing in on the way is choosing, too.
fn not_chosen_yet(facts: &Facts<'_>) -> bool {
    let asked = facts.request.prompts.contains(Requested::SelectAccount);
    asked && !facts.account_chosen && !facts.signed_in_now
}

/// `GET /select-account`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, choices).await
}

async fn choices(visit: Visit) -> Result<Response, PageError> {
    let step = visit.step().await?.ok_or(PageError::BadRequest)?;
    let Some(signed_in) = &visit.session else {
        return Ok(see_other(&at::step(at::SIGN_IN, &visit.seal(&step).await?))?);
    };
    let (app, target) = match &step.errand {
        Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) => (None, FormTarget::OwnOrigin),
        Errand::Device(waiting) => (Some(device::card(&visit, waiting).await?), FormTarget::OwnOrigin),
        Errand::Authorize(authorize) => {
            let (client, redirect) = trust_target(&visit.app, &authorize.target).await?;
            (Some(login::card(&client, redirect.uri())), FormTarget::App)
        }
    };
    let person = Person::new(&signed_in.user.name, signed_in.user.address());
    let page = SelectAccount { step: visit.seal(&step).await?, app, person, target };
    Ok(visit.show(&page, Some(&step)))
}

/// `POST /select-account`: with the account that is signed in.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        proceed(&visit, &Step { account_chosen: true, ..step }).await
    })
    .await
}
