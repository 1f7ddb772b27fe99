//! The session of a signed-in browser: a random cookie, of which the store knows the digest.

use axum::http::{HeaderMap, HeaderValue, header};
use mapae_protocol::{digest::sha256_base64url, random, time::Timestamp};

use super::known_browser;
use crate::{
    app::App,
    fault::{Artefact, Fault},
    http::cookies::Life,
    ids::Kind,
    store::{
        CommitError, Unit,
        sessions::{self, NewSession, Proof, Session, SignedIn},
        users::User,
    },
};

/// A password was checked (RFC 8176 §2).
const AMR_PASSWORD: &str = "pwd";
/// One factor, no promise beyond it.
pub(crate) const ACR_PASSWORD: &str = "1";
/// A provider's word was taken; nothing was checked here (OIDC Core §2).
pub(crate) const ACR_UPSTREAM: &str = "0";
/// Every authentication context of this server, the least sure first.
pub(crate) const ACR_VALUES: [&str; 2] = [ACR_UPSTREAM, ACR_PASSWORD];
/// How many session cookies of one browser are looked at.
const MAX_SHOWN: usize = 8;
/// What is kept of a browser's own name, in characters.
const MAX_USER_AGENT: usize = 256;

/// How surely somebody proved who they are when this session began, or was last confirmed.
pub(crate) fn acr_of(session: &Session) -> &str {
    session.acr.as_deref().unwrap_or(ACR_PASSWORD)
}

/// The living session of this browser, if any. A second cookie of the same name makes it none (SE-25).
pub(crate) async fn current(app: &App, headers: &HeaderMap) -> Result<Option<SignedIn>, Fault> {
    let Some(secret) = app.cookies().session.read(headers).filter(|secret| secret.len() == 43) else {
        return Ok(None);
    };
    let now = app.now();
    let found = sessions::by_secret(app.db(), &digest(secret), now).await?;
    if let Some(signed_in) = found.as_ref().filter(|signed_in| signed_in.session.touch_due(now)) {
        touch(app, &signed_in.session.id, now);
    }
    Ok(found)
}

/// The living sessions of all cookies that this browser shows, also of two of one name. More than a few are a flood.
pub(crate) async fn shown(app: &App, headers: &HeaderMap) -> Result<Vec<SignedIn>, Fault> {
    let (now, mut found) = (app.now(), Vec::new());
    for secret in app.cookies().session.all(headers).filter(|secret| secret.len() == 43).take(MAX_SHOWN) {
        found.extend(sessions::by_secret(app.db(), &digest(secret), now).await?);
    }
    Ok(found)
}

/// Notes that the session was seen, behind the request's back: at most once a minute.
fn touch(app: &App, session_id: &str, now: Timestamp) {
    let idle_expires_at = now.plus(app.config().sessions.idle);
    let unit = Unit::from(sessions::touch(session_id, idle_expires_at, now));
    let app = app.clone();
    tokio::spawn(async move {
        if let Err(error) = app.commit(unit).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a session's last use was not noted");
        }
    });
}

/// A session, and the cookies for its browser.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) session_id: String,
    cookies: [HeaderValue; 2],
}

impl Begun {
    /// Gives the browser its cookies.
    pub(crate) fn give_cookies(self, answer: &mut HeaderMap) {
        for cookie in self.cookies {
            answer.append(header::SET_COOKIE, cookie);
        }
    }
}

/// Who proved who they are, and under which epoch: if it is raised before the session is written, the
/// session is born dead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proven<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) epoch: i64,
}

impl<'a> Proven<'a> {
    /// Somebody as they are now.
    pub(crate) fn of(user: &'a User) -> Self {
        Self { user_id: &user.id, epoch: user.epoch }
    }

    /// Somebody whose account is made in the same unit.
    pub(crate) const fn new(user_id: &'a str) -> Self {
        Self { user_id, epoch: 0 }
    }
}

/// How somebody comes in: who they are, how they proved it, and what is written down with it or not at all.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) proven: Proven<'a>,
    pub(crate) proof: Proof,
    pub(crate) also: Unit,
}

impl<'a> Entry<'a> {
    /// By a password that was just checked.
    fn by_password(proven: Proven<'a>, now: Timestamp) -> Self {
        Self { proven, proof: by_password(now), also: Unit::new() }
    }
}

/// Signs a person in whose password was just checked under `user.epoch`.
///
/// The same person again renews their session under a new secret; another person, or none, before means a
/// new session, and the earlier one ends. Whatever cookie the browser had is worthless afterwards (SE-01).
pub(crate) async fn begin(
    app: &App,
    user: &User,
    before: Option<&SignedIn>,
    headers: &HeaderMap,
) -> Result<Begun, Fault> {
    begin_as(app, &Entry::by_password(Proven::of(user), app.issuing_time()?), before, headers).await
}

/// As [`begin`], however the person proved who they are. A conflict of what is written with it is an error.
pub(crate) async fn begin_as(
    app: &App,
    entry: &Entry<'_>,
    before: Option<&SignedIn>,
    headers: &HeaderMap,
) -> Result<Begun, Fault> {
    if let Some(same) = before.filter(|before| before.user.id == entry.proven.user_id) {
        let (begun, unit) = renewed(app, &same.session.id, entry, headers)?;
        match app.commit(unit.with(entry.also.clone())).await {
            Ok(_) => return Ok(begun),
            // It ended meanwhile, or everything of the person did; then a new one is born dead.
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (begun, unit) = fresh_as(app, entry, before, headers)?;
    app.commit(unit).await?;
    Ok(begun)
}

/// What to write for a new session, in the place of one of another person.
pub(crate) fn fresh(
    app: &App,
    proven: Proven<'_>,
    before: Option<&SignedIn>,
    headers: &HeaderMap,
) -> Result<(Begun, Unit), Fault> {
    fresh_as(app, &Entry::by_password(proven, app.issuing_time()?), before, headers)
}

/// As [`fresh`], with all that the entry writes.
pub(crate) fn fresh_as(
    app: &App,
    entry: &Entry<'_>,
    before: Option<&SignedIn>,
    headers: &HeaderMap,
) -> Result<(Begun, Unit), Fault> {
    let Entry { proven, proof, also } = entry;
    let now = app.issuing_time()?;
    let (secret, sessions) = (random::token(), &app.config().sessions);
    let session = NewSession {
        id: Kind::Session.fresh(),
        secret_hash: digest(&secret).into(),
        user_id: proven.user_id.to_owned(),
        user_epoch: proven.epoch,
        proof: proof.clone(),
        user_agent: user_agent(headers),
        expires_at: now.plus(sessions.absolute),
        idle_expires_at: now.plus(sessions.idle),
    };
    let other = before.filter(|before| before.user.id != proven.user_id);
    let ended = other.map(|before| sessions::end(&before.session.id, &before.user.id, now));
    let unit = also.clone().with(sessions::insert(&session, now)).with_all(ended);
    Ok((begun(app, session.id, &secret, *proven, headers)?, unit))
}

/// As [`renew`], by whatever the person proved.
fn renewed(app: &App, id: &str, entry: &Entry<'_>, headers: &HeaderMap) -> Result<(Begun, Unit), Fault> {
    let now = app.issuing_time()?;
    let secret = random::token();
    let idle_expires_at = now.plus(app.config().sessions.idle);
    let hash = digest(&secret).into();
    let renewal = sessions::reauthenticate(id, entry.proven.epoch, &hash, &entry.proof, idle_expires_at);
    Ok((begun(app, id.to_owned(), &secret, entry.proven, headers)?, renewal.into()))
}

/// What to write for a session that goes on under a new secret, its person's password having been proven
/// under this epoch. Conflict: the session has ended, or that epoch has. `after` is who they are from then on.
pub(crate) fn renew(
    app: &App,
    id: &str,
    user_epoch: i64,
    after: Proven<'_>,
    headers: &HeaderMap,
) -> Result<(Begun, Unit), Fault> {
    let now = app.issuing_time()?;
    let secret = random::token();
    let idle_expires_at = now.plus(app.config().sessions.idle);
    let hash = digest(&secret).into();
    let renewal = sessions::reauthenticate(id, user_epoch, &hash, &by_password(now), idle_expires_at);
    Ok((begun(app, id.to_owned(), &secret, after, headers)?, renewal.into()))
}

fn by_password(auth_time: Timestamp) -> Proof {
    Proof {
        auth_time,
        amr: AMR_PASSWORD.to_owned(),
        acr: Some(ACR_PASSWORD.to_owned()),
        proved_at: Some(auth_time),
        identity_id: None,
        passed_at: None,
    }
}

fn begun(
    app: &App,
    session_id: String,
    secret: &str,
    proven: Proven<'_>,
    headers: &HeaderMap,
) -> Result<Begun, Fault> {
    let life = Life::For(app.config().sessions.absolute);
    let cookie = app.cookies().session.set(secret, life).map_err(Fault::encoding(Artefact::Cookie))?;
    Ok(Begun { session_id, cookies: [cookie, known_browser::remember(app, proven, headers)?] })
}

fn digest(secret: &str) -> String {
    sha256_base64url(secret)
}

fn user_agent(headers: &HeaderMap) -> String {
    let name = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
}
