//! Apps that may exchange the tokens of an API into narrower ones — RFC 8693.

use mapae_protocol::time::Timestamp;

use super::db::{Db, Statement, StoreError, statements, values};

statements! {
    FIND: ExchangePermissions = "SELECT 1 FROM exchange_permissions WHERE api_id = $1 AND app_id = $2";
    OF_API: ExchangePermissions =
        "SELECT app_id FROM exchange_permissions WHERE api_id = $1 ORDER BY created_at, app_id";
    INSERT: ExchangePermissions = "INSERT INTO exchange_permissions (api_id, app_id, created_at) \
         VALUES ($1, $2, $3) ON CONFLICT (api_id, app_id) DO NOTHING";
    REMOVE: ExchangePermissions = "DELETE FROM exchange_permissions WHERE api_id = $1 AND app_id = $2";
    REMOVE_ALL: ExchangePermissions = "DELETE FROM exchange_permissions WHERE api_id = $1";
}

/// Whether this app may.
///
/// # Errors
/// [`StoreError`]
pub async fn is_permitted(db: &Db, api_id: &str, app_id: &str) -> Result<bool, StoreError> {
    Ok(db.optional(FIND, &values![api_id, app_id]).await?.is_some())
}

/// All apps that may, the first one first.
///
/// # Errors
/// [`StoreError`]
pub async fn of_api(db: &Db, api_id: &str) -> Result<Vec<String>, StoreError> {
    let rows = db.rows(OF_API, &values![api_id]).await?;
    rows.into_iter().map(|row| row.read(|row| row.text())).collect()
}

/// Permits an app. Does nothing if it is permitted already. Conflict: there is no such app or API.
#[must_use]
pub fn permit(api_id: &str, app_id: &str, at: Timestamp) -> Statement {
    Statement::zero_or_one(INSERT, values![api_id, app_id, at])
}

/// Takes the permission away. Does nothing if there is none.
#[must_use]
pub fn forbid(api_id: &str, app_id: &str) -> Statement {
    Statement::zero_or_one(REMOVE, values![api_id, app_id])
}

/// Takes all permissions of an API away, before it is deleted.
#[must_use]
pub fn forbid_all(api_id: &str) -> Statement {
    Statement::any(REMOVE_ALL, values![api_id])
}
