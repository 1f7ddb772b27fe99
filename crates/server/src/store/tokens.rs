//! Access tokens revoked one by one, RFC 7009 §2.1. Only these are kept, and only until they expire.

use mapae_protocol::time::Timestamp;

use super::{
    apps::{APP_STATE_WIDTH, AppState, app_state_columns},
    counters::swept_column,
    db::{Db, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
};

statements! {
    FACTS: RevokedTokens = concat!("SELECT ", app_state_columns!(), ", t.jti, ", swept_column!(), " FROM (SELECT 1 AS one) base \
         LEFT JOIN apps a ON a.id = $1 LEFT JOIN revoked_tokens t ON t.jti = $2");
    REVOKE: RevokedTokens =
        "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
}

/// What decides whether a token without a grant (client credentials) is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// The app; `None` if there is no such app.
    pub app: Option<AppState>,
    /// Whether the token was revoked by itself.
    pub revoked: bool,
    /// Of a token that expires by then that is not known any more.
    pub swept_until: Timestamp,
}

impl TokenFacts {
    /// Whether a token that was made under this epoch of the app, and has not expired, is alive.
    #[must_use]
    pub fn alive(&self, app_epoch: i64, expires_at: Timestamp) -> bool {
        !self.revoked
            && expires_at > self.swept_until
            && self.app.as_ref().is_some_and(|app| {
                app.epoch == app_epoch && app.disabled_at.is_none() && app.deleted_at.is_none()
            })
    }
}

/// Everything that decides about a token without a grant, in one query.
///
/// # Errors
/// [`StoreError`]
pub async fn facts(db: &Db, app_id: &str, jti: &str) -> Result<TokenFacts, StoreError> {
    db.one(FACTS, &values![app_id, jti]).await?.read(|row| {
        let app = row.joined(APP_STATE_WIDTH, AppState::read)?;
        Ok(TokenFacts { app, revoked: row.optional_text()?.is_some(), swept_until: row.timestamp()? })
    })
}

/// Revokes one access token; the mark is kept until the token expires. Conflict: it is revoked already, and
/// nothing is written or announced.
pub fn revoke(jti: &str, expires_at: Timestamp, at: Timestamp) -> Unit {
    Unit::from(Statement::one(REVOKE, values![jti, expires_at])).revoking(Revocation::token(jti, at))
}
