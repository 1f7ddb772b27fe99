//! Providers that people sign in with, as the command line registered them.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Row, Statement, StoreError, Unit, statements, values};

statements! {
    ALL: Upstreams = "SELECT name, provider, client_id, secrets_wrapped, options, disabled_at, created_at \
         FROM upstreams ORDER BY position, created_at, name";
    INSERT: Upstreams = "INSERT INTO upstreams (name, provider, client_id, secrets_wrapped, options, created_at, position) \
         VALUES ($1, $2, $3, $4, $5, $6, (SELECT COALESCE(MAX(u.position), 0) + 1 FROM upstreams u)) \
         ON CONFLICT (name) DO NOTHING";
    // What somebody else has written meanwhile is not overwritten.
    UPDATE: Upstreams = "UPDATE upstreams SET secrets_wrapped = $1, options = $2 \
         WHERE name = $3 AND secrets_wrapped = $4 AND options = $5";
    REMOVE: Upstreams = "DELETE FROM upstreams WHERE name = $1";
    FORBID_ALL: UpstreamPermissions = "DELETE FROM upstream_permissions WHERE upstream = $1";
    DISABLE: Upstreams = "UPDATE upstreams SET disabled_at = $1 WHERE name = $2 AND disabled_at IS NULL";
    ENABLE: Upstreams = "UPDATE upstreams SET disabled_at = NULL WHERE name = $1 AND disabled_at IS NOT NULL";
}

/// A registered provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// What it is called here; stands in its redirect URI.
    pub name: String,
    /// The definition by which it is spoken to.
    pub provider: String,
    /// What this server is called there.
    pub client_id: String,
    /// The client secret and further credentials, wrapped.
    pub secrets: Concealed,
    /// Everything else, as a versioned JSON object.
    pub options: String,
    /// Since when nobody may sign in with it.
    pub disabled_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Upstream {
    fn read(row: Row) -> Result<Self, StoreError> {
        row.read(|row| {
            Ok(Self {
                name: row.text()?,
                provider: row.text()?,
                client_id: row.text()?,
                secrets: row.concealed()?,
                options: row.text()?,
                disabled_at: row.optional_timestamp()?,
                created_at: row.timestamp()?,
            })
        })
    }
}

/// All of them, in the order in which they were added.
///
/// # Errors
/// [`StoreError`]
pub async fn all(db: &Db) -> Result<Vec<Upstream>, StoreError> {
    db.rows(ALL, &[]).await?.into_iter().map(Upstream::read).collect()
}

/// Registers one. Conflict: the name is taken.
pub fn insert(upstream: &Upstream) -> Unit {
    let Upstream { name, provider, client_id, secrets, options, created_at, .. } = upstream;
    let params = values![name, provider, client_id, secrets, options, *created_at];
    Unit::from(Statement::one(INSERT, params)).changing_catalog()
}

/// Gives one other secrets and options. Conflict: there is none of this name any more, or it is another by now.
pub fn update(before: &Upstream, after: &Upstream) -> Unit {
    let (name, secrets, options) = (&before.name, &before.secrets, &before.options);
    let params = values![&after.secrets, &after.options, name, secrets, options];
    Unit::from(Statement::one(UPDATE, params)).changing_catalog()
}

/// Removes one, and what apps were permitted there: another of its name is another provider. Who people are there stays
/// known. Conflict: there is none of this name.
pub fn remove(name: &str) -> Unit {
    Unit::from(Statement::one(REMOVE, values![name]))
        .with(Statement::any(FORBID_ALL, values![name]))
        .changing_catalog()
}

/// Lets nobody sign in with it. Conflict: there is none of this name, or it is off already.
pub fn disable(name: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(DISABLE, values![at, name])).changing_catalog()
}

/// Lets people sign in with it again. Conflict: there is none of this name, or it is on already.
pub fn enable(name: &str) -> Unit {
    Unit::from(Statement::one(ENABLE, values![name])).changing_catalog()
}
