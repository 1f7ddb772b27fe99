//! What a person is on the way to, from page to page.
//!
//! A step travels sealed in the page's address and form and is bound to the browser that began it: sent
//! to somebody else's browser it is worth nothing (flow fixation). Only a request too large for an address
//! waits in a row; a flood of requests leaves nothing behind.

use mapae_protocol::{
    authorization::{AuthorizationRequest, target::RequestedTarget},
    base64url,
    locale::Locale,
    random,
    scope::Scopes,
    time::{Seconds, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::Browser;
use crate::{
    app::App,
    fault::{Artefact, Fault},
    store::{Concealed, Unit, steps},
};

/// How long a person may take over the pages of one request.
const LIFE: Seconds = Seconds::hours(1);
/// How long a step that waits in a row lives.
const ROW_LIFE: Seconds = Seconds::minutes(10);
/// The longest sealed step that travels in an address, in characters.
const MAX_IN_ADDRESS: usize = 4096;
/// Begins the name of a step that waits in a row; an underscore ends no key's id.
const ROW_PREFIX: &str = "row:";

/// Where a person is going, and what has happened on the way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) errand: Errand,
    pub(crate) expires_at: Timestamp,
    /// The session that a sign-in on the way began or renewed.
    pub(crate) signed_in: Option<String>,
    /// The person said on the way which account to use.
    pub(crate) account_chosen: bool,
    /// To whom the consent page was shown, and what it asked.
    pub(crate) asked: Option<Asked>,
    /// The language chosen on the way.
    pub(crate) locale: Option<Locale>,
}

/// What a consent page asked. Only who saw it may answer, and the answer means this and nothing else, whatever
/// the app is registered for by then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The session to whom it was shown.
    pub(crate) session_id: String,
    /// What was shown as required.
    pub(crate) required: Scopes,
    /// What was shown with a box to tick.
    pub(crate) optional: Scopes,
}

/// The end of the way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Errand {
    /// An app waits for an answer.
    Authorize(Box<Authorize>),
    /// A page of our own, by its path.
    Visit(String),
}

/// An authorization request. Its redirect URI is matched against the registered ones again at every use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authorize {
    pub(crate) target: RequestedTarget,
    pub(crate) request: AuthorizationRequest,
}

/// Why a step cannot be continued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error("the step is not one of ours, or belongs to another browser")]
    Foreign,
    #[error("the step is too old, or was finished")]
    Over,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Step {
    pub(crate) fn new(errand: Errand, now: Timestamp) -> Self {
        let locale = match &errand {
            Errand::Authorize(authorize) => authorize.request.locale,
            Errand::Visit(_) => None,
        };
        Self {
            errand,
            expires_at: now.plus(LIFE),
            signed_in: None,
            account_chosen: false,
            asked: None,
            locale,
        }
    }

    /// The text that carries this step in an address or a form of `browser`.
    pub(crate) async fn seal(&self, app: &App, browser: &Browser) -> Result<String, Fault> {
        let json = serde_json::to_vec(self).map_err(Fault::encoding(Artefact::Step))?;
        let text = app.keys().current().seals.steps.seal(&json, browser.binding());
        if text.len() <= MAX_IN_ADDRESS {
            return Ok(text);
        }
        let now = app.now();
        let row = steps::NewStep {
            id: base64url::encode(random::bytes::<16>()),
            browser: browser.name(),
            payload: Concealed::from(text),
            expires_at: now.plus(ROW_LIFE),
        };
        app.commit(Unit::from(steps::put(&row, now))).await?;
        Ok(format!("{ROW_PREFIX}{}", row.id))
    }

    /// Opens what [`Step::seal`] made, in the browser for which it was made.
    pub(crate) async fn open(text: &str, app: &App, browser: &Browser) -> Result<Self, StepError> {
        let now = app.now();
        let stored;
        let sealed = match text.strip_prefix(ROW_PREFIX) {
            None => text,
            Some(id) => {
                let row = steps::find(app.db(), id, &browser.name(), now).await.map_err(Fault::from)?;
                stored = row.ok_or(StepError::Over)?;
                stored.expose()
            }
        };
        let keys = app.keys().current();
        let json = keys.seals.steps.open(sealed, browser.binding()).map_err(|_| StepError::Foreign)?;
        let step: Self = serde_json::from_slice(&json).map_err(|_| StepError::Foreign)?;
        if step.expires_at <= now { Err(StepError::Over) } else { Ok(step) }
    }
}
