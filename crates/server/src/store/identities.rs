//! Who people are at the providers that they sign in with — OIDC Core §5.7.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Row, Statement, StoreError, statements, values};

macro_rules! identity_columns {
    () => {
        "SELECT id, issuer, subject, user_id, upstream, label, tokens_wrapped, tokens_version, created_at, \
         last_used_at, removed_at, given_to, refreshing, refreshing_signs FROM identities "
    };
}

statements! {
    FIND: Identities = concat!(identity_columns!(), "WHERE issuer = $1 AND subject = $2");
    OF_USER: Identities =
        concat!(identity_columns!(), "WHERE user_id = $1 AND removed_at IS NULL ORDER BY created_at, id");
    // Whoever has it keeps it: only one that was removed can be given to somebody again.
    LINK: Identities = "INSERT INTO identities (id, issuer, subject, user_id, upstream, label, tokens_wrapped, \
         tokens_version, given_to, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $9) \
         ON CONFLICT (issuer, subject) DO UPDATE SET id = excluded.id, user_id = excluded.user_id, \
         upstream = excluded.upstream, label = excluded.label, tokens_wrapped = excluded.tokens_wrapped, \
         tokens_version = identities.tokens_version + 1, refreshing = NULL, created_at = excluded.created_at, \
         last_used_at = excluded.last_used_at, given_to = excluded.given_to, removed_at = NULL WHERE identities.removed_at IS NOT NULL";
    USE: Identities = "UPDATE identities SET upstream = $1, label = $2, tokens_wrapped = $3, \
         tokens_version = tokens_version + 1, refreshing = NULL, given_to = COALESCE(CAST($4 AS TEXT), given_to), \
         last_used_at = $5 WHERE id = $6 AND user_id = $7 AND removed_at IS NULL";
    // Never the last way in: a password counts where there is an address to type beside it, and so does the other way that
    // whoever asks knows to open the account.
    REMOVE: Identities = "UPDATE identities SET removed_at = $1, label = '', tokens_wrapped = NULL, \
         tokens_version = tokens_version + 1 WHERE id = $2 AND user_id = $3 AND removed_at IS NULL AND ( \
         EXISTS (SELECT 1 FROM users u WHERE u.id = $3 AND u.password_hash IS NOT NULL AND u.email <> u.id) \
         OR EXISTS (SELECT 1 FROM identities o WHERE o.user_id = $3 AND o.id <> $2 AND o.id = $4 AND o.removed_at IS NULL))";
    GUARD: Identities = "UPDATE identities SET tokens_version = tokens_version \
         WHERE id = $1 AND tokens_version = $2 AND removed_at IS NULL";
    // Of somebody else's turn only what stands there still as it was when its holder was found dead.
    CLAIM: Identities = "UPDATE identities SET refreshing = $1, refreshing_signs = refreshing_signs + 1 \
         WHERE id = $2 AND tokens_version = $3 AND removed_at IS NULL \
         AND (refreshing IS NULL OR refreshing = $1 OR (refreshing = $4 AND refreshing_signs = $5))";
    REFRESHED: Identities = "UPDATE identities SET tokens_wrapped = $1, tokens_version = tokens_version + 1, \
         refreshing = NULL WHERE id = $2 AND tokens_version = $3 AND refreshing = $4 AND removed_at IS NULL";
    GIVE_BACK: Identities =
        "UPDATE identities SET refreshing = NULL WHERE id = $1 AND tokens_version = $2 AND refreshing = $3";
    BURY: Identities = "UPDATE identities SET tokens_wrapped = NULL, tokens_version = tokens_version + 1, \
         refreshing = NULL WHERE id = $1 AND tokens_version = $2 AND refreshing = $3";
    FORGET_TOKENS: Identities = "UPDATE identities SET tokens_wrapped = NULL, \
         tokens_version = tokens_version + 1, refreshing = NULL WHERE id = $1";
    FORGET_ALL: Identities = "UPDATE identities SET label = '', tokens_wrapped = NULL, \
         tokens_version = tokens_version + 1, refreshing = NULL WHERE id = $1";
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
    /// What this server is called there, where the provider has another name for a person at each app.
    pub given_to: Option<String>,
    /// Who refreshes the tokens at this moment.
    pub refreshing: Option<Mark>,
}

/// Whoever refreshes: what somebody who waits can see of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// A text that nobody else has.
    pub holder: String,
    /// Raised while they live.
    pub signs: i64,
}

impl Identity {
    /// Whether its name is the one that the provider has for this app of ours there; `None` where a provider has one for
    /// all apps (LK-07).
    #[must_use]
    pub fn is_given_to(&self, app: Option<&str>) -> bool {
        match (app, &self.given_to) {
            (Some(now), Some(given_to)) => now == given_to,
            _ => true,
        }
    }

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
                given_to: row.optional_text()?,
                refreshing: mark(row.optional_text()?, row.int()?),
            })
        })
    }
}

fn mark(holder: Option<String>, signs: i64) -> Option<Mark> {
    holder.map(|holder| Mark { holder, signs })
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
    /// What this server is called there, where the provider has another name for a person at each app.
    pub given_to: Option<String>,
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
    let Brought { upstream, label, tokens, given_to } = brought;
    let given_to = given_to.as_deref();
    Statement::one(LINK, values![id, issuer, subject, user_id, upstream, label, tokens, given_to, at])
}

/// Notes that somebody signed in with it. Conflict: it does not open this account any more.
#[must_use]
pub fn used(id: &str, user_id: &str, brought: &Brought, at: Timestamp) -> Statement {
    let Brought { upstream, label, tokens, given_to } = brought;
    Statement::one(USE, values![upstream, label, tokens, given_to.as_deref(), at, id, user_id])
}

/// Removes one, if this other one stays or a password opens the account. Conflict: it is not this account's, or the last
/// way into it. With the
/// [guard](super::users::guard) of the person in the same unit two of them cannot be removed at once.
#[must_use]
pub fn remove(id: &str, user_id: &str, stays: Option<&str>, at: Timestamp) -> Statement {
    Statement::one(REMOVE, values![at, id, user_id, stays])
}

/// Makes a unit conflict if somebody came by this way since it was read, or its tokens were refreshed, or it is gone; and nobody
/// comes by it before the unit is committed.
#[must_use]
pub fn guard(way: &Identity) -> Statement {
    Statement::one(GUARD, values![way.id.as_str(), way.tokens_version])
}

/// The right to refresh these tokens of this version.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The identity.
    pub id: &'a str,
    /// [`Identity::tokens_version`]
    pub version: i64,
    /// [`Mark::holder`]
    pub holder: &'a str,
}

/// Takes the turn, from nobody or from a holder who is dead; or gives a sign in one's own. Conflict: somebody else has it,
/// or the tokens are others by now.
#[must_use]
pub fn claim_refresh(turn: Turn<'_>, dead: Option<&Mark>) -> Statement {
    let (holder, signs) = dead.map(|mark| (mark.holder.as_str(), mark.signs)).unzip();
    Statement::one(CLAIM, values![turn.holder, turn.id, turn.version, holder, signs])
}

/// Keeps what a refresh brought. Conflict: the tokens are others by now, or somebody else has taken over.
#[must_use]
pub fn refreshed(turn: Turn<'_>, tokens: &Concealed) -> Statement {
    Statement::one(REFRESHED, values![tokens, turn.id, turn.version, turn.holder])
}

/// Gives the turn back: it brought nothing.
#[must_use]
pub fn give_back(turn: Turn<'_>) -> Statement {
    Statement::zero_or_one(GIVE_BACK, values![turn.id, turn.version, turn.holder])
}

/// Forgets tokens that will never work again.
#[must_use]
pub fn bury(turn: Turn<'_>) -> Statement {
    Statement::zero_or_one(BURY, values![turn.id, turn.version, turn.holder])
}

/// Forgets what the provider gave.
#[must_use]
pub fn forget_tokens(id: &str) -> Statement {
    Statement::zero_or_one(FORGET_TOKENS, values![id])
}

/// Forgets everything that came from the provider but who they are there, by which their account is known.
#[must_use]
pub fn forget_what_came(id: &str) -> Statement {
    Statement::zero_or_one(FORGET_ALL, values![id])
}
