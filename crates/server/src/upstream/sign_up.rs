//! The sign-up step after a provider: what is missing, and nothing else — threats LK-01, LK-02.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_client::{
    linking::{Action, Purpose, decide},
    terms::Term,
};

use super::{
    arrival::{self, Founding, Newcomer},
    facts::{self, Known},
    waiting::{self, Arrival},
};
use crate::{
    accounts::{NameMistake, typed},
    app::App,
    contention::until_done,
    interaction::{PageError, Step, StepError, Visit, form_target, page, see_other},
    pages::{at, input::Input, shown::Shown, terms::TermBox, upstream_sign_up::UpstreamSignUp},
    terms::{self, Answered},
};

/// `GET /upstream/sign-up`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let (step, arrival) = waiting(&visit).await?;
        let suggested = arrival.identity.nickname().or_else(|| arrival.identity.name());
        let name = typed::name(suggested).map_or_else(|_| Input::default(), Input::holding);
        let boxes = terms::boxes(&all_terms(&visit), visit.locale(Some(&step)));
        form(&visit, &step, &arrival, (name, boxes)).await
    })
    .await
}

/// `POST /upstream/sign-up`: the step is the form's anti-forgery token.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let (step, arrival) = waiting(&visit).await?;
        let Answered { agreed, boxes, refused } =
            terms::read(&visit, &all_terms(&visit), visit.locale(Some(&step)))?;
        match typed::name(visit.one("name")?) {
            Ok(name) if refused => form(&visit, &step, &arrival, (Input::holding(name), boxes)).await,
            Ok(name) => {
                let newcomer = Newcomer { name, agreed };
                until_done(|| settle(&visit, &step, &arrival, &newcomer)).await
            }
            Err(refused) => form(&visit, &step, &arrival, (refused, boxes)).await,
        }
    })
    .await
}

async fn waiting(visit: &Visit) -> Result<(Step, Arrival), PageError> {
    let step = visit.step().await?.ok_or(PageError::BadRequest)?;
    let arrival = waiting::waiting_arrival(visit, &step).await?.ok_or(StepError::Over)?;
    Ok((step, arrival))
}

/// What whoever makes an account agrees to.
fn all_terms(visit: &Visit) -> Vec<&Term> {
    visit.app.config().terms.iter().collect()
}

/// The facts may have changed since the person came: it is decided again.
async fn settle(
    visit: &Visit,
    step: &Step,
    arrival: &Arrival,
    newcomer: &Newcomer,
) -> Result<Option<Response>, PageError> {
    let known = facts::read(visit, step, &arrival.identity, Some(Purpose::SignIn)).await?;
    if known
        .row
        .as_ref()
        .is_some_and(|row| row.removed_at.is_none() && !row.is_given_to(arrival.given_to.as_deref()))
    {
        // Somebody has an account by this name meanwhile, who came by another app of the provider (LK-07).
        return Err(StepError::Over.into());
    }
    let decision = decide(&known.facts);
    tracing::info!(upstream = arrival.upstream, rule = decision.rule.as_str(), "somebody signs up");
    match decision.action {
        Action::Create(usage) => {
            let founding = Founding { known: &known, usage: &usage, arrival, newcomer };
            arrival::create(visit, step, founding).await
        }
        Action::SignIn(_) => arrival::sign_in_once(visit, step, &known, arrival).await,
        Action::ProveThenLink(_) | Action::Link(_) => {
            Ok(Some(see_other(&at::step(at::SIGN_IN, &visit.seal(step).await?))?))
        }
        Action::Refuse => Err(PageError::Step(StepError::Over)),
    }
}

async fn form(
    visit: &Visit,
    step: &Step,
    arrival: &Arrival,
    (name, terms): (Input<NameMistake>, Vec<TermBox>),
) -> Result<Response, PageError> {
    let Known { facts, email, .. } =
        facts::read(visit, step, &arrival.identity, Some(Purpose::SignIn)).await?;
    let noted = matches!(decide(&facts).action, Action::Create(usage) if usage != mapae_client::linking::AddressUse::None);
    let upstream = visit.app.upstreams().enabled(&arrival.upstream).ok_or(PageError::NotFound)?;
    let refused = name.mistake.is_some() || terms.iter().any(|term| term.missing);
    let status = if refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = UpstreamSignUp {
        step: visit.seal(step).await?,
        provider: Shown::name(upstream.label(visit.locale(Some(step)))),
        account: Shown::name(&arrival::label(&arrival.identity)),
        email: email.filter(|_| noted).map(|email| Shown::sentence(email.as_str())),
        name,
        terms,
        target: form_target(step),
    };
    Ok((status, visit.show(&page, Some(step))).into_response())
}
