//! What waits for a browser while it is elsewhere: in a row, sealed, for that browser alone, and for a short time.

use mapae_client::Identity;
use mapae_protocol::{
    base64url,
    digest::sha256_base64url,
    random,
    seal::{Purpose, Sealer},
    time::{Seconds, Timestamp},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    accounts::{shares, throttle},
    app::App,
    fault::{Artefact, Fault},
    interaction::{PageError, Step, StepError, Visit},
    keys::{ARRIVAL_LIFE, DEPARTURE_LIFE, ON_THE_WAY, Seals},
    store::{
        CommitError, Concealed, Unit,
        db::Statement,
        steps::{self, Kind},
        upstream_notices,
    },
};

/// How often a place for a row is reached for: another page of the same browser may take it at the same moment.
const ATTEMPTS: usize = 2;

/// Somebody on their way to a provider.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Departure {
    /// The provider that they left for.
    pub(super) upstream: String,
    /// Where they were, sealed.
    pub(super) step: String,
    /// [`mapae_client::PendingLogin`], in base64url.
    pub(super) login: String,
}

/// Somebody who came back and has no account here yet, or has not proved which.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// The provider that they came from.
    pub(crate) upstream: String,
    /// Who they are there.
    pub(crate) identity: Identity,
    /// What this server is called there, where the provider has another name for a person at each app.
    #[serde(default)]
    pub(super) given_to: Option<String>,
    /// [`mapae_client::Tokens`], wrapped for good.
    pub(super) tokens: String,
    /// When they came.
    pub(super) arrived_at: Timestamp,
    /// When they were known to be there themselves, and not only their browser.
    #[serde(default)]
    pub(super) proved_at: Option<Timestamp>,
    /// When they came, from a provider that cannot be asked for a new sign-in.
    #[serde(default)]
    pub(super) passed_at: Option<Timestamp>,
}

/// How the names of the rows begin in which somebody is on their way.
const DEPARTURE: &str = "departure ";
/// How the names of the rows begin in which somebody waits who came back.
const ARRIVAL: &str = "arrival ";

/// The name of the row for this `state`: whoever reads the table learns no `state`.
pub(super) fn departure_id(state: &str) -> String {
    format!("{DEPARTURE}{}", sha256_base64url(state))
}

/// Keeps somebody who leaves, under the name of their `state`.
pub(super) async fn keep_departure(
    visit: &Visit,
    state: &str,
    departure: &Departure,
) -> Result<(), PageError> {
    let keys = visit.app.keys().current();
    let payload = seal(&keys.seals.departures, visit, departure)?;
    keep(visit, (departure_id(state), Kind::Departure), payload, DEPARTURE_LIFE).await.map(|_| ())
}

/// Takes who left with this `state`: once, and only in the browser that left.
pub(super) async fn take_departure(visit: &Visit, state: &str) -> Result<Departure, PageError> {
    let (app, id) = (&visit.app, departure_id(state));
    let unit = Unit::from(steps::take(&id, &visit.browser.name(), app.now()));
    let rows = match app.commit(unit).await {
        Ok(rows) => rows,
        Err(CommitError::Conflict { .. }) => return Err(StepError::Foreign.into()),
        Err(error) => return Err(error.into()),
    };
    let row = rows.into_iter().flatten().next().ok_or(StepError::Foreign)?;
    app.throttle().give_back(shares::DEPARTURES, &visit.context.client.throttle_key().to_string(), 1);
    let payload = row.read(|row| row.concealed()).map_err(Fault::from)?;
    let keys = app.keys_for(payload.expose()).await?;
    open(|seals| &seals.departures, &keys.seals, visit, &payload)
}

/// Keeps somebody who came back; the name of the row.
pub(super) async fn keep_arrival(visit: &Visit, arrival: &Arrival) -> Result<String, PageError> {
    let keys = visit.app.keys().current();
    let payload = seal(&keys.seals.arrivals, visit, arrival)?;
    let id = format!("{ARRIVAL}{}", base64url::encode(random::bytes::<16>()));
    keep(visit, (id, Kind::Arrival), payload, ARRIVAL_LIFE).await
}

/// Who waits in this step, if somebody does and their time is not over.
pub(crate) async fn waiting_arrival(visit: &Visit, step: &Step) -> Result<Option<Arrival>, PageError> {
    let Some(id) = &step.arrival else { return Ok(None) };
    let (app, browser) = (&visit.app, visit.browser.name());
    let Some(payload) = steps::find(app.db(), id, &browser, app.now()).await? else { return Ok(None) };
    let keys = app.keys_for(payload.expose()).await?;
    let arrival: Arrival = open(|seals| &seals.arrivals, &keys.seals, visit, &payload)?;
    let has_ended = has_ended(visit, &arrival.identity).await?;
    Ok((!has_ended).then_some(arrival))
}

/// Whether everything of who comes has ended at their provider since they were sent there.
pub(super) async fn has_ended(visit: &Visit, identity: &Identity) -> Result<bool, Fault> {
    let (app, person) = (&visit.app, identity.person());
    Ok(upstream_notices::ended_since(app.db(), person, (identity.begun_at(), ON_THE_WAY), app.now()).await?)
}

/// The same at the moment of the write: what ends between the last look and the write makes that fail, also where no
/// account stands yet whose epoch would say it.
pub(super) fn standing(identity: &Identity) -> Statement {
    upstream_notices::standing(identity.person(), (identity.begun_at(), ON_THE_WAY))
}

/// Nobody waits in this browser any more: who signs out leaves no form behind that would let the next one in.
pub(crate) async fn drop_arrivals(visit: &Visit) -> Result<(), Fault> {
    let unit = Unit::from(steps::drop_all(Kind::Arrival, &visit.browser.name()));
    visit.app.commit(unit).await.map(|_| ()).map_err(Fault::from)
}

/// What the source has is asked for before what all share: whoever is over it takes no room of their neighbours.
async fn keep(
    visit: &Visit,
    (id, kind): (String, Kind),
    payload: Concealed,
    life: Seconds,
) -> Result<String, PageError> {
    let (throttle, now) = (visit.app.throttle(), visit.app.now());
    let source = visit.context.client.throttle_key().to_string();
    throttle.charge(throttle::DEPARTURES, &source, now).map_err(|_| StepError::Full)?;
    let shares_room = kind == Kind::Departure;
    if shares_room {
        // Who floods from many networks waits for itself, and drops nobody who is on their way (SE-31).
        throttle.take(shares::DEPARTURES, &source, 1, now).map_err(|_| StepError::Full)?;
    }
    let row = steps::NewStep { id, kind, browser: visit.browser.name(), payload, expires_at: now.plus(life) };
    let kept = put(&visit.app, &row, now).await;
    if kept.is_err() && shares_room {
        throttle.give_back(shares::DEPARTURES, &source, 1);
    }
    kept.map(|()| row.id)
}

async fn put(app: &App, row: &steps::NewStep, now: Timestamp) -> Result<(), PageError> {
    for attempt in 0..ATTEMPTS {
        // Whoever left long ago and has not come back gives way: a flood of departures locks nobody out.
        let room =
            || [steps::make_own_room(&row.browser, Kind::Departure, now), steps::make_room(row.kind, now)];
        let room = (attempt > 0).then(room);
        let unit = Unit::new().with_all(room.into_iter().flatten()).with(steps::put(row, now));
        match app.commit(unit).await {
            Ok(_) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StepError::Full.into())
}

fn seal<P: Purpose>(sealer: &Sealer<P>, visit: &Visit, what: &impl Serialize) -> Result<Concealed, Fault> {
    let json = serde_json::to_vec(what).map_err(Fault::encoding(Artefact::Step))?;
    Ok(Concealed::from(sealer.seal(&json, visit.browser.binding())))
}

fn open<P: Purpose, T: DeserializeOwned>(
    of: impl FnOnce(&Seals) -> &Sealer<P>,
    seals: &Seals,
    visit: &Visit,
    payload: &Concealed,
) -> Result<T, PageError> {
    let json = of(seals).open(payload.expose(), visit.browser.binding()).map_err(|_| StepError::Foreign)?;
    Ok(serde_json::from_slice(&json).map_err(Fault::corrupt(Artefact::Step))?)
}
