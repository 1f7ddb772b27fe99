//! Sessions whose owner has just proved again who they are — ASVS V7.5.1.

use mapae_protocol::time::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{StoreError, Vault, hashed};
use crate::{session::SessionId, sign_in_methods};

impl Vault {
    /// Notes that whoever has this session has just proved who they are.
    pub(crate) async fn note_fresh(&self, id: &SessionId, now: Timestamp) -> Result<(), StoreError> {
        let (hash, until) = (hashed(id.expose()), now.plus(sign_in_methods::REMEMBERED));
        self.database
            .write(move |transaction| {
                transaction.execute(
                    "INSERT INTO fresh_sign_ins (session_hash, proved_at, expires_at) VALUES ($1, $2, $3)
                     ON CONFLICT (session_hash) DO UPDATE
                     SET proved_at = excluded.proved_at, expires_at = excluded.expires_at",
                    params![hash, now.unix(), until.unix()],
                )?;
                Ok(())
            })
            .await
    }

    /// When whoever has this session proved it last, if that is not long ago.
    pub(crate) async fn fresh_since(
        &self,
        id: &SessionId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let hash = hashed(id.expose());
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT proved_at FROM fresh_sign_ins WHERE session_hash = $1 AND expires_at > $2",
                )?;
                let found = statement.query_row(params![hash, now.unix()], |row| row.get(0)).optional()?;
                Ok(found.map(Timestamp::from_unix))
            })
            .await
    }
}
