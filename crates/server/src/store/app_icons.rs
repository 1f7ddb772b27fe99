//! Pictures of apps, as this server re-encoded them — SE-10.

use super::db::{Db, Row, Statement, StoreError, statements, values};

statements! {
    FIND: AppIcons = "SELECT png FROM app_icons WHERE app_id = $1 AND digest = $2";
    PUT: AppIcons = "INSERT INTO app_icons (app_id, digest, png) VALUES ($1, $2, $3) \
         ON CONFLICT (app_id) DO UPDATE SET digest = $2, png = $3";
    DROP: AppIcons = "DELETE FROM app_icons WHERE app_id = $1";
}

/// The picture of an app with this digest: PNG in base64url. An earlier picture of the app is gone.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, app_id: &str, digest: &str) -> Result<Option<String>, StoreError> {
    db.optional(FIND, &values![app_id, digest]).await?.map(|row| row.read(Row::text)).transpose()
}

/// Keeps a picture in place of the one before. Conflict: there is no such app.
#[must_use]
pub fn put(app_id: &str, digest: &str, png: &str) -> Statement {
    Statement::one(PUT, values![app_id, digest, png])
}

/// Removes the picture, if there is one.
#[must_use]
pub fn remove(app_id: &str) -> Statement {
    Statement::zero_or_one(DROP, values![app_id])
}
