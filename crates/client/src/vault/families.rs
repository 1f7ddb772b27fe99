//! Families of refresh tokens: each belongs to a session, ends with it, and turns once from each generation to the next.

use mapae_protocol::time::Timestamp;

use super::{
    Entry, StoreError, Vault,
    database::{statements, values},
    hashed, sessions,
};
use crate::session::{Session, SessionId};

statements! {
    OPEN = "INSERT INTO refresh_families (session_hash, generation, turned_at) VALUES ($1, 0, $2)";
    FIND = "SELECT sessions.issuer, sessions.subject, sessions.provider_session, sessions.created_at, sessions.expires_at,
            refresh_families.generation, refresh_families.turned_at
        FROM refresh_families JOIN sessions ON sessions.id_hash = refresh_families.session_hash
        WHERE refresh_families.session_hash = $1 AND sessions.expires_at > $2";
    TURN = "UPDATE refresh_families SET generation = generation + 1, turned_at = $1
        WHERE session_hash = $2 AND generation = $3";
}

/// A living session whose front end has JWTs.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(crate) session: Session,
    /// Of the refresh token that works; 0 before the one-time code was posted.
    pub(crate) generation: i64,
    pub(crate) turned_at: Timestamp,
}

impl Vault {
    /// Begins a session whose front end is about to post its one-time code, as [`begin_session`](Self::begin_session).
    pub(crate) async fn begin_family(
        &self,
        id: &SessionId,
        (session, entry): (Session, &Entry<'_>),
        before: Option<&str>,
    ) -> Result<bool, StoreError> {
        let mut unit = self.beginning(id, (&session, entry), before);
        unit.push(OPEN.with(values![hashed(id.expose()), session.created_at]));
        Ok(self.database.commit_all(unit).await?.is_some())
    }

    /// The family of a session that is alive.
    pub(crate) async fn family(&self, id: &SessionId, now: Timestamp) -> Result<Option<Family>, StoreError> {
        let row = self.database.row(FIND, values![hashed(id.expose()), now]).await?;
        let Some(mut row) = row else { return Ok(None) };
        let session = sessions::read(&mut row)?;
        Ok(Some(Family { session, generation: row.int()?, turned_at: row.time()? }))
    }

    /// Turns the family to its next generation; `false` if somebody else was faster, or it has ended.
    pub(crate) async fn turn_family(
        &self,
        id: &SessionId,
        from: i64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = self.database.write(TURN.with(values![now, hashed(id.expose()), from])).await?;
        Ok(done.happened())
    }

    /// The name of a session, in its row, in access tokens and in pending logins: whoever reads it cannot use it.
    pub(crate) fn sid(id: &SessionId) -> String {
        hashed(id.expose())
    }
}
