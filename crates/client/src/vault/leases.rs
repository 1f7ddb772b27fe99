//! Leases: one at a time, on any number of processes, whatever their clocks say.
//!
//! Whoever wants a lease that somebody else has watches it: when it has not been prolonged for a whole life on the
//! watcher's own clock, its holder is taken for dead. So nobody compares the clock of one machine with that of another,
//! except for leases that are over by much more than two clocks may differ.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mapae_protocol::{
    lease::Watch,
    random,
    time::{Seconds, Timestamp},
};

use super::{
    StoreError, Vault,
    database::{Done, Statement, statements, values},
};
use crate::identity::EndUser;

/// More than the clocks of two machines differ that do their work together.
const SKEW: Seconds = Seconds::minutes(1);

statements! {
    TAKE = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE leases.holder = excluded.holder OR leases.until <= $4 OR (leases.holder = $5 AND leases.until = $6)";
    LOOK = "SELECT holder, until FROM leases WHERE name = $1";
    /// Whoever takes it over at the same time waits until the unit of this is done, or has made it fail.
    HOLD = "UPDATE leases SET until = until WHERE name = $1 AND holder = $2";
    GIVE_BACK = "DELETE FROM leases WHERE name = $1 AND holder = $2";
}

/// The right to do one thing for one person.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    holder: String,
    watch: Mutex<Watch<Mark>>,
}

/// Somebody else's lease as it stands: whose, and until when on their clock.
type Mark = (String, Timestamp);

/// Who has a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Ours,
    Theirs,
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
            watch: Mutex::default(),
        }
    }

    /// Takes the lease, or prolongs it when it is ours already; the last of the statements tells
    /// [whose it is](Self::standing) then.
    pub(super) fn taking(&self, now: Timestamp) -> [Statement; 2] {
        let (holder, until) = self.watch().dead(now).cloned().unzip();
        let life = now.plus(Watch::<Mark>::LIFE);
        let take = TAKE.with(values![&self.name, &self.holder, life, now.minus(SKEW), holder, until]);
        [take, LOOK.with(values![&self.name])]
    }

    /// Whose the lease is, by what was found after [`taking`](Self::taking).
    pub(super) fn standing(&self, found: Done, now: Timestamp) -> Result<Standing, StoreError> {
        // Nobody's by now: it is taken next time.
        let Some(mut row) = found.row() else { return Ok(Standing::Theirs) };
        let (holder, until) = (row.text()?, row.time()?);
        if holder == self.holder {
            return Ok(Standing::Ours);
        }
        self.watch().found((holder, until), now);
        Ok(Standing::Theirs)
    }

    /// That it is still ours at this point of the unit: whoever was stopped for longer than its life may have lost it.
    pub(super) fn holding(&self) -> Statement {
        HOLD.with(values![&self.name, &self.holder]).must()
    }

    /// Gives it back, if it is still ours.
    pub(super) fn giving_back(&self) -> Statement {
        GIVE_BACK.with(values![&self.name, &self.holder])
    }

    fn watch(&self) -> MutexGuard<'_, Watch<Mark>> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault {
    /// Takes or prolongs a lease; `false` while somebody else has it.
    pub(crate) async fn take(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        let done = self.database.commit(lease.taking(now)).await?;
        let Some([_, found]) = done else { return Ok(false) };
        Ok(lease.standing(found, now)? == Standing::Ours)
    }

    /// Gives a lease back.
    pub(crate) async fn give_back(&self, lease: &Lease) -> Result<(), StoreError> {
        self.database.write(lease.giving_back()).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn mx_02_a_lease_that_was_prolonged_since_it_was_seen_is_alive() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let person = EndUser::new("https://op.example", "alice");
        let (theirs, ours) = (Lease::refresh(&person), Lease::refresh(&person));
        for (seconds, lease, taken) in [
            (0, &theirs, true),
            (0, &ours, false),
            (6, &theirs, true),
            // Not looked at for a whole life, in which it was prolonged.
            (7, &ours, false),
            (13, &ours, false),
            (14, &ours, true),
            (14, &theirs, false),
        ] {
            let now = Timestamp::from_unix(1_000 + seconds);
            assert_eq!(vault.take(lease, now).await.unwrap(), taken, "{seconds}");
        }
    }
}
