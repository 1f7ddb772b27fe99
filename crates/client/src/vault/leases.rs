//! Leases: one at a time, on any number of processes, whatever their clocks say.
//!
//! Whoever wants a lease that somebody else has watches it: when it has not been prolonged for a whole life on the
//! watcher's own clock, its holder is taken for dead. So nobody compares the clock of one machine with that of another,
//! except for leases that are over by much more than two clocks may differ.

use std::sync::{Mutex, PoisonError};

use mapae_protocol::{
    random,
    time::{Seconds, Timestamp},
};

use super::{
    StoreError, Vault,
    database::{Done, Statement, statements, values},
};
use crate::identity::EndUser;

/// How long a lease lives without being renewed.
///
/// Longer than one request to a provider may take (5 s), shorter than the 10 s in which a provider gives
/// the same successor to a refresh token again: whoever takes over from a process that died in between is in time.
const LIFE: Seconds = Seconds::seconds(7);

/// More than the clocks of two machines differ that do their work together.
const SKEW: Seconds = Seconds::minutes(1);

statements! {
    TAKE = "INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE leases.holder = excluded.holder OR leases.until <= $4 OR (leases.holder = $5 AND leases.until = $6)";
    LOOK = "SELECT holder, until FROM leases WHERE name = $1";
    GIVE_BACK = "DELETE FROM leases WHERE name = $1 AND holder = $2";
}

/// The right to do one thing for one person.
#[derive(Debug)]
pub(crate) struct Lease {
    name: String,
    holder: String,
    seen: Mutex<Option<Seen>>,
}

/// Somebody else's lease, and since when it has been like that.
#[derive(Clone, Debug)]
struct Seen {
    holder: String,
    until: Timestamp,
    since: Timestamp,
}

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
            seen: Mutex::default(),
        }
    }

    /// Takes the lease, or prolongs it when it is ours already; the last of the statements tells
    /// [whose it is](Self::standing) then.
    pub(super) fn taking(&self, now: Timestamp) -> [Statement; 2] {
        let dead = self.seen().filter(|seen| now.since(seen.since).get() >= LIFE.get());
        let (holder, until) = dead.map(|seen| (seen.holder, seen.until)).unzip();
        let take =
            TAKE.with(values![&self.name, &self.holder, now.plus(LIFE), now.minus(SKEW), holder, until]);
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
        let known = self.seen().filter(|seen| seen.holder == holder && seen.until == until);
        let since = known.map_or(now, |seen| seen.since);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { holder, until, since });
        Ok(Standing::Theirs)
    }

    /// Gives it back, if it is still ours.
    pub(super) fn giving_back(&self) -> Statement {
        GIVE_BACK.with(values![&self.name, &self.holder])
    }

    fn seen(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
