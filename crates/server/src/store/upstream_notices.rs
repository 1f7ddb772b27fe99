//! Notices of providers that were carried out — RFC 8417 §2.2 (`jti`) —, and deletions that they asked for.

use mapae_client::EndUser;
use mapae_protocol::{
    time::{Seconds, Timestamp},
    tombstone::Memory,
};

use super::db::{Db, Sql, Statement, StoreError, statements, values};

/// How long it can be asked what became of a deletion.
const DELETIONS: Seconds = Seconds::days(90);

statements! {
    INSERT: UpstreamNotices =
        "INSERT INTO upstream_notices (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    REMEMBER: UpstreamNotices = "INSERT INTO upstream_notices (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) \
         DO UPDATE SET expires_at = excluded.expires_at WHERE upstream_notices.expires_at < excluded.expires_at";
    // What this leaves behind is over at once.
    STANDING: UpstreamNotices = "INSERT INTO upstream_notices (id, expires_at) VALUES ($1, 0) ON CONFLICT (id) \
         DO UPDATE SET expires_at = upstream_notices.expires_at WHERE upstream_notices.expires_at < $2";
    UNTIL: UpstreamNotices = "SELECT expires_at FROM upstream_notices WHERE id = $1 AND expires_at > $2";
}

/// The statement of [`carried_out`], which conflicts when that was done before.
pub const CARRIED_OUT_BEFORE: Sql = INSERT;

/// Notes that this one is carried out. Conflict: it was before.
#[must_use]
pub fn carried_out(id: &str, expires_at: Timestamp) -> Statement {
    Statement::one(INSERT, values![id, expires_at])
}

/// Notes that what proves this one has stood under some notice; the first time stands.
#[must_use]
pub fn stood(id: &str, expires_at: Timestamp) -> Statement {
    Statement::zero_or_one(INSERT, values![id, expires_at])
}

/// Whether it is noted.
///
/// # Errors
/// [`StoreError`]
pub async fn is_known(db: &Db, id: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(db.optional(UNTIL, &values![id, now]).await?.is_some())
}

/// Notes that the provider of this name asked for a deletion, by this code; when it asks again, the first time stands.
#[must_use]
pub fn deletion_asked(upstream: &str, code: &str, at: Timestamp) -> Statement {
    Statement::zero_or_one(INSERT, values![of_deletion(upstream, code), at.plus(DELETIONS)])
}

/// When the provider of this name asked for the deletion that has this code; `None` for a code of which nobody knows, or
/// from long ago.
///
/// # Errors
/// [`StoreError`]
pub async fn deletion(
    db: &Db,
    upstream: &str,
    code: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let row = db.optional(UNTIL, &values![of_deletion(upstream, code), now]).await?;
    let until = row.map(|row| row.read(|row| row.timestamp())).transpose()?;
    Ok(until.map(|until| until.minus(DELETIONS)))
}

/// Remembers that everything of a person at a provider has ended.
#[must_use]
pub fn ended(person: &EndUser, at: Timestamp, memory: Memory) -> Statement {
    Statement::zero_or_one(REMEMBER, values![of_person(person), memory.until_but_now(at)])
}

/// Whether everything of a person at a provider has ended since they were sent there at `begun_at`.
///
/// # Errors
/// [`StoreError`]
pub async fn ended_since(
    db: &Db,
    person: &EndUser,
    (begun_at, memory): (Timestamp, Memory),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = db.optional(UNTIL, &values![of_person(person), now]).await?;
    let until = row.map(|row| row.read(|row| row.timestamp())).transpose()?;
    Ok(until.is_some_and(|until| memory.ended_since(begun_at, until)))
}

/// The same as a condition of a unit: that nothing of them has ended. Whoever notes that it has at the same time waits for the unit,
/// or has made it fail. Conflict: it has.
#[must_use]
pub fn standing(person: &EndUser, (begun_at, memory): (Timestamp, Memory)) -> Statement {
    Statement::one(STANDING, values![of_person(person), memory.until(begun_at)])
}

fn of_person(person: &EndUser) -> String {
    format!("ended {} {}", person.issuer(), person.subject())
}

fn of_deletion(upstream: &str, code: &str) -> String {
    format!("deletion {upstream} {code}")
}
