//! What providers tell: somebody unlinked this server there, their tokens died, their account was closed — RFC 8417 §2,
//! RFC 8935 §2.
//!
//! Whoever calls is a stranger until the notice is proved in the way that the provider's definition names. What it says
//! ends everything of that person here at once: decision 0056.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use mapae_client::{EventKind, Notice, NoticeError, NoticeRefusal, ProvedNotice, ProviderEvent};
use mapae_protocol::time::Timestamp;

use serde_json::Value;

use super::Upstream;
use crate::{
    app::App,
    contention,
    fault::Fault,
    http::body,
    interaction::{PageError, page},
    keys::ON_THE_WAY,
    pages::{
        at,
        deletion::{DeletionPage, FoundDeletion},
        moment::Moment,
        shown::Shown,
    },
    store::{CommitError, Unit, db::Statement, identities, upstream_notices, users},
};

/// The longest notice.
const MAX_BYTES: usize = 64 * 1024;

/// `GET` or `POST /upstream/{name}/notices/{notice}`.
pub(crate) async fn notice(
    State(app): State<App>,
    Path((name, notice)): Path<(String, String)>,
    request: Request,
) -> Response {
    match hear(&app, &name, &notice, request).await {
        Ok((status, Some(answer))) => (status, Json(answer)).into_response(),
        Ok((status, None)) => status.into_response(),
        Err(Unheard::Refused(error)) => {
            tracing::info!(upstream = name, notice, %error, "a notice was not taken");
            refused(&app, &name, &notice, &error)
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

async fn hear(
    app: &App,
    name: &str,
    notice: &str,
    request: Request,
) -> Result<(StatusCode, Option<Value>), Unheard> {
    let upstream = app.upstreams().registered(name).ok_or(Unheard::Refused(NoticeError::Unknown))?;
    let (parts, body) = request.into_parts();
    if upstream.definition().notices().all(|known| known != notice) {
        return Err(Unheard::Refused(NoticeError::Unknown));
    }
    let body = body::read(body, MAX_BYTES).await.map_err(|_| Unheard::Refused(NoticeError::Malformed))?;
    let told = Notice { headers: &parts.headers, query: parts.uri.query(), body: &body };
    let now = app.now();
    let proved = upstream.provider.prove_notice(notice, &told, now).await.map_err(Unheard::Refused)?;
    let (own, shared) = (proved.own_name(name, notice), proved.shared_name(name));
    let was_heard = match &own {
        Some(own) => upstream_notices::is_known(app.db(), own, now).await?,
        None => false,
    };
    if !was_heard
        && proved.is_late(now)
        && let Some(shared) = &shared
        && upstream_notices::is_known(app.db(), shared, now).await?
    {
        return Err(Unheard::Refused(NoticeError::Repeated));
    }
    let ProvedNotice { events, known_for, status, deletion_code, .. } = proved;
    // A repeat ends nothing that has begun since.
    if !was_heard {
        let until = now.plus(known_for);
        let noted = Unit::new()
            .with_all(own.map(|own| upstream_notices::carried_out(&own, until)))
            .with_all(shared.map(|shared| upstream_notices::stood(&shared, until)))
            .with_all(deletion_code.iter().map(|code| upstream_notices::deletion_asked(name, code, now)));
        carry_out(app, &upstream, &events, (&noted, now)).await?;
    }
    // Nobody learns by the answer who has an account here.
    Ok((status, deletion_code.map(|code| page_of(app, name, &code))))
}

/// What the events mean here, in one unit with what is noted of the notice.
///
/// Before anybody looks whose they are it is written down that everything has ended: a link or a sign-in that is written
/// later fails at that, and one that was written earlier is seen here.
async fn carry_out(
    app: &App,
    upstream: &Upstream,
    events: &[ProviderEvent],
    (noted, now): (&Unit, Timestamp),
) -> Result<(), Unheard> {
    let ending = events.iter().filter(|event| ends_something(event.kind));
    let ended = ending.map(|event| upstream_notices::ended(&event.person, now, ON_THE_WAY));
    app.commit(Unit::new().with_all(ended)).await?;
    contention::until_done(|| async {
        let (mut unit, mut ended) = (noted.clone(), BTreeSet::<String>::new());
        for event in events {
            let Meaning { ends, forgets } = meaning(app, upstream, event).await?;
            unit = unit.with_all(forgets);
            ended.extend(ends);
        }
        // Once for each account, in one order: a notice may say several things of somebody, and be of several who have one
        // account here.
        let unit = unit.with_all(ended.iter().map(|user_id| users::end_everything(user_id, now)));
        match app.commit(unit).await {
            Ok(_) => {
                for event in events {
                    let (name, kind) = (upstream.name(), event.kind);
                    tracing::info!(upstream = name, ?kind, "a provider told of something");
                }
                Ok(Some(()))
            }
            // It was carried out before.
            Err(CommitError::Conflict { statement: upstream_notices::CARRIED_OUT_BEFORE }) => Ok(Some(())),
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error) => Err(Unheard::from(error)),
        }
    })
    .await
}

/// In the form of the provider's own paper (RFC 8935 §2.3).
fn refused(app: &App, name: &str, notice: &str, error: &NoticeError) -> Response {
    let Some(upstream) = app.upstreams().registered(name) else { return error.status().into_response() };
    let NoticeRefusal { status, body } = upstream.provider.refusal(notice, error);
    match body {
        Some(body) => (status, [(header::CONTENT_LANGUAGE, "en")], Json(body)).into_response(),
        None => status.into_response(),
    }
}

/// Where whoever asked for a deletion sees what became of it.
fn page_of(app: &App, name: &str, code: &str) -> Value {
    let url = format!("{}{}", app.config().site.issuer(), at::upstream_deletion(name, code));
    ProvedNotice::deletion_answer(&url, code)
}

/// `GET /upstream/{name}/deletion`: whoever has the code may know.
pub(crate) async fn deletion(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let upstream = visit.app.upstreams().registered(&name).ok_or(PageError::NotFound)?;
        let (now, code) = (visit.app.now(), visit.one("code")?.unwrap_or_default());
        let asked = upstream_notices::deletion(visit.app.db(), &name, code, now).await?;
        let status = if asked.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let page = DeletionPage {
            provider: Shown::name(upstream.label(visit.locale(None))),
            upstream: name,
            found: asked.map(|asked| FoundDeletion {
                code: code.to_owned(),
                asked: Moment::new(asked.unix(), now.unix()),
            }),
        };
        Ok((status, visit.show(&page, None)).into_response())
    })
    .await
}

/// What an event means here.
#[derive(Debug, Default)]
struct Meaning {
    /// Whose everything ends.
    ends: Option<String>,
    /// What is forgotten of what came from the provider.
    forgets: Option<Statement>,
}

/// What an event does here. The account stays, and so does the way into it: who comes back from the provider proves anew
/// who they are there.
async fn meaning(app: &App, upstream: &Upstream, event: &ProviderEvent) -> Result<Meaning, Fault> {
    let (issuer, subject) = (event.person.issuer(), event.person.subject());
    let row = identities::find(app.db(), issuer, subject).await?;
    let Some(row) = row.filter(|row| row.removed_at.is_none() && upstream.knows(row)) else {
        return Ok(Meaning::default());
    };
    let ends = ends_something(event.kind).then_some(row.user_id);
    let forgets = match event.kind {
        EventKind::Resumed
        | EventKind::ProfileChanged
        | EventKind::RelayStopped
        | EventKind::RelayResumed
        | EventKind::SessionsRevoked => None,
        EventKind::DataDeletionRequested => Some(identities::forget_what_came(&row.id)),
        EventKind::Unlinked | EventKind::TokensRevoked | EventKind::Suspended => {
            Some(identities::forget_tokens(&row.id))
        }
    };
    Ok(Meaning { ends, forgets })
}

const fn ends_something(kind: EventKind) -> bool {
    match kind {
        EventKind::Resumed
        | EventKind::ProfileChanged
        | EventKind::RelayStopped
        | EventKind::RelayResumed => false,
        EventKind::SessionsRevoked
        | EventKind::Unlinked
        | EventKind::TokensRevoked
        | EventKind::Suspended
        | EventKind::DataDeletionRequested => true,
    }
}
