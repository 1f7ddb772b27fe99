//! Deleting what is over, in small batches. Every read filters by time: this only makes room.
//!
//! That something is over is said twice. PostgreSQL judges a sub-select by what was there when the statement began, and
//! what stands beside it once more, when it has waited for somebody who was about to prolong the row.

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    StoreError, Vault,
    database::{Sql, statements, values},
    sign_ups,
};
use crate::linking::LATELY;

/// For how long a process may still be about to tell owner and provider that a method was removed, before its tokens go: it
/// waits for the application, and for a refresh.
const BEING_TOLD: Seconds = Seconds::minutes(10);

statements! {
    FRESH = "DELETE FROM fresh_sign_ins WHERE expires_at <= $1 AND session_hash IN
        (SELECT session_hash FROM fresh_sign_ins WHERE expires_at <= $1 LIMIT 64)";
    RESTING = "DELETE FROM resting_addresses WHERE until <= $1 AND address_hash IN
        (SELECT address_hash FROM resting_addresses WHERE until <= $1 LIMIT 64)";
    /// A process that removed a method died before it had told the provider. By their version: others come with the
    /// method when it is added again.
    TOKENS = "DELETE FROM tokens WHERE (issuer, subject, version) IN
        (SELECT given.issuer, given.subject, given.version FROM tokens given
            JOIN sign_in_methods way ON way.issuer = given.issuer AND way.subject = given.subject
         WHERE way.removed_at <= $1)";
    /// Removed methods of which nothing depends any more. That a founder's was removed is remembered with the account.
    REMOVED = "DELETE FROM sign_in_methods
        WHERE removed_at <= $1 AND (issuer <> account_issuer OR subject <> account_subject) AND (issuer, subject) IN
        (SELECT issuer, subject FROM sign_in_methods
         WHERE removed_at <= $1 AND (issuer <> account_issuer OR subject <> account_subject) LIMIT 64)";
}

impl Vault {
    /// Deletes what is over; how many sign-ups it were.
    pub(crate) async fn clean_up(&self, now: Timestamp) -> Result<u64, StoreError> {
        for statement in [FRESH, RESTING] {
            self.delete(statement, now).await?;
        }
        self.delete(TOKENS, now.minus(BEING_TOLD)).await?;
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
