//! The session of a signed-in browser: a random cookie, of which the store knows the digest.

use axum::http::{HeaderMap, HeaderValue, header};
use mapae_protocol::{digest::sha256_base64url, random, time::Timestamp};

use crate::{
    app::App,
    fault::{Artefact, Fault},
    http::cookies::Life,
    ids::Kind,
    store::{
        Unit,
        sessions::{self, NewSession, Proof, SignedIn},
        users::User,
    },
};

/// A password was checked (RFC 8176 §2).
const AMR_PASSWORD: &str = "pwd";
/// One factor, no promise beyond it.
pub(crate) const ACR_PASSWORD: &str = "1";
/// What is kept of a browser's own name, in characters.
const MAX_USER_AGENT: usize = 256;

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

/// A session that has begun, and the cookie for its browser.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) session_id: String,
    pub(crate) cookie: HeaderValue,
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
    let now = app.now();
    let secret = random::token();
    let proof = Proof { auth_time: now, amr: AMR_PASSWORD.to_owned(), acr: Some(ACR_PASSWORD.to_owned()) };
    let idle_expires_at = now.plus(app.config().sessions.idle);
    let hash = digest(&secret).into();
    let (session_id, unit) = match before.filter(|before| before.user.id == user.id) {
        Some(same) => {
            let id = same.session.id.clone();
            let unit = Unit::from(sessions::reauthenticate(&id, &hash, &proof, idle_expires_at));
            (id, unit)
        }
        None => {
            let session = NewSession {
                id: Kind::Session.fresh(),
                secret_hash: hash,
                user_id: user.id.clone(),
                user_epoch: user.epoch,
                proof,
                user_agent: user_agent(headers),
                expires_at: now.plus(app.config().sessions.absolute),
                idle_expires_at,
            };
            let ended = before.map(|before| sessions::end(&before.session.id, &before.user.id, now));
            let unit = Unit::from(sessions::insert(&session, now)).with_all(ended);
            (session.id, unit)
        }
    };
    app.commit(unit).await?;
    let life = Life::For(app.config().sessions.absolute);
    let cookie = app.cookies().session.set(&secret, life).map_err(Fault::encoding(Artefact::Cookie))?;
    Ok(Begun { session_id, cookie })
}

fn digest(secret: &str) -> String {
    sha256_base64url(secret)
}

fn user_agent(headers: &HeaderMap) -> String {
    let name = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT).collect()
}
