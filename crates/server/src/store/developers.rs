//! What belongs to a developer: how many apps, and how many people are connected to them.

use std::collections::HashMap;

use mapae_protocol::time::Timestamp;

use super::{
    apps::{self, NewApp},
    db::{Db, Row, Sql, Statement, StoreError, Unit, Value, statements, values},
    users,
};

statements! {
    HAS_ROOM: Users = "UPDATE users SET epoch = epoch WHERE id = $1 \
         AND (SELECT COUNT(*) FROM apps a WHERE a.owner_id = $1 AND a.deleted_at IS NULL) < $2";
    PEOPLE: Consents = "SELECT c.app_id, COUNT(*) FROM apps a JOIN consents c ON c.app_id = a.id \
         WHERE a.owner_id = $1 AND a.deleted_at IS NULL AND c.scopes <> '' GROUP BY c.app_id";
    PEOPLE_OF_OWNERLESS: Consents = "SELECT c.app_id, COUNT(*) FROM apps a JOIN consents c ON c.app_id = a.id \
         WHERE a.owner_id IS NULL AND a.deleted_at IS NULL AND c.scopes <> '' GROUP BY c.app_id";
}

/// Who registers an app: the person as the decision saw them.
#[derive(Clone, Copy, Debug)]
pub struct Developer<'a> {
    /// `usr_…`
    pub id: &'a str,
    /// Their epoch.
    pub epoch: i64,
}

/// The statement of [`register`] that finds that the person may not register anything any more.
pub const NOT_THE_PERSON: Sql = users::GUARD;
/// The statement of [`register`] that finds that the developer has as many apps as they may have.
pub const NO_ROOM: Sql = HAS_ROOM;
/// The statement of [`register`] that finds an app of this id.
pub const KNOWN: Sql = apps::INSERT;

/// Registers an app of a developer who may have at most `quota`. Registrations of one developer happen one
/// after another: the first statement locks the person, the second one counts what others have committed.
pub fn register(developer: Developer<'_>, quota: i64, app: &NewApp, at: Timestamp) -> Unit {
    let Developer { id, epoch } = developer;
    Unit::from(users::guard(id, epoch))
        .with(Statement::one(HAS_ROOM, values![id, quota]))
        .with(apps::insert(app, at))
}

/// How many people are connected to each of a developer's apps; apps without any are not named.
///
/// # Errors
/// [`StoreError`]
pub async fn people(db: &Db, owner_id: &str) -> Result<HashMap<String, i64>, StoreError> {
    counted(db.list(PEOPLE, values![owner_id]).await?)
}

/// How many people are connected to each of the apps that nobody owns.
///
/// # Errors
/// [`StoreError`]
pub async fn people_of_ownerless(db: &Db) -> Result<HashMap<String, i64>, StoreError> {
    counted(db.list(PEOPLE_OF_OWNERLESS, Vec::<Value>::new()).await?)
}

fn counted(rows: Vec<Row>) -> Result<HashMap<String, i64>, StoreError> {
    rows.into_iter().map(|row| row.read(|row: &mut Row| Ok((row.text()?, row.int()?)))).collect()
}
