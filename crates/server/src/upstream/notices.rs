//! What providers tell: somebody unlinked this server there, their tokens died, their account was closed — RFC 8417 §2,
//! RFC 8935 §2.
//!
//! Whoever calls is a stranger until the notice is proved in the way that the provider's definition names. What it says
//! ends everything of that person here at once: decision 0056.

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt as _, Limited};
use mapae_client::{EventKind, Notice, NoticeError, ProvedNotice, ProviderEvent};
use mapae_protocol::time::{Seconds, Timestamp};

use crate::{
    app::App,
    fault::Fault,
    store::{CommitError, Unit, identities, upstream_notices, users},
};

/// The longest notice.
const MAX_BYTES: usize = 64 * 1024;
/// For how long a notice is known to have been carried out: longer than an old one is taken.
const KNOWN: Seconds = Seconds::hours(3);

/// `GET` or `POST /upstream/{name}/notices/{notice}`.
pub(crate) async fn notice(
    State(app): State<App>,
    Path((name, notice)): Path<(String, String)>,
    request: Request,
) -> Response {
    match hear(&app, &name, &notice, request).await {
        Ok(status) => status.into_response(),
        Err(Unheard::Refused(error)) => {
            tracing::info!(upstream = name, notice, %error, "a notice was not taken");
            error.status().into_response()
        }
        Err(Unheard::Fault(fault)) => {
            tracing::error!(
                upstream = name,
                error = &fault as &dyn std::error::Error,
                "a notice was not carried out"
            );
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// Why nothing came of a notice. The provider repeats itself where that may help.
enum Unheard {
    Refused(NoticeError),
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for Unheard {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

async fn hear(app: &App, name: &str, notice: &str, request: Request) -> Result<StatusCode, Unheard> {
    let upstream = app.upstreams().registered(name).ok_or(Unheard::Refused(NoticeError::Unknown))?;
    let (parts, body) = request.into_parts();
    let body = read(body).await.ok_or(Unheard::Refused(NoticeError::Malformed))?;
    let told = Notice { headers: &parts.headers, query: parts.uri.query(), body: &body };
    let now = app.now();
    let proved = upstream.provider.prove_notice(notice, &told, now).await.map_err(Unheard::Refused)?;
    let ProvedNotice { events, id, status } = proved;
    let mut unit = Unit::new();
    if let Some(id) = id {
        unit = unit.with(upstream_notices::carried_out(&format!("{name} {id}"), now.plus(KNOWN)));
    }
    for event in &events {
        unit = unit.with(meaning(app, event, now).await?);
        tracing::info!(upstream = name, kind = ?event.kind, "a provider told of something");
    }
    match app.commit(unit).await {
        // A conflict: it was carried out before.
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(status),
        Err(error) => Err(error.into()),
    }
}

/// What an event does here. The account stays, and so does the way into it: who comes back from the provider proves anew
/// who they are there.
async fn meaning(app: &App, event: &ProviderEvent, now: Timestamp) -> Result<Unit, Fault> {
    let (issuer, subject) = (event.person.issuer(), event.person.subject());
    let row = identities::find(app.db(), issuer, subject).await?.filter(|row| row.removed_at.is_none());
    let Some(row) = row else { return Ok(Unit::new()) };
    let end = || users::end_everything(&row.user_id, now);
    Ok(match event.kind {
        EventKind::Resumed
        | EventKind::ProfileChanged
        | EventKind::RelayStopped
        | EventKind::RelayResumed => Unit::new(),
        EventKind::SessionsRevoked => end(),
        EventKind::Unlinked
        | EventKind::TokensRevoked
        | EventKind::Suspended
        | EventKind::DataDeletionRequested => end().with(identities::forget_tokens(&row.id)),
    })
}

async fn read(body: Body) -> Option<Vec<u8>> {
    let collected = Limited::new(body, MAX_BYTES).collect().await.ok()?;
    Some(collected.to_bytes().to_vec())
}
