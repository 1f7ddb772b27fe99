//! Proofs of possession that were used — RFC 9449 §11.1. A row is what makes a proof good for one request, on any number
//! of nodes.

use mapae_protocol::time::Timestamp;

use super::{
    counters::swept_column,
    db::{Sql, Statement, statements, values},
};

statements! {
    // What may have been swept was perhaps used (decision 0065).
    USE: DpopProofs = concat!("INSERT INTO dpop_proofs (id, expires_at) SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT) \
         WHERE CAST($2 AS BIGINT) > ", swept_column!(), " ON CONFLICT (id) DO NOTHING");
}

/// The statement of [`use_up`], which conflicts when the proof was used before.
pub const USED_BEFORE: Sql = USE;

/// Uses a proof, which is refused by its age from `expires_at` on. Conflict: it was used before.
#[must_use]
pub fn use_up(id: &str, expires_at: Timestamp) -> Statement {
    Statement::one(USE, values![id, expires_at])
}
