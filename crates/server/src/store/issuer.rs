//! The issuer under which a database was served last: nodes that share one must agree about it.

use mapae_protocol::time::Timestamp;

use super::db::{Db, Row, Statement, StoreError, statements, values};

statements! {
    LAST: ServedIssuer = "SELECT issuer FROM served_issuer WHERE id = 1";
    NOTE: ServedIssuer = "INSERT INTO served_issuer (id, issuer, noted_at) VALUES (1, $1, $2) \
         ON CONFLICT (id) DO UPDATE SET issuer = excluded.issuer, noted_at = excluded.noted_at";
}

/// The issuer of the last start, if there was one.
///
/// # Errors
/// [`StoreError`]
pub async fn last(db: &Db) -> Result<Option<String>, StoreError> {
    let row = db.optional(LAST, &[]).await?;
    row.map(|row| row.read(|row: &mut Row| row.text())).transpose()
}

/// Notes the issuer of this start.
#[must_use]
pub fn note(issuer: &str, at: Timestamp) -> Statement {
    Statement::one(NOTE, values![issuer, at])
}
