//! Sessions whose owner has just proved again who they are — ASVS V7.5.1.

use mapae_protocol::time::Timestamp;

use super::{
    StoreError, Vault,
    database::{statements, values},
    hashed,
};
use crate::{session::SessionId, sign_in_methods};

statements! {
    NOTE = "INSERT INTO fresh_sign_ins (session_hash, proved_at, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (session_hash) DO UPDATE SET proved_at = excluded.proved_at, expires_at = excluded.expires_at";
    SINCE = "SELECT proved_at FROM fresh_sign_ins WHERE session_hash = $1 AND expires_at > $2";
}

impl Vault {
    /// Notes that whoever has this session has just proved who they are.
    pub(crate) async fn note_fresh(&self, id: &SessionId, now: Timestamp) -> Result<(), StoreError> {
        let until = now.plus(sign_in_methods::REMEMBERED);
        self.database.write(NOTE.with(values![hashed(id.expose()), now, until])).await.map(drop)
    }

    /// When whoever has the session of this name proved it last, if that is not long ago.
    pub(crate) async fn fresh_since(
        &self,
        sid: &str,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = self.database.row(SINCE, values![sid, now]).await?;
        row.map(|mut row| row.time()).transpose()
    }
}
