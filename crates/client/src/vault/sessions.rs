//! Sessions of this service: 256 random bits in a cookie, their hash here.

use mapae_protocol::time::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{StoreError, Vault, hashed};
use crate::{
    identity::EndUser,
    session::{Session, SessionId},
};

const SWEEP: &str =
    "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions WHERE expires_at <= $1 LIMIT 64)";

impl Vault {
    /// Begins a session; the one that the browser had before, if any, ends with it.
    pub(crate) async fn begin_session(
        &self,
        id: &SessionId,
        session: Session,
        before: Option<&SessionId>,
    ) -> Result<(), StoreError> {
        let (hash, before) = (hashed(id.expose()), before.map(|id| hashed(id.expose())));
        self.database
            .write(move |transaction| {
                transaction.execute(SWEEP, params![session.created_at.unix()])?;
                if let Some(before) = before {
                    end(transaction, &before)?;
                }
                transaction.execute(
                    "INSERT INTO sessions (id_hash, issuer, subject, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
                    params![
                        hash,
                        session.person.issuer(),
                        session.person.subject(),
                        session.created_at.unix(),
                        session.expires_at.unix()
                    ],
                )?;
                Ok(())
            })
            .await
    }

    /// The living session of a cookie.
    pub(crate) async fn session(
        &self,
        id: &SessionId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let hash = hashed(id.expose());
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT issuer, subject, created_at, expires_at FROM sessions WHERE id_hash = $1 AND expires_at > $2",
                )?;
                let session = statement.query_row(params![hash, now.unix()], |row| {
                    Ok(Session {
                        person: EndUser::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
                        created_at: Timestamp::from_unix(row.get(2)?),
                        expires_at: Timestamp::from_unix(row.get(3)?),
                    })
                });
                Ok(session.optional()?)
            })
            .await
    }

    /// Ends one session.
    pub(crate) async fn end_session(&self, id: &SessionId) -> Result<(), StoreError> {
        let hash = hashed(id.expose());
        self.database.write(move |transaction| end(transaction, &hash)).await
    }

    /// Ends every session of a person: on all browsers.
    pub(crate) async fn end_sessions(&self, person: &EndUser) -> Result<(), StoreError> {
        let person = person.clone();
        self.database.write(move |transaction| end_all(transaction, &person)).await
    }
}

pub(super) fn end_all(transaction: &Transaction<'_>, person: &EndUser) -> Result<(), StoreError> {
    transaction.execute(
        "DELETE FROM sessions WHERE issuer = $1 AND subject = $2",
        params![person.issuer(), person.subject()],
    )?;
    Ok(())
}

fn end(transaction: &Transaction<'_>, hash: &str) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM sessions WHERE id_hash = $1", params![hash])?;
    Ok(())
}
