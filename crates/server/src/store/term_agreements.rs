//! Which version of which term people agreed to, and when.

use mapae_protocol::time::Timestamp;

use super::db::{Db, Statement, StoreError, statements, values};

statements! {
    // What stands stands since then; what was withdrawn is agreed to anew.
    AGREE: TermAgreements = "INSERT INTO term_agreements (user_id, term, version, agreed_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, term, version) DO UPDATE SET agreed_at = excluded.agreed_at, withdrawn_at = NULL \
         WHERE term_agreements.withdrawn_at IS NOT NULL";
    WITHDRAW: TermAgreements = "UPDATE term_agreements SET withdrawn_at = $1 \
         WHERE user_id = $2 AND term = $3 AND withdrawn_at IS NULL";
    OF_USER: TermAgreements = "SELECT term, version, agreed_at FROM term_agreements \
         WHERE user_id = $1 AND withdrawn_at IS NULL ORDER BY agreed_at, term, version";
}

/// That somebody agreed to a version of a term, and has not withdrawn it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The term.
    pub term: String,
    /// Its version at that time.
    pub version: String,
    /// When.
    pub agreed_at: Timestamp,
}

/// Notes that somebody agrees to a version of a term; to what they agreed already, they do not agree again. Conflict:
/// there is no such account.
#[must_use]
pub fn agree(user_id: &str, (term, version): (&str, &str), at: Timestamp) -> Statement {
    Statement::zero_or_one(AGREE, values![user_id, term, version, at])
}

/// Notes that somebody withdraws a term, in whatever version they agreed to it.
#[must_use]
pub fn withdraw(user_id: &str, term: &str, at: Timestamp) -> Statement {
    Statement::any(WITHDRAW, values![at, user_id, term])
}

/// Everything to which somebody agrees, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn of_user(db: &Db, user_id: &str) -> Result<Vec<Agreement>, StoreError> {
    let rows = db.rows(OF_USER, &values![user_id]).await?;
    let read = |row: super::db::Row| {
        row.read(|row| Ok(Agreement { term: row.text()?, version: row.text()?, agreed_at: row.timestamp()? }))
    };
    rows.into_iter().map(read).collect()
}
