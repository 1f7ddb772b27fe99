//! Pending steps: authorization requests too large to travel sealed through the browser.
//!
//! A browser has [`PLACES`] of them, and all browsers together so many of each [`Kind`]: a flood of one costs that much and
//! no more, and takes no place of another. A row is written once and never changed.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Statement, StoreError, statements, values};

/// How many steps one browser may have pending.
pub const PLACES: i64 = 16;

/// What waits in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An authorization request too large to travel.
    Request,
    /// Somebody who left for a provider.
    Departure,
    /// Somebody who came back from one.
    Arrival,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Departure => "departure",
            Self::Arrival => "arrival",
        }
    }

    /// How many may be pending in all. On PostgreSQL as many more as there are connections may slip in.
    const fn limit(self) -> i64 {
        match self {
            // Several nodes that each have given out their room (`accounts/shares.rs`) still find places.
            Self::Request => 20_000,
            Self::Departure | Self::Arrival => 10_000,
        }
    }
}

statements! {
    FIND: PendingSteps = "SELECT payload FROM pending_steps WHERE id = $1 AND browser = $2 AND expires_at > $3";
    // Takes a free place of the browser; a place is free if nobody has it or its time is over. Two steps that
    // reach for the same place at once cannot both have it, because the place is unique.
    PUT: PendingSteps = "INSERT INTO pending_steps (id, browser, place, payload, expires_at, kind) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), free.place, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS TEXT) FROM ( \
             SELECT MIN(places.place) AS place FROM ( \
                 SELECT 0 AS place UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 \
                 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 \
                 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11 \
                 UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15 \
             ) places WHERE places.place NOT IN ( \
                 SELECT p.place FROM pending_steps p WHERE p.browser = $2 AND p.expires_at > $6 \
             ) \
         ) free WHERE free.place IS NOT NULL \
         AND (SELECT COUNT(*) FROM pending_steps p WHERE p.kind = $5 AND p.expires_at > $6) < $7 \
         ON CONFLICT (browser, place) DO UPDATE \
         SET id = excluded.id, payload = excluded.payload, expires_at = excluded.expires_at, kind = excluded.kind \
         WHERE pending_steps.expires_at <= $6";
    TAKE: PendingSteps =
        "DELETE FROM pending_steps WHERE id = $1 AND browser = $2 AND expires_at > $3 RETURNING payload";
    DROP: PendingSteps = "DELETE FROM pending_steps WHERE id = $1 AND browser = $2";
    // The oldest, and only where no place is left: who floods must then be faster than people come back.
    MAKE_ROOM: PendingSteps = "DELETE FROM pending_steps WHERE id IN ( \
             SELECT p.id FROM pending_steps p WHERE p.kind = $1 ORDER BY p.expires_at, p.id LIMIT 64 \
         ) AND (SELECT COUNT(*) FROM pending_steps p WHERE p.kind = $1 AND p.expires_at > $2) >= $3";
    // The same within one browser.
    MAKE_OWN_ROOM: PendingSteps = "DELETE FROM pending_steps WHERE id IN ( \
             SELECT p.id FROM pending_steps p WHERE p.browser = $1 AND p.kind = $2 ORDER BY p.expires_at, p.id LIMIT 1 \
         ) AND (SELECT COUNT(*) FROM pending_steps p WHERE p.browser = $1 AND p.expires_at > $3) >= $4";
    DROP_ALL: PendingSteps = "DELETE FROM pending_steps WHERE browser = $1 AND kind = $2";
}

/// A step to be kept.
#[derive(Clone, Debug)]
pub struct NewStep {
    /// A fresh random id.
    pub id: String,
    /// What waits in it.
    pub kind: Kind,
    /// The browser that it belongs to: a hash of its cookie.
    pub browser: String,
    /// The request.
    pub payload: Concealed,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// The step of this browser, if its time is not over.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, id: &str, browser: &str, now: Timestamp) -> Result<Option<Concealed>, StoreError> {
    let row = db.optional(FIND, &values![id, browser, now]).await?;
    row.map(|row| row.read(|row| row.concealed())).transpose()
}

/// Keeps a step. Conflict: the browser has too many pending, or the server of this kind, or another step of the same
/// browser took the same place at this moment (then trying once more helps).
#[must_use]
pub fn put(step: &NewStep, now: Timestamp) -> Statement {
    put_within(step, step.kind.limit(), now)
}

/// As [`put`], with another limit for all browsers together.
#[must_use]
pub fn put_within(step: &NewStep, limit: i64, now: Timestamp) -> Statement {
    let NewStep { id, kind, browser, payload, expires_at } = step;
    Statement::one(PUT, values![id, browser, payload, *expires_at, kind.name(), now, limit])
}

/// Where all browsers together have too many steps of this kind, drops the oldest of those.
#[must_use]
pub fn make_room(kind: Kind, now: Timestamp) -> Statement {
    make_room_within(kind, kind.limit(), now)
}

/// As [`make_room`], with another limit.
#[must_use]
pub fn make_room_within(kind: Kind, limit: i64, now: Timestamp) -> Statement {
    Statement::any(MAKE_ROOM, values![kind.name(), now, limit])
}

/// Where a browser has no place left, drops the oldest of its steps of this kind.
#[must_use]
pub fn make_own_room(browser: &str, kind: Kind, now: Timestamp) -> Statement {
    Statement::any(MAKE_OWN_ROOM, values![browser, kind.name(), now, PLACES])
}

/// Takes the step: whoever is first has it, and nobody has it again. Conflict: it is not there (any more).
#[must_use]
pub fn take(id: &str, browser: &str, now: Timestamp) -> Statement {
    Statement::one(TAKE, values![id, browser, now])
}

/// Removes the step if it is still there.
#[must_use]
pub fn drop(id: &str, browser: &str) -> Statement {
    Statement::zero_or_one(DROP, values![id, browser])
}

/// Removes all steps of this kind of this browser.
#[must_use]
pub fn drop_all(kind: Kind, browser: &str) -> Statement {
    Statement::any(DROP_ALL, values![browser, kind.name()])
}
