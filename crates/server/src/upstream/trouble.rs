//! What a person is told when signing in through a provider came to nothing: a word of a fixed set in the address.

use axum::response::Response;
use mapae_client::{Class, Error};

use super::Upstream;
use crate::{
    interaction::{Errand, PageError, Step, Visit, see_other},
    pages::{at, sign_in::UpstreamTrouble},
};

/// The parameter that carries the word.
const TROUBLE: &str = "trouble";
/// The parameter that says with which provider.
const FROM: &str = "from";

const WORDS: &[(&str, UpstreamTrouble)] = &[
    ("cancelled", UpstreamTrouble::Cancelled),
    ("again", UpstreamTrouble::Again),
    ("unavailable", UpstreamTrouble::Unavailable),
    ("busy", UpstreamTrouble::Busy),
    ("configuration", UpstreamTrouble::Configuration),
    ("refused", UpstreamTrouble::Refused),
    ("closed", UpstreamTrouble::Closed),
    ("taken", UpstreamTrouble::Taken),
    ("stale", UpstreamTrouble::Stale),
    ("other", UpstreamTrouble::OtherAccount),
    ("moved", UpstreamTrouble::OtherApp),
];

/// What the page tells.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) trouble: UpstreamTrouble,
    pub(crate) upstream: String,
}

impl UpstreamTrouble {
    /// What an error of the provider means to the person.
    pub(super) const fn of(error: &Error) -> Self {
        match error.class() {
            Class::Cancelled => Self::Cancelled,
            Class::Restart | Class::SignInAgain | Class::Reconsent | Class::InteractionNeeded => Self::Again,
            Class::Configuration(_) => Self::Configuration,
            Class::Unavailable => Self::Unavailable,
            Class::RateLimited => Self::Busy,
            Class::Denied => Self::Refused,
        }
    }
}

/// Back to the page on which the person chose the provider, with what went wrong.
pub(super) async fn back(
    visit: &Visit,
    step: &Step,
    upstream: &Upstream,
    trouble: UpstreamTrouble,
) -> Result<Response, PageError> {
    let page = match &step.errand {
        Errand::Connect(_) => at::ACCOUNT.to_owned(),
        Errand::Authorize(_) | Errand::Visit(_) | Errand::Confirm(_) | Errand::Device(_) => {
            at::step(at::SIGN_IN, &visit.seal(step).await?)
        }
    };
    let word = WORDS.iter().find(|(_, of)| *of == trouble).map_or("again", |(word, _)| *word);
    Ok(see_other(&at::with(&at::with(&page, TROUBLE, word), FROM, upstream.name()))?)
}

/// What the address of this page tells.
pub(crate) fn told(visit: &Visit) -> Result<Option<Told>, PageError> {
    if visit.posted {
        return Ok(None);
    }
    let (word, from) = (visit.one(TROUBLE)?, visit.one(FROM)?);
    let trouble = WORDS.iter().find(|(known, _)| Some(*known) == word).map(|(_, trouble)| *trouble);
    let known = from.filter(|name| visit.app.upstreams().enabled(name).is_some());
    Ok(trouble.zip(known).map(|(trouble, name)| Told { trouble, upstream: name.to_owned() }))
}
