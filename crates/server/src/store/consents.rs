//! What a person agreed to give an app.

use std::collections::BTreeSet;

use mapae_protocol::time::Timestamp;

use super::{
    db::{Db, Row, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
};

/// The columns of [`Consent`], of `consents c`.
macro_rules! consent_columns {
    () => {
        "c.id, c.user_id, c.app_id, c.epoch, c.scopes, c.refused, c.created_at, c.updated_at, c.last_used_at, c.agreed_app"
    };
}

/// The column of [`ConsentState`], of `consents c`.
macro_rules! consent_state_columns {
    () => {
        "c.epoch"
    };
}
pub(super) use consent_state_columns;

statements! {
    FIND: Consents =
        concat!("SELECT ", consent_columns!(), " FROM consents c WHERE c.user_id = $1 AND c.app_id = $2");
    CONNECTED: Consents = concat!("SELECT ", consent_columns!(), ", a.name, a.icon, a.homepage, \
         (SELECT MAX(g.last_used_at) FROM grants g WHERE g.consent_id = c.id) \
         FROM consents c JOIN apps a ON a.id = c.app_id \
         WHERE c.user_id = $1 AND c.scopes <> '' AND a.deleted_at IS NULL ORDER BY c.created_at");
    INSERT: Consents = "INSERT INTO consents (id, user_id, app_id, epoch, scopes, refused, created_at, updated_at, \
         last_used_at) VALUES ($1, $2, $3, 0, $4, $5, $6, $6, $6) ON CONFLICT (user_id, app_id) DO NOTHING";
    EXTEND: Consents = "UPDATE consents SET scopes = $1, refused = $2, updated_at = $3, last_used_at = $3, \
         epoch = epoch + $4, agreed_app = $5 \
         WHERE id = $6 AND epoch = $7 AND scopes = $8 AND refused = $9 AND agreed_app IS NOT DISTINCT FROM $10";
    DROP_SCOPE: Consents = "UPDATE consents SET scopes = $1, refused = $2, updated_at = $3, epoch = epoch + 1 \
         WHERE id = $4 AND epoch = $5 AND scopes = $6 AND refused = $7";
    ADD_SCOPE: Consents = "UPDATE consents SET scopes = $1, refused = $2, updated_at = $3 \
         WHERE id = $4 AND epoch = $5 AND scopes = $6 AND refused = $7";
    WITHDRAW_ALL: Consents = "UPDATE consents SET scopes = '', refused = '', updated_at = $1, epoch = epoch + 1 \
         WHERE app_id = $2 AND scopes <> ''";
    // Who agreed before it changed last has agreed to what it was, and who agreed earlier to what it was then.
    KEEP_AGREED: Consents = "UPDATE consents SET agreed_app = $1 \
         WHERE app_id = $2 AND scopes <> '' AND agreed_app IS NULL";
    DISCONNECT: Consents = "UPDATE consents SET scopes = '', refused = '', updated_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND user_id = $3 AND scopes <> ''";
    GUARD: Consents = "UPDATE consents SET epoch = epoch WHERE id = $1 AND epoch = $2";
}

/// What is alive about a consent, as far as grants and tokens depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentState {
    /// Its epoch.
    pub epoch: i64,
}

/// How many columns [`ConsentState`] has.
pub(super) const CONSENT_STATE_WIDTH: usize = 1;

impl ConsentState {
    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self { epoch: row.int()? })
    }
}

/// What one person agreed to give one app. After a disconnection the row stays, without scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// `con_…`
    pub id: String,
    /// Who agreed.
    pub user_id: String,
    /// To which app.
    pub app_id: String,
    /// Raised when everything that was made before must end; never goes back.
    pub epoch: i64,
    /// Space-separated, sorted.
    pub scopes: String,
    /// Optional scopes that were left unticked; space-separated, sorted.
    pub refused: String,
    /// When the person first agreed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last noted as used.
    pub last_used_at: Option<Timestamp>,
    /// As what the app was agreed to, if it is more or another one by now.
    pub agreed_app: Option<String>,
}

impl Consent {
    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text()?,
            user_id: row.text()?,
            app_id: row.text()?,
            epoch: row.int()?,
            scopes: row.text()?,
            refused: row.text()?,
            created_at: row.timestamp()?,
            updated_at: row.timestamp()?,
            last_used_at: row.optional_timestamp()?,
            agreed_app: row.optional_text()?,
        })
    }
}

/// What a person ticked and left unticked.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// The id of the consent if there is none yet.
    pub new_id: String,
    /// Who agrees.
    pub user_id: String,
    /// To which app.
    pub app_id: String,
    /// Scopes accepted now.
    pub accepted: Vec<String>,
    /// Optional scopes left unticked now.
    pub refused: Vec<String>,
    /// What was agreed before was to another app than it is by now: it counts no more.
    pub anew: bool,
    /// If it is `anew`: as what the app is agreed to, unless as all that it is by now. Otherwise that stays as it was.
    pub agreed_app: Option<String>,
}

/// A service that a person has connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// What was agreed.
    pub consent: Consent,
    /// The app's name.
    pub app_name: String,
    /// A reference to its picture.
    pub app_icon: Option<String>,
    /// Where it says that it is at home.
    pub app_homepage: Option<String>,
    /// When it was last used, as far as is known.
    pub last_used_at: Option<Timestamp>,
}

/// What this person agreed to give this app, if they ever did.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, user_id: &str, app_id: &str) -> Result<Option<Consent>, StoreError> {
    let row = db.optional(FIND, &values![user_id, app_id]).await?;
    row.map(|row| row.read(Consent::read)).transpose()
}

/// The services that a person has connected, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn connected(db: &Db, user_id: &str) -> Result<Vec<Connection>, StoreError> {
    let rows = db.list(CONNECTED, values![user_id]).await?;
    rows.into_iter().map(|row| row.read(Connection::read)).collect()
}

/// Adds what was ticked to what was agreed before (`seen`, as it was just read), and remembers what was
/// refused; of an app that has become another one only what was ticked now. As what the app is agreed to changes only then
/// (SE-08). If less is agreed than before, everything made before ends, as with [`drop_scope`]. The consent's id is that of
/// `seen`, else `new_id` with epoch 0; a consent that was disconnected keeps its raised epoch. Conflict: it has changed since
/// it was read.
pub fn agree(seen: Option<&Consent>, agreement: &Agreement, at: Timestamp) -> Unit {
    let Agreement { new_id, user_id, app_id, accepted, refused, anew, agreed_app } = agreement;
    let mut scopes: BTreeSet<&str> = accepted.iter().map(String::as_str).collect();
    let mut refused: BTreeSet<&str> = refused.iter().map(String::as_str).collect();
    if let Some(seen) = seen.filter(|_| !anew) {
        scopes.extend(seen.scopes.split_ascii_whitespace());
        refused.extend(seen.refused.split_ascii_whitespace());
    }
    refused.retain(|scope| !scopes.contains(scope));
    let is_less = |before: &Consent| before.scopes.split_ascii_whitespace().any(|one| !scopes.contains(one));
    let less = seen.is_some_and(is_less);
    let (scopes, refused) = (join(&scopes), join(&refused));
    let Some(seen) = seen else {
        return Statement::one(INSERT, values![new_id, user_id, app_id, scopes, refused, at]).into();
    };
    let agreed_before = seen.agreed_app.as_deref();
    let agreed_app = if *anew { agreed_app.as_deref() } else { agreed_before };
    let Consent { id, epoch, scopes: had, refused: left_out, .. } = seen;
    let raised = i64::from(less);
    let params = values![scopes, refused, at, raised, agreed_app, id, *epoch, had, left_out, agreed_before];
    let unit = Unit::from(Statement::one(EXTEND, params));
    if less { unit.revoking(Revocation::consent(id, at)) } else { unit }
}

/// Nobody has agreed to this app any more: it has become another one. What was made for it ends with its epoch.
#[must_use]
pub fn withdraw_all(app_id: &str, at: Timestamp) -> Statement {
    Statement::any(WITHDRAW_ALL, values![at, app_id])
}

/// The app becomes another one for whoever looks at it: whoever has agreed by now has agreed to this.
#[must_use]
pub fn keep_agreed(app_id: &str, agreed_app: &str) -> Statement {
    Statement::any(KEEP_AGREED, values![agreed_app, app_id])
}

/// Takes one optional scope back. Everything made under the consent ends, because tokens that carry the
/// scope must; the app gets new ones without asking the person again. `None`: it was not agreed to. Conflict: the
/// consent has changed since it was read, perhaps by a refusal that must not be lost.
#[must_use]
pub fn drop_scope(seen: &Consent, scope: &str, at: Timestamp) -> Option<Unit> {
    let mut scopes: BTreeSet<&str> = seen.scopes.split_ascii_whitespace().collect();
    let mut refused: BTreeSet<&str> = seen.refused.split_ascii_whitespace().collect();
    if !scopes.remove(scope) {
        return None;
    }
    refused.insert(scope);
    let (scopes, refused) = (join(&scopes), join(&refused));
    let params = values![scopes, refused, at, &seen.id, seen.epoch, &seen.scopes, &seen.refused];
    Some(Unit::from(Statement::one(DROP_SCOPE, params)).revoking(Revocation::consent(&seen.id, at)))
}

/// Agrees to one item that was refused. What was made before stays as it is: the app is granted the item when it
/// sends the person here next. `None`: it was not refused. Conflict: the consent has changed since it was read.
#[must_use]
pub fn add_scope(seen: &Consent, scope: &str, at: Timestamp) -> Option<Statement> {
    let mut scopes: BTreeSet<&str> = seen.scopes.split_ascii_whitespace().collect();
    let mut refused: BTreeSet<&str> = seen.refused.split_ascii_whitespace().collect();
    if scopes.is_empty() || !refused.remove(scope) {
        return None;
    }
    scopes.insert(scope);
    let (scopes, refused) = (join(&scopes), join(&refused));
    let params = values![scopes, refused, at, &seen.id, seen.epoch, &seen.scopes, &seen.refused];
    Some(Statement::one(ADD_SCOPE, params))
}

/// Takes everything back (연결 끊기): all that this app has of this person ends in one commit. Conflict: it
/// is not this person's, or it is disconnected already.
pub fn disconnect(id: &str, user_id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(DISCONNECT, values![at, id, user_id])).revoking(Revocation::consent(id, at))
}

/// Makes a unit conflict unless the consent still has this epoch; nobody can change that before the unit is committed.
#[must_use]
pub fn guard(id: &str, epoch: i64) -> Statement {
    Statement::one(GUARD, values![id, epoch])
}

fn join(scopes: &BTreeSet<&str>) -> String {
    scopes.iter().copied().collect::<Vec<_>>().join(" ")
}

impl Connection {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        let consent = Consent::read(row)?;
        let (app_name, app_icon, app_homepage) = (row.text()?, row.optional_text()?, row.optional_text()?);
        let last_used_at = row.optional_timestamp()?.max(consent.last_used_at);
        Ok(Self { consent, app_name, app_icon, app_homepage, last_used_at })
    }
}
