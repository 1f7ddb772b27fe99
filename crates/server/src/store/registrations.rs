//! Apps that registered themselves, RFC 7591, RFC 7592.

use mapae_protocol::time::Timestamp;

use super::{
    apps::{self, NewApp},
    db::{Concealed, Db, Row, Statement, StoreError, Unit, statements, values},
};

statements! {
    FIND: Registrations = "SELECT r.token_hash, r.sector, r.created_at, r.expires_at FROM registrations r \
         WHERE r.app_id = $1";
    INSERT: Registrations = "INSERT INTO registrations (app_id, token_hash, sector, initial_token_id, created_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (app_id) DO NOTHING";
    CHANGE: Registrations = "UPDATE registrations SET token_hash = $1, sector = $2 WHERE app_id = $3 AND token_hash = $4";
    GUARD: Registrations = "UPDATE registrations SET token_hash = token_hash WHERE app_id = $1 AND token_hash = $2";
    MOVE: Registrations = "UPDATE registrations SET sector = $1 WHERE app_id = $2";
    HAND_OVER: Registrations = "UPDATE registrations SET token_hash = '' WHERE app_id = $1";
    USED: Registrations =
        "UPDATE registrations SET expires_at = NULL WHERE app_id = $1 AND expires_at IS NOT NULL";
    OVER: Registrations = "SELECT r.app_id FROM registrations r WHERE r.expires_at <= $1 ORDER BY r.expires_at LIMIT $2";
    EXPIRE: Registrations = "DELETE FROM registrations WHERE app_id = $1 AND expires_at <= $2";
    DROP: Registrations = "DELETE FROM registrations WHERE app_id = $1";
    // Who registers at the same time waits at the first; the second one counts what they have committed.
    QUEUE: Counters = "UPDATE counters SET value = value WHERE name = 'catalog'";
    HAS_ROOM: Counters = "UPDATE counters SET value = value WHERE name = 'catalog' \
         AND (SELECT COUNT(*) FROM registrations r WHERE r.expires_at IS NOT NULL) <= $1";
}

/// What belongs to an app because it registered itself.
#[derive(Clone, Debug)]
pub struct Registration {
    /// SHA-256 of the token with which it manages its registration.
    pub token_hash: Concealed,
    /// Its sector (OIDC Core §8.1); `None`: the app itself.
    pub sector: Option<String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it goes unless somebody agrees to it before; `None` when somebody has.
    pub expires_at: Option<Timestamp>,
}

/// A registration to be kept.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// SHA-256 of the token with which it is managed.
    pub token_hash: Concealed,
    /// Its sector; `None`: the app itself.
    pub sector: Option<String>,
    /// By which token of the operator's it came.
    pub initial_token_id: Option<String>,
    /// When it goes unless somebody agrees to it before.
    pub expires_at: Timestamp,
}

/// What a change writes in place of what was seen.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The digest that was seen.
    pub seen: &'a Concealed,
    /// The digest of the token from now on.
    pub token_hash: &'a Concealed,
    /// The sector from now on.
    pub sector: Option<&'a str>,
}

/// Which statement of [`register`] and of [`renew`] found that there are as many apps as there may be that nobody has used.
pub const NO_ROOM: usize = 1;

/// The registration of an app that registered itself.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, app_id: &str) -> Result<Option<Registration>, StoreError> {
    let read = |row: &mut Row| {
        Ok(Registration {
            token_hash: row.text()?.into(),
            sector: Some(row.text()?).filter(|sector| !sector.is_empty()),
            created_at: row.timestamp()?,
            expires_at: row.optional_timestamp()?,
        })
    };
    db.optional(FIND, &values![app_id]).await?.map(|row| row.read(read)).transpose()
}

/// Registers an app while fewer than `room` wait for their first person. Registrations happen one after another.
pub fn register(app: &NewApp, registration: &NewRegistration, room: i64, at: Timestamp) -> Unit {
    renew(&app.id, registration, room, at).with(apps::insert(app, at))
}

/// Registers an app again that was there before, while there is room for it as for a new one. Conflict: it is there.
pub fn renew(app_id: &str, registration: &NewRegistration, room: i64, at: Timestamp) -> Unit {
    let NewRegistration { token_hash, sector, initial_token_id, expires_at } = registration;
    let sector = sector.as_deref().unwrap_or_default();
    let kept = values![app_id, token_hash, sector, initial_token_id.as_deref(), at, *expires_at];
    Unit::from(Statement::one(QUEUE, Vec::new()))
        .with(Statement::one(HAS_ROOM, values![room]))
        .with(Statement::one(INSERT, kept))
}

/// Makes a unit conflict unless the registration is still managed with this token; nobody can change that before the
/// unit is committed.
#[must_use]
pub fn guard(app_id: &str, seen: &Concealed) -> Statement {
    Statement::one(GUARD, values![app_id, seen])
}

/// Changes the token and the sector. Conflict: the token was changed, or the registration is gone.
#[must_use]
pub fn change(app_id: &str, change: &Change<'_>) -> Statement {
    let Change { seen, token_hash, sector } = change;
    Statement::one(CHANGE, values![*token_hash, sector.unwrap_or_default(), app_id, *seen])
}

/// Moves an app to another sector that did not ask for it itself. Does nothing if it did not register itself.
#[must_use]
pub fn move_to(app_id: &str, sector: Option<&str>) -> Statement {
    Statement::zero_or_one(MOVE, values![sector.unwrap_or_default(), app_id])
}

/// Ends the token with which an app manages its registration: somebody else does now. No token has this digest. Does
/// nothing if it did not register itself.
#[must_use]
pub fn hand_over(app_id: &str) -> Statement {
    Statement::zero_or_one(HAND_OVER, values![app_id])
}

/// A person agrees to the app: it does not expire any more.
#[must_use]
pub fn used(app_id: &str) -> Statement {
    Statement::zero_or_one(USED, values![app_id])
}

/// Ends the registration of an app that is deleted.
pub(super) fn end(app_id: &str) -> Statement {
    Statement::zero_or_one(DROP, values![app_id])
}

/// The apps whose time was over at this moment without anybody having agreed to them, at most `limit`.
///
/// # Errors
/// [`StoreError`]
pub async fn expired(db: &Db, by: Timestamp, limit: i64) -> Result<Vec<String>, StoreError> {
    db.list(OVER, values![by, limit]).await?.into_iter().map(|row| row.read(Row::text)).collect()
}

/// Deletes an app that nobody agreed to in time. Conflict: somebody has, or it is gone.
pub fn expire(app_id: &str, by: Timestamp, at: Timestamp) -> Unit {
    Unit::from(Statement::one(EXPIRE, values![app_id, by])).with(apps::delete(app_id, at))
}
