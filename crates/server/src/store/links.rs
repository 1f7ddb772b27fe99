//! Mailed links: single use, one purpose each.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Row, Statement, StoreError, statements, values};

statements! {
    FIND: MailedLinks = "SELECT email, user_id, user_epoch, payload, expires_at FROM mailed_links \
         WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";
    SINCE: MailedLinks =
        "SELECT COUNT(*) FROM mailed_links WHERE email = $1 AND purpose = $2 AND created_at > $3";
    INSERT: MailedLinks = "INSERT INTO mailed_links (token_hash, purpose, email, user_id, user_epoch, payload, \
         created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (token_hash) DO NOTHING";
    CONSUME: MailedLinks = "UPDATE mailed_links SET used_at = $1 \
         WHERE token_hash = $2 AND purpose = $3 AND used_at IS NULL AND expires_at > $1 \
         RETURNING email, user_id, user_epoch, payload, expires_at";
    RETIRE: MailedLinks =
        "UPDATE mailed_links SET used_at = $1 WHERE email = $2 AND purpose = $3 AND used_at IS NULL";
}

/// What a link is for. One for another purpose is no link at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Proves a new person's address.
    SignUp,
    /// Sets a forgotten password.
    Reset,
    /// Makes the first operator's account.
    Setup,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::Setup => "setup",
        }
    }
}

/// A link that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it was sent.
    pub email: String,
    /// The person whom it is for, if they have an account.
    pub user_id: Option<String>,
    /// Their epoch when it was sent: raised since, the link is worth nothing.
    pub user_epoch: Option<i64>,
    /// What else it carries.
    pub payload: Option<Concealed>,
    /// When its time is over.
    pub expires_at: Timestamp,
}

impl Link {
    fn read(row: Row) -> Result<Self, StoreError> {
        row.read(|row| {
            Ok(Self {
                email: row.text()?,
                user_id: row.optional_text()?,
                user_epoch: row.optional_int()?,
                payload: row.optional_text()?.map(Concealed::from),
                expires_at: row.timestamp()?,
            })
        })
    }
}

/// The link with this hash, if it may still be used. It is not used up.
///
/// # Errors
/// [`StoreError`]
pub async fn find(
    db: &Db,
    token_hash: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Link>, StoreError> {
    db.optional(FIND, &values![token_hash, purpose.name(), now]).await?.map(Link::read).transpose()
}

/// How many links were sent to this address for this purpose after `since`.
///
/// # Errors
/// [`StoreError`]
pub async fn sent_since(db: &Db, email: &str, purpose: Purpose, since: Timestamp) -> Result<i64, StoreError> {
    db.one(SINCE, &values![email, purpose.name(), since]).await?.read(Row::int)
}

/// Keeps a link that is about to be sent.
#[must_use]
pub fn insert(token_hash: &Concealed, purpose: Purpose, link: &Link, at: Timestamp) -> Statement {
    let Link { email, user_id, user_epoch, payload, expires_at } = link;
    let params = values![
        token_hash,
        purpose.name(),
        email,
        user_id.as_deref(),
        *user_epoch,
        payload.as_ref(),
        at,
        *expires_at
    ];
    Statement::one(INSERT, params)
}

/// Uses the link up; [`consumed`] reads what it returned. Conflict: it was used, or its time is over, or it
/// is for something else.
#[must_use]
pub fn consume(token_hash: &str, purpose: Purpose, now: Timestamp) -> Statement {
    Statement::one(CONSUME, values![now, token_hash, purpose.name()])
}

/// The link that [`consume`] used up.
///
/// # Errors
/// [`StoreError::Missing`] if these are not the rows of [`consume`]
pub fn consumed(rows: Vec<Row>) -> Result<Link, StoreError> {
    let row = rows.into_iter().next().ok_or(StoreError::Missing { statement: CONSUME })?;
    Link::read(row)
}

/// Uses up all links to this address for this purpose.
#[must_use]
pub fn retire(email: &str, purpose: Purpose, now: Timestamp) -> Statement {
    Statement::any(RETIRE, values![now, email, purpose.name()])
}
