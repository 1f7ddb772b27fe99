//! What a token of a grant depends on, read whenever one is shown — RFC 7662 §2.2, OIDC Core §5.3.
//!
//! [`grants`](super::grants) has the whole row, for who changes it. Here is what decides, and what a token is
//! described by: every column costs something thousands of times a second.

use mapae_protocol::time::Timestamp;

use super::{
    alive::{Dead, Epochs, Span, States, state_columns},
    apps::app_state_columns,
    consents::consent_state_columns,
    counters::swept_column,
    db::{Db, Row, StoreError, statements, values},
    sessions::session_state_columns,
    users::{USER_WIDTH, User, user_columns, user_state_columns},
};

macro_rules! columns {
    () => {
        concat!(
            "g.app_id, g.auth_time, g.acr, g.offline, g.user_epoch, g.app_epoch, g.consent_epoch, g.session_epoch, \
             g.expires_at, g.idle_expires_at, g.revoked_at, ",
            state_columns!(),
            ", t.jti, ",
            swept_column!()
        )
    };
}

macro_rules! tables {
    () => {
        "grants g \
         LEFT JOIN users u ON u.id = g.user_id \
         LEFT JOIN apps a ON a.id = g.app_id \
         LEFT JOIN consents c ON c.id = g.consent_id AND c.user_id = g.user_id AND c.app_id = g.app_id \
         LEFT JOIN sessions s ON s.id = g.session_id AND s.user_id = g.user_id \
         LEFT JOIN revoked_tokens t ON t.jti = $1 \
         WHERE g.id = $2"
    };
}

statements! {
    OF_TOKEN: Grants = concat!("SELECT ", columns!(), " FROM ", tables!());
    WITH_PERSON: Grants = concat!("SELECT ", columns!(), ", g.claims, ", user_columns!(), ", u.claims FROM ", tables!());
}

/// A grant as far as one of its access tokens depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantState {
    /// To which app it was given.
    pub app_id: String,
    /// When the person had proven who they are.
    pub auth_time: Timestamp,
    /// How surely.
    pub acr: Option<String>,
    /// What the grant says of its life.
    pub span: Span,
    /// Those on whom it depends, as they are now.
    pub states: States,
    /// Whether the token was revoked by itself.
    pub token_revoked: bool,
    /// Of a token that expires by then that is not known any more.
    pub swept_until: Timestamp,
}

impl GrantState {
    /// Whether the grant and its token that ends at `expires_at` are alive.
    ///
    /// # Errors
    /// The first reason for which they are dead.
    pub fn alive(&self, expires_at: Timestamp, now: Timestamp) -> Result<(), Dead> {
        if self.token_revoked {
            return Err(Dead::Revoked);
        }
        if expires_at <= now || expires_at <= self.swept_until {
            return Err(Dead::Expired);
        }
        self.span.alive(&self.states, now)
    }

    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            app_id: row.text()?,
            auth_time: row.timestamp()?,
            acr: row.optional_text()?,
            span: Span {
                offline: row.bool()?,
                epochs: Epochs {
                    user: row.int()?,
                    app: row.int()?,
                    consent: row.int()?,
                    session: row.optional_int()?,
                },
                expires_at: row.timestamp()?,
                idle_expires_at: row.timestamp()?,
                revoked_at: row.optional_timestamp()?,
            },
            states: States::read(row)?,
            token_revoked: row.optional_text()?.is_some(),
            swept_until: row.timestamp()?,
        })
    }
}

/// Everything that decides about the token with this `jti` of a grant, in one query.
///
/// # Errors
/// [`StoreError`]
pub async fn of_token(db: &Db, grant_id: &str, jti: &str) -> Result<Option<GrantState>, StoreError> {
    let row = db.optional(OF_TOKEN, &values![jti, grant_id]).await?;
    row.map(|row| row.read(GrantState::read)).transpose()
}

/// What a token may be told about the person who gave its grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who it is, at that moment.
    pub user: User,
    /// What is known beyond that, as JSON.
    pub known: Option<String>,
    /// The claims that the grant names one by one, as JSON.
    pub asked: Option<String>,
}

/// The same with the person who gave it, as they are at that moment. `None` also if there is no such person.
///
/// # Errors
/// [`StoreError`]
pub async fn with_person(
    db: &Db,
    grant_id: &str,
    jti: &str,
) -> Result<Option<(GrantState, Person)>, StoreError> {
    let row = db.optional(WITH_PERSON, &values![jti, grant_id]).await?;
    let read = |row: &mut Row| {
        let (state, asked) = (GrantState::read(row)?, row.optional_text()?);
        let person = row.joined(USER_WIDTH + 1, |row| Ok((User::read(row)?, row.optional_text()?)))?;
        Ok((state, person.map(|(user, known)| Person { user, known, asked })))
    };
    let found = row.map(|row| row.read(read)).transpose()?;
    Ok(found.and_then(|(state, person)| Some((state, person?))))
}
