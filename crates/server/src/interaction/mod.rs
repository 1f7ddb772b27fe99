//! What stands between an authorization request and its answer: pages, in a fixed order.
//!
//! A request becomes a [`Step`] that travels sealed from page to page, bound to the browser that began
//! it. Each visit asks the [`PROMPTS`] in order whether a page is needed; when none is, the code is
//! issued. A prompt is one file with its named checks, and one line in the slice.

mod acr;
mod agreement;
mod answer;
mod browser;
pub(crate) mod consent;
mod create_account;
pub(crate) mod device;
mod facts;
mod forms;
mod id_token_hint;
pub(crate) mod login;
mod max_age;
mod navigation;
mod page_error;
mod person;
mod proceed;
mod pushed;
mod request_object;
pub(crate) mod select_account;
mod step;
mod visit;
mod wishes;

use mapae_protocol::{authorization::Prompt as Requested, error::ErrorCode};

pub(crate) use answer::{Answer, Parties, issue_code, refuse};
pub(crate) use browser::Browser;
pub(crate) use device::Device;
pub(crate) use facts::{Facts, SessionFacts};
pub(crate) use id_token_hint::IdTokenHint;
pub(crate) use navigation::{page_for_apps, seen_page};
pub(crate) use page_error::PageError;
pub(crate) use person::{in_the_name_of, person_page};
use proceed::conclude;
pub(crate) use proceed::{Situation, form_target, needed, proceed, trust_target};
pub(crate) use pushed::{Pushed, answering, pulled};
pub(crate) use request_object::{Unfolded, Unopened, open, unfolded};
pub(crate) use step::{Asked, Authorize, Errand, Step, StepError};
pub(crate) use visit::{Visit, page, see_other};
pub(crate) use wishes::Wishes;

/// One reason to show a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    /// For the log.
    pub(crate) name: &'static str,
    /// What a request with `prompt=none` is told instead (OIDC Core §3.1.2.6).
    pub(crate) error: ErrorCode,
    /// Whether the page is needed.
    pub(crate) applies: fn(&Facts<'_>) -> bool,
}

/// One kind of page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prompt {
    /// The value of `prompt` that asks for it.
    pub(crate) asked_by: Requested,
    /// Where it is.
    pub(crate) path: &'static str,
    pub(crate) checks: &'static [Check],
}

/// All prompts, in the order in which a person meets them.
pub(crate) const PROMPTS: &[Prompt] =
    &[create_account::CREATE_ACCOUNT, login::LOGIN, select_account::SELECT_ACCOUNT, consent::CONSENT];
