//! What a person is on the way to, from page to page.
//!
//! A step travels sealed in the page's address and form and is bound to the browser that began it: sent
//! to somebody else's browser it is worth nothing (flow fixation). Only a request too large for an address
//! waits in a row, which is written once and dropped with the answer; a flood of requests leaves nothing behind.

use mapae_protocol::{
    authorization::{AuthorizationRequest, target::RequestedTarget},
    base64url,
    fapi::Profile,
    locale::Locale,
    random,
    scope::Scopes,
    time::{Seconds, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{Browser, Device, PageError, Visit, Wishes, answering};
use crate::{
    accounts::{shares, throttle},
    app::App,
    catalog::Client,
    fault::{Artefact, Fault},
    keys::STEP_LIFE,
    store::{CommitError, Concealed, Unit, steps},
};

/// How long a step that waits in a row lives.
const ROW_LIFE: Seconds = Seconds::minutes(10);
/// The longest sealed step that travels in an address, in characters: with 2 KiB of `state` and 512 bytes of
/// `nonce` it does (AZ-22), and what a consent page adds still fits under the server's limit.
const MAX_IN_ADDRESS: usize = 6 * 1024;
/// How often a place for a row is reached for: another page of the same browser may take it at the same moment.
const ATTEMPTS: usize = 2;

/// Where a person is going, and what has happened on the way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Step<E = Errand> {
    pub(crate) errand: E,
    pub(crate) expires_at: Timestamp,
    /// The session that a sign-in on the way began or renewed.
    pub(crate) signed_in: Option<String>,
    /// The person said on the way which account to use.
    pub(crate) account_chosen: bool,
    /// What the page of this step asked, and whom.
    pub(crate) asked: Option<Asked>,
    /// The language chosen on the way.
    pub(crate) locale: Option<Locale>,
    /// Who came from a provider and has no account yet, or has not proved it: the name of what waits for them.
    pub(crate) arrival: Option<String>,
}

/// What stands in the place of an app where the terms were asked: no digest is like it.
const TERMS: &str = "terms";

/// What a page asked: that of the consent, of a device, or of the terms. Only who saw it may answer, there and nowhere else,
/// and the answer means this and nothing else, whatever the app is registered for by then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The session to whom it was shown.
    pub(crate) session_id: String,
    /// What was shown as required.
    pub(crate) required: Scopes,
    /// What was shown with a box to tick.
    pub(crate) optional: Scopes,
    /// Which app was shown, as it was then, or that it was the page of the terms. Where a server did not remember it, it
    /// was neither.
    #[serde(default)]
    pub(crate) app: String,
}

impl Asked {
    /// What the page of the terms asks: nothing of any app.
    pub(crate) fn of_terms(session_id: &str) -> Self {
        let (required, optional) = (Scopes::default(), Scopes::default());
        Self { session_id: session_id.to_owned(), required, optional, app: TERMS.to_owned() }
    }

    /// Whether it was the page of the terms.
    pub(crate) fn is_of_terms(&self) -> bool {
        self.app == TERMS
    }
}

/// How an errand travels.
#[derive(Debug, Serialize, Deserialize)]
enum Carried {
    /// In the step itself.
    Here(Errand),
    /// In the row of this name.
    Row(String),
}

/// The end of the way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Errand {
    /// An app waits for an answer.
    Authorize(Box<Authorize>),
    /// A page of our own, by its path.
    Visit(String),
    /// The same, for which who is signed in must have proved who they are a moment ago.
    Confirm(String),
    /// To add a provider to the account of this id.
    Connect(String),
    /// A device waits for an answer.
    Device(Device),
}

/// An authorization request. Its redirect URI is matched against the registered ones again at every use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authorize {
    pub(crate) target: RequestedTarget,
    pub(crate) request: AuthorizationRequest,
    /// What it says beyond that, as far as the app may say it.
    pub(crate) wishes: Wishes,
    /// The name under which the app pushed it: it is answered once.
    pushed: Option<String>,
    /// By the rules of which profile it was judged.
    #[serde(default)]
    profile: Option<Profile>,
    /// Whether the app had signed it.
    #[serde(default)]
    signed: bool,
    /// Where it waits if it is too large to travel.
    #[serde(skip)]
    row: Option<String>,
}

impl Authorize {
    pub(crate) const fn new(target: RequestedTarget, request: AuthorizationRequest, wishes: Wishes) -> Self {
        Self { target, request, wishes, pushed: None, profile: None, signed: false, row: None }
    }

    /// The same, as the app pushed it under this name (RFC 9126).
    pub(crate) fn pushed_as(self, pushed: Option<String>) -> Self {
        Self { pushed, ..self }
    }

    /// The same, as it was judged by the rules of this profile.
    pub(crate) fn by_rules_of(self, profile: Option<Profile>) -> Self {
        Self { profile, ..self }
    }

    /// The same, as the app had signed it or not (RFC 9101).
    pub(crate) fn signed(self, signed: bool) -> Self {
        Self { signed, ..self }
    }

    /// Whether the app has gone over to stricter rules since it asked.
    pub(crate) fn is_outdated(&self, client: &Client) -> bool {
        let metadata = client.metadata();
        self.profile < client.profile()
            || (metadata.pushes_requests && self.pushed.is_none())
            || (metadata.signs_requests && !self.signed)
    }

    /// The name under which the app pushed it.
    pub(crate) fn pushed(&self) -> Option<&str> {
        self.pushed.as_deref()
    }
}

/// Why a step cannot be continued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error("the step is not one of ours, or belongs to another browser")]
    Foreign,
    #[error("the step is too old, or was finished")]
    Over,
    #[error("too many large requests are pending")]
    Full,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Step {
    pub(crate) fn new(errand: Errand, now: Timestamp) -> Self {
        let locale = match &errand {
            Errand::Authorize(authorize) => authorize.request.locale,
            Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) | Errand::Device(_) => None,
        };
        Self {
            errand,
            expires_at: now.plus(STEP_LIFE),
            signed_in: None,
            account_chosen: false,
            asked: None,
            locale,
            arrival: None,
        }
    }

    /// The text that carries this step in an address or a form of the visitor's browser.
    pub(crate) async fn seal(&self, visit: &Visit) -> Result<String, StepError> {
        if let Some(row) = self.row() {
            return Ok(self.carrying(Carried::Row(row.to_owned())).text(&visit.app, &visit.browser)?);
        }
        let whole = self.seal_whole(visit)?;
        let Errand::Authorize(authorize) = &self.errand else { return Ok(whole) };
        if whole.len() <= MAX_IN_ADDRESS {
            return Ok(whole);
        }
        let row = keep(visit, authorize).await?;
        Ok(self.carrying(Carried::Row(row)).text(&visit.app, &visit.browser)?)
    }

    /// The text that carries all of this step by itself, however long: for what waits in a place of its own.
    pub(crate) fn seal_whole(&self, visit: &Visit) -> Result<String, Fault> {
        self.carrying(Carried::Here(self.errand.clone())).text(&visit.app, &visit.browser)
    }

    /// Opens what [`Step::seal`] or [`Step::seal_whole`] made, in the browser for which it was made.
    pub(crate) async fn open(text: &str, app: &App, browser: &Browser) -> Result<Self, StepError> {
        let keys = app.keys_for(text).await?;
        let json = keys.seals.steps.open(text, browser.binding()).map_err(|_| StepError::Foreign)?;
        let step: Step<Carried> = serde_json::from_slice(&json).map_err(|_| StepError::Foreign)?;
        let now = app.now();
        if step.expires_at <= now {
            return Err(StepError::Over);
        }
        let errand = match &step.errand {
            Carried::Here(errand) => errand.clone(),
            Carried::Row(id) => {
                let row = steps::find(app.db(), id, &browser.name(), now).await.map_err(Fault::from)?;
                let row = row.ok_or(StepError::Over)?;
                let json = keys.seals.steps.open(row.expose(), browser.binding());
                let json = json.map_err(|_| StepError::Over)?;
                let stored: Authorize =
                    serde_json::from_slice(&json).map_err(Fault::corrupt(Artefact::Step))?;
                Errand::Authorize(Box::new(Authorize { row: Some(id.clone()), ..stored }))
            }
        };
        Ok(step.carrying(errand))
    }

    /// Gives up the row, if it has one: the app has its code.
    pub(crate) async fn end(&self, app: &App, browser: &Browser) -> Result<(), Fault> {
        if let Some(row) = self.row() {
            app.commit(Unit::from(steps::drop(row, &browser.name()))).await?;
        }
        Ok(())
    }

    /// Before the app is answered with an error: nothing of its request is kept.
    pub(crate) async fn give_up(&self, app: &App, browser: &Browser) -> Result<(), PageError> {
        let pushed = match &self.errand {
            Errand::Authorize(authorize) => authorize.pushed(),
            Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) | Errand::Device(_) => None,
        };
        let row = self.row().map(|row| steps::drop(row, &browser.name()));
        answering(app, pushed, Unit::new().with_all(row)).await
    }

    fn row(&self) -> Option<&str> {
        match &self.errand {
            Errand::Authorize(authorize) => authorize.row.as_deref(),
            Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) | Errand::Device(_) => None,
        }
    }
}

impl<E> Step<E> {
    /// The same step with its errand in another form.
    fn carrying<F>(&self, errand: F) -> Step<F> {
        Step {
            errand,
            expires_at: self.expires_at,
            signed_in: self.signed_in.clone(),
            account_chosen: self.account_chosen,
            asked: self.asked.clone(),
            locale: self.locale,
            arrival: self.arrival.clone(),
        }
    }
}

impl Step<Carried> {
    fn text(&self, app: &App, browser: &Browser) -> Result<String, Fault> {
        let json = serde_json::to_vec(self).map_err(Fault::encoding(Artefact::Step))?;
        Ok(app.keys().current().seals.steps.seal(&json, browser.binding()))
    }
}

/// Keeps a request that is too large to travel, as many as its browser and its network may have (SE-31).
async fn keep(visit: &Visit, authorize: &Authorize) -> Result<String, StepError> {
    let (app, browser, now) = (&visit.app, &visit.browser, visit.app.now());
    let source = visit.context.client.throttle_key().to_string();
    app.throttle().charge(throttle::LARGE_REQUESTS, &source, now).map_err(|_| StepError::Full)?;
    app.throttle().take(shares::LARGE_REQUESTS, &source, 1, now).map_err(|_| StepError::Full)?;
    let json = serde_json::to_vec(authorize).map_err(Fault::encoding(Artefact::Step))?;
    let row = steps::NewStep {
        id: base64url::encode(random::bytes::<16>()),
        kind: steps::Kind::Request,
        browser: browser.name(),
        payload: Concealed::from(app.keys().current().seals.steps.seal(&json, browser.binding())),
        expires_at: now.plus(ROW_LIFE),
    };
    for _ in 0..ATTEMPTS {
        match app.commit(Unit::from(steps::put(&row, now))).await {
            Ok(_) => return Ok(row.id),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(Fault::from(error).into()),
        }
    }
    Err(StepError::Full)
}
