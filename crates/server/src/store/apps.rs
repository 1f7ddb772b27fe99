//! Apps: the clients of OAuth, with everything that was registered about them.

use mapae_protocol::time::Timestamp;

use super::{
    app_icons,
    app_secrets::{AppSecret, NewSecret, insert as insert_secret},
    db::{Db, Row, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
};

macro_rules! app_columns {
    () => {
        "a.id, a.owner_id, a.name, a.icon, a.homepage, a.public, a.grant_types, a.token_endpoint_auth_method, \
         a.id_token_alg, a.subject_type, a.pkce_required, a.rotate_refresh, a.epoch, a.disabled_at, a.blocked_at, \
         a.deleted_at, a.created_at, a.updated_at, (a.owner_id IS NULL OR a.vouched_at IS NOT NULL \
         OR EXISTS (SELECT 1 FROM users o WHERE o.id = a.owner_id AND o.operator = TRUE))"
    };
}

/// The columns of [`AppState`], of `apps a`. Who switched an app off makes no difference to what it holds.
macro_rules! app_state_columns {
    () => {
        "a.epoch, COALESCE(a.blocked_at, a.disabled_at), a.deleted_at"
    };
}
pub(super) use app_state_columns;

statements! {
    // One query, so that the parts are of one moment; the app's own columns repeat for each of its parts.
    FIND: Apps = concat!(
        "SELECT ", app_columns!(), ", parts.part, parts.name, parts.first, parts.second, parts.flag, parts.number, parts.until \
         FROM apps a LEFT JOIN (",
        "SELECT 'redirect_uri' AS part, uri AS name, '' AS first, '' AS second, FALSE AS flag, position AS number, \
             CAST(NULL AS BIGINT) AS until FROM app_redirect_uris WHERE app_id = $1 ",
        "UNION ALL SELECT 'origin', origin, '', '', FALSE, position, CAST(NULL AS BIGINT) FROM app_origins WHERE app_id = $1 ",
        "UNION ALL SELECT 'scope', scope, purpose_ko, purpose_en, required, position, CAST(NULL AS BIGINT) \
             FROM app_scopes WHERE app_id = $1 ",
        "UNION ALL SELECT 'secret', id, hash, '', FALSE, created_at, expires_at FROM app_secrets WHERE app_id = $1",
        ") parts ON TRUE WHERE a.id = $1 ORDER BY parts.number"
    );
    BY_OWNER: Apps = concat!("SELECT ", app_columns!(),
        " FROM apps a WHERE a.owner_id = $1 AND a.deleted_at IS NULL ORDER BY a.created_at LIMIT $2");
    OWNERLESS: Apps = concat!("SELECT ", app_columns!(),
        " FROM apps a WHERE a.owner_id IS NULL AND a.deleted_at IS NULL ORDER BY a.created_at LIMIT $1");
    ALL: Apps = concat!("SELECT ", app_columns!(),
        " FROM apps a WHERE a.deleted_at IS NULL ORDER BY a.created_at LIMIT $1");
    INSERT: Apps = "INSERT INTO apps (id, owner_id, name, icon, homepage, public, grant_types, \
         token_endpoint_auth_method, id_token_alg, subject_type, pkce_required, rotate_refresh, epoch, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $13) \
         ON CONFLICT (id) DO NOTHING";
    UPDATE: Apps = "UPDATE apps SET name = $1, icon = $2, homepage = $3, public = $4, grant_types = $5, \
         token_endpoint_auth_method = $6, id_token_alg = $7, subject_type = $8, pkce_required = $9, \
         rotate_refresh = $10, updated_at = $11 WHERE id = $12 AND deleted_at IS NULL";
    GIVE_TO: Apps = "UPDATE apps SET owner_id = $1, updated_at = $2 WHERE id = $3 AND deleted_at IS NULL";
    TOUCH: Apps = "UPDATE apps SET updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
    REVOKE: Apps = "UPDATE apps SET epoch = epoch + 1, updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
    DISABLE: Apps = "UPDATE apps SET disabled_at = $1, updated_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND disabled_at IS NULL AND deleted_at IS NULL";
    ENABLE: Apps = "UPDATE apps SET disabled_at = NULL, updated_at = $1 \
         WHERE id = $2 AND blocked_at IS NULL AND deleted_at IS NULL";
    BLOCK: Apps = "UPDATE apps SET blocked_at = $1, updated_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND blocked_at IS NULL AND deleted_at IS NULL";
    UNBLOCK: Apps = "UPDATE apps SET blocked_at = NULL, updated_at = $1 \
         WHERE id = $2 AND blocked_at IS NOT NULL AND deleted_at IS NULL";
    DELETE: Apps = "UPDATE apps SET deleted_at = $1, updated_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND deleted_at IS NULL";
    ORIGIN_IS_REGISTERED: AppOrigins = "SELECT 1 FROM app_origins o WHERE o.origin = $1 LIMIT 1";
    DROP_SECRETS: AppSecrets = "DELETE FROM app_secrets WHERE app_id = $1";
    DROP_REDIRECT_URIS: AppRedirectUris = "DELETE FROM app_redirect_uris WHERE app_id = $1";
    ADD_REDIRECT_URI: AppRedirectUris = "INSERT INTO app_redirect_uris (app_id, uri, position) \
         VALUES ($1, $2, $3) ON CONFLICT (app_id, uri) DO NOTHING";
    DROP_ORIGINS: AppOrigins = "DELETE FROM app_origins WHERE app_id = $1";
    ADD_ORIGIN: AppOrigins = "INSERT INTO app_origins (app_id, origin, position) VALUES ($1, $2, $3) \
         ON CONFLICT (app_id, origin) DO NOTHING";
    DROP_SCOPES: AppScopes = "DELETE FROM app_scopes WHERE app_id = $1";
    ADD_SCOPE: AppScopes = "INSERT INTO app_scopes (app_id, scope, required, purpose_ko, purpose_en, position) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (app_id, scope) DO NOTHING";
}

/// What can be changed about an app, apart from its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSettings {
    /// As people see it.
    pub name: String,
    /// A reference to its picture.
    pub icon: Option<String>,
    /// Where it leads.
    pub homepage: Option<String>,
    /// Whether it cannot keep a secret (RFC 6749 §2.1).
    pub public: bool,
    /// Space-separated grant types.
    pub grant_types: String,
    /// The one way in which it authenticates; `None`: basic and post.
    pub token_endpoint_auth_method: Option<String>,
    /// The algorithm of its ID tokens.
    pub id_token_alg: String,
    /// `pairwise` or `public`.
    pub subject_type: String,
    /// Whether it must use PKCE.
    pub pkce_required: bool,
    /// Whether its refresh tokens rotate.
    pub rotate_refresh: bool,
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The `client_id`, `app_…`.
    pub id: String,
    /// The developer; `None` for apps made on the command line.
    pub owner_id: Option<String>,
    /// What can be changed.
    pub settings: AppSettings,
    /// Raised when everything that was made before must end.
    pub epoch: i64,
    /// Since when its owner has it switched off.
    pub disabled_at: Option<Timestamp>,
    /// Since when the operator has it switched off: only the operator ends that.
    pub blocked_at: Option<Timestamp>,
    /// Since when it exists only for the sake of what refers to it.
    pub deleted_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Whether the operator stands behind it: it is their own, or they have looked at it.
    pub vouched: bool,
}

/// Who has an app switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OffBy {
    /// Its owner, who may switch it on again.
    Owner,
    /// The operator of this server, who alone may.
    Operator,
}

/// What is alive about an app, as far as grants and tokens depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppState {
    /// Its epoch.
    pub epoch: i64,
    /// Since when it may do nothing, whoever switched it off.
    pub disabled_at: Option<Timestamp>,
    /// Since when it is gone.
    pub deleted_at: Option<Timestamp>,
}

/// How many columns [`AppState`] has.
pub(super) const APP_STATE_WIDTH: usize = 3;

/// A scope that an app may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppScope {
    /// The scope.
    pub scope: String,
    /// Whether the app does not work without it (필수).
    pub required: bool,
    /// What for, in Korean; empty if nothing was written.
    pub purpose_ko: String,
    /// What for, in English.
    pub purpose_en: String,
}

/// The lists of an app, each in the order in which the developer wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppLists {
    /// Registered redirect URIs, byte for byte.
    pub redirect_uris: Vec<String>,
    /// Origins that may call from a browser.
    pub origins: Vec<String>,
    /// Scopes that it may ask for.
    pub scopes: Vec<AppScope>,
}

/// An app with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredApp {
    /// The app.
    pub app: App,
    /// Its lists.
    pub lists: AppLists,
    /// Its secrets, also those that have expired but are not swept yet.
    pub secrets: Vec<AppSecret>,
}

/// An app to be registered.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The `client_id`.
    pub id: String,
    /// The developer.
    pub owner_id: Option<String>,
    /// What can be changed later.
    pub settings: AppSettings,
    /// Its lists.
    pub lists: AppLists,
    /// Its first secret; `None` for a public app.
    pub secret: Option<NewSecret>,
}

/// The app with all that belongs to it, in one query; also when it is disabled or deleted.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, id: &str) -> Result<Option<RegisteredApp>, StoreError> {
    let mut found = None;
    for row in db.rows(FIND, &values![id]).await? {
        row.read(|row| {
            let app = App::read(row)?;
            let registered = found.get_or_insert_with(|| RegisteredApp {
                app,
                lists: AppLists::default(),
                secrets: Vec::new(),
            });
            registered.add(row)
        })?;
    }
    Ok(found)
}

/// Whether some app registered this origin.
///
/// # Errors
/// [`StoreError`]
pub async fn origin_is_registered(db: &Db, origin: &str) -> Result<bool, StoreError> {
    Ok(db.optional(ORIGIN_IS_REGISTERED, &values![origin]).await?.is_some())
}

/// The apps of a developer, the oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`]
pub async fn list_by_owner(db: &Db, owner_id: &str, limit: i64) -> Result<Vec<App>, StoreError> {
    let rows = db.list(BY_OWNER, values![owner_id, limit]).await?;
    rows.into_iter().map(|row| row.read(App::read)).collect()
}

/// The apps that nobody owns, because the command line made them; the oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`]
pub async fn list_ownerless(db: &Db, limit: i64) -> Result<Vec<App>, StoreError> {
    db.list(OWNERLESS, values![limit]).await?.into_iter().map(|row| row.read(App::read)).collect()
}

/// All apps, the oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`]
pub async fn list(db: &Db, limit: i64) -> Result<Vec<App>, StoreError> {
    db.list(ALL, values![limit]).await?.into_iter().map(|row| row.read(App::read)).collect()
}

/// Registers an app.
pub fn insert(app: &NewApp, at: Timestamp) -> Unit {
    let AppSettings {
        name,
        icon,
        homepage,
        public,
        grant_types,
        token_endpoint_auth_method,
        id_token_alg,
        subject_type,
        pkce_required,
        rotate_refresh,
    } = &app.settings;
    let params = values![
        &app.id,
        app.owner_id.as_deref(),
        name,
        icon.as_deref(),
        homepage.as_deref(),
        *public,
        grant_types,
        token_endpoint_auth_method.as_deref(),
        id_token_alg,
        subject_type,
        *pkce_required,
        *rotate_refresh,
        at
    ];
    Unit::from(Statement::one(INSERT, params))
        .with_all(app.secret.iter().map(|secret| insert_secret(&app.id, secret, at)))
        .with_all(add_lists(&app.id, &app.lists))
        .changing_catalog()
}

/// Gives an app to another owner. Conflict: there is no such app.
pub fn give_to(id: &str, owner_id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(GIVE_TO, values![owner_id, at, id])).changing_catalog()
}

/// Changes what was registered; the lists are replaced. Conflict: there is no such app, or a list has the
/// same entry twice.
pub fn update(id: &str, settings: &AppSettings, lists: &AppLists, at: Timestamp) -> Unit {
    let params = values![
        &settings.name,
        settings.icon.as_deref(),
        settings.homepage.as_deref(),
        settings.public,
        &settings.grant_types,
        settings.token_endpoint_auth_method.as_deref(),
        &settings.id_token_alg,
        &settings.subject_type,
        settings.pkce_required,
        settings.rotate_refresh,
        at,
        id
    ];
    let drops = [DROP_REDIRECT_URIS, DROP_ORIGINS, DROP_SCOPES];
    Unit::from(Statement::one(UPDATE, params))
        .with_all(drops.map(|drop| Statement::any(drop, values![id])))
        .with_all(add_lists(id, lists))
        .changing_catalog()
}

/// Locks the app until the unit is committed, so that what is written about it happens one after another.
pub(super) fn touch(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(TOUCH, values![at, id])).changing_catalog()
}

/// Ends everything that was made for this app.
pub fn revoke(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(REVOKE, values![at, id])).revoking(Revocation::app(id, at)).changing_catalog()
}

/// Ends everything that was made for this app, and lets nothing new begin, until its owner enables it. Conflict:
/// there is no such app, or its owner has disabled it already.
pub fn disable(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(DISABLE, values![at, id])).revoking(Revocation::app(id, at)).changing_catalog()
}

/// Lets the app begin anew. What had ended stays dead. Conflict: there is no such app, or the operator has it
/// blocked.
pub fn enable(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(ENABLE, values![at, id])).changing_catalog()
}

/// As [`disable`], by the operator and beside the owner's own switch. Conflict: there is no such app, or it is
/// blocked already.
pub fn block(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(BLOCK, values![at, id])).revoking(Revocation::app(id, at)).changing_catalog()
}

/// Ends the operator's block; the owner's own switch stays as it is. Conflict: there is no such app, or it is not
/// blocked.
pub fn unblock(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(UNBLOCK, values![at, id])).changing_catalog()
}

/// Removes the app. Its row stays for what refers to it; its secrets, lists and picture go.
pub fn delete(id: &str, at: Timestamp) -> Unit {
    let drops = [DROP_SECRETS, DROP_REDIRECT_URIS, DROP_ORIGINS, DROP_SCOPES];
    Unit::from(Statement::one(DELETE, values![at, id]))
        .with_all(drops.map(|drop| Statement::any(drop, values![id])))
        .with(app_icons::remove(id))
        .revoking(Revocation::app(id, at))
        .changing_catalog()
}

fn add_lists(id: &str, lists: &AppLists) -> impl Iterator<Item = Statement> {
    let uris = (0_i64..).zip(&lists.redirect_uris);
    let origins = (0_i64..).zip(&lists.origins);
    let scopes = (0_i64..).zip(&lists.scopes);
    uris.map(move |(position, uri)| Statement::one(ADD_REDIRECT_URI, values![id, uri, position]))
        .chain(
            origins.map(move |(position, origin)| Statement::one(ADD_ORIGIN, values![id, origin, position])),
        )
        .chain(scopes.map(move |(position, item)| {
            let AppScope { scope, required, purpose_ko, purpose_en } = item;
            Statement::one(ADD_SCOPE, values![id, scope, *required, purpose_ko, purpose_en, position])
        }))
}

impl RegisteredApp {
    /// Reads one part of the union in [`FIND`]; all its columns are `NULL` if the app has no parts.
    fn add(&mut self, row: &mut Row) -> Result<(), StoreError> {
        let part = row.optional_text()?;
        let name = row.optional_text()?.unwrap_or_default();
        let first = row.optional_text()?.unwrap_or_default();
        let second = row.optional_text()?.unwrap_or_default();
        let flag = row.joined(1, Row::bool)?.unwrap_or_default();
        let number = row.optional_timestamp()?.unwrap_or(self.app.created_at);
        let until = row.optional_timestamp()?;
        match part.as_deref() {
            None => {}
            Some("redirect_uri") => self.lists.redirect_uris.push(name),
            Some("origin") => self.lists.origins.push(name),
            Some("scope") => self.lists.scopes.push(AppScope {
                scope: name,
                required: flag,
                purpose_ko: first,
                purpose_en: second,
            }),
            Some("secret") => self.secrets.push(AppSecret {
                id: name,
                hash: first.into(),
                created_at: number,
                expires_at: until,
            }),
            Some(_) => return Err(row.corrupt_last()),
        }
        Ok(())
    }
}

impl App {
    /// Who has it switched off; the operator's word counts more.
    pub const fn off_by(&self) -> Option<OffBy> {
        match (self.blocked_at, self.disabled_at) {
            (Some(_), _) => Some(OffBy::Operator),
            (None, Some(_)) => Some(OffBy::Owner),
            (None, None) => None,
        }
    }

    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text()?,
            owner_id: row.optional_text()?,
            settings: AppSettings {
                name: row.text()?,
                icon: row.optional_text()?,
                homepage: row.optional_text()?,
                public: row.bool()?,
                grant_types: row.text()?,
                token_endpoint_auth_method: row.optional_text()?,
                id_token_alg: row.text()?,
                subject_type: row.text()?,
                pkce_required: row.bool()?,
                rotate_refresh: row.bool()?,
            },
            epoch: row.int()?,
            disabled_at: row.optional_timestamp()?,
            blocked_at: row.optional_timestamp()?,
            deleted_at: row.optional_timestamp()?,
            created_at: row.timestamp()?,
            updated_at: row.timestamp()?,
            vouched: row.bool()?,
        })
    }
}

impl AppState {
    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            epoch: row.int()?,
            disabled_at: row.optional_timestamp()?,
            deleted_at: row.optional_timestamp()?,
        })
    }
}
