//! People.

use mapae_protocol::time::Timestamp;

use super::{
    db::{Concealed, Db, Row, Sql, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
};

/// The columns of [`User`], of `users u`.
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.email_verified, u.name, u.locale, u.operator, u.epoch, u.disabled_at, u.updated_at"
    };
}
pub(super) use user_columns;

/// The columns of [`UserState`], of `users u`.
macro_rules! user_state_columns {
    () => {
        "u.epoch, u.disabled_at"
    };
}
pub(super) use user_state_columns;

statements! {
    BY_ID: Users = concat!("SELECT ", user_columns!(), ", u.password_hash, u.created_at, u.ways_added FROM users u WHERE u.id = $1");
    BY_EMAIL: Users =
        concat!("SELECT ", user_columns!(), ", u.password_hash, u.created_at, u.ways_added FROM users u WHERE u.email = $1");
    ALL: Users =
        concat!("SELECT ", user_columns!(), ", u.password_hash, u.created_at, u.ways_added FROM users u ORDER BY u.created_at, u.id LIMIT $1");
    ANY_OPERATOR: Users = "SELECT 1 FROM users WHERE operator = TRUE AND disabled_at IS NULL LIMIT 1";
    INSERT: Users = "INSERT INTO users (id, email, email_verified, name, locale, password_hash, operator, epoch, \
         claims, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $9) ON CONFLICT (email) DO NOTHING";
    SET_CLAIMS: Users = "UPDATE users SET claims = $1, updated_at = $2 WHERE id = $3";
    DISABLE: Users = "UPDATE users SET disabled_at = $1, updated_at = $1, epoch = epoch + 1 \
         WHERE id = $2 AND disabled_at IS NULL";
    ENABLE: Users = "UPDATE users SET disabled_at = NULL, updated_at = $1 WHERE id = $2";
    SET_PASSWORD: Users = "UPDATE users SET password_hash = $1, updated_at = $2, epoch = epoch + 1 \
         WHERE id = $3 AND epoch = $4 AND disabled_at IS NULL";
    // Whoever adds a way at the same time changes the row first, or finds another epoch.
    RESET_PASSWORD: Users = "UPDATE users SET password_hash = $1, updated_at = $2, epoch = epoch + 1 \
         WHERE id = $3 AND epoch = $4 AND ways_added = $5 AND disabled_at IS NULL";
    ADD_WAY: Users = "UPDATE users SET ways_added = ways_added + 1 \
         WHERE id = $1 AND epoch = $2 AND disabled_at IS NULL";
    REHASH_PASSWORD: Users = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";
    VERIFY_EMAIL: Users = "UPDATE users SET email_verified = TRUE, updated_at = $1 WHERE id = $2 AND email = $3";
    END_EVERYTHING: Users = "UPDATE users SET epoch = epoch + 1 WHERE id = $1";
    KNOWN: Users = concat!("SELECT ", user_columns!(), ", u.claims FROM users u WHERE u.id = $1");
    GUARD: Users = "UPDATE users SET epoch = epoch WHERE id = $1 AND epoch = $2 AND disabled_at IS NULL";
}

/// How many columns [`User`] has.
pub(super) const USER_WIDTH: usize = 9;

/// A person, without what only signing in needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `usr_…`
    pub id: String,
    /// Canonical; unique. Who came from a provider may have none.
    pub email: Option<String>,
    /// Whether the person has proven to receive mail there.
    pub email_verified: bool,
    /// As the person wrote it.
    pub name: String,
    /// The language they chose, if they did.
    pub locale: Option<String>,
    /// Whether they run this server.
    pub operator: bool,
    /// Raised when everything that was made before must end.
    pub epoch: i64,
    /// Since when nothing may be done in their name.
    pub disabled_at: Option<Timestamp>,
    /// When the person last changed (`updated_at`, OIDC Core §5.1).
    pub updated_at: Timestamp,
}

impl User {
    /// Their address; empty for who has none.
    pub fn address(&self) -> &str {
        self.email.as_deref().unwrap_or_default()
    }

    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        let (id, email) = (row.text()?, row.text()?);
        Ok(Self {
            // Who has no address has their id in its place: the column is unique and must be filled.
            email: Some(email).filter(|email| *email != id),
            id,
            email_verified: row.bool()?,
            name: row.text()?,
            locale: row.optional_text()?,
            operator: row.bool()?,
            epoch: row.int()?,
            disabled_at: row.optional_timestamp()?,
            updated_at: row.timestamp()?,
        })
    }
}

/// What is alive about a person, as far as grants and tokens depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserState {
    /// Their epoch.
    pub epoch: i64,
    /// Since when nothing may be done in their name.
    pub disabled_at: Option<Timestamp>,
}

/// How many columns [`UserState`] has.
pub(super) const USER_STATE_WIDTH: usize = 2;

impl UserState {
    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self { epoch: row.int()?, disabled_at: row.optional_timestamp()? })
    }
}

/// A person with what signing in needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: User,
    /// PHC string of the password; `None` if there is none to sign in with.
    pub password_hash: Option<Concealed>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How often another way in was added.
    pub ways_added: i64,
}

impl Account {
    fn read(row: Row) -> Result<Self, StoreError> {
        row.read(|row| {
            Ok(Self {
                user: User::read(row)?,
                password_hash: row.optional_text()?.map(Concealed::from),
                created_at: row.timestamp()?,
                ways_added: row.int()?,
            })
        })
    }
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// `usr_…`
    pub id: String,
    /// Canonical, if they have one.
    pub email: Option<String>,
    /// Whether it is proven.
    pub email_verified: bool,
    /// As the person wrote it.
    pub name: String,
    /// Their language, if known.
    pub locale: Option<String>,
    /// PHC string.
    pub password_hash: Option<Concealed>,
    /// Whether they run this server.
    pub operator: bool,
    /// Standard claims beyond these, as a JSON object.
    pub claims: Option<String>,
}

/// The account with this id.
///
/// # Errors
/// [`StoreError`]
pub async fn by_id(db: &Db, id: &str) -> Result<Option<Account>, StoreError> {
    db.optional(BY_ID, &values![id]).await?.map(Account::read).transpose()
}

/// The person with this id, and what is known of them beyond what every account has, as JSON.
///
/// # Errors
/// [`StoreError`]
pub async fn known(db: &Db, id: &str) -> Result<Option<(User, Option<String>)>, StoreError> {
    let row = db.optional(KNOWN, &values![id]).await?;
    row.map(|row| row.read(|row| Ok((User::read(row)?, row.optional_text()?)))).transpose()
}

/// The account with this canonical address.
///
/// # Errors
/// [`StoreError`]
pub async fn by_email(db: &Db, email: &str) -> Result<Option<Account>, StoreError> {
    db.optional(BY_EMAIL, &values![email]).await?.map(Account::read).transpose()
}

/// The oldest accounts, at most `limit`.
///
/// # Errors
/// [`StoreError`]
pub async fn list(db: &Db, limit: i64) -> Result<Vec<Account>, StoreError> {
    db.list(ALL, values![limit]).await?.into_iter().map(Account::read).collect()
}

/// Whether somebody runs this server already.
///
/// # Errors
/// [`StoreError`]
pub async fn any_operator(db: &Db) -> Result<bool, StoreError> {
    db.optional(ANY_OPERATOR, &[]).await.map(|row| row.is_some())
}

/// The statement of [`insert`], which conflicts when the address or the id is taken.
pub const TAKEN: Sql = INSERT;

/// Adds a person. Conflict: the address is taken.
#[must_use]
pub fn insert(user: &NewUser, at: Timestamp) -> Statement {
    let NewUser { id, email, email_verified, name, locale, password_hash, operator, claims } = user;
    let email = email.as_ref().unwrap_or(id);
    let params = values![
        id,
        email,
        *email_verified,
        name,
        locale.as_deref(),
        password_hash.as_ref(),
        *operator,
        claims.as_deref(),
        at
    ];
    Statement::one(INSERT, params)
}

/// Replaces what is known of the person beyond what every account has. Conflict: there is no such person.
#[must_use]
pub fn set_claims(id: &str, claims: Option<&str>, at: Timestamp) -> Statement {
    Statement::one(SET_CLAIMS, values![claims, at, id])
}

/// Ends everything that was made in this person's name, and lets nothing new begin. Conflict: there is no
/// such person, or they are disabled already.
pub fn disable(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(DISABLE, values![at, id])).revoking(Revocation::user(id, at))
}

/// Lets the person sign in again. What had ended stays dead.
#[must_use]
pub fn enable(id: &str, at: Timestamp) -> Statement {
    Statement::one(ENABLE, values![at, id])
}

/// Changes the password and ends every session and grant (RE-08). Conflict: the epoch is no longer
/// `seen_epoch`, so something else has ended everything meanwhile, or the person is disabled.
///
/// The session in which it happens survives if [`keep`](super::sessions::keep) is in the same unit.
pub fn set_password(id: &str, seen_epoch: i64, hash: &Concealed, at: Timestamp) -> Unit {
    Unit::from(Statement::one(SET_PASSWORD, values![hash, at, id, seen_epoch]))
        .revoking(Revocation::user(id, at))
}

/// As [`set_password`], for who could see the ways into the account as it was read. Conflict: also when one was added since.
pub fn reset_password(seen: &Account, hash: &Concealed, at: Timestamp) -> Unit {
    let Account { user, ways_added, .. } = seen;
    Unit::from(Statement::one(RESET_PASSWORD, values![hash, at, &user.id, user.epoch, *ways_added]))
        .revoking(Revocation::user(&user.id, at))
}

/// As [`guard`], in a unit that adds a way in.
#[must_use]
pub fn add_way(id: &str, epoch: i64) -> Statement {
    Statement::one(ADD_WAY, values![id, epoch])
}

/// Replaces the hash of the same password by one with newer parameters; nothing ends. Does nothing if the
/// password has been changed meanwhile.
#[must_use]
pub fn rehash_password(id: &str, old: &Concealed, new: &Concealed) -> Statement {
    Statement::zero_or_one(REHASH_PASSWORD, values![new, id, old])
}

/// Notes that the person receives mail at `email`. Conflict: it is not their address any more.
#[must_use]
pub fn verify_email(id: &str, email: &str, at: Timestamp) -> Statement {
    Statement::one(VERIFY_EMAIL, values![at, id, email])
}

/// Ends every session and grant of the person; they may sign in again.
pub fn end_everything(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(END_EVERYTHING, values![id])).revoking(Revocation::user(id, at))
}

/// Makes a unit conflict unless the person is enabled and still has this epoch; nobody can change that
/// before the unit is committed.
#[must_use]
pub fn guard(id: &str, epoch: i64) -> Statement {
    Statement::one(GUARD, values![id, epoch])
}
