//! Apps that are to be told that somebody has signed out — OIDC Back-Channel Logout §2.5.
//!
//! What ends a session, everything of a person or everything between a person and an app, keeps these rows in its own
//! unit: they follow from its [revocations](super::revocations), so that no way to sign out can forget them. They are
//! kept for apps that want to hear of it, and until they have.

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    apps::app_verified,
    db::{Db, Row, Sql, Statement, StoreError, statements, values},
    revocations::{Kind, Revocation},
    session_apps::apps_of_session,
};

/// How long is tried to tell an app.
pub const LIFE: Seconds = Seconds::days(1);

/// The rows of the query behind it: what `id` begins with, app, person, session, whether everything ended.
macro_rules! keep {
    ($ended:literal, $app:literal, $person:literal, $session:literal, $everything:literal, $from:expr) => {
        concat!(
            "INSERT INTO logout_notices (id, app_id, user_id, session_id, everything, attempts, due_at, expires_at) SELECT ",
            $ended,
            ", ",
            $app,
            ", ",
            $person,
            ", ",
            $session,
            ", ",
            $everything,
            ", 0, CAST($1 AS BIGINT), CAST($2 AS BIGINT) FROM ",
            $from,
            " ON CONFLICT (id) DO NOTHING"
        )
    };
}

/// Those of a query's apps that want to be told.
macro_rules! who_listens {
    ($app:literal) => {
        concat!("JOIN app_metadata m ON m.app_id = ", $app, " AND m.member = 'backchannel_logout_uri' ")
    };
}

statements! {
    SESSION_ENDED: LogoutNotices = keep!(
        "s.id || ':' || CAST(s.epoch AS TEXT) || ':' || knowing.app_id", "knowing.app_id", "s.user_id", "s.id", "FALSE",
        concat!("sessions s JOIN (", apps_of_session!("$3", "$1"), ") knowing ON TRUE ", who_listens!("knowing.app_id"),
            "WHERE s.id = $3 AND s.ended_at = $1"));
    PERSON_ENDED: LogoutNotices = keep!(
        "u.id || ':' || CAST(u.epoch AS TEXT) || ':' || c.app_id", "c.app_id", "u.id", "NULL", "TRUE",
        concat!("users u JOIN consents c ON c.user_id = u.id AND c.scopes <> '' ", who_listens!("c.app_id"),
            "WHERE u.id = $3"));
    SESSIONS_OF_PERSON_ENDED: LogoutNotices = keep!(
        "u.id || ':' || CAST(u.epoch AS TEXT) || ':' || x.app_id || ':' || s.id", "x.app_id", "u.id", "s.id", "TRUE",
        concat!("users u JOIN sessions s ON s.user_id = u.id AND s.user_epoch >= u.epoch - CAST($3 AS BIGINT) \
            AND s.ended_at IS NULL AND s.expires_at > $1 JOIN session_apps x ON x.session_id = s.id ", who_listens!("x.app_id"), "WHERE u.id = $4"));
    CONNECTION_ENDED: LogoutNotices = keep!(
        "c.id || ':' || CAST(c.epoch AS TEXT)", "c.app_id", "c.user_id", "NULL", "TRUE",
        concat!("consents c ", who_listens!("c.app_id"), "WHERE c.id = $3 AND c.scopes = ''"));
    SESSIONS_OF_CONNECTION_ENDED: LogoutNotices = keep!(
        "c.id || ':' || CAST(c.epoch AS TEXT) || ':' || s.id", "c.app_id", "c.user_id", "s.id", "TRUE",
        concat!("consents c JOIN users u ON u.id = c.user_id JOIN sessions s ON s.user_id = u.id \
            AND s.user_epoch = u.epoch AND s.ended_at IS NULL AND s.expires_at > $1 JOIN session_apps x ON x.session_id = s.id AND x.app_id = c.app_id ", who_listens!("c.app_id"),
            "WHERE c.id = $3 AND c.scopes = ''"));
    // One app after another: whoever has much to be told, or answers slowly, takes nobody else's place (LO-07).
    DUE: LogoutNotices = concat!("SELECT d.id, d.app_id, d.user_id, d.session_id, d.everything, d.attempts, d.expires_at, ",
        app_verified!(), " AS verified, a.owner_id, m.value FROM \
         (SELECT n.id, n.app_id, n.user_id, n.session_id, n.everything, n.attempts, n.expires_at, n.due_at, \
             ROW_NUMBER() OVER (PARTITION BY n.app_id ORDER BY n.attempts, n.due_at, n.id) AS place \
             FROM logout_notices n WHERE n.due_at <= $1 AND n.expires_at > $1) d \
         LEFT JOIN apps a ON a.id = d.app_id \
         LEFT JOIN app_metadata m ON m.app_id = d.app_id AND m.member = 'backchannel_logout_uri' \
         WHERE d.place <= $2 ORDER BY verified DESC, d.place, d.due_at, d.id LIMIT $3");
    LEASE: LogoutNotices = "UPDATE logout_notices SET due_at = $1, attempts = attempts + 1 \
         WHERE id = $2 AND due_at <= $3 AND expires_at > $3";
    PUT_OFF: LogoutNotices = "UPDATE logout_notices SET due_at = $1 WHERE id = $2";
    PUT_OFF_ALL: LogoutNotices = "UPDATE logout_notices SET due_at = $1 WHERE app_id = $2 AND due_at < $1 AND expires_at > $1";
    PAUSE: LogoutNotices = "UPDATE logout_notices SET due_at = $1 \
         WHERE app_id = $2 AND expires_at > $1 AND (due_at < $1 OR id = $3)";
    DONE: LogoutNotices = "DELETE FROM logout_notices WHERE id = $1";
}

/// An app that is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutNotice {
    /// What has ended, and for whom: the same however often it is tried.
    pub id: String,
    /// The app.
    pub app_id: String,
    /// Who signed out.
    pub user_id: String,
    /// In which session; it may be gone by now.
    pub session_id: Option<String>,
    /// Whether not only that session has ended, but all that the app has of the person. Such an end has a row without
    /// a session, and beside it one for each session, for apps that understand only these.
    pub everything: bool,
    /// How often it was tried before.
    pub attempts: i64,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// A notice that nobody carries out, and what decides when it has its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The notice.
    pub notice: LogoutNotice,
    /// Whether the operator has verified the app.
    pub verified: bool,
    /// The developer whose app it is.
    pub owner_id: Option<String>,
    /// Where the app is told, in JSON as its other members; it may have withdrawn that.
    pub address: Option<String>,
}

/// Keeps the notices that these events mean.
pub(super) fn following(events: &[Revocation]) -> impl Iterator<Item = Statement> {
    events.iter().flat_map(move |event| {
        let (at, until, id) = (event.at(), event.at().plus(LIFE), event.subject_id());
        let about = |sql: Sql| Statement::any(sql, values![at, until, id]);
        match event.kind() {
            Kind::Session => vec![about(SESSION_ENDED)],
            Kind::User => {
                // The sessions that lived until now are of the epoch before all raises of this unit (decision 0284).
                let same = |other: &&Revocation| other.kind() == Kind::User && other.subject_id() == id;
                let raises = i64::try_from(events.iter().filter(same).count()).unwrap_or(i64::MAX);
                let sessions = Statement::any(SESSIONS_OF_PERSON_ENDED, values![at, until, raises, id]);
                vec![about(PERSON_ENDED), sessions]
            }
            Kind::Consent => vec![about(CONNECTION_ENDED), about(SESSIONS_OF_CONNECTION_ENDED)],
            // An app that is off is told nothing, and nobody has signed out when a grant or a token ends.
            Kind::App | Kind::Grant | Kind::Token => Vec::new(),
        }
    })
}

/// How many notices are looked at, and whose.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Of each app at most so many.
    pub each: usize,
    /// At most so many in all.
    pub limit: usize,
}

/// Notices that nobody carries out. Those to apps that the operator has verified come first, and of both kinds first one of every
/// app.
///
/// # Errors
/// [`StoreError`]
pub async fn due(db: &Db, look: Look, now: Timestamp) -> Result<Vec<Due>, StoreError> {
    let most = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let rows = db.list(DUE, values![now, most(look.each), most(look.limit)]).await?;
    rows.into_iter().map(|row| row.read(Due::read)).collect()
}

/// Takes a notice until then, for one to carry it out. Conflict: somebody else has it, it is done, or its time is over.
#[must_use]
pub fn lease(id: &str, until: Timestamp, now: Timestamp) -> Statement {
    Statement::one(LEASE, values![until, id, now])
}

/// Tries a notice again then.
#[must_use]
pub fn put_off(id: &str, until: Timestamp) -> Statement {
    Statement::zero_or_one(PUT_OFF, values![until, id])
}

/// Tries nothing at this app before then, but what could not be tried later.
#[must_use]
pub fn put_off_all(app_id: &str, until: Timestamp) -> Statement {
    Statement::any(PUT_OFF_ALL, values![until, app_id])
}

/// The same after this one was tried, which is leased for longer than a short pause and is to be tried then, too.
#[must_use]
pub fn pause(tried: &LogoutNotice, until: Timestamp) -> Statement {
    Statement::any(PAUSE, values![until, tried.app_id.as_str(), tried.id.as_str()])
}

/// Forgets a notice that was carried out, or is given up.
#[must_use]
pub fn done(id: &str) -> Statement {
    Statement::zero_or_one(DONE, values![id])
}

impl Due {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        let notice = LogoutNotice::read(row)?;
        Ok(Self {
            notice,
            verified: row.bool()?,
            owner_id: row.optional_text()?,
            address: row.optional_text()?,
        })
    }
}

impl LogoutNotice {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text()?,
            app_id: row.text()?,
            user_id: row.text()?,
            session_id: row.optional_text()?,
            everything: row.bool()?,
            attempts: row.int()?,
            expires_at: row.timestamp()?,
        })
    }
}
