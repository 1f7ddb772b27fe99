//! APIs (resource servers) and the scopes that each of them owns, RFC 8707 §2.

use mapae_protocol::time::Timestamp;

use super::{
    db::{Concealed, Db, Row, Statement, StoreError, Unit, statements, values},
    exchange_permissions,
};

macro_rules! api_columns {
    () => {
        "SELECT i.id, i.identifier, i.name, i.token_format, i.secret_hash, i.disabled_at, i.created_at, \
         s.scope, s.title_ko, s.title_en FROM apis i LEFT JOIN api_scopes s ON s.api_id = i.id "
    };
}

statements! {
    ALL: Apis = concat!(api_columns!(), "ORDER BY i.created_at, s.position");
    BY_ID: Apis = concat!(api_columns!(), "WHERE i.id = $1 ORDER BY s.position");
    BY_IDENTIFIER: Apis = concat!(api_columns!(), "WHERE i.identifier = $1 ORDER BY s.position");
    INSERT: Apis = "INSERT INTO apis (id, identifier, name, token_format, secret_hash, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (identifier) DO NOTHING";
    ROTATE_SECRET: Apis = "UPDATE apis SET secret_hash = $1 WHERE id = $2";
    DISABLE: Apis = "UPDATE apis SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL";
    ENABLE: Apis = "UPDATE apis SET disabled_at = NULL WHERE id = $1";
    RENAME: Apis = "UPDATE apis SET name = $1 WHERE id = $2";
    DROP_SCOPES: ApiScopes = "DELETE FROM api_scopes WHERE api_id = $1";
    LOCK: Apis = "UPDATE apis SET name = name WHERE id = $1";
    // After its scopes and permissions, which refer to it; its row is locked before them like in every other unit.
    DELETE: ExchangePermissions = "DELETE FROM apis WHERE id = $1";
    ADD_SCOPE: ApiScopes = "INSERT INTO api_scopes (scope, api_id, title_ko, title_en, position) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (scope) DO NOTHING";
}

/// How the access tokens of an API look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFormat {
    /// Signed, checked by the API itself (RFC 9068).
    Jwt,
    /// Sealed, checked by introspection (RFC 7662).
    Opaque,
}

impl TokenFormat {
    /// Its name in the database and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Jwt, Self::Opaque].into_iter().find(|format| format.name() == name)
    }
}

/// An API with its scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Its own `client_id`, for introspection and the revocation feed: `api_…`.
    pub id: String,
    /// Its URI: `resource` and `aud`.
    pub identifier: String,
    /// As people see it.
    pub name: String,
    /// How its tokens look.
    pub token_format: TokenFormat,
    /// SHA-256 of its secret.
    pub secret_hash: Concealed,
    /// Since when nothing is issued for it.
    pub disabled_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Its scopes, in the order in which people see them.
    pub scopes: Vec<ApiScope>,
}

/// A scope of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiScope {
    /// The scope; it belongs to this API alone.
    pub scope: String,
    /// What it allows, in Korean.
    pub title_ko: String,
    /// What it allows, in English.
    pub title_en: String,
}

/// An API to be registered.
#[derive(Clone, Debug)]
pub struct NewApi {
    /// `api_…`
    pub id: String,
    /// Its URI.
    pub identifier: String,
    /// As people see it.
    pub name: String,
    /// How its tokens look.
    pub token_format: TokenFormat,
    /// SHA-256 of its secret.
    pub secret_hash: Concealed,
    /// Its scopes.
    pub scopes: Vec<ApiScope>,
}

/// All APIs, the oldest first: the catalogue of scopes.
///
/// # Errors
/// [`StoreError`]
pub async fn all(db: &Db) -> Result<Vec<Api>, StoreError> {
    collect(db.rows(ALL, &[]).await?)
}

/// The API with this id; also when it is disabled.
///
/// # Errors
/// [`StoreError`]
pub async fn by_id(db: &Db, id: &str) -> Result<Option<Api>, StoreError> {
    Ok(collect(db.rows(BY_ID, &values![id]).await?)?.pop())
}

/// The API with this URI; also when it is disabled.
///
/// # Errors
/// [`StoreError`]
pub async fn by_identifier(db: &Db, identifier: &str) -> Result<Option<Api>, StoreError> {
    Ok(collect(db.rows(BY_IDENTIFIER, &values![identifier]).await?)?.pop())
}

/// Registers an API. Conflict: its URI, or the scope at that statement, is taken.
pub fn insert(api: &NewApi, at: Timestamp) -> Unit {
    let NewApi { id, identifier, name, token_format, secret_hash, scopes } = api;
    Unit::from(Statement::one(INSERT, values![id, identifier, name, token_format.name(), secret_hash, at]))
        .with_all(add_scopes(id, scopes))
        .changing_catalog()
}

fn add_scopes<'a>(id: &'a str, scopes: &'a [ApiScope]) -> impl Iterator<Item = Statement> + 'a {
    (0_i64..).zip(scopes).map(move |(position, ApiScope { scope, title_ko, title_en })| {
        Statement::one(ADD_SCOPE, values![scope, id, title_ko, title_en, position])
    })
}

/// Changes the API's name, and its scopes to these. Conflict: there is no such API, or the scope at that statement
/// belongs to another.
pub fn update(id: &str, name: &str, scopes: &[ApiScope]) -> Unit {
    Unit::from(Statement::one(RENAME, values![name, id]))
        .with(Statement::any(DROP_SCOPES, values![id]))
        .with_all(add_scopes(id, scopes))
        .changing_catalog()
}

/// Deletes the API with its scopes. Conflict: there is no such API.
pub fn delete(id: &str) -> Unit {
    Unit::from(Statement::one(LOCK, values![id]))
        .with(Statement::any(DROP_SCOPES, values![id]))
        .with(exchange_permissions::forbid_all(id))
        .with(Statement::one(DELETE, values![id]))
        .changing_catalog()
}

/// Replaces the API's secret.
pub fn rotate_secret(id: &str, hash: &Concealed) -> Unit {
    Unit::from(Statement::one(ROTATE_SECRET, values![hash, id])).changing_catalog()
}

/// Issues no more tokens for this API, and tells it nothing about those that there are: an API that follows the feed
/// or introspects refuses them then. Conflict: no such API, or disabled already.
pub fn disable(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(DISABLE, values![at, id])).changing_catalog()
}

/// Lets tokens be issued for it again. Those from before that have not expired are good again: what must end for ever
/// ends with its person, app, consent, session or grant.
pub fn enable(id: &str) -> Unit {
    Unit::from(Statement::one(ENABLE, values![id])).changing_catalog()
}

fn collect(rows: Vec<Row>) -> Result<Vec<Api>, StoreError> {
    let mut apis: Vec<Api> = Vec::new();
    for row in rows {
        let (api, scope) = row.read(|row| Ok((Api::read(row)?, row.joined(3, ApiScope::read)?)))?;
        let known = apis.iter().position(|known| known.id == api.id);
        match (known.and_then(|position| apis.get_mut(position)), scope) {
            (Some(known), scope) => known.scopes.extend(scope),
            (None, scope) => apis.push(Api { scopes: scope.into_iter().collect(), ..api }),
        }
    }
    Ok(apis)
}

impl Api {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text()?,
            identifier: row.text()?,
            name: row.text()?,
            token_format: TokenFormat::named(&row.text()?).ok_or_else(|| row.corrupt_last())?,
            secret_hash: row.concealed()?,
            disabled_at: row.optional_timestamp()?,
            created_at: row.timestamp()?,
            scopes: Vec::new(),
        })
    }
}

impl ApiScope {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self { scope: row.text()?, title_ko: row.text()?, title_en: row.text()? })
    }
}
