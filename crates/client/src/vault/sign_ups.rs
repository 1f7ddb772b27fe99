//! People between the provider and the sign-up form.

use mapae_protocol::time::Timestamp;

use super::{
    StoreError, Vault,
    database::{Statement, statements, values},
    hashed,
};
use crate::{
    identity::EndUser,
    sign_up::{SignUpId, Waiting},
};

const TABLE: &str = "sign_ups";

statements! {
    SWEEP = "DELETE FROM sign_ups WHERE expires_at <= $1 AND id_hash IN
        (SELECT id_hash FROM sign_ups WHERE expires_at <= $1 LIMIT 64)";
    AWAIT = "INSERT INTO sign_ups (id_hash, sealed, expires_at, issuer, subject) VALUES ($1, $2, $3, $4, $5)";
    WAITING = "SELECT sealed FROM sign_ups WHERE id_hash = $1 AND expires_at > $2";
    FINISH = "DELETE FROM sign_ups WHERE id_hash = $1";
    // All but the seven that wait longest from now on, which are the last that began.
    CROWDED = "DELETE FROM sign_ups WHERE id_hash IN (SELECT id_hash FROM sign_ups WHERE issuer = $1 AND subject = $2
        ORDER BY expires_at DESC, id_hash LIMIT 1000 OFFSET 7)";
    FORGET = "DELETE FROM sign_ups WHERE issuer = $1 AND subject = $2";
}

impl Vault {
    /// Keeps who somebody proved to be until the form is answered. One identity has eight places, for as many browsers and tabs
    /// at once; the oldest gives way to the ninth, so who never answers fills no table.
    pub(crate) async fn await_sign_up(
        &self,
        id: &SignUpId,
        waiting: &Waiting,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let hash = hashed(id.expose());
        let sealed = self.sign_ups.seal(&waiting.to_bytes(), hash.as_bytes());
        let person = waiting.identity.person();
        let row = values![hash, sealed, waiting.expires_at, person.issuer(), person.subject()];
        let unit = [
            SWEEP.with(values![now]),
            CROWDED.with(values![person.issuer(), person.subject()]),
            AWAIT.with(row),
        ];
        self.database.commit(unit).await.map(drop)
    }

    /// Who waits under this id.
    pub(crate) async fn waiting(&self, id: &SignUpId, now: Timestamp) -> Result<Option<Waiting>, StoreError> {
        let hash = hashed(id.expose());
        let Some(mut row) = self.database.row(WAITING, values![&hash, now]).await? else { return Ok(None) };
        let opened = self.sign_ups.open(&row.text()?, hash.as_bytes());
        let opened = opened.map_err(|_| StoreError::Unreadable(TABLE))?;
        Waiting::from_bytes(&opened).map(Some).ok_or(StoreError::Unreadable(TABLE))
    }

    /// Uses up a waiting sign-up.
    pub(crate) async fn finish_sign_up(&self, id: &SignUpId) -> Result<(), StoreError> {
        self.database.write(FINISH.with(values![hashed(id.expose())])).await.map(drop)
    }
}

/// Uses up a waiting sign-up that is there at this point of the unit.
pub(super) fn finishing(id: &SignUpId) -> Statement {
    FINISH.with(values![hashed(id.expose())]).must()
}

/// Nobody waits with this identity any more, in whichever browser.
pub(super) fn forget(person: &EndUser) -> Statement {
    FORGET.with(values![person.issuer(), person.subject()])
}
