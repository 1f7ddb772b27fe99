//! Signed-in browsers.

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    db::{Concealed, Db, Row, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
    users::{User, user_columns},
};

/// The columns of [`Session`], of `sessions s`.
macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.user_epoch, s.epoch, s.auth_time, s.amr, s.acr, s.user_agent, s.created_at, \
         s.last_seen_at, s.expires_at, s.idle_expires_at, s.ended_at, s.proved_at, \
         s.passed_at"
    };
}

/// The columns of [`SessionState`], of `sessions s`.
macro_rules! session_state_columns {
    () => {
        "s.user_epoch, s.epoch, s.expires_at, s.idle_expires_at, s.ended_at"
    };
}
pub(super) use session_state_columns;

/// A session is noted as seen at most this often: a page view must not cost a write.
pub const TOUCH_EVERY: Seconds = Seconds::seconds(60);

statements! {
    BY_SECRET: Sessions = concat!("SELECT ", session_columns!(), ", ", user_columns!(),
        " FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.secret_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.idle_expires_at > $2 \
         AND u.disabled_at IS NULL AND u.epoch = s.user_epoch");
    OF_USER: Sessions = concat!("SELECT ", session_columns!(),
        " FROM sessions s JOIN users u ON u.id = s.user_id \
         WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.expires_at > $2 AND s.idle_expires_at > $2 \
         AND u.disabled_at IS NULL AND u.epoch = s.user_epoch ORDER BY s.last_seen_at DESC");
    INSERT: Sessions = "INSERT INTO sessions (id, secret_hash, user_id, user_epoch, epoch, auth_time, amr, acr, \
         user_agent, created_at, last_seen_at, expires_at, idle_expires_at, proved_at, passed_at, identity_id) \
         VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING";
    TOUCH: Sessions = "UPDATE sessions SET last_seen_at = $1, idle_expires_at = $2 \
         WHERE id = $3 AND ended_at IS NULL AND last_seen_at <= $4";
    REAUTHENTICATE: Sessions = "UPDATE sessions SET secret_hash = $1, auth_time = $2, amr = $3, acr = $4, \
         last_seen_at = $2, idle_expires_at = $5, proved_at = $6, passed_at = $7, \
         identity_id = COALESCE(CAST($8 AS TEXT), identity_id) WHERE id = $9 AND user_epoch = $10 AND ended_at IS NULL";
    CAME_BY: Sessions = "SELECT s.identity_id FROM grants g JOIN sessions s ON s.id = g.session_id AND s.user_id = g.user_id \
         WHERE g.id = $1";
    KEEP: Sessions = "UPDATE sessions SET user_epoch = (SELECT u.epoch FROM users u WHERE u.id = sessions.user_id) \
         WHERE id = $1 AND ended_at IS NULL";
    END: Sessions = "UPDATE sessions SET ended_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND user_id = $3 AND ended_at IS NULL";
    GUARD: Sessions = "UPDATE sessions SET epoch = epoch WHERE id = $1 AND epoch = $2 AND ended_at IS NULL";
    LIVING: Sessions = "UPDATE sessions SET epoch = epoch WHERE id = $1 AND ended_at IS NULL";
}

/// A browser in which somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `ses_…`; never shown to an app: the `sid` of its ID tokens is made from it and the app.
    pub id: String,
    /// Who signed in.
    pub user_id: String,
    /// Their epoch then.
    pub user_epoch: i64,
    /// Raised when the session ends.
    pub epoch: i64,
    /// When they last proved who they are.
    pub auth_time: Timestamp,
    /// How, space-separated (RFC 8176).
    pub amr: String,
    /// How surely.
    pub acr: Option<String>,
    /// What the browser calls itself.
    pub user_agent: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last noted as seen.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it ends if it is not seen.
    pub idle_expires_at: Timestamp,
    /// When they signed out.
    pub ended_at: Option<Timestamp>,
    /// When they last proved who they are, as [`Proof::proved_at`] has it.
    pub proved_at: Option<Timestamp>,
    /// When they came from a provider that cannot be asked for a new sign-in, as [`Proof::passed_at`] has it.
    pub passed_at: Option<Timestamp>,
}

impl Session {
    /// Whether it is time to note that the session was seen.
    #[must_use]
    pub fn touch_due(&self, now: Timestamp) -> bool {
        self.last_seen_at <= now.minus(TOUCH_EVERY)
    }

    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text()?,
            user_id: row.text()?,
            user_epoch: row.int()?,
            epoch: row.int()?,
            auth_time: row.timestamp()?,
            amr: row.text()?,
            acr: row.optional_text()?,
            user_agent: row.text()?,
            created_at: row.timestamp()?,
            last_seen_at: row.timestamp()?,
            expires_at: row.timestamp()?,
            idle_expires_at: row.timestamp()?,
            ended_at: row.optional_timestamp()?,
            proved_at: row.optional_timestamp()?,
            passed_at: row.optional_timestamp()?,
        })
    }
}

/// A living session and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The person.
    pub user: User,
}

/// What is alive about a session, as far as grants depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// The person's epoch when they signed in.
    pub user_epoch: i64,
    /// Its epoch.
    pub epoch: i64,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it ends if it is not seen.
    pub idle_expires_at: Timestamp,
    /// When the person signed out.
    pub ended_at: Option<Timestamp>,
}

/// How many columns [`SessionState`] has.
pub(super) const SESSION_STATE_WIDTH: usize = 5;

impl SessionState {
    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            user_epoch: row.int()?,
            epoch: row.int()?,
            expires_at: row.timestamp()?,
            idle_expires_at: row.timestamp()?,
            ended_at: row.optional_timestamp()?,
        })
    }
}

/// A session to be begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// `ses_…`
    pub id: String,
    /// SHA-256 of the cookie's secret.
    pub secret_hash: Concealed,
    /// Who signs in.
    pub user_id: String,
    /// Their epoch when their password was checked: if it is raised meanwhile, the session is born dead.
    pub user_epoch: i64,
    /// How they signed in.
    pub proof: Proof,
    /// What the browser calls itself.
    pub user_agent: String,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it ends if it is not seen.
    pub idle_expires_at: Timestamp,
}

/// How and when somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// When.
    pub auth_time: Timestamp,
    /// How, space-separated (RFC 8176).
    pub amr: String,
    /// How surely.
    pub acr: Option<String>,
    /// When they were known to be there themselves. None: a provider that knew the browser may have let it pass.
    pub proved_at: Option<Timestamp>,
    /// The identity by which they came. None: a password says nothing of it.
    pub identity_id: Option<String>,
    /// When they came from a provider that cannot be asked for a new sign-in: all that its people can show on pages of this
    /// server, and nothing that an app is told.
    pub passed_at: Option<Timestamp>,
}

/// The living session with this secret and its person; `None` once anything about it has ended.
///
/// # Errors
/// [`StoreError`]
pub async fn by_secret(db: &Db, secret_hash: &str, now: Timestamp) -> Result<Option<SignedIn>, StoreError> {
    let row = db.optional(BY_SECRET, &values![secret_hash, now]).await?;
    row.map(|row| row.read(|row| Ok(SignedIn { session: Session::read(row)?, user: User::read(row)? })))
        .transpose()
}

/// The living sessions of a person, the last seen first.
///
/// # Errors
/// [`StoreError`]
pub async fn list(db: &Db, user_id: &str, now: Timestamp) -> Result<Vec<Session>, StoreError> {
    let rows = db.list(OF_USER, values![user_id, now]).await?;
    rows.into_iter().map(|row| row.read(Session::read)).collect()
}

/// The identity by which the person came last in the session in which this grant was given.
///
/// # Errors
/// [`StoreError`]
pub async fn came_by(db: &Db, grant_id: &str) -> Result<Option<String>, StoreError> {
    let row = db.optional(CAME_BY, &values![grant_id]).await?;
    Ok(row.map(|row| row.read(|row| row.optional_text())).transpose()?.flatten())
}

/// Begins a session.
#[must_use]
pub fn insert(session: &NewSession, at: Timestamp) -> Statement {
    let NewSession { id, secret_hash, user_id, user_epoch, proof, user_agent, expires_at, idle_expires_at } =
        session;
    let params = values![
        id,
        secret_hash,
        user_id,
        *user_epoch,
        proof.auth_time,
        &proof.amr,
        proof.acr.as_deref(),
        user_agent,
        at,
        *expires_at,
        *idle_expires_at,
        proof.proved_at,
        proof.passed_at,
        proof.identity_id.as_deref()
    ];
    Statement::one(INSERT, params)
}

/// Notes that the session was seen, unless that was noted within [`TOUCH_EVERY`].
#[must_use]
pub fn touch(id: &str, idle_expires_at: Timestamp, now: Timestamp) -> Statement {
    Statement::zero_or_one(TOUCH, values![now, idle_expires_at, id, now.minus(TOUCH_EVERY)])
}

/// Notes that the person proved again who they are, and gives the browser a new secret, so that one that
/// was planted or copied before is worth nothing. `user_epoch` is the one under which they proved it.
/// Conflict: the session has ended, or is not of that epoch: a password that was changed meanwhile renews
/// nothing, also not the one session that [`keep`] let survive its change.
#[must_use]
pub fn reauthenticate(
    id: &str,
    user_epoch: i64,
    secret_hash: &Concealed,
    proof: &Proof,
    idle_expires_at: Timestamp,
) -> Statement {
    let params = values![
        secret_hash,
        proof.auth_time,
        &proof.amr,
        proof.acr.as_deref(),
        idle_expires_at,
        proof.proved_at,
        proof.passed_at,
        proof.identity_id.as_deref(),
        id,
        user_epoch
    ];
    Statement::one(REAUTHENTICATE, params)
}

/// Lets this session survive the raising of its person's epoch in the same unit.
#[must_use]
pub fn keep(id: &str) -> Statement {
    Statement::one(KEEP, values![id])
}

/// Ends a session of this person, and every grant that is bound to it. No conflict if it has ended
/// already; a session of somebody else is not touched.
pub fn end(id: &str, user_id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::zero_or_one(END, values![at, id, user_id])).revoking(Revocation::session(id, at))
}

/// Makes a unit conflict unless the session has not ended; nobody can end it before the unit is committed.
#[must_use]
pub fn guard(id: &str, epoch: i64) -> Statement {
    Statement::one(GUARD, values![id, epoch])
}

/// The same of a session that was begun just now, and has not been read since.
#[must_use]
pub fn guard_begun(id: &str) -> Statement {
    Statement::one(LIVING, values![id])
}
