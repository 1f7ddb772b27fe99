//! Addresses of deleted accounts: for a while whoever has one now is not taken for its former owner.

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    StoreError, Vault,
    database::{statements, values},
    hashed,
};

/// How long an address rests.
const REST: Seconds = Seconds::days(30);

statements! {
    LET = "INSERT INTO resting_addresses (address_hash, until) VALUES ($1, $2)
        ON CONFLICT (address_hash) DO UPDATE SET until = excluded.until";
    UNTIL = "SELECT until FROM resting_addresses WHERE address_hash = $1 AND until > $2";
}

impl Vault {
    /// Lets an address rest.
    pub(crate) async fn rest_address(&self, address: &str, now: Timestamp) -> Result<(), StoreError> {
        self.database.write(LET.with(values![hashed(address), now.plus(REST)])).await.map(drop)
    }

    /// Whether an address rests.
    pub(crate) async fn address_rests(&self, address: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.database.row(UNTIL, values![hashed(address), now]).await?.is_some())
    }
}
