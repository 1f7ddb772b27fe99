//! Leases: one at a time, on any number of processes.

use mapae_protocol::{
    random,
    time::{Seconds, Timestamp},
};
use rusqlite::{Transaction, params};

use super::{StoreError, Vault};
use crate::identity::EndUser;

/// How long a lease lives without being renewed.
///
/// Longer than one request to a provider may take (5 s), shorter than the 10 s in which a provider gives
/// the same successor to a refresh token again: whoever takes over from a process that died in between is in time.
const LIFE: Seconds = Seconds::seconds(7);

/// The right to do one thing for one person.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    name: String,
    holder: String,
}

impl Lease {
    /// To refresh a person's tokens.
    pub(crate) fn refresh(person: &EndUser) -> Self {
        Self::named("refresh", person)
    }

    /// To make a person's account.
    pub(crate) fn sign_up(person: &EndUser) -> Self {
        Self::named("sign-up", person)
    }

    fn named(what: &str, person: &EndUser) -> Self {
        Self {
            name: format!("{what} {} {}", person.issuer(), person.subject()),
            holder: random::text::<16>(),
        }
    }

    /// Takes the lease, or prolongs it when it is ours already.
    pub(super) fn take(&self, transaction: &Transaction<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let taken = transaction.execute(
            "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE leases.until <= $4 OR leases.holder = excluded.holder",
            params![self.name, self.holder, now.plus(LIFE).unix(), now.unix()],
        )?;
        Ok(taken == 1)
    }

    /// Gives it back, if it is still ours.
    pub(super) fn give_back(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        transaction
            .execute("DELETE FROM leases WHERE name = $1 AND holder = $2", params![self.name, self.holder])?;
        Ok(())
    }
}

impl Vault {
    /// Takes or prolongs a lease; `false` while somebody else has it.
    pub(crate) async fn take(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.database.write(move |transaction| lease.take(transaction, now)).await
    }

    /// Gives a lease back.
    pub(crate) async fn give_back(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.database.write(move |transaction| lease.give_back(transaction)).await
    }
}
