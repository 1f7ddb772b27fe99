//! States that came back — RFC 6749 §10.12: each works once.

use mapae_protocol::time::Timestamp;
use rusqlite::params;

use super::{StoreError, Vault, hashed};

/// How many dead rows a write takes along.
const SWEEP: &str = "DELETE FROM used_states WHERE state_hash IN
    (SELECT state_hash FROM used_states WHERE expires_at <= $1 LIMIT 64)";

impl Vault {
    /// Whether a state was used.
    pub(crate) async fn was_used(&self, state: &str, now: Timestamp) -> Result<bool, StoreError> {
        let hash = hashed(state);
        self.database
            .read(move |connection| {
                let mut statement = connection
                    .prepare_cached("SELECT 1 FROM used_states WHERE state_hash = $1 AND expires_at > $2")?;
                Ok(statement.exists(params![hash, now.unix()])?)
            })
            .await
    }

    /// Uses up a state; `false` if it was used before. The row lives as long as the login it belongs to could.
    pub(crate) async fn use_state(
        &self,
        state: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let hash = hashed(state);
        self.database
            .write(move |transaction| {
                transaction.execute(SWEEP, params![now.unix()])?;
                let inserted = transaction.execute(
                    "INSERT INTO used_states (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT (state_hash) DO NOTHING",
                    params![hash, expires_at.unix()],
                )?;
                Ok(inserted == 1)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Seconds;

    use super::*;

    #[tokio::test]
    async fn rp_19_used_states_are_swept_when_their_logins_are_over() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let (start, life) = (Timestamp::from_unix(1_000), Seconds::minutes(10));
        for state in 0..50 {
            assert!(vault.use_state(&state.to_string(), start.plus(life), start).await.unwrap());
        }
        assert!(!vault.use_state("7", start.plus(life), start).await.unwrap(), "used before");
        let count = |vault: &Vault| {
            let database = vault.database.clone();
            async move {
                let count = "SELECT COUNT(*) FROM used_states";
                database
                    .read(|connection| Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))?))
                    .await
            }
        };
        assert_eq!(count(&vault).await.unwrap(), 50);
        let later = start.plus(life);
        assert!(vault.use_state("new", later.plus(life), later).await.unwrap());
        assert_eq!(count(&vault).await.unwrap(), 1);
    }
}
