//! Numbers that every node watches.

use mapae_protocol::time::Timestamp;

use super::db::{Db, Row, Statement, StoreError, statements, values};

statements! {
    READ: Counters = "SELECT (SELECT value FROM counters WHERE name = 'catalog'), \
         (SELECT value FROM counters WHERE name = 'feed'), (SELECT value FROM counters WHERE name = 'clock')";
    GUARD_CATALOG: Counters = "UPDATE counters SET value = value WHERE name = 'catalog' AND value = $1";
    BUMP_CATALOG: Counters = "UPDATE counters SET value = value + 1 WHERE name = 'catalog'";
    ADVANCE_FEED: Counters = "UPDATE counters SET value = value + $1 WHERE name = 'feed'";
    SET_CLOCK: Counters = "UPDATE counters SET value = $1 WHERE name = 'clock'";
    RAISE_SWEPT: Counters = "UPDATE counters SET value = $1 WHERE name = 'swept' AND value < $1";
    RAISE_CLOCK: Counters = "UPDATE counters SET value = $1 WHERE name = 'clock' AND value < $1";
}

/// Three of them at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Raised by every change of apps, APIs and keys: what was cached under another number is stale.
    pub catalog: i64,
    /// The number of the last revocation.
    pub feed: i64,
    /// The highest time that any node has noted: a clock behind it has stepped back.
    pub clock: Timestamp,
}

/// Reads all three.
///
/// # Errors
/// [`StoreError`]
pub async fn read(db: &Db) -> Result<Counters, StoreError> {
    let read =
        |row: &mut Row| Ok(Counters { catalog: row.int()?, feed: row.int()?, clock: row.timestamp()? });
    db.one(READ, &[]).await?.read(read)
}

/// Notes the time, unless a higher one is noted already.
#[must_use]
pub fn raise_clock(now: Timestamp) -> Statement {
    Statement::zero_or_one(RAISE_CLOCK, values![now])
}

/// Notes this time in place of a higher one: that one was wrong.
#[must_use]
pub fn set_clock(now: Timestamp) -> Statement {
    Statement::one(SET_CLOCK, values![now])
}

/// Makes a unit conflict unless apps, APIs and keys are still those of this generation; nobody can change them
/// before the unit is committed.
#[must_use]
pub fn guard_catalog(generation: i64) -> Statement {
    Statement::one(GUARD_CATALOG, values![generation])
}

/// Until when everything that had expired may be gone, as a column of other queries: what was used or revoked and
/// expires by then has no mark any more.
macro_rules! swept_column {
    () => {
        "(SELECT w.value FROM counters w WHERE w.name = 'swept')"
    };
}
pub(super) use swept_column;

/// Notes in the unit that removes it that whatever had expired by then may be gone.
pub(super) fn raise_swept(until: Timestamp) -> Statement {
    Statement::zero_or_one(RAISE_SWEPT, values![until])
}

pub(super) fn bump_catalog() -> Statement {
    Statement::one(BUMP_CATALOG, Vec::new())
}

pub(super) fn advance_feed(by: i64) -> Statement {
    Statement::one(ADVANCE_FEED, values![by])
}
