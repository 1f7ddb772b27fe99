//! Before somebody's account at a provider becomes another way in, its owner sees whose it is — threat LK-04.
//!
//! A provider that knows the browser may pass it on without a page, and on a computer that people share that is whoever used
//! it last.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use mapae_client::linking::{Action, Decision, decide};

use super::{
    arrival, facts, letters, trouble,
    waiting::{self, Arrival},
};
use crate::{
    accounts::session,
    app::App,
    audit::{About, Event},
    contention::until_done,
    interaction::{Errand, PageError, Step, StepError, Visit, page},
    pages::{shown::Shown, upstream_connect::UpstreamConnect},
    store::{CommitError, Unit, identities, mail_orders::Matter, sessions, steps, users},
};

/// `GET /upstream/connect`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = step(&visit).await?;
        let arrival = waits(&visit, &step).await?;
        let upstream = visit.app.upstreams().enabled(&arrival.upstream).ok_or(PageError::NotFound)?;
        let label = arrival::label(&arrival.identity);
        // Who gives neither an address nor a name is known by the provider's own name for them.
        let account = if label.is_empty() { arrival.identity.person().subject().to_owned() } else { label };
        let page = UpstreamConnect {
            step: visit.seal(&step).await?,
            provider: Shown::name(upstream.label(visit.locale(Some(&step)))),
            account: Shown::name(&account),
        };
        Ok(visit.show(&page, Some(&step)).into_response())
    })
    .await
}

/// `POST /upstream/connect`: the step is the form's anti-forgery token, and names who was shown.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let step = step(&visit).await?;
        until_done(|| async {
            let arrival = waits(&visit, &step).await?;
            connect(&visit, &step, &arrival).await
        })
        .await
    })
    .await
}

async fn step(visit: &Visit) -> Result<Step, PageError> {
    let step = visit.step().await?.ok_or(PageError::BadRequest)?;
    match step.errand {
        Errand::Connect(_) => Ok(step),
        Errand::Authorize(_) | Errand::Visit(_) | Errand::Confirm(_) | Errand::Device(_) => {
            Err(PageError::BadRequest)
        }
    }
}

async fn waits(visit: &Visit, step: &Step) -> Result<Arrival, PageError> {
    Ok(waiting::waiting_arrival(visit, step).await?.ok_or(StepError::Over)?)
}

/// Adds who waits to the account of who is here, who has seen whom: decided once more, because the facts may have changed.
async fn connect(visit: &Visit, step: &Step, arrival: &Arrival) -> Result<Option<Response>, PageError> {
    let upstream = visit.app.upstreams().enabled(&arrival.upstream).ok_or(PageError::NotFound)?;
    let known = facts::read(visit, step, &arrival.identity, None).await?;
    // After the facts: what ends in between moves the epoch that was read.
    if waiting::has_ended(visit, &arrival.identity).await? {
        return Err(StepError::Over.into());
    }
    let of_app = |row: &identities::Identity| row.is_given_to(arrival.given_to.as_deref());
    if known.row.as_ref().is_some_and(|row| row.removed_at.is_none() && !of_app(row)) {
        return Err(StepError::Over.into());
    }
    let Decision { action, rule } = decide(&known.facts);
    tracing::info!(
        upstream = arrival.upstream,
        rule = rule.as_str(),
        "the owner of an account adds somebody"
    );
    match action {
        Action::Link(account) => link(visit, step, &account, arrival).await,
        Action::SignIn(_) => Ok(Some(arrival::connected()?)),
        Action::Refuse | Action::ProveThenLink(_) | Action::Create(_) => {
            trouble::back(visit, step, &upstream, arrival::said(rule)).await.map(Some)
        }
    }
}

/// The owner of this account, who is here, adds a way in.
async fn link(
    visit: &Visit,
    step: &Step,
    account: &str,
    arrival: &Arrival,
) -> Result<Option<Response>, PageError> {
    let Some(signed_in) = visit.session.as_ref().filter(|signed_in| signed_in.user.id == account) else {
        return Ok(None);
    };
    let (now, waits) = (visit.app.now(), step.arrival.as_deref().unwrap_or_default());
    let unit = Unit::from(steps::take(waits, &visit.browser.name(), now))
        .with(users::add_way(account, signed_in.user.epoch))
        .with(sessions::guard(&signed_in.session.id, signed_in.session.epoch))
        .with(identities::link(&arrival::linked(arrival, account), now))
        .with(waiting::standing(&arrival.identity));
    let mut letter = letters::way_changed(visit, &signed_in.user, (Matter::WayAdded, &arrival.upstream))?;
    match visit.app.commit(letters::keeping(visit, unit, letter.as_mut())).await {
        Ok(_) => {
            About::user(account).note(Event::WayAdded);
            letters::send(visit, letter);
            Ok(Some(arrival::connected()?))
        }
        Err(CommitError::Conflict { .. }) => match session::current(&visit.app, &visit.headers).await? {
            Some(now) if now.session.epoch == signed_in.session.epoch && now.user == signed_in.user => {
                Ok(None)
            }
            // Everything has ended meanwhile, as by a new password: whoever is here is not the one who began.
            _ => Err(StepError::Over.into()),
        },
        Err(error) => Err(error.into()),
    }
}
