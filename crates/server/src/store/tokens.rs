//! Access tokens revoked one by one, RFC 7009 §2.1. Only these are kept, and only until they expire.

use std::collections::HashMap;

use mapae_protocol::{time::Timestamp, token_exchange::MAX_ACTORS};

use super::{
    apps::{APP_STATE_WIDTH, AppState, app_state_columns},
    counters::swept_column,
    db::{Db, Row, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
};

statements! {
    FACTS: RevokedTokens = concat!("SELECT t.jti, ", swept_column!(), ", a.id, ", app_state_columns!(), " FROM (SELECT 1 AS one) base \
         LEFT JOIN apps a ON a.id IN ($1, $2, $3, $4) LEFT JOIN revoked_tokens t ON t.jti = $5");
    REVOKE: RevokedTokens =
        "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
}

/// To how many apps a token may belong: who has it, and who had it before by an exchange.
const MOST_APPS: usize = 4;
const _: () = assert!(MOST_APPS == MAX_ACTORS, "as many as act for each other");

/// What decides whether a token is alive, besides its grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// Those of its apps that there are, by their ids.
    pub apps: HashMap<String, AppState>,
    /// Whether the token was revoked by itself.
    pub revoked: bool,
    /// Of a token that expires by then that is not known any more.
    pub swept_until: Timestamp,
}

impl TokenFacts {
    /// Whether a token that has not expired is not revoked by itself.
    #[must_use]
    pub fn stands(&self, expires_at: Timestamp) -> bool {
        !self.revoked && expires_at > self.swept_until
    }

    /// The epoch of one of its apps; `None` of one that is gone or switched off.
    #[must_use]
    pub fn epoch_of(&self, app_id: &str) -> Option<i64> {
        let app = self.apps.get(app_id)?;
        (app.disabled_at.is_none() && app.deleted_at.is_none()).then_some(app.epoch)
    }
}

/// Everything that decides about a token besides its grant, in one query. Of more apps than a token may belong to, the last
/// are not looked for.
///
/// # Errors
/// [`StoreError`]
pub async fn facts(db: &Db, app_ids: &[&str], jti: &str) -> Result<TokenFacts, StoreError> {
    let id = |at: usize| app_ids.get(at).copied();
    let mut facts = TokenFacts { apps: HashMap::new(), revoked: false, swept_until: Timestamp::from_unix(0) };
    for row in db.rows(FACTS, &values![id(0), id(1), id(2), id(3), jti]).await? {
        row.read(|row| {
            (facts.revoked, facts.swept_until) = (row.optional_text()?.is_some(), row.timestamp()?);
            let read = |row: &mut Row| Ok((row.text()?, AppState::read(row)?));
            facts.apps.extend(row.joined(1 + APP_STATE_WIDTH, read)?);
            Ok(())
        })?;
    }
    Ok(facts)
}

/// Revokes one access token; the mark is kept until the token expires. Conflict: it is revoked already, and
/// nothing is written or announced.
pub fn revoke(jti: &str, expires_at: Timestamp, at: Timestamp) -> Unit {
    Unit::from(Statement::one(REVOKE, values![jti, expires_at])).revoking(Revocation::token(jti, at))
}
