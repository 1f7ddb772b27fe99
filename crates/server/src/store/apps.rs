//! Apps: the clients of OAuth, with everything that was registered about them.

mod record;

use mapae_protocol::time::Timestamp;

use self::record::app_columns;
pub(super) use self::record::{APP_STATE_WIDTH, app_state_columns, app_verified};
pub use self::record::{
    App, AppLists, AppScope, AppSettings, AppState, NewApp, OffBy, RegisteredApp, SelfRegistered, Standing,
};
use super::{
    app_icons,
    app_secrets::insert as insert_secret,
    db::{Db, Statement, StoreError, Unit, statements, values},
    registrations,
    revocations::Revocation,
};

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
        "UNION ALL SELECT 'metadata', member, value, '', FALSE, 0, CAST(NULL AS BIGINT) \
             FROM app_metadata WHERE app_id = $1 ",
        "UNION ALL SELECT 'registration', sector, '', '', FALSE, created_at, expires_at \
             FROM registrations WHERE app_id = $1 ",
        "UNION ALL SELECT 'secret', id, hash, COALESCE(sealed, ''), FALSE, created_at, expires_at FROM app_secrets WHERE app_id = $1",
        ") parts ON TRUE WHERE a.id = $1 ORDER BY parts.number"
    );
    BY_OWNER: Apps = concat!("SELECT ", app_columns!(),
        " FROM apps a WHERE a.owner_id = $1 AND a.deleted_at IS NULL ORDER BY a.created_at LIMIT $2");
    OWNERLESS: Apps = concat!("SELECT ", app_columns!(),
        " FROM apps a WHERE a.owner_id IS NULL AND a.deleted_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.app_id = a.id) ORDER BY a.created_at LIMIT $1");
    ALL: Apps = concat!("SELECT ", app_columns!(),
        " FROM apps a WHERE a.deleted_at IS NULL ORDER BY a.created_at LIMIT $1");
    INSERT: Apps = "INSERT INTO apps (id, owner_id, name, icon, homepage, public, grant_types, \
         token_endpoint_auth_method, id_token_alg, subject_type, pkce_required, rotate_refresh, held_members, epoch, \
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $14) \
         ON CONFLICT (id) DO NOTHING";
    UPDATE: Apps = "UPDATE apps SET name = $1, icon = $2, homepage = $3, public = $4, grant_types = $5, \
         token_endpoint_auth_method = $6, id_token_alg = $7, subject_type = $8, pkce_required = $9, \
         rotate_refresh = $10, held_members = $11, updated_at = $12, revision = revision + 1 \
         WHERE id = $13 AND deleted_at IS NULL";
    GIVE_TO: Apps = "UPDATE apps SET owner_id = $1, updated_at = $2 WHERE id = $3 AND deleted_at IS NULL";
    TOUCH: Apps = "UPDATE apps SET updated_at = $1, revision = revision + 1 WHERE id = $2 AND deleted_at IS NULL";
    GUARD: Apps = "UPDATE apps SET revision = revision WHERE id = $1 AND revision = $2 AND deleted_at IS NULL";
    GUARD_OWNER: Apps = "UPDATE apps SET revision = revision \
         WHERE id = $1 AND owner_id IS NOT DISTINCT FROM $2 AND deleted_at IS NULL";
    REVOKE: Apps = "UPDATE apps SET epoch = epoch + 1, updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
    DISABLE: Apps = "UPDATE apps SET disabled_at = $1, updated_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND disabled_at IS NULL AND deleted_at IS NULL";
    ENABLE: Apps = "UPDATE apps SET disabled_at = NULL, updated_at = $1 \
         WHERE id = $2 AND blocked_at IS NULL AND deleted_at IS NULL";
    BLOCK: Apps = "UPDATE apps SET blocked_at = $1, updated_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND blocked_at IS NULL AND deleted_at IS NULL";
    UNBLOCK: Apps = "UPDATE apps SET blocked_at = NULL, updated_at = $1 \
         WHERE id = $2 AND blocked_at IS NOT NULL AND deleted_at IS NULL";
    DISMISS: Apps = "UPDATE apps SET blocked_at = COALESCE(blocked_at, $1) WHERE id = $2 AND deleted_at IS NULL";
    REVIVE: Apps = "UPDATE apps SET deleted_at = NULL, updated_at = $1 WHERE id = $2 AND deleted_at IS NOT NULL";
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
    DROP_METADATA: AppMetadata = "DELETE FROM app_metadata WHERE app_id = $1";
    ADD_MEMBER: AppMetadata = "INSERT INTO app_metadata (app_id, member, value) VALUES ($1, $2, $3) \
         ON CONFLICT (app_id, member) DO NOTHING";
    ADD_OPTIONAL_SCOPE: AppScopes = "INSERT INTO app_scopes (app_id, scope, required, purpose_ko, purpose_en, position) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), FALSE, '', '', COALESCE(MAX(s.position), -1) + 1 \
         FROM app_scopes s WHERE s.app_id = $1 ON CONFLICT (app_id, scope) DO NOTHING";
    DROP_SCOPE: AppScopes = "DELETE FROM app_scopes WHERE app_id = $1 AND scope = $2";
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
                registered: None,
            });
            registered.add(row)
        })?;
    }
    Ok(found)
}

/// Lets an app ask for one more item, which people may leave out. Does nothing if it may ask already.
#[must_use]
pub fn add_optional_scope(id: &str, scope: &str) -> Statement {
    Statement::zero_or_one(ADD_OPTIONAL_SCOPE, values![id, scope])
}

/// Takes an item from an app. Does nothing if it has not got it.
#[must_use]
pub fn drop_scope(id: &str, scope: &str) -> Statement {
    Statement::zero_or_one(DROP_SCOPE, values![id, scope])
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

/// The apps that nobody owns, because the command line made them, not those that registered themselves; the oldest first, at most `limit`.
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
        held_members,
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
        held_members,
        at
    ];
    Unit::from(Statement::one(INSERT, params))
        .with_all(app.secret.iter().map(|secret| insert_secret(&app.id, secret, at)))
        .with_all(add_lists(&app.id, &app.lists))
        .changing_catalog()
}

/// Gives an app to another owner, who manages it from now on. Conflict: there is no such app.
pub fn give_to(id: &str, owner_id: &str, at: Timestamp) -> Unit {
    Unit::from(registrations::hand_over(id))
        .with(Statement::one(GIVE_TO, values![owner_id, at, id]))
        .changing_catalog()
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
        &settings.held_members,
        at,
        id
    ];
    let drops = [DROP_REDIRECT_URIS, DROP_ORIGINS, DROP_SCOPES, DROP_METADATA];
    Unit::from(Statement::one(UPDATE, params))
        .with_all(drops.map(|drop| Statement::any(drop, values![id])))
        .with_all(add_lists(id, lists))
        .changing_catalog()
}

/// As [`update`], of an app as somebody else than itself changes it: one that registered itself may be in another sector
/// then.
pub fn update_moving(
    registered: &RegisteredApp,
    (settings, lists): (&AppSettings, &AppLists),
    sector: Option<&str>,
    at: Timestamp,
) -> Unit {
    let id = registered.app.id.as_str();
    let before = registered.registered.as_ref();
    let moves = before.is_some_and(|before| before.sector.as_deref() != sector);
    Unit::new()
        .with_all(moves.then(|| registrations::move_to(id, sector)))
        .with(update(id, settings, lists, at))
}

/// Locks the app until the unit is committed, so that what is written about it happens one after another.
pub(super) fn touch(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(TOUCH, values![at, id])).changing_catalog()
}

/// Makes a unit conflict unless the app is still registered as it was at this revision; nobody can change that before the
/// unit is committed.
#[must_use]
pub fn guard(id: &str, revision: i64) -> Statement {
    Statement::one(GUARD, values![id, revision])
}

/// Makes a unit conflict unless the app is still its owner's, or still nobody's; nobody can give it away before the unit
/// is committed.
#[must_use]
pub fn guard_owner(seen: &App) -> Statement {
    Statement::one(GUARD_OWNER, values![&seen.id, seen.owner_id.as_deref()])
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

/// Removes the app. Its row stays for what refers to it; its secrets, lists, picture and registration go.
pub fn delete(id: &str, at: Timestamp) -> Unit {
    let drops = [DROP_SECRETS, DROP_REDIRECT_URIS, DROP_ORIGINS, DROP_SCOPES, DROP_METADATA];
    Unit::from(Statement::one(DELETE, values![at, id]))
        .with(registrations::end(id))
        .with_all(drops.map(|drop| Statement::any(drop, values![id])))
        .with(app_icons::remove(id))
        .revoking(Revocation::app(id, at))
        .changing_catalog()
}

/// As [`delete`], for ever: an app that is named by others and not by this server does not come back either.
pub fn delete_for_ever(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(DISMISS, values![at, id])).with(delete(id, at))
}

/// Brings an app back that is named by others and not by this server; its epoch stays raised. Conflict: it is not gone.
#[must_use]
pub fn revive(id: &str, at: Timestamp) -> Statement {
    Statement::one(REVIVE, values![at, id])
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
        .chain(
            lists
                .metadata
                .iter()
                .map(move |(member, value)| Statement::one(ADD_MEMBER, values![id, member, value])),
        )
}
