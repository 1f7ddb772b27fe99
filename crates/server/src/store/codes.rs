//! Parts of an authorization request too large for the sealed code, under the code's id.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Statement, StoreError, statements, values};

statements! {
    FIND: CodeDetails = "SELECT payload FROM code_details WHERE code_id = $1 AND expires_at > $2";
    PUT: CodeDetails = "INSERT INTO code_details (code_id, payload, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (code_id) DO NOTHING";
    TAKE: CodeDetails = "DELETE FROM code_details WHERE code_id = $1 RETURNING payload";
}

/// The details of a code that has not expired.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, code_id: &str, now: Timestamp) -> Result<Option<Concealed>, StoreError> {
    let row = db.optional(FIND, &values![code_id, now]).await?;
    row.map(|row| row.read(|row| row.concealed())).transpose()
}

/// Keeps the details of a code until it expires.
#[must_use]
pub fn put(code_id: &str, payload: &Concealed, expires_at: Timestamp) -> Statement {
    Statement::one(PUT, values![code_id, payload, expires_at])
}

/// Removes the details, in the unit that redeems the code. No conflict if they are gone: that the code works
/// once is ensured by its grant.
#[must_use]
pub fn take(code_id: &str) -> Statement {
    Statement::zero_or_one(TAKE, values![code_id])
}
