//! Straight to a provider, at the wish of an app: `upstream=kakao` in the authorization request presses that button.
//!
//! The wish can do no more than the button: it names one of the providers that the sign-in page would offer here, and
//! only in the place of that page. Whoever is signed in already stays who they are, and `prompt` and `max_age` mean what
//! they always do. Afterwards there is the page with all its buttons, whatever went wrong: nobody goes round in circles.

use axum::response::Response;
use mapae_protocol::authorization::Prompt;

use super::offer::is_offered;
use crate::{
    interaction::{Errand, PageError, Step, Visit, see_other},
    pages::at,
};

/// The parameter of the authorization request.
const UPSTREAM: &str = "upstream";

/// On to the provider that the request names, if the person must sign in anyway.
pub(crate) async fn straight(visit: &Visit, step: &Step) -> Result<Option<Response>, PageError> {
    let Errand::Authorize(authorize) = &step.errand else { return Ok(None) };
    let prompts = &authorize.request.prompts;
    let shows_sign_in =
        visit.session.is_none() && !prompts.forbids_pages() && !prompts.contains(Prompt::Create);
    let wished = visit.params.one(UPSTREAM).ok().flatten().filter(|_| shows_sign_in);
    let Some(upstream) = wished.and_then(|name| visit.app.upstreams().enabled(name)) else { return Ok(None) };
    if !is_offered(visit, step, &upstream) {
        return Ok(None);
    }
    let sealed = visit.seal(step).await?;
    Ok(Some(see_other(&at::upstream_start(upstream.name(), &sealed))?))
}
