//! Which apps know a session — OIDC Back-Channel Logout §2.3, OIDC Front-Channel Logout §3.

use mapae_protocol::time::Timestamp;

use super::db::{Db, Statement, StoreError, statements, values};

/// The apps that know session `$n`: those that were noted, and those with a living grant from before they asked to be
/// told. The time is `$m`.
macro_rules! apps_of_session {
    ($session:literal, $now:literal) => {
        concat!(
            "SELECT x.app_id FROM session_apps x WHERE x.session_id = ",
            $session,
            " UNION SELECT g.app_id FROM grants g WHERE g.session_id = ",
            $session,
            " AND g.revoked_at IS NULL AND g.expires_at > ",
            $now,
            " AND ' ' || g.scopes || ' ' LIKE '% openid %'"
        )
    };
}
pub(super) use apps_of_session;

statements! {
    NOTE: SessionApps = "INSERT INTO session_apps (session_id, app_id) VALUES ($1, $2) \
         ON CONFLICT (session_id, app_id) DO NOTHING";
    OF_SESSION: SessionApps = apps_of_session!("$1", "$2");
}

/// Notes that this app gets an ID token of this session.
#[must_use]
pub fn note(session_id: &str, app_id: &str) -> Statement {
    Statement::zero_or_one(NOTE, values![session_id, app_id])
}

/// The apps that know this session.
///
/// # Errors
/// [`StoreError`]
pub async fn of_session(db: &Db, session_id: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let rows = db.rows(OF_SESSION, &values![session_id, now]).await?;
    rows.into_iter().map(|row| row.read(|row| row.text())).collect()
}
