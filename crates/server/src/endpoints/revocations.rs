//! The revocation feed: which handles have died. Mapae's own protocol, see [`mapae_protocol::revocation_feed`].

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    revocation_feed::{Cursor, Event, FeedRequest, FeedResponse, Handle as WireHandle},
    seal::Sealer,
    time::{Seconds, Timestamp},
};
use serde::{Deserialize, Serialize};

use super::{json, token_error::TokenError};
use crate::{
    app::App,
    client_auth::{self, Caller},
    fault::{Artefact, Fault},
    http::form,
    issue::Handle,
    keys::{FeedCursors, KeySet},
    store::revocations::{self, Bounds, Kind},
};

/// Events of one answer; the rest comes with the next. Every event that is read is told, so that an answer
/// that is not full says that there was no more.
const PAGE: i64 = FeedResponse::MAX_EVENTS as i64;
/// Clocks of APIs may differ by a minute, and an event may be dated so much too early as the servers' clocks were noted
/// before it: they are every 66 seconds (decision 0287).
const SLACK: Seconds = Seconds::minutes(3);

/// How far an API has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    seq: i64,
}

/// `POST /revocations`.
pub(crate) async fn revocations(State(app): State<App>, request: Request) -> Response {
    match follow(&app, request).await {
        Ok(response) => json::no_store(&response),
        Err(error) => error.into_response(),
    }
}

async fn follow(app: &App, request: Request) -> Result<FeedResponse, TokenError> {
    let form = form::read(request, app.config().limits.form_bytes).await?;
    let Caller::Api(api) = client_auth::authenticate(app, &form).await? else {
        return Err(TokenError::InvalidClient { basic: form.has_authorization() });
    };
    let request = FeedRequest::parse(&form.params)?;
    let keys = match &request.after {
        Some(cursor) => app.keys_for(cursor.as_str()).await?,
        None => app.keys().current(),
    };
    let bounds = revocations::bounds(app.db()).await?;
    let asked = request.after.as_ref().and_then(|cursor| open(cursor, &keys.seals.cursors));
    // An unknown or forgotten position is answered like none: with everything that there is.
    let known = asked.filter(|position| bounds.reach_back_to(position.seq) && position.seq <= bounds.last);
    let start = known.map_or_else(|| beginning(&bounds), |position| position.seq);
    if known.is_some() && bounds.last <= start {
        wait(app, start, request.wait).await;
    }
    let events = revocations::list_after(app.db(), start, PAGE).await?;
    let end = events.last().map_or(start, |event| event.seq);
    let maker = Handle { key: keys.handle_key(), audience: &api.identifier };
    let events: Vec<Event> = events.iter().map(|event| announce(event, &maker)).collect::<Result<_, _>>()?;
    if events.iter().any(|event| event.handle.is_of_signing_key()) {
        let_go_of_keys(app).await;
    }
    // Not with a key that ended while it waited: its cursor would be none.
    let cursor = seal(Position { seq: end }, &app.keys().current())?;
    Ok(FeedResponse { events, cursor, complete_since: complete_since(app) })
}

/// Whoever hears that a key was withdrawn fetches the set at once, and must not be given the key again. The events are read
/// from the database, which may be ahead of this process.
async fn let_go_of_keys(app: &App) {
    // The news cannot wait until this works: they alone make an API refuse the key.
    if let Err(error) = app.changes().follow(app).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "cannot let go of a withdrawn key yet");
    }
}

/// Before the first event that is kept.
const fn beginning(bounds: &Bounds) -> i64 {
    match bounds.oldest {
        Some(oldest) => oldest.saturating_sub(1),
        None => bounds.last,
    }
}

/// Until the feed has grown, here or on another node, or the time is over.
async fn wait(app: &App, start: i64, longest: Seconds) {
    let mut feed = app.changes().feed();
    let grown = feed.wait_for(|last| *last > start);
    let longest = std::time::Duration::from_secs(longest.get().unsigned_abs());
    // Either end is an answer: news, or none yet.
    let _ = tokio::time::timeout(longest, grown).await;
}

/// Events are kept for at least as long as the longest access token lives.
fn complete_since(app: &App) -> Timestamp {
    app.now().minus(app.config().tokens.access_token).minus(SLACK)
}

/// What this API must refuse from now on: a handle, or the `jti` of a single token.
fn announce(event: &revocations::Event, maker: &Handle<'_>) -> Result<Event, Fault> {
    let handle = match event.kind {
        Kind::Token => event.subject_id.clone(),
        Kind::User | Kind::App | Kind::Consent | Kind::Session | Kind::Grant => {
            maker.of(event.kind, &event.subject_id, event.epoch)
        }
    };
    let handle = WireHandle::parse(&handle).map_err(Fault::corrupt(Artefact::RevocationHandle))?;
    Ok(Event { handle, at: event.at })
}

fn open(cursor: &Cursor, sealer: &Sealer<FeedCursors>) -> Option<Position> {
    postcard::from_bytes(&sealer.open(cursor.as_str(), b"").ok()?).ok()
}

fn seal(position: Position, keys: &KeySet) -> Result<Cursor, Fault> {
    let bytes = postcard::to_allocvec(&position).map_err(Fault::encoding(Artefact::FeedCursor))?;
    Cursor::parse(&keys.seals.cursors.seal(&bytes, b"")).map_err(Fault::encoding(Artefact::FeedCursor))
}
