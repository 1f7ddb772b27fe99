//! What a person says to a device, once — RFC 8628 §3.3; threats DE-06, DE-08.

use axum::response::Response;
use mapae_protocol::scope::Scopes;

use super::{
    Device, Waiting,
    confirm::{ask, device_of, questions},
};
use crate::{
    accounts::session,
    audit::{About, Event},
    contention::until_done,
    fault::{Artefact, Fault},
    interaction::{
        PageError, Parties, Step, StepError, Visit,
        agreement::{Relation, Reply, agree_to, granted_of},
        consent::{accepted, is_another_app},
        in_the_name_of,
    },
    issue::DeviceApproval,
    pages::device::DeviceDone,
    store::{CommitError, Concealed, Unit, consents::Consent, device_requests, sessions::SignedIn},
    terms::renewal,
};

/// Only the person who saw the page answers it: its step is the anti-forgery token (SE-05).
pub(super) async fn take(visit: &Visit, step: &Step) -> Result<Response, PageError> {
    until_done(|| take_now(visit, step)).await
}

/// `None`: what was read has changed meanwhile.
async fn take_now(visit: &Visit, step: &Step) -> Result<Option<Response>, PageError> {
    let waiting = Waiting::read(visit, device_of(step)?).await?;
    let ready = !waiting.signed_in_too_long_ago(visit, step) && !renewal::are_open(visit).await?;
    let Some(signed_in) = visit.session.as_ref().filter(|_| ready) else {
        return ask(visit, step, false).await.map(Some);
    };
    let asked = step.asked.as_ref().filter(|asked| asked.session_id == signed_in.session.id);
    let asked = asked.ok_or(PageError::ForgedForm)?;
    let about = About::user(&signed_in.user.id).with_app(waiting.client.id());
    let allowed = match visit.one("decision")? {
        Some("approve") => {
            let questions = questions(&waiting);
            if !questions.were_put_by(asked) || is_another_app(asked, &waiting.client) {
                return ask(visit, step, true).await.map(Some);
            }
            let accepted = accepted(visit, asked)?.intersection(&questions.optional);
            let reply = Reply { questions: &questions, accepted: &accepted };
            let allowed = !questions.come_to_nothing_with(&accepted);
            if allowed && allow(visit, &waiting, signed_in, reply).await?.is_none() {
                return Ok(None);
            }
            allowed
        }
        Some("deny") => false,
        _ => return Err(PageError::BadRequest),
    };
    if !allowed {
        let (id, browser) = (&waiting.device.id, visit.browser.name());
        let answer = device_requests::deny(id, &browser, visit.app.now());
        commit(visit, waiting.device, answer.into()).await?;
    }
    about.note(if allowed { Event::DeviceAllowed } else { Event::DeviceRefused });
    let app = crate::interaction::login::card_alone(&waiting.client);
    Ok(Some(visit.show(&DeviceDone { app, allowed }, Some(step))))
}

/// Writes down what was agreed, and tells the device. `None`: as [`agree_to`].
async fn allow(
    visit: &Visit,
    waiting: &Waiting<'_>,
    signed_in: &SignedIn,
    reply: Reply<'_>,
) -> Result<Option<()>, PageError> {
    let relation = Relation { client: &waiting.client, signed_in, seen: waiting.consent.as_ref(), to: None };
    let Some(consent) = agree_to(visit, relation, reply).await? else { return Ok(None) };
    let granted = granted_of(&consent, &waiting.requested, waiting.client.required())?;
    let approval = approval(waiting, signed_in, &consent, granted);
    let text = serde_json::to_string(&approval).map_err(Fault::encoding(Artefact::DeviceApproval))?;
    let (browser, now) = (visit.browser.name(), visit.app.now());
    let answer = device_requests::approve(&waiting.device.id, &browser, &Concealed::from(text), now);
    // The agreement may have stood before, and the device keeps what it gets for longer than this session.
    commit(visit, waiting.device, in_the_name_of(signed_in).with(answer)).await.map(Some)
}

fn approval(
    waiting: &Waiting<'_>,
    signed_in: &SignedIn,
    consent: &Consent,
    granted: Scopes,
) -> DeviceApproval {
    let parties = Parties { client: &waiting.client, signed_in, consent };
    let acr = session::acr_of(&signed_in.session).to_owned();
    DeviceApproval { authorization: parties.authorization(&granted, acr), scopes: granted }
}

/// Of two answers the first counts, and none of whoever is not signed in any more.
async fn commit(visit: &Visit, device: &Device, answer: Unit) -> Result<(), PageError> {
    match visit.app.commit(answer).await {
        Ok(_) => Ok(()),
        Err(CommitError::Conflict { .. }) => {
            // Says why, unless it passed within this moment.
            Waiting::read(visit, device).await?;
            Err(StepError::Over.into())
        }
        Err(error) => Err(error.into()),
    }
}
