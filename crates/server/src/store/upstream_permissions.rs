//! Apps that may have what a provider gave for somebody who signs in to them.

use mapae_protocol::time::Timestamp;

use super::db::{Db, Statement, StoreError, statements, values};

statements! {
    FIND: UpstreamPermissions = "SELECT 1 FROM upstream_permissions WHERE upstream = $1 AND app_id = $2";
    OF_UPSTREAM: UpstreamPermissions =
        "SELECT app_id FROM upstream_permissions WHERE upstream = $1 ORDER BY created_at, app_id";
    OF_APP: UpstreamPermissions =
        "SELECT upstream FROM upstream_permissions WHERE app_id = $1 ORDER BY created_at, upstream";
    INSERT: UpstreamPermissions = "INSERT INTO upstream_permissions (upstream, app_id, created_at) \
         VALUES ($1, $2, $3) ON CONFLICT (upstream, app_id) DO NOTHING";
    REMOVE: UpstreamPermissions = "DELETE FROM upstream_permissions WHERE upstream = $1 AND app_id = $2";
}

/// Whether this app may.
///
/// # Errors
/// [`StoreError`]
pub async fn is_permitted(db: &Db, upstream: &str, app_id: &str) -> Result<bool, StoreError> {
    Ok(db.optional(FIND, &values![upstream, app_id]).await?.is_some())
}

/// All apps that may, the first one first.
///
/// # Errors
/// [`StoreError`]
pub async fn of_upstream(db: &Db, upstream: &str) -> Result<Vec<String>, StoreError> {
    let rows = db.rows(OF_UPSTREAM, &values![upstream]).await?;
    rows.into_iter().map(|row| row.read(|row| row.text())).collect()
}

/// All providers whose tokens this app may have, the first one first.
///
/// # Errors
/// [`StoreError`]
pub async fn of_app(db: &Db, app_id: &str) -> Result<Vec<String>, StoreError> {
    let rows = db.rows(OF_APP, &values![app_id]).await?;
    rows.into_iter().map(|row| row.read(|row| row.text())).collect()
}

/// Permits an app. Does nothing if it is permitted already. Conflict: there is no such app.
#[must_use]
pub fn permit(upstream: &str, app_id: &str, at: Timestamp) -> Statement {
    Statement::zero_or_one(INSERT, values![upstream, app_id, at])
}

/// Takes the permission away. Does nothing if there is none.
#[must_use]
pub fn forbid(upstream: &str, app_id: &str) -> Statement {
    Statement::zero_or_one(REMOVE, values![upstream, app_id])
}
