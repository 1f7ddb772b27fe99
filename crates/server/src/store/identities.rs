//! Who people are at the providers that they sign in with — OIDC Core §5.7.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Row, Statement, StoreError, statements, values};

macro_rules! identity_columns {
    () => {
        "SELECT id, issuer, subject, user_id, upstream, label, tokens_wrapped, tokens_version, created_at, \
         last_used_at, removed_at FROM identities "
    };
}

statements! {
    FIND: Identities = concat!(identity_columns!(), "WHERE issuer = $1 AND subject = $2");
    OF_USER: Identities =
        concat!(identity_columns!(), "WHERE user_id = $1 AND removed_at IS NULL ORDER BY created_at, id");
    // Whoever has it keeps it: only one that was removed can be given to somebody again.
    LINK: Identities = "INSERT INTO identities (id, issuer, subject, user_id, upstream, label, tokens_wrapped, \
         tokens_version, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8) \
         ON CONFLICT (issuer, subject) DO UPDATE SET id = excluded.id, user_id = excluded.user_id, \
         upstream = excluded.upstream, label = excluded.label, tokens_wrapped = excluded.tokens_wrapped, \
         tokens_version = identities.tokens_version + 1, refreshing_until = NULL, created_at = excluded.created_at, \
         last_used_at = excluded.last_used_at, removed_at = NULL WHERE identities.removed_at IS NOT NULL";
    USE: Identities = "UPDATE identities SET upstream = $1, label = $2, tokens_wrapped = $3, \
         tokens_version = tokens_version + 1, refreshing_until = NULL, last_used_at = $4 \
         WHERE id = $5 AND user_id = $6 AND removed_at IS NULL";
    // Never the last way in: a password counts where there is an address to type beside it, and so does the other way that
    // whoever asks knows to open the account.
    REMOVE: Identities = "UPDATE identities SET removed_at = $1, tokens_wrapped = NULL, \
         tokens_version = tokens_version + 1 WHERE id = $2 AND user_id = $3 AND removed_at IS NULL AND ( \
         EXISTS (SELECT 1 FROM users u WHERE u.id = $3 AND u.password_hash IS NOT NULL AND u.email <> u.id) \
         OR EXISTS (SELECT 1 FROM identities o WHERE o.user_id = $3 AND o.id <> $2 AND o.id = $4 AND o.removed_at IS NULL))";
    // The lease of one that died is over by itself.
    CLAIM: Identities = "UPDATE identities SET refreshing_until = $1 WHERE id = $2 AND tokens_version = $3 \
         AND removed_at IS NULL AND (refreshing_until IS NULL OR refreshing_until <= $4)";
    REFRESHED: Identities = "UPDATE identities SET tokens_wrapped = $1, tokens_version = tokens_version + 1, \
         refreshing_until = NULL WHERE id = $2 AND tokens_version = $3 AND removed_at IS NULL";
    GIVE_BACK: Identities = "UPDATE identities SET refreshing_until = NULL WHERE id = $1 AND tokens_version = $2";
    BURY: Identities = "UPDATE identities SET tokens_wrapped = NULL, tokens_version = tokens_version + 1, \
         refreshing_until = NULL WHERE id = $1 AND tokens_version = $2";
    FORGET_TOKENS: Identities = "UPDATE identities SET tokens_wrapped = NULL, \
         tokens_version = tokens_version + 1, refreshing_until = NULL WHERE id = $1";
}

/// Who somebody is at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `idn_…`
    pub id: String,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The provider's name for them.
    pub subject: String,
    /// Whose account it opens, or opened.
    pub user_id: String,
    /// The registered provider by which they came last.
    pub upstream: String,
    /// What they are called there, for their own eyes.
    pub label: String,
    /// What the provider gave, wrapped.
    pub tokens: Option<Concealed>,
    /// Raised whenever the tokens become others.
    pub tokens_version: i64,
    /// When it was linked.
    pub created_at: Timestamp,
    /// When somebody last signed in with it.
    pub last_used_at: Timestamp,
    /// Since when it opens nothing.
    pub removed_at: Option<Timestamp>,
}

impl Identity {
    fn read(row: Row) -> Result<Self, StoreError> {
        row.read(|row| {
            Ok(Self {
                id: row.text()?,
                issuer: row.text()?,
                subject: row.text()?,
                user_id: row.text()?,
                upstream: row.text()?,
                label: row.text()?,
                tokens: row.optional_text()?.map(Concealed::from),
                tokens_version: row.int()?,
                created_at: row.timestamp()?,
                last_used_at: row.timestamp()?,
                removed_at: row.optional_timestamp()?,
            })
        })
    }
}

/// An identity to be linked.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// `idn_…`
    pub id: String,
    /// The provider's issuer identifier.
    pub issuer: String,
    /// The provider's name for them.
    pub subject: String,
    /// Whose account it opens.
    pub user_id: String,
    /// What came with it.
    pub brought: Brought,
}

/// What a sign-in brings.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The registered provider.
    pub upstream: String,
    /// What the person is called there.
    pub label: String,
    /// What the provider gave, wrapped.
    pub tokens: Concealed,
}

/// The identity of this issuer and subject, also when it was removed.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
    db.optional(FIND, &values![issuer, subject]).await?.map(Identity::read).transpose()
}

/// All identities that open this account, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn of_user(db: &Db, user_id: &str) -> Result<Vec<Identity>, StoreError> {
    db.rows(OF_USER, &values![user_id]).await?.into_iter().map(Identity::read).collect()
}

/// Links one. Conflict: it opens an account already.
#[must_use]
pub fn link(identity: &NewIdentity, at: Timestamp) -> Statement {
    let NewIdentity { id, issuer, subject, user_id, brought } = identity;
    let Brought { upstream, label, tokens } = brought;
    Statement::one(LINK, values![id, issuer, subject, user_id, upstream, label, tokens, at])
}

/// Notes that somebody signed in with it. Conflict: it does not open this account any more.
#[must_use]
pub fn used(id: &str, user_id: &str, brought: &Brought, at: Timestamp) -> Statement {
    let Brought { upstream, label, tokens } = brought;
    Statement::one(USE, values![upstream, label, tokens, at, id, user_id])
}

/// Removes one, if this other one stays or a password opens the account. Conflict: it is not this account's, or the last
/// way into it. With the
/// [guard](super::users::guard) of the person in the same unit two of them cannot be removed at once.
#[must_use]
pub fn remove(id: &str, user_id: &str, stays: Option<&str>, at: Timestamp) -> Statement {
    Statement::one(REMOVE, values![at, id, user_id, stays])
}

/// Takes the right to refresh these tokens until then. Conflict: somebody else has it, or they are others by now.
#[must_use]
pub fn claim_refresh(id: &str, version: i64, until: Timestamp, now: Timestamp) -> Statement {
    Statement::one(CLAIM, values![until, id, version, now])
}

/// Keeps what a refresh brought. Conflict: the tokens are others by now.
#[must_use]
pub fn refreshed(id: &str, version: i64, tokens: &Concealed) -> Statement {
    Statement::one(REFRESHED, values![tokens, id, version])
}

/// Gives the right to refresh back: it brought nothing.
#[must_use]
pub fn give_back(id: &str, version: i64) -> Statement {
    Statement::zero_or_one(GIVE_BACK, values![id, version])
}

/// Forgets tokens that will never work again.
#[must_use]
pub fn bury(id: &str, version: i64) -> Statement {
    Statement::zero_or_one(BURY, values![id, version])
}

/// Forgets what the provider gave.
#[must_use]
pub fn forget_tokens(id: &str) -> Statement {
    Statement::zero_or_one(FORGET_TOKENS, values![id])
}
