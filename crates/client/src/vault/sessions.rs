//! Sessions of this service: 256 random bits in a cookie, their hash here.

use mapae_protocol::time::Timestamp;

use super::{
    StoreError, Vault,
    database::{Row, Statement, statements, values},
    hashed, sign_ups,
};
use crate::{
    identity::EndUser,
    session::{Session, SessionId},
};

statements! {
    SWEEP = "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions WHERE expires_at <= $1 LIMIT 64)";
    BEGIN = "INSERT INTO sessions (id_hash, issuer, subject, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    ALIVE = "SELECT issuer, subject, created_at, expires_at FROM sessions WHERE id_hash = $1 AND expires_at > $2";
    END = "DELETE FROM sessions WHERE id_hash = $1";
    END_ALL = "DELETE FROM sessions WHERE issuer = $1 AND subject = $2";
    END_ALL_WITHOUT_TOKENS = "DELETE FROM sessions WHERE issuer = $1 AND subject = $2
        AND NOT EXISTS (SELECT 1 FROM tokens WHERE tokens.issuer = sessions.issuer AND tokens.subject = sessions.subject)";
}

impl Vault {
    /// Begins a session; the one that the browser had before, if any, ends with it.
    pub(crate) async fn begin_session(
        &self,
        id: &SessionId,
        session: Session,
        before: Option<&SessionId>,
    ) -> Result<(), StoreError> {
        self.database.commit(beginning(id, &session, before)).await.map(drop)
    }

    /// The living session of a cookie.
    pub(crate) async fn session(
        &self,
        id: &SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        self.session_called(&hashed(id.expose()), now).await
    }

    /// The living session that an access token calls by this name.
    pub(crate) async fn session_called(
        &self,
        sid: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let row = self.database.row(ALIVE, values![sid, now]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// Ends the session that an access token calls by this name.
    pub(crate) async fn end_session_called(&self, sid: &str) -> Result<(), StoreError> {
        self.database.write(END.with(values![sid])).await.map(drop)
    }

    /// Ends one session.
    pub(crate) async fn end_session(&self, id: &SessionId) -> Result<(), StoreError> {
        self.end_session_called(&hashed(id.expose())).await
    }

    /// Ends every session of a person on all browsers, and what waits there to become one.
    pub(crate) async fn end_sessions(&self, person: &EndUser) -> Result<(), StoreError> {
        self.database.commit([end_all(person), sign_ups::forget(person)]).await.map(drop)
    }
}

/// Begins a session in the place of the one before.
pub(super) fn beginning(id: &SessionId, session: &Session, before: Option<&SessionId>) -> [Statement; 3] {
    let (person, before) = (&session.person, before.map(|id| hashed(id.expose())));
    let (created_at, expires_at) = (session.created_at, session.expires_at);
    let hash = hashed(id.expose());
    [
        SWEEP.with(values![created_at]),
        END.with(values![before]),
        BEGIN.with(values![hash, person.issuer(), person.subject(), created_at, expires_at]),
    ]
}

pub(super) fn end_all(person: &EndUser) -> Statement {
    END_ALL.with(values![person.issuer(), person.subject()])
}

/// Ends them if the person has no tokens at this point of the unit.
pub(super) fn end_all_without_tokens(person: &EndUser) -> Statement {
    END_ALL_WITHOUT_TOKENS.with(values![person.issuer(), person.subject()])
}

pub(super) fn read(row: &mut Row) -> Result<Session, StoreError> {
    Ok(Session {
        person: EndUser::new(row.text()?, row.text()?),
        created_at: row.time()?,
        expires_at: row.time()?,
    })
}
