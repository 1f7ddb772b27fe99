//! Which version of which term people agreed to, and when.

use mapae_protocol::time::Timestamp;

use super::db::{Db, Statement, StoreError, statements, values};

statements! {
    AGREE: TermAgreements = "INSERT INTO term_agreements (user_id, term, version, agreed_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, term, version) DO NOTHING";
    OF_USER: TermAgreements = "SELECT term, version FROM term_agreements WHERE user_id = $1";
}

/// Notes that somebody agrees to a version of a term; to what they agreed already, they do not agree again. Conflict:
/// there is no such account.
#[must_use]
pub fn agree(user_id: &str, (term, version): (&str, &str), at: Timestamp) -> Statement {
    Statement::zero_or_one(AGREE, values![user_id, term, version, at])
}

/// Everything that somebody ever agreed to: term and version.
///
/// # Errors
/// [`StoreError`]
pub async fn of_user(db: &Db, user_id: &str) -> Result<Vec<(String, String)>, StoreError> {
    let rows = db.rows(OF_USER, &values![user_id]).await?;
    rows.into_iter().map(|row| row.read(|row| Ok((row.text()?, row.text()?)))).collect()
}
