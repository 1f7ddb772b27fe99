//! Apps that registered themselves, RFC 7591, RFC 7592.

use std::net::IpAddr;

use mapae_protocol::time::Timestamp;

use super::{
    apps::{self, NewApp},
    db::{Concealed, Db, Row, Statement, StoreError, Unit, statements, values},
};

/// The most crowded network of those within another one, of one length of its text, with one more app in a network of `$3`;
/// of several the one with the oldest app.
macro_rules! most_crowded {
    ($within:literal, $length:literal) => {
        concat!(
            "SELECT substr(r.networks, 1, ",
            $length,
            ") FROM registrations r WHERE r.expires_at IS NOT NULL AND r.document = $1 AND substr(r.networks, 1, ",
            $within,
            ") = $2 GROUP BY substr(r.networks, 1, ",
            $length,
            ") ORDER BY COUNT(*) + CASE WHEN substr(r.networks, 1, ",
            $length,
            ") = $3 THEN 1 ELSE 0 END DESC, MIN(r.created_at), substr(r.networks, 1, ",
            $length,
            ") LIMIT 1"
        )
    };
}

statements! {
    FIND: Registrations = "SELECT r.token_hash, r.sector, r.created_at, r.expires_at FROM registrations r \
         WHERE r.app_id = $1";
    INSERT: Registrations = "INSERT INTO registrations (app_id, token_hash, sector, initial_token_id, created_at, \
         expires_at, document, networks) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (app_id) DO NOTHING";
    CHANGE: Registrations = "UPDATE registrations SET token_hash = $1, sector = $2 WHERE app_id = $3 AND token_hash = $4";
    GUARD: Registrations = "UPDATE registrations SET token_hash = token_hash WHERE app_id = $1 AND token_hash = $2";
    MOVE: Registrations = "UPDATE registrations SET sector = $1 WHERE app_id = $2";
    HAND_OVER: Registrations =
        "UPDATE registrations SET token_hash = '', expires_at = NULL, networks = '' WHERE app_id = $1";
    USED: Registrations =
        "UPDATE registrations SET expires_at = NULL, networks = '' WHERE app_id = $1 AND expires_at IS NOT NULL";
    OVER: Registrations = "SELECT r.app_id FROM registrations r WHERE r.expires_at <= $1 ORDER BY r.expires_at LIMIT $2";
    EXPIRE: Registrations = "DELETE FROM registrations WHERE app_id = $1 AND expires_at <= $2";
    GIVE_UP: Registrations = "DELETE FROM registrations WHERE app_id = $1 AND expires_at IS NOT NULL";
    UNUSED: Registrations = "SELECT COUNT(*) FROM registrations r WHERE r.expires_at IS NOT NULL AND r.document = $1";
    CROWDED_1: Registrations = most_crowded!("0", "6");
    CROWDED_2: Registrations = most_crowded!("6", "9");
    CROWDED_3: Registrations = most_crowded!("9", "13");
    CROWDED_4: Registrations = most_crowded!("13", "17");
    OLDEST: Registrations = "SELECT r.app_id FROM registrations r WHERE r.expires_at IS NOT NULL AND r.document = $1 \
         AND r.networks = $2 ORDER BY r.created_at, r.app_id LIMIT 1";
    DROP: Registrations = "DELETE FROM registrations WHERE app_id = $1";
    // Who registers at the same time waits at the first; the second one counts what they have committed.
    QUEUE: Counters = "UPDATE counters SET value = value WHERE name = 'catalog'";
    HAS_ROOM: Counters = "UPDATE counters SET value = value WHERE name = 'catalog' \
         AND (SELECT COUNT(*) FROM registrations r WHERE r.expires_at IS NOT NULL AND r.document = $1) <= $2";
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

/// By which way an app comes for which nobody of this server's has registered. Each has room of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It asked for it (RFC 7591).
    Asked,
    /// It is the address of its document.
    Document,
}

impl Way {
    const fn is_document(self) -> bool {
        match self {
            Self::Asked => false,
            Self::Document => true,
        }
    }
}

/// From where an app came: the networks of an address, from the widest to the single one, in a text whose beginnings are
/// those of the networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(String);

impl Networks {
    /// Of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        // The lengths are those of `most_crowded`.
        Self(match address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                format!("4{a:05x}{b:03x}{c:04x}{d:04x}")
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("6{:05x}{:03x}{c:04x}{d:04x}", (u32::from(a) << 4) | u32::from(b >> 12), b & 0xfff)
            }
        })
    }
}

/// A registration to be kept.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// How it came.
    pub way: Way,
    /// From where.
    pub networks: Networks,
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
    let NewRegistration { way, networks, token_hash, sector, initial_token_id, expires_at } = registration;
    let (sector, document) = (sector.as_deref().unwrap_or_default(), way.is_document());
    let initial_token_id = initial_token_id.as_deref();
    let kept =
        values![app_id, token_hash, sector, initial_token_id, at, *expires_at, document, networks.0.as_str()];
    Unit::from(Statement::one(QUEUE, Vec::new()))
        .with(Statement::one(HAS_ROOM, values![document, room]))
        .with(Statement::one(INSERT, kept))
}

/// How many apps may wait for their first person: `most`, or as many as there are, if the operator allows fewer than before.
///
/// # Errors
/// [`StoreError`]
pub async fn room(db: &Db, way: Way, most: i64) -> Result<i64, StoreError> {
    Ok(waiting(db, way).await?.max(most))
}

async fn waiting(db: &Db, way: Way) -> Result<i64, StoreError> {
    let row = db.optional(UNUSED, &values![way.is_document()]).await?;
    Ok(row.map(|row| row.read(Row::int)).transpose()?.unwrap_or_default())
}

/// Which app must go before this one can come: while there are as many as there is `room`, the oldest of the most crowded
/// network of the most crowded one, and so on (SE-17), counted with this one. So a flood from some networks makes room for
/// itself.
///
/// # Errors
/// [`StoreError`]
pub async fn in_the_way(db: &Db, new: &NewRegistration, room: i64) -> Result<Option<String>, StoreError> {
    let (document, own) = (new.way.is_document(), new.networks.0.as_str());
    if waiting(db, new.way).await? < room {
        return Ok(None);
    }
    let mut network = String::new();
    for (level, length) in [(CROWDED_1, 6), (CROWDED_2, 9), (CROWDED_3, 13), (CROWDED_4, 17)] {
        let own = own.get(..length).unwrap_or(own);
        let row = db.optional(level, &values![document, network.as_str(), own]).await?;
        let Some(row) = row else { return Ok(None) };
        network = row.read(Row::text)?;
    }
    let row = db.optional(OLDEST, &values![document, network.as_str()]).await?;
    row.map(|row| row.read(Row::text)).transpose()
}

/// Deletes an app to which nobody has agreed, because others need its place. Conflict: somebody has, or it is gone.
pub fn give_up(app_id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(GIVE_UP, values![app_id])).with(apps::delete(app_id, at))
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
