//! Deleting what is over, in small batches. Every read filters by time: this only makes room.

use mapae_protocol::time::Timestamp;

use super::{
    StoreError, Vault,
    database::{Sql, statements, values},
    sign_ups,
};
use crate::linking::LATELY;

statements! {
    FRESH = "DELETE FROM fresh_sign_ins WHERE session_hash IN
        (SELECT session_hash FROM fresh_sign_ins WHERE expires_at <= $1 LIMIT 64)";
    RESTING = "DELETE FROM resting_addresses WHERE address_hash IN
        (SELECT address_hash FROM resting_addresses WHERE until <= $1 LIMIT 64)";
    /// A process that removed a method died before it had told the provider.
    TOKENS = "DELETE FROM tokens WHERE (issuer, subject) IN
        (SELECT issuer, subject FROM sign_in_methods WHERE removed_at <= $1)";
    /// Removed methods of which nothing depends any more. That a founder's was removed is remembered with the account.
    REMOVED = "DELETE FROM sign_in_methods WHERE (issuer, subject) IN
        (SELECT issuer, subject FROM sign_in_methods
         WHERE removed_at <= $1 AND (issuer <> account_issuer OR subject <> account_subject) LIMIT 64)";
}

impl Vault {
    /// Deletes what is over; how many sign-ups it were.
    pub(crate) async fn clean_up(&self, now: Timestamp) -> Result<u64, StoreError> {
        for statement in [FRESH, RESTING, TOKENS] {
            self.delete(statement, now).await?;
        }
        self.delete(REMOVED, now.minus(LATELY)).await?;
        self.delete(sign_ups::SWEEP, now).await
    }

    /// Batch by batch, each a unit of its own, so that others write in between.
    async fn delete(&self, statement: Sql, before: Timestamp) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            match self.database.write(statement.with(values![before])).await?.touched {
                0 => return Ok(deleted),
                batch => deleted += batch,
            }
        }
    }
}
