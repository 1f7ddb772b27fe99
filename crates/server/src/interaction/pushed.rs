//! Beginning with a request that the app has pushed — RFC 9126 §4.

use mapae_protocol::{
    authorization::target::{Error, RequestedTarget},
    client_id::ClientId,
    fapi::Profile,
    params::{Limits, Params},
    pushed_request::PushedRequestUri,
    time::{Seconds, Timestamp},
};

use super::{PageError, StepError, Visit};
use crate::{
    app::App,
    fault::{Artefact, Fault},
    keys::STEP_LIFE,
    store::{CommitError, Unit, pushed_requests},
};

/// For how long somebody can begin with a request again: longer than with any for the first time.
const AGAIN: Seconds = Seconds::minutes(2);

/// How a request was pushed.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    /// The name under which it waited.
    pub(crate) name: String,
    /// The profile by whose rules it was judged.
    pub(crate) profile: Option<Profile>,
    /// Whether the app had signed it.
    pub(crate) signed: bool,
}

/// The request of a visit, and how it was pushed if it was.
///
/// Of what stands in the address beside the reference only `client_id` counts: it must be the app that pushed
/// (RFC 9126 §4, RFC 9101 §5). A reference that is over, used up or another app's leads nowhere (PA-04 … PA-06).
pub(crate) async fn pulled(mut visit: Visit) -> Result<(Visit, Option<Pushed>), PageError> {
    let asked = visit.one("request_uri")?;
    let Some(reference) = asked.and_then(PushedRequestUri::parse) else { return Ok((visit, None)) };
    let client_id = client_of(&visit)?;
    let (name, now) = (reference.digest(), visit.app.now());
    let kept = pushed_requests::find(visit.app.db(), &name, client_id.as_str(), now).await?;
    let kept = kept.ok_or(StepError::Over)?;
    if kept.expires_at < now.plus(STEP_LIFE) {
        begin(&visit.app, &name, now).await?;
    }
    let pushed = Params::parse(kept.payload.expose().as_bytes(), Limits::REQUEST);
    visit.params = pushed.map_err(Fault::corrupt(Artefact::PushedRequest))?;
    Ok((visit, Some(Pushed { name, profile: Profile::parse(&kept.profile), signed: kept.signed })))
}

/// Keeps the request for as long as a step lives that begins with it, and a little longer: a page that is loaded again
/// writes nothing.
async fn begin(app: &App, name: &str, now: Timestamp) -> Result<(), PageError> {
    let until = now.plus(STEP_LIFE).plus(AGAIN);
    match app.commit(Unit::from(pushed_requests::begin(name, until))).await {
        Ok(_) => Ok(()),
        Err(CommitError::Conflict { .. }) => Err(StepError::Over.into()),
        Err(error) => Err(error.into()),
    }
}

/// Who asks, by what stands outside of the request.
pub(super) fn client_of(visit: &Visit) -> Result<ClientId, PageError> {
    RequestedTarget::client_of(&visit.params).map_err(|error| match error {
        Error::ClientIdRepeated => PageError::BadRequest,
        _ => PageError::UnknownApp,
    })
}

/// Commits what goes with an answer to the app, and uses the request up if it was pushed: it is answered once, with a
/// code or with an error (PA-05).
pub(crate) async fn answering(app: &App, pushed: Option<&str>, also: Unit) -> Result<(), PageError> {
    let unit = also.with_all(pushed.map(pushed_requests::take));
    if unit.is_empty() {
        return Ok(());
    }
    match app.commit(unit).await {
        Ok(_) => Ok(()),
        Err(CommitError::Conflict { .. }) => Err(StepError::Over.into()),
        Err(error) => Err(error.into()),
    }
}
