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

/// How much a key may spend. `docs/config.md` has a table of all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Budgets of different kinds never share a key.
    kind: &'static str,
    /// What it limits, as the operator reads it.
    pub(crate) what: &'static str,
    /// Whom it is for, as the operator reads it.
    pub(crate) whom: &'static str,
    /// Attempts at once.
    pub(crate) burst: i64,
    /// Seconds until one attempt comes back.
    pub(crate) refill: i64,
}

/// Declares the budgets as a table: name, what is limited, for whom, and how much of it. The documentation is written from
/// the same lines, so none can be forgotten there.
macro_rules! budgets {
    ($(
        $(#[$doc:meta])*
        $name:ident = $what:expr, $whom:literal, $burst:literal at once, then one in $refill:literal s;
    )+) => {
        $(
            $(#[$doc])*
            pub(crate) const $name: Budget = Budget {
                kind: stringify!($name),
                what: $what,
                whom: $whom,
                burst: $burst,
                refill: $refill,
            };
        )+

        /// Every budget, in the order of the documentation.
        pub(crate) const BUDGETS: &[Budget] = &[$($name),+];
    };
}

const PASSWORDS: &str = "passwords";
const MAILS: &str = "mails";
const WRONG_USER_CODES: &str = "user codes of devices that are wrong";
const TOO_LARGE: &str = "requests and codes that are too large for an address";
/// Each of them is a row, and whoever knows the app's id can cause it.
const OF_PUBLIC_APPS: &str = "pushed requests, devices and proofs of possession of apps without a secret";
/// Each of them is a row, and anybody may have registered the app.
const OF_UNVERIFIED_APPS: &str =
    "pushed requests, devices, proofs and assertions of apps with a secret or key that nobody has verified";

// Those that limit the same thing by the same numbers are one row of the documentation.
budgets! {
    /// Attempts to sign in from one address (IPv6: one /64).
    SOURCE = PASSWORDS, "one address", 10 at once, then one in 20 s;
    /// Attempts on one account from one source.
    ACCOUNT_SOURCE = PASSWORDS, "one account from one address", 10 at once, then one in 600 s;
    /// Attempts on one account from all sources together. One source alone cannot use that up.
    ACCOUNT = PASSWORDS, "one account from everywhere", 100 at once, then one in 300 s;
    /// Attempts on one account in a browser that its owner has used.
    OWN_BROWSER = PASSWORDS,
        "a browser in which the account's owner has signed in before, so that strangers lock nobody out",
        10 at once, then one in 60 s;

    /// Mails to one address.
    MAIL = MAILS, "one address of a mailbox", 3 at once, then one in 1200 s;
    /// Mails asked for by one source.
    MAIL_SOURCE = MAILS, "one address", 10 at once, then one in 20 s;

    /// Leaving for a provider and coming back, each of which is kept for some minutes, from one source. Many people share an
    /// address.
    DEPARTURES = "leaving for a provider and coming back", "one address", 60 at once, then one in 10 s;

    /// Wrong user codes of devices from one source (RFC 8628 §5.1).
    USER_CODES_BY_SOURCE = WRONG_USER_CODES, "one address", 5 at once, then one in 120 s;
    /// Wrong user codes of devices by one person, wherever they are.
    USER_CODES_BY_PERSON = WRONG_USER_CODES, "one person", 5 at once, then one in 120 s;
    /// Wrong user codes from one wider network (`turns::wider_network`), which may be a whole company's or a provider's.
    USER_CODES_BY_NETWORK = WRONG_USER_CODES, "one wider network", 100 at once, then one in 6 s;

    /// Requests too large to travel sealed, each of which is kept for ten minutes, from one source. Nobody can fill the room
    /// that there is for them alone.
    LARGE_REQUESTS = TOO_LARGE, "one address", 30 at once, then one in 20 s;
    /// Codes whose details are too large for an address, each of which is a row, for one person.
    LARGE_CODES = TOO_LARGE, "one person", 30 at once, then one in 20 s;

    /// Request objects that are fetched because somebody is sent here from one source.
    REQUEST_OBJECTS = "requests that apps sign and that are fetched, `request_uri`", "one address",
        60 at once, then one in 10 s;
    /// Documents of apps that are fetched because somebody is sent here from one source.
    CLIENT_DOCUMENTS = "documents of apps whose id is an address", "one address",
        30 at once, then one in 20 s;
    /// Keys that are fetched of apps that nobody has verified because of requests from one source, which may be many apps.
    FETCHED_KEYS = "keys at an address of apps that nobody has verified", "one address",
        60 at once, then one in 5 s;

    /// Apps registered by one person. How many they may have is another matter; this is how often they may delete and begin
    /// again.
    REGISTRATIONS = "apps that a person registers", "one person", 100 at once, then one in 60 s;
    /// Apps that register themselves from one source without a token of the operator's.
    SELF_REGISTRATIONS = "apps that register themselves without a token of yours", "one address",
        100 at once, then one in 60 s;
    /// Apps that register themselves with one token of the operator's, and those that do so with any from one source. How many
    /// a token registers is another matter; each try may make this server fetch.
    TOKEN_REGISTRATIONS = "apps that register themselves with one", "one token, and one address",
        100 at once, then one in 10 s;
    /// Changes that one app makes to its own registration, each of which may make this server fetch.
    REGISTRATION_CHANGES = "changes that an app makes to its registration", "one app",
        30 at once, then one in 60 s;

    /// Requests that public apps push, from one source, which may be many people.
    PUSHED_BY_SOURCE = OF_PUBLIC_APPS, "one address", 300 at once, then one in 2 s;
    /// Devices that begin in the name of a public app, from one source, which may be many people.
    DEVICES_BY_SOURCE = OF_PUBLIC_APPS, "one address", 300 at once, then one in 2 s;
    /// Proofs of possession that public apps show for what is refused or writes nothing else, from one source, which may be
    /// many people.
    PROOFS_BY_SOURCE = OF_PUBLIC_APPS, "one address", 300 at once, then one in 2 s;

    /// Requests that are pushed by one app that nobody has verified.
    PUSHED_REQUESTS = OF_UNVERIFIED_APPS, "one app", 600 at once, then one in 1 s;
    /// The same of all such apps from one source: who has one may have many.
    PUSHED_OF_APPS = OF_UNVERIFIED_APPS, "one address", 600 at once, then one in 1 s;
    /// Devices of one app that nobody has verified.
    DEVICES_OF_APP = OF_UNVERIFIED_APPS, "one app", 600 at once, then one in 1 s;
    /// The same of all such apps from one source.
    DEVICES_OF_APPS = OF_UNVERIFIED_APPS, "one address", 600 at once, then one in 1 s;
    /// Proofs of possession of an app that nobody has verified.
    PROOFS_OF_APP = OF_UNVERIFIED_APPS, "one app", 600 at once, then one in 1 s;
    /// The same of all such apps from one source.
    PROOFS_OF_APPS = OF_UNVERIFIED_APPS, "one address", 600 at once, then one in 1 s;
    /// Client assertions of an app that nobody has verified.
    ASSERTIONS = OF_UNVERIFIED_APPS, "one app", 600 at once, then one in 1 s;
    /// The same of all such apps from one source.
    ASSERTIONS_OF_APPS = OF_UNVERIFIED_APPS, "one address", 600 at once, then one in 1 s;
}

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
