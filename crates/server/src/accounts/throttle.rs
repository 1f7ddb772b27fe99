//! Throttles: budgets of attempts, in bounded memory.
//!
//! Each key has a budget that refills with time (the generic cell rate algorithm: one number per key).
//! An attempt is charged before its password is checked, so that a burst of parallel attempts cannot
//! slip through. Each process counts for itself: behind several nodes there is as much more of everything.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use mapae_protocol::{
    digest::sha256,
    time::{Seconds, Timestamp},
};

use super::shares::{Room, Shares};

/// Keys remembered at once; beyond that the most relaxed ones are forgotten.
const MAX_KEYS: usize = 100_000;

/// How much a key may spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Of what: budgets of different kinds never share a key.
    kind: &'static str,
    /// Attempts at once.
    pub(crate) burst: i64,
    /// Seconds until one attempt comes back.
    pub(crate) refill: i64,
}

/// Attempts to sign in from one address (IPv6: one /64): ten at once, then three a minute.
pub(crate) const SOURCE: Budget = Budget { kind: "source", burst: 10, refill: 20 };
/// Attempts on one account from one source: ten at once, then six an hour.
pub(crate) const ACCOUNT_SOURCE: Budget = Budget { kind: "account source", burst: 10, refill: 600 };
/// Attempts on one account from all sources together: a hundred at once, then twelve an hour. One source alone
/// cannot use that up.
pub(crate) const ACCOUNT: Budget = Budget { kind: "account", burst: 100, refill: 300 };
/// Attempts on one account in a browser that its owner has used: ten at once, then one a minute.
pub(crate) const OWN_BROWSER: Budget = Budget { kind: "own browser", burst: 10, refill: 60 };
/// Requests too large to travel sealed, each of which is kept for ten minutes, from one source: thirty at once,
/// then three a minute. Nobody can fill the room that there is for them alone.
pub(crate) const LARGE_REQUESTS: Budget = Budget { kind: "large request", burst: 30, refill: 20 };
/// Requests that apps push which nobody vouches for, from one app: six hundred at once, then one a second. Each is a row.
pub(crate) const PUSHED_REQUESTS: Budget = Budget { kind: "pushed request", burst: 600, refill: 1 };
/// Requests that public apps push, from one source, which may be many people: three hundred at once, then thirty a minute.
pub(crate) const PUSHED_BY_SOURCE: Budget = Budget { kind: "pushed by source", burst: 300, refill: 2 };
/// The same of all such apps from one source: who has one may have many.
pub(crate) const PUSHED_OF_APPS: Budget = Budget { kind: "pushed of apps", burst: 600, refill: 1 };
/// Proofs of possession that public apps show for what is refused or writes nothing else, from one source, which may be many
/// people: three hundred at once, then thirty a minute. Each is a row, and whoever knows the app's id can cause it.
pub(crate) const PROOFS_BY_SOURCE: Budget = Budget { kind: "proof by source", burst: 300, refill: 2 };
/// Proofs of possession of an app which nobody vouches for: six hundred at once, then one a second. Each is a row.
pub(crate) const PROOFS_OF_APP: Budget = Budget { kind: "proof of app", burst: 600, refill: 1 };
/// The same of all such apps from one source.
pub(crate) const PROOFS_OF_APPS: Budget = Budget { kind: "proof of apps", burst: 600, refill: 1 };
/// Devices that begin in the name of a public app, from one source, which may be many people: three hundred at once, then
/// thirty a minute.
pub(crate) const DEVICES_BY_SOURCE: Budget = Budget { kind: "device by source", burst: 300, refill: 2 };
/// Devices of one app which nobody vouches for: six hundred at once, then one a second. Each is a row.
pub(crate) const DEVICES_OF_APP: Budget = Budget { kind: "device of app", burst: 600, refill: 1 };
/// The same of all such apps from one source.
pub(crate) const DEVICES_OF_APPS: Budget = Budget { kind: "device of apps", burst: 600, refill: 1 };
/// Wrong user codes of devices from one source: five at once, then one in two minutes (RFC 8628 §5.1).
pub(crate) const USER_CODES_BY_SOURCE: Budget = Budget { kind: "user code by source", burst: 5, refill: 120 };
/// The same from one wider network (`turns::wider_network`), which may be a whole company's or a provider's: a hundred at once, then ten a minute.
pub(crate) const USER_CODES_BY_NETWORK: Budget =
    Budget { kind: "user code by network", burst: 100, refill: 6 };
/// Wrong user codes of devices by one person, wherever they are: five at once, then one in two
/// minutes.
pub(crate) const USER_CODES_BY_PERSON: Budget = Budget { kind: "user code by person", burst: 5, refill: 120 };
/// Codes whose details are too large for an address, each of which is a row, for one person: thirty at once, then
/// three a minute.
pub(crate) const LARGE_CODES: Budget = Budget { kind: "large code", burst: 30, refill: 20 };
/// Leaving for a provider and coming back, each of which is kept for some minutes, from one source: sixty at once, then
/// six a minute. Many people share an address.
pub(crate) const DEPARTURES: Budget = Budget { kind: "departure", burst: 60, refill: 10 };
/// Mails to one address: three an hour.
pub(crate) const MAIL: Budget = Budget { kind: "mail", burst: 3, refill: 1200 };
/// Mails asked for by one source: ten at once, then three a minute.
pub(crate) const MAIL_SOURCE: Budget = Budget { kind: "mail source", burst: 10, refill: 20 };

/// Apps registered by one person: a hundred at once, then one a minute. How many they may have is another matter;
/// this is how often they may delete and begin again.
pub(crate) const REGISTRATIONS: Budget = Budget { kind: "registration", burst: 100, refill: 60 };

/// Apps that register themselves from one source without a token of the operator's: a hundred at once, then one a minute.
pub(crate) const SELF_REGISTRATIONS: Budget = Budget { kind: "self-registration", burst: 100, refill: 60 };

/// Apps that register themselves with one token of the operator's, and those that do so with any from one source: a hundred
/// at once, then six a minute. How many a token registers is another matter; each try may make this server fetch.
pub(crate) const TOKEN_REGISTRATIONS: Budget = Budget { kind: "token registration", burst: 100, refill: 10 };

/// Changes that one app makes to its own registration, each of which may make this server fetch: thirty at once, then one a
/// minute.
pub(crate) const REGISTRATION_CHANGES: Budget = Budget { kind: "registration change", burst: 30, refill: 60 };

/// Documents of apps that are fetched because somebody is sent here from one source: thirty at once, then three a minute.
pub(crate) const CLIENT_DOCUMENTS: Budget = Budget { kind: "client document", burst: 30, refill: 20 };

/// Keys of apps which nobody vouches for that are fetched because of requests from one source, which may be many apps: sixty
/// at once, then twelve a minute.
pub(crate) const FETCHED_KEYS: Budget = Budget { kind: "fetched keys", burst: 60, refill: 5 };

/// Client assertions of an app which nobody vouches for: six hundred at once, then one a second. Each is a row.
pub(crate) const ASSERTIONS: Budget = Budget { kind: "client assertion", burst: 600, refill: 1 };
/// The same of all such apps from one source.
pub(crate) const ASSERTIONS_OF_APPS: Budget = Budget { kind: "assertion of apps", burst: 600, refill: 1 };

/// Request objects that are fetched because somebody is sent here from one source: sixty at once, then six a minute.
pub(crate) const REQUEST_OBJECTS: Budget = Budget { kind: "request object", burst: 60, refill: 10 };

/// Come back later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Throttled {
    /// When the next attempt is possible.
    pub(crate) retry_after: Seconds,
}

impl Throttled {
    /// When the next attempt is possible, in minutes as people are told: never too few.
    pub(crate) fn minutes(self) -> u32 {
        u32::try_from((self.retry_after.get() + 59) / 60).unwrap_or(u32::MAX).max(1)
    }
}

/// The budgets of all keys.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    /// For each key the time at which its budget is full again.
    full_at: Mutex<HashMap<[u8; 16], i64>>,
    shares: Mutex<Shares>,
}

impl Throttle {
    /// Charges one attempt to `key`.
    pub(crate) fn charge(&self, budget: Budget, key: &str, now: Timestamp) -> Result<(), Throttled> {
        let mut keys = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut keys, now.unix());
        let full_at = keys.entry(digest(budget, key)).or_insert(0);
        let charged = (*full_at).max(now.unix()).saturating_add(budget.refill);
        let over =
            charged.saturating_sub(now.unix()).saturating_sub(budget.burst.saturating_mul(budget.refill));
        if over > 0 {
            return Err(Throttled { retry_after: Seconds::seconds(u32::try_from(over).unwrap_or(u32::MAX)) });
        }
        *full_at = charged;
        Ok(())
    }

    /// Gives one attempt back.
    pub(crate) fn refund(&self, budget: Budget, key: &str) {
        let mut keys = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = keys.get_mut(&digest(budget, key)) {
            *full_at = full_at.saturating_sub(budget.refill);
        }
    }

    /// Forgets what `key` spent.
    pub(crate) fn clear(&self, budget: Budget, key: &str) {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest(budget, key));
    }

    /// Takes this much of something that all sources share.
    pub(crate) fn take(
        &self,
        room: Room,
        source: &str,
        amount: u64,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.take(room, address(source), amount, now)
    }

    /// Gives it back.
    pub(crate) fn give_back(&self, room: Room, source: &str, amount: u64) {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner).give_back(room, address(source), amount);
    }
}

/// The address that a source is named by. Whose is not known shares with all of those.
fn address(source: &str) -> IpAddr {
    source.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Keys are digests, so their length is bounded.
fn digest(budget: Budget, key: &str) -> [u8; 16] {
    let text = format!("{}\0{key}", budget.kind);
    let mut short = [0; 16];
    short.copy_from_slice(sha256(text.as_bytes()).first_chunk::<16>().unwrap_or(&[0; 16]));
    short
}

fn make_room(keys: &mut HashMap<[u8; 16], i64>, now: i64) {
    if keys.len() < MAX_KEYS {
        return;
    }
    keys.retain(|_, full_at| *full_at > now);
    if keys.len() >= MAX_KEYS {
        let mut times: Vec<i64> = keys.values().copied().collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        keys.retain(|_, full_at| *full_at > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix: i64) -> Timestamp {
        Timestamp::from_unix(unix)
    }

    #[test]
    fn se_12_guessing_is_slowed_and_comes_back_with_time() {
        let throttle = Throttle::default();
        for _ in 0..SOURCE.burst {
            assert_eq!(throttle.charge(SOURCE, "192.0.2.1", at(1000)), Ok(()));
        }
        let refused = throttle.charge(SOURCE, "192.0.2.1", at(1000)).unwrap_err();
        assert_eq!(refused.retry_after, Seconds::seconds(SOURCE.refill as u32));
        assert_eq!(throttle.charge(SOURCE, "192.0.2.2", at(1000)), Ok(()));
        assert_eq!(throttle.charge(SOURCE, "192.0.2.1", at(1000 + SOURCE.refill)), Ok(()));
        assert!(throttle.charge(SOURCE, "192.0.2.1", at(1000 + SOURCE.refill)).is_err());
    }

    #[test]
    fn se_13_a_success_clears_only_its_own_account() {
        let throttle = Throttle::default();
        for _ in 0..SOURCE.burst {
            throttle.charge(SOURCE, "source", at(0)).unwrap();
            throttle.charge(ACCOUNT, "victim", at(0)).unwrap();
        }
        throttle.clear(ACCOUNT, "attacker");
        throttle.refund(SOURCE, "source");
        throttle.charge(SOURCE, "source", at(0)).unwrap();
        assert!(throttle.charge(SOURCE, "source", at(0)).is_err());
        for _ in SOURCE.burst..ACCOUNT.burst {
            throttle.charge(ACCOUNT, "victim", at(0)).unwrap();
        }
        assert!(throttle.charge(ACCOUNT, "victim", at(0)).is_err());
    }

    #[test]
    fn se_12_one_source_cannot_use_up_what_an_account_has() {
        let throttle = Throttle::default();
        let mut counted = 0;
        for second in (0..7 * 24 * 3600).step_by(10) {
            if throttle.charge(ACCOUNT_SOURCE, "victim source", at(second)).is_ok() {
                counted += 1;
                assert_eq!(throttle.charge(ACCOUNT, "victim", at(second)), Ok(()), "attempt {counted}");
            }
        }
        assert!(throttle.charge(ACCOUNT, "victim", at(7 * 24 * 3600)).is_ok());
    }

    #[test]
    fn db_09_a_parallel_burst_never_overshoots() {
        let throttle = Throttle::default();
        let admitted = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..1000).filter(|_| throttle.charge(SOURCE, "x", at(5)).is_ok()).count())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(admitted, SOURCE.burst as usize);
    }

    #[test]
    fn op_10_memory_is_bounded_under_a_flood_of_sources() {
        let throttle = Throttle::default();
        for source in 0..MAX_KEYS + 10_000 {
            throttle.charge(SOURCE, &source.to_string(), at(source as i64 / 100)).unwrap();
        }
        assert!(throttle.full_at.lock().unwrap().len() <= MAX_KEYS);
    }
}
