//! Grants: what a person gave one app in one authorization, RFC 6749 §1.3.
//!
//! Inserting a grant is redeeming what it came from: its origin is unique, so it happens once on any number
//! of nodes. A grant remembers the epochs under which it was made; whoever reads it compares them.

use mapae_protocol::time::Timestamp;

use super::{
    alive::{Dead, Epochs, Span, States, state_columns},
    apps::app_state_columns,
    consents::consent_state_columns,
    counters::swept_column,
    db::{Concealed, Db, Row, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
    sessions::session_state_columns,
    users::user_state_columns,
};

macro_rules! grant_columns {
    () => {
        "g.id, g.origin, g.user_id, g.app_id, g.consent_id, g.session_id, g.offline, g.scopes, g.resource, g.claims, g.jkt, \
         g.auth_time, g.amr, g.acr, g.user_epoch, g.app_epoch, g.consent_epoch, g.session_epoch, g.code_expires_at, \
         g.expires_at, g.generation, g.refresh_hash, g.successor, g.successor_until, g.created_at, g.last_used_at, \
         g.idle_expires_at, g.revoked_at"
    };
}

statements! {
    REDEMPTION_FACTS: Grants = concat!("SELECT ", state_columns!(), ", g.id, g.revoked_at, ", swept_column!(), " \
         FROM (SELECT 1 AS one) base \
         LEFT JOIN users u ON u.id = $1 \
         LEFT JOIN apps a ON a.id = $2 \
         LEFT JOIN consents c ON c.id = $3 AND c.user_id = u.id AND c.app_id = a.id \
         LEFT JOIN sessions s ON s.id = $4 AND s.user_id = u.id \
         LEFT JOIN grants g ON g.origin = $5");
    FACTS: Grants = concat!("SELECT ", grant_columns!(), ", ", state_columns!(), " FROM grants g \
         LEFT JOIN users u ON u.id = g.user_id \
         LEFT JOIN apps a ON a.id = g.app_id \
         LEFT JOIN consents c ON c.id = g.consent_id AND c.user_id = g.user_id AND c.app_id = g.app_id \
         LEFT JOIN sessions s ON s.id = g.session_id AND s.user_id = g.user_id \
         WHERE g.id = $1");
    INSERT: Grants = "INSERT INTO grants (id, origin, user_id, app_id, consent_id, session_id, offline, scopes, \
         resource, claims, jkt, auth_time, amr, acr, user_epoch, app_epoch, consent_epoch, session_epoch, generation, refresh_hash, \
         code_expires_at, created_at, last_used_at, idle_expires_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0, $19, $20, $21, $21, $22, $23) \
         ON CONFLICT (origin) DO NOTHING";
    ROTATE: Grants = "UPDATE grants SET generation = generation + 1, refresh_hash = $1, successor = $2, \
         successor_until = $3, last_used_at = $4, idle_expires_at = $5 \
         WHERE id = $6 AND generation = $7 AND revoked_at IS NULL AND expires_at > $4 AND idle_expires_at > $4";
    TOUCH: Grants = "UPDATE grants SET last_used_at = $1, idle_expires_at = $2 \
         WHERE id = $3 AND generation = $4 AND revoked_at IS NULL AND expires_at > $1 AND idle_expires_at > $1";
    REVOKE: Grants = "UPDATE grants SET revoked_at = $1, refresh_hash = NULL, successor = NULL, successor_until = NULL \
         WHERE id = $2 AND revoked_at IS NULL";
}

/// What was given: as long as the grant lives, it stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// `gra_…`
    pub id: String,
    /// What it came from, for instance `code:…`: unique for ever.
    pub origin: String,
    /// Who gave it.
    pub user_id: String,
    /// To which app.
    pub app_id: String,
    /// On the strength of which consent.
    pub consent_id: String,
    /// In which session.
    pub session_id: Option<String>,
    /// Whether it survives that session.
    pub offline: bool,
    /// Space-separated.
    pub scopes: String,
    /// The API that it is for (RFC 8707), if one was named.
    pub resource: Option<String>,
    /// The claims that were asked for one by one (OIDC Core §5.5) and agreed to, as JSON.
    pub claims: Option<String>,
    /// The thumbprint of the key to which its refresh tokens are bound (RFC 9449 §5).
    pub jkt: Option<String>,
    /// When the person had proven who they are.
    pub auth_time: Timestamp,
    /// How, space-separated.
    pub amr: String,
    /// How surely.
    pub acr: Option<String>,
    /// The epochs under which it was made: those of the code, not those of its redemption. Whatever ended in
    /// between must have ended this too.
    pub epochs: Epochs,
    /// When the code would have expired; the row stays at least that long.
    pub code_expires_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What was given.
    pub given: Given,
    /// Which refresh token is the current one, counted from 0.
    pub generation: i64,
    /// Hash of the current refresh token's secret; `None` if it has none.
    pub refresh_hash: Option<Concealed>,
    /// The current refresh token, sealed for who presents the one before, until then.
    pub successor: Option<(Concealed, Timestamp)>,
    /// When it was redeemed.
    pub created_at: Timestamp,
    /// When it was last refreshed.
    pub last_used_at: Timestamp,
    /// When it ends if it is not refreshed.
    pub idle_expires_at: Timestamp,
    /// When it was revoked by itself.
    pub revoked_at: Option<Timestamp>,
}

/// A grant to be made.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// What is given.
    pub given: Given,
    /// Hash of the refresh token's secret, if it has one.
    pub refresh_hash: Option<Concealed>,
    /// When it ends if it is not refreshed.
    pub idle_expires_at: Timestamp,
}

/// What a code says about those on whom its grant will depend.
#[derive(Clone, Copy, Debug)]
pub struct Redemption<'a> {
    /// What the grant would come from.
    pub origin: &'a str,
    /// The person.
    pub user_id: &'a str,
    /// The app.
    pub app_id: &'a str,
    /// The consent.
    pub consent_id: &'a str,
    /// The session, if it depends on one.
    pub session_id: Option<&'a str>,
}

/// A grant that has the same origin: the code was redeemed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// Its id, to revoke it.
    pub id: String,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

/// All that a redemption must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedemptionFacts {
    /// Those on whom the grant depends, as they are now.
    pub states: States,
    /// Who was faster.
    pub earlier: Option<Earlier>,
    /// Of a code that expires by then it is not known any more whether it was redeemed.
    pub swept_until: Timestamp,
}

/// All that refresh and revocation must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantFacts {
    /// The grant.
    pub grant: Grant,
    /// Those on whom it depends, as they are now.
    pub states: States,
}

impl GrantFacts {
    /// Whether the grant is alive.
    ///
    /// # Errors
    /// The first reason for which it is dead.
    pub fn alive(&self, now: Timestamp) -> Result<(), Dead> {
        self.grant.span().alive(&self.states, now)
    }
}

/// Everything that decides about a redemption, in one query.
///
/// # Errors
/// [`StoreError`]
pub async fn redemption_facts(db: &Db, redemption: &Redemption<'_>) -> Result<RedemptionFacts, StoreError> {
    let Redemption { origin, user_id, app_id, consent_id, session_id } = *redemption;
    let row = db.one(REDEMPTION_FACTS, &values![user_id, app_id, consent_id, session_id, origin]).await?;
    row.read(|row| {
        let (states, earlier) = (States::read(row)?, row.joined(2, Earlier::read)?);
        Ok(RedemptionFacts { states, earlier, swept_until: row.timestamp()? })
    })
}

/// The grant and everything that decides whether it is alive, in one query.
///
/// # Errors
/// [`StoreError`]
pub async fn facts(db: &Db, id: &str) -> Result<Option<GrantFacts>, StoreError> {
    let row = db.optional(FACTS, &values![id]).await?;
    let read = |row: &mut Row| Ok(GrantFacts { grant: Grant::read(row)?, states: States::read(row)? });
    row.map(|row| row.read(read)).transpose()
}

/// Redeems the origin. Conflict: it has been redeemed.
#[must_use]
pub fn insert(grant: &NewGrant, at: Timestamp) -> Statement {
    let given = &grant.given;
    let params = values![
        &given.id,
        &given.origin,
        &given.user_id,
        &given.app_id,
        &given.consent_id,
        given.session_id.as_deref(),
        given.offline,
        &given.scopes,
        given.resource.as_deref(),
        given.claims.as_deref(),
        given.jkt.as_deref(),
        given.auth_time,
        &given.amr,
        given.acr.as_deref(),
        given.epochs.user,
        given.epochs.app,
        given.epochs.consent,
        given.epochs.session,
        grant.refresh_hash.as_ref(),
        given.code_expires_at,
        at,
        grant.idle_expires_at,
        given.expires_at
    ];
    Statement::one(INSERT, params)
}

/// The next refresh token of a grant.
#[derive(Clone, Debug)]
pub struct Rotation<'a> {
    /// The grant.
    pub grant_id: &'a str,
    /// The generation that was presented.
    pub presented: i64,
    /// Hash of the next token's secret.
    pub refresh_hash: &'a Concealed,
    /// The next token, sealed for who presents this one again, until then; `None`: no such window.
    pub successor: Option<(&'a Concealed, Timestamp)>,
    /// When the grant ends if it is not refreshed.
    pub idle_expires_at: Timestamp,
}

/// Replaces the refresh token. Conflict: another request has, or the grant was revoked or has expired.
#[must_use]
pub fn rotate(rotation: &Rotation<'_>, at: Timestamp) -> Statement {
    let Rotation { grant_id, presented, refresh_hash, successor, idle_expires_at } = rotation;
    let (successor, until) = successor.unzip();
    Statement::one(
        ROTATE,
        values![*refresh_hash, successor, until, at, *idle_expires_at, *grant_id, *presented],
    )
}

/// Notes the use of a refresh token that does not rotate. Conflict: another generation is current, or the
/// grant was revoked or has expired.
#[must_use]
pub fn touch(id: &str, presented: i64, idle_expires_at: Timestamp, at: Timestamp) -> Statement {
    Statement::one(TOUCH, values![at, idle_expires_at, id, presented])
}

/// Revokes one grant with all its tokens. Conflict: it is revoked already, and nothing is written or announced.
pub fn revoke(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(REVOKE, values![at, id])).revoking(Revocation::grant(id, at))
}

impl Earlier {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self { id: row.text()?, revoked_at: row.optional_timestamp()? })
    }
}

impl Grant {
    /// What it says of its life.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span {
            offline: self.given.offline,
            epochs: self.given.epochs,
            expires_at: self.given.expires_at,
            idle_expires_at: self.idle_expires_at,
            revoked_at: self.revoked_at,
        }
    }

    /// In the order of `grant_columns`.
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            given: Given {
                id: row.text()?,
                origin: row.text()?,
                user_id: row.text()?,
                app_id: row.text()?,
                consent_id: row.text()?,
                session_id: row.optional_text()?,
                offline: row.bool()?,
                scopes: row.text()?,
                resource: row.optional_text()?,
                claims: row.optional_text()?,
                jkt: row.optional_text()?,
                auth_time: row.timestamp()?,
                amr: row.text()?,
                acr: row.optional_text()?,
                epochs: Epochs {
                    user: row.int()?,
                    app: row.int()?,
                    consent: row.int()?,
                    session: row.optional_int()?,
                },
                code_expires_at: row.timestamp()?,
                expires_at: row.timestamp()?,
            },
            generation: row.int()?,
            refresh_hash: row.optional_text()?.map(Concealed::from),
            successor: row.optional_text()?.map(Concealed::from).zip(row.optional_timestamp()?),
            created_at: row.timestamp()?,
            last_used_at: row.timestamp()?,
            idle_expires_at: row.timestamp()?,
            revoked_at: row.optional_timestamp()?,
        })
    }
}
