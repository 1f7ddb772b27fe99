//! Tokens by which the operator lets apps register, RFC 7591 §1.2, §3.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Row, Sql, Statement, StoreError, statements, values};

statements! {
    FIND: InitialAccessTokens = "SELECT t.id FROM initial_access_tokens t \
         WHERE t.hash = $1 AND t.uses_left > 0 AND t.expires_at > $2";
    ALL: InitialAccessTokens = "SELECT t.id, t.label, t.uses_left, t.created_at, t.expires_at \
         FROM initial_access_tokens t WHERE t.expires_at > $1 ORDER BY t.created_at, t.id";
    INSERT: InitialAccessTokens = "INSERT INTO initial_access_tokens (id, hash, label, uses_left, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
    SPEND: InitialAccessTokens = "UPDATE initial_access_tokens SET uses_left = uses_left - 1 \
         WHERE id = $1 AND uses_left > 0 AND expires_at > $2";
    REVOKE: InitialAccessTokens = "DELETE FROM initial_access_tokens WHERE id = $1";
}

/// A token that is good, or is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialAccessToken {
    /// Names it; it is no secret.
    pub id: String,
    /// What the operator calls it.
    pub label: String,
    /// How many apps it still lets register.
    pub uses_left: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The name of the token of this digest, if it lets an app register now.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, hash: &str, now: Timestamp) -> Result<Option<String>, StoreError> {
    db.optional(FIND, &values![hash, now]).await?.map(|row| row.read(Row::text)).transpose()
}

/// All that have not expired, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn all(db: &Db, now: Timestamp) -> Result<Vec<InitialAccessToken>, StoreError> {
    let read = |row: &mut Row| {
        Ok(InitialAccessToken {
            id: row.text()?,
            label: row.text()?,
            uses_left: row.int()?,
            created_at: row.timestamp()?,
            expires_at: row.timestamp()?,
        })
    };
    db.list(ALL, values![now]).await?.into_iter().map(|row| row.read(read)).collect()
}

/// Keeps a new one, of which this is the digest.
#[must_use]
pub fn insert(token: &InitialAccessToken, hash: &Concealed) -> Statement {
    let InitialAccessToken { id, label, uses_left, created_at, expires_at } = token;
    Statement::one(INSERT, values![id, hash, label, *uses_left, *created_at, *expires_at])
}

/// The statement of [`spend`], which conflicts when the token is used up, revoked or over.
pub const SPENT: Sql = SPEND;

/// One registration. Conflict: it is used up, revoked or over.
#[must_use]
pub fn spend(id: &str, now: Timestamp) -> Statement {
    Statement::one(SPEND, values![id, now])
}

/// Ends it. Conflict: there is no such token.
#[must_use]
pub fn revoke(id: &str) -> Statement {
    Statement::one(REVOKE, values![id])
}
