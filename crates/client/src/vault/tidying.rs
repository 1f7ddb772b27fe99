//! Deleting what is over, in small batches. Every read filters by time: this only makes room.

use mapae_protocol::time::Timestamp;
use rusqlite::params;

use super::{StoreError, Vault};
use crate::sign_in_methods;

/// Sign-ups that nobody finished.
const SIGN_UPS: &str =
    "DELETE FROM sign_ups WHERE id_hash IN (SELECT id_hash FROM sign_ups WHERE expires_at <= $1 LIMIT 64)";

/// What else is over.
const OTHERS: &[&str] = &[
    "DELETE FROM fresh_sign_ins WHERE session_hash IN
         (SELECT session_hash FROM fresh_sign_ins WHERE expires_at <= $1 LIMIT 64)",
    "DELETE FROM resting_addresses WHERE address_hash IN
         (SELECT address_hash FROM resting_addresses WHERE until <= $1 LIMIT 64)",
    // A process that removed a method died before it had told the provider.
    "DELETE FROM tokens WHERE (issuer, subject) IN
         (SELECT issuer, subject FROM sign_in_methods WHERE removed_at <= $1)",
];

/// Removed methods of which nothing depends any more. That a founder's was removed is remembered with the account.
const REMOVED: &str = "DELETE FROM sign_in_methods WHERE (issuer, subject) IN
    (SELECT issuer, subject FROM sign_in_methods
     WHERE removed_at <= $1 AND (issuer <> account_issuer OR subject <> account_subject) LIMIT 64)";

impl Vault {
    /// Deletes what is over; how many sign-ups it were.
    pub(crate) async fn clean_up(&self, now: Timestamp) -> Result<usize, StoreError> {
        for statement in OTHERS {
            while self.delete(statement, now).await? > 0 {}
        }
        while self.delete(REMOVED, now.minus(sign_in_methods::LATELY)).await? > 0 {}
        let mut sign_ups = 0;
        loop {
            match self.delete(SIGN_UPS, now).await? {
                0 => return Ok(sign_ups),
                deleted => sign_ups += deleted,
            }
        }
    }

    /// One batch of what was over at `before`, in a transaction of its own: others can write in between.
    async fn delete(&self, statement: &'static str, before: Timestamp) -> Result<usize, StoreError> {
        self.database
            .write(move |transaction| Ok(transaction.execute(statement, params![before.unix()])?))
            .await
    }
}
