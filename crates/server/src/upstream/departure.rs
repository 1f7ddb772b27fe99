//! Leaving for a provider — RFC 6749 §4.1.1, OIDC Core §3.1.2.1.

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use mapae_client::{Intent, LoginRequest};
use mapae_protocol::{authorization::Prompt, base64url};

use super::{
    Upstream, trouble,
    waiting::{self, Departure},
};
use crate::{
    accounts::session::ACR_UPSTREAM,
    app::App,
    http::cookies::Life,
    interaction::{Errand, PageError, Step, Visit, page, see_other},
    pages::sign_in::UpstreamTrouble,
};

/// For how long a browser remembers which provider was chosen last.
const REMEMBERED: mapae_protocol::time::Seconds = mapae_protocol::time::Seconds::days(365);

/// `GET /upstream/{name}/start`: only from a page of ours, whose step is the browser's own.
pub(crate) async fn start(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    page(app, request, |visit| async move {
        if visit.unseen {
            // Leaving is kept in a row.
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let step = visit.step().await?.ok_or(PageError::BadRequest)?;
        let upstream = visit.app.upstreams().enabled(&name).ok_or(PageError::NotFound)?;
        leave(&visit, &step, &upstream).await
    })
    .await
}

async fn leave(visit: &Visit, step: &Step, upstream: &Upstream) -> Result<Response, PageError> {
    let Some(intent) = intent(step, upstream) else {
        return trouble::back(visit, step, upstream, UpstreamTrouble::Stale).await;
    };
    let request = LoginRequest::new().with_intent(intent);
    let started = match upstream.provider.start(&request, visit.app.now()).await {
        Ok(started) => started,
        Err(error) => {
            tracing::warn!(upstream = upstream.name(), %error, "nobody can leave for the provider");
            return trouble::back(visit, step, upstream, UpstreamTrouble::of(&error)).await;
        }
    };
    let departure = Departure {
        upstream: upstream.name().to_owned(),
        step: visit.seal(step).await?,
        login: base64url::encode(started.pending.to_bytes()),
    };
    waiting::keep_departure(visit, started.pending.state(), &departure).await?;
    let mut response = see_other(&started.authorization_url)?;
    let life = Life::For(REMEMBERED);
    if let Ok(cookie) = visit.app.cookies().upstream.set(upstream.name(), life) {
        response.headers_mut().append(http::header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What the person is asked to do there. `None`: they must prove who they are anew, and this provider has no way to
/// make sure of that.
fn intent(step: &Step, upstream: &Upstream) -> Option<Intent> {
    let can = |intent| upstream.definition().can(intent);
    if needs_fresh_sign_in(step) {
        let is_ours = matches!(step.errand, Errand::Confirm(_));
        let otherwise = is_ours.then_some(if can(Intent::ChooseAccount) {
            Intent::ChooseAccount
        } else {
            Intent::SignIn
        });
        return if can(Intent::Reauthenticate) { Some(Intent::Reauthenticate) } else { otherwise };
    }
    // Whoever waits gets a way into the account that is proved there: a browser that is known there proves nothing.
    if step.arrival.is_some() && can(Intent::Reauthenticate) {
        return Some(Intent::Reauthenticate);
    }
    // Where nobody can be chosen, whoever sits here says who they are, and not who sat here before.
    if matches!(step.errand, Errand::Connect(_)) && !can(Intent::ChooseAccount) && can(Intent::Reauthenticate)
    {
        return Some(Intent::Reauthenticate);
    }
    let chooses = match &step.errand {
        Errand::Authorize(authorize) => {
            authorize.wishes.hint.is_some() || authorize.request.prompts.contains(Prompt::SelectAccount)
        }
        // The account of whoever sits here, and not of who sat here before.
        Errand::Connect(_) => true,
        Errand::Visit(_) | Errand::Confirm(_) | Errand::Device(_) => false,
    };
    Some(if chooses && can(Intent::ChooseAccount) { Intent::ChooseAccount } else { Intent::SignIn })
}

/// Whether the provider has a way to be asked for a new sign-in.
pub(super) fn can_ask_anew(upstream: &Upstream) -> bool {
    upstream.definition().can(Intent::Reauthenticate)
}

/// Whether a sign-in that this step led to shows that the person was there: they were asked anew.
pub(super) fn was_asked_anew(step: &Step, upstream: &Upstream) -> bool {
    intent(step, upstream) == Some(Intent::Reauthenticate)
}

/// Whether the app insists on a sign-in that no provider gives (OIDC Core §5.5.1.1).
pub(super) fn needs_more_than_a_provider(step: &Step) -> bool {
    let Errand::Authorize(authorize) = &step.errand else { return false };
    authorize.wishes.acr.as_ref().is_some_and(|wish| wish.rules_out(ACR_UPSTREAM))
}

/// Whether somebody who is signed in at the provider must prove there again who they are: an app asked for it
/// (`prompt=login`, `max_age`, also for a device), or a page of ours.
pub(super) fn needs_fresh_sign_in(step: &Step) -> bool {
    let asked = match &step.errand {
        Errand::Authorize(authorize) => authorize.request.prompts.contains(Prompt::Login),
        Errand::Confirm(_) => true,
        Errand::Visit(_) | Errand::Connect(_) | Errand::Device(_) => false,
    };
    asked || step.errand.max_age().is_some()
}
