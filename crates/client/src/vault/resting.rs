//! Addresses of deleted accounts: for a while whoever has one now is not taken for its former owner.

use mapae_protocol::time::{Seconds, Timestamp};
use rusqlite::params;

use super::{StoreError, Vault, hashed};

/// How long an address rests.
const REST: Seconds = Seconds::days(30);

impl Vault {
    /// Lets an address rest.
    pub(crate) async fn rest_address(&self, address: &str, now: Timestamp) -> Result<(), StoreError> {
        let (hash, until) = (hashed(address), now.plus(REST));
        self.database
            .write(move |transaction| {
                transaction.execute(
                    "INSERT INTO resting_addresses (address_hash, until) VALUES ($1, $2)
                     ON CONFLICT (address_hash) DO UPDATE SET until = excluded.until",
                    params![hash, until.unix()],
                )?;
                Ok(())
            })
            .await
    }

    /// Whether an address rests.
    pub(crate) async fn address_rests(&self, address: &str, now: Timestamp) -> Result<bool, StoreError> {
        let hash = hashed(address);
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT 1 FROM resting_addresses WHERE address_hash = $1 AND until > $2",
                )?;
                Ok(statement.exists(params![hash, now.unix()])?)
            })
            .await
    }
}
