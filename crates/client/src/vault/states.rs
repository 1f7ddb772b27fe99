//! What works once: a state that came back (RFC 6749 §10.12), and a notice that has a name of its own (RFC 8417 §2.2); and for a
//! while the codes of deletions that were asked for.

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    StoreError, Vault,
    database::{statements, values},
    hashed,
};

statements! {
    /// How many dead rows a write takes along.
    SWEEP = "DELETE FROM used_states WHERE expires_at <= $1 AND state_hash IN
        (SELECT state_hash FROM used_states WHERE expires_at <= $1 LIMIT 64)";
    USED = "SELECT expires_at FROM used_states WHERE state_hash = $1 AND expires_at > $2";
    USE = "INSERT INTO used_states (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT (state_hash) DO NOTHING";
    /// The name of a dead row can be taken again.
    TAKE = "INSERT INTO used_states (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT (state_hash)
        DO UPDATE SET expires_at = excluded.expires_at WHERE used_states.expires_at <= $3";
    NOTE = "INSERT INTO used_states (state_hash, expires_at) VALUES ($1, $2) ON CONFLICT (state_hash)
        DO UPDATE SET expires_at = excluded.expires_at WHERE used_states.expires_at < excluded.expires_at";
    /// As long as nothing that counts is noted under the name. Whoever notes it at the same time waits until the unit of this
    /// is done, and ends what it began, or has made it fail. What this leaves behind is dead at once.
    GUARD = "INSERT INTO used_states (state_hash, expires_at) VALUES ($1, 0) ON CONFLICT (state_hash)
        DO UPDATE SET expires_at = used_states.expires_at WHERE used_states.expires_at < $2";
    /// What was taken until then, and by nobody else since.
    RELEASE = "DELETE FROM used_states WHERE state_hash = $1 AND expires_at = $2";
}

impl Vault {
    /// Whether a state was used.
    pub(crate) async fn was_used(&self, state: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.database.row(USED, values![hashed(state), now]).await?.is_some())
    }

    /// Uses up a state; `false` if it was used before. The row lives as long as the login it belongs to could.
    pub(crate) async fn use_state(
        &self,
        state: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let unit = [SWEEP.with(values![now]), USE.with(values![hashed(state), expires_at]).must()];
        Ok(self.database.commit(unit).await?.is_some())
    }
}

/// How long it can be asked what became of a deletion.
const DELETIONS: Seconds = Seconds::days(90);

fn of_deletion(code: &str) -> String {
    hashed(&format!("deletion {code}"))
}

impl Vault {
    /// Notes that a provider asked for a deletion; when it asks by the same code again, the first time stands.
    pub(crate) async fn note_deletion(&self, code: &str, now: Timestamp) -> Result<(), StoreError> {
        let unit = [SWEEP.with(values![now]), USE.with(values![of_deletion(code), now.plus(DELETIONS)])];
        self.database.commit(unit).await.map(drop)
    }

    /// When a provider asked for the deletion that has this code.
    pub(crate) async fn deletion(&self, code: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let row = self.database.row(USED, values![of_deletion(code), now]).await?;
        row.map(|mut row| Ok(row.time()?.minus(DELETIONS))).transpose()
    }
}

#[cfg(test)]
mod tests {
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
        let later = start.plus(life);
        assert!(vault.use_state("new", later.plus(life), later).await.unwrap());
        let long_ago = Timestamp::from_unix(0);
        assert!(!vault.was_used("7", long_ago).await.unwrap(), "swept");
        assert!(vault.was_used("new", long_ago).await.unwrap());
    }
}
