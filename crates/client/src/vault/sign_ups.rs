//! People between the provider and the sign-up form.

use mapae_protocol::time::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{StoreError, Vault, hashed};
use crate::sign_up::{SignUpId, Waiting};

const TABLE: &str = "sign_ups";
const SWEEP: &str =
    "DELETE FROM sign_ups WHERE id_hash IN (SELECT id_hash FROM sign_ups WHERE expires_at <= $1 LIMIT 64)";

impl Vault {
    /// Keeps who somebody proved to be until the form is answered.
    pub(crate) async fn await_sign_up(
        &self,
        id: &SignUpId,
        waiting: &Waiting,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (hash, expires_at) = (hashed(id.expose()), waiting.expires_at);
        let sealed = self.sign_ups.seal(&waiting.to_bytes(), hash.as_bytes());
        self.database
            .write(move |transaction| {
                transaction.execute(SWEEP, params![now.unix()])?;
                transaction.execute(
                    "INSERT INTO sign_ups (id_hash, sealed, expires_at) VALUES ($1, $2, $3)",
                    params![hash, sealed, expires_at.unix()],
                )?;
                Ok(())
            })
            .await
    }

    /// Who waits under this id.
    pub(crate) async fn waiting(&self, id: &SignUpId, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
        let hash = hashed(id.expose());
        let key = hash.clone();
        let sealed: Option<String> = self
            .database
            .read(move |connection| {
                let mut statement = connection
                    .prepare_cached("SELECT sealed FROM sign_ups WHERE id_hash = $1 AND expires_at > $2")?;
                Ok(statement.query_row(params![key, now.unix()], |row| row.get(0)).optional()?)
            })
            .await?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened =
            self.sign_ups.open(&sealed, hash.as_bytes()).map_err(|_| StoreError::Unreadable(TABLE))?;
        Waiting::from_bytes(&opened).map(Some).ok_or(StoreError::Unreadable(TABLE))
    }

    /// Uses up a waiting sign-up; `false` if it was used before.
    pub(crate) async fn finish_sign_up(&self, id: &SignUpId) -> Result<bool, StoreError> {
        let hash = hashed(id.expose());
        self.database
            .write(move |transaction| {
                Ok(transaction.execute("DELETE FROM sign_ups WHERE id_hash = $1", params![hash])? == 1)
            })
            .await
    }
}
