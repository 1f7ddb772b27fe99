//! Somebody came back from a provider and waits, and an account is proved that may be theirs — threats LK-03, LK-04.

use mapae_client::linking::{Action, Decision, Present, Purpose, decide};

use super::{
    arrival::linked,
    facts, letters,
    waiting::{self, Arrival},
};
use crate::{
    audit::{About, Event},
    interaction::{PageError, Step, Visit},
    store::{
        CommitError, Unit, identities,
        mail_orders::Matter,
        sessions, steps,
        users::{self, User},
    },
};

/// Somebody proved on this way to be the owner of an account: who waits in the step becomes another way into it.
///
/// They were told so on the page on which they proved it. What cannot be linked is not, and the sign-in goes on. The proof
/// holds as long as the session that it began: who takes off the way by which it was proved ends that, too.
pub(crate) async fn after_proof(
    visit: &Visit,
    step: Step,
    (user, session_id): (&User, &str),
) -> Result<Step, PageError> {
    let arrival = waiting::waiting_arrival(visit, &step).await?;
    if let (Some(arrival), Some(waits)) = (arrival, &step.arrival) {
        if is_anothers(visit, &step, &arrival, user).await? {
            return Ok(Step { arrival: None, ..step });
        }
        let purpose = Purpose::Connect(user.id.clone());
        let mut known = facts::read(visit, &step, &arrival.identity, Some(purpose)).await?;
        known.facts.present = Some(Present { account: user.id.clone(), fresh: true });
        let Decision { action, rule } = decide(&known.facts);
        tracing::info!(
            upstream = arrival.upstream,
            rule = rule.as_str(),
            "an account was proved for who waits"
        );
        if let Action::Link(account) = action {
            let now = visit.app.now();
            let unit = Unit::from(steps::take(waits, &visit.browser.name(), now))
                .with(users::add_way(&account, user.epoch))
                .with(sessions::guard_begun(session_id))
                .with(identities::link(&linked(&arrival, &account), now))
                .with(waiting::standing(&arrival.identity));
            let mut letter = letters::way_changed(visit, user, (Matter::WayAdded, &arrival.upstream))?;
            match visit.app.commit(letters::keeping(visit, unit, letter.as_mut())).await {
                Ok(_) => {
                    About::user(&account).note(Event::WayAdded);
                    letters::send(visit, letter);
                }
                Err(CommitError::Conflict { .. }) => {
                    tracing::info!(
                        upstream = arrival.upstream,
                        "somebody else was faster; nothing is linked"
                    );
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Step { arrival: None, ..step })
}

/// Whether who waits was asked to prove another account than this one: theirs, by what is known of them. To it they are
/// linked, or to none.
async fn is_anothers(visit: &Visit, step: &Step, arrival: &Arrival, user: &User) -> Result<bool, PageError> {
    let Some(account) = named_account(visit, step, arrival).await? else { return Ok(false) };
    if account != user.id {
        tracing::info!(upstream = arrival.upstream, "another account was proved; nothing is linked");
    }
    Ok(account != user.id)
}

/// The account that who waits must prove, if there is one that could be theirs.
pub(crate) async fn named_account(
    visit: &Visit,
    step: &Step,
    arrival: &Arrival,
) -> Result<Option<String>, PageError> {
    let mut known = facts::read(visit, step, &arrival.identity, Some(Purpose::SignIn)).await?;
    known.facts.present = None;
    match decide(&known.facts).action {
        Action::ProveThenLink(account) => Ok(Some(account)),
        Action::SignIn(_) | Action::Link(_) | Action::Create(_) | Action::Refuse => Ok(None),
    }
}
