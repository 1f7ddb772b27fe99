//! Room that strangers share, by network — threats PA-02, SE-31, DE-01, DE-11, DC-04.
//!
//! A budget for each source bounds nothing in all: who has a network of many networks has as many sources. So what
//! strangers leave behind has room in all, too, and networks share it: each may have as much as is left beside it (the
//! dynamic threshold of Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998), and the networks within it
//! likewise of that, down to the single one. So the busiest network is refused first, there is always some room left for
//! who has little, and the whole is never more than there is.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    throttle::Throttled,
    turns::{self, Networks},
};

/// Networks counted at once in one window of one room. Beyond that only wider ones are told apart.
const MAX_NETWORKS: usize = 100_000;

/// Something that there is only so much of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Of what: rooms of different kinds share nothing.
    kind: &'static str,
    /// How much there is of it, in all of a window and what is left of the one before.
    pub(super) most: u64,
    /// For how many seconds at least what was taken counts.
    window: i64,
}

const MIB: u64 = 1 << 20;

/// Bytes of requests that are pushed: 128 MiB. A row stays for 64 minutes at most, and ten until it is swept.
pub(crate) const PUSHED: Room = Room { kind: "pushed", most: 128 * MIB, window: 75 * 60 };
/// Bytes of devices that begin: 64 MiB. A row stays for ten minutes, and two hours until it is swept.
pub(crate) const DEVICES: Room = Room { kind: "device", most: 64 * MIB, window: 130 * 60 };
/// Bytes of proofs of possession: 128 MiB. A row stays for some minutes, and two hours until it is swept.
pub(crate) const PROOFS: Room = Room { kind: "proof", most: 128 * MIB, window: 130 * 60 };
/// Bytes of client assertions: 64 MiB. A row stays for an hour at most, and two hours until it is swept.
pub(crate) const ASSERTIONS: Room = Room { kind: "assertion", most: 64 * MIB, window: 180 * 60 };
/// Wrong user codes of devices, far more than people mistype in ten minutes: of the 20^8 that there are, nobody finds one by
/// chance (RFC 8628 §5.1).
pub(crate) const USER_CODES: Room = Room { kind: "user code", most: 4_096, window: 600 };
/// Requests too large to travel sealed: a quarter of the rows that there may be on all nodes.
pub(crate) const LARGE_REQUESTS: Room = Room { kind: "large request", most: 5_000, window: 600 };
/// People on their way to a provider: fewer than there may be rows.
pub(crate) const DEPARTURES: Room = Room { kind: "departure", most: 8_000, window: 600 };
/// Things that are fetched because of strangers: fewer than would keep all their places busy if each of them took the three
/// seconds that it may.
pub(crate) const FETCHES: Room = Room { kind: "fetch", most: 5_000, window: 600 };

type Network = (u32, Ipv6Addr);

/// What has been taken of every room by this process.
#[derive(Debug, Default)]
pub(super) struct Shares(HashMap<&'static str, Taken>);

/// What has been taken of one room: in this window and in the one before.
#[derive(Debug, Default)]
struct Taken {
    since: i64,
    now: Counts,
    before: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    all: u64,
    by: HashMap<Network, u64>,
}

impl Shares {
    /// Takes this much, or nothing.
    pub(super) fn take(
        &mut self,
        room: Room,
        source: IpAddr,
        amount: u64,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let taken = self.0.entry(room.kind).or_default();
        taken.pass(room.window, now.unix());
        let networks = turns::networks(source);
        // For each network as much as is left beside it.
        let beside = taken.now.beside(&networks);
        if amount > room.most.saturating_sub(beside).saturating_sub(taken.before.beside(&networks)) {
            // What was taken in this window counts in the next one, too.
            let windows = if amount > room.most.saturating_sub(beside) { 2 } else { 1 };
            let end = taken.since.saturating_add(room.window.saturating_mul(windows));
            let until = end.saturating_sub(now.unix());
            return Err(Throttled {
                retry_after: Seconds::seconds(u32::try_from(until).unwrap_or(u32::MAX)),
            });
        }
        taken.now.add(&networks, amount);
        Ok(())
    }

    /// Gives back what was taken, as far as it still counts.
    pub(super) fn give_back(&mut self, room: Room, source: IpAddr, amount: u64) {
        if let Some(taken) = self.0.get_mut(room.kind) {
            let rest = taken.now.subtract(&turns::networks(source), amount);
            taken.before.subtract(&turns::networks(source), rest);
        }
    }
}

impl Taken {
    fn pass(&mut self, window: i64, now: i64) {
        let windows = now.saturating_sub(self.since) / window;
        if windows < 1 {
            return;
        }
        let last = std::mem::take(&mut self.now);
        self.before = if windows == 1 { last } else { Counts::default() };
        self.since = self.since.saturating_add(windows.saturating_mul(window));
    }
}

impl Counts {
    /// What is taken away of the room for an address of these networks: all that there is, and once more what each of them
    /// has.
    fn beside(&self, networks: &Networks) -> u64 {
        networks.iter().fold(self.all, |taken, network| taken.saturating_add(self.of(network)))
    }

    fn of(&self, network: &Network) -> u64 {
        self.by.get(network).copied().unwrap_or_default()
    }

    fn add(&mut self, networks: &Networks, amount: u64) {
        self.all = self.all.saturating_add(amount);
        for network in networks {
            let has_room = self.by.len() < MAX_NETWORKS;
            match self.by.get_mut(network) {
                Some(count) => *count = count.saturating_add(amount),
                None if has_room => {
                    self.by.insert(*network, amount);
                }
                None => {}
            }
        }
    }

    /// What could not be taken away, because it was not here.
    fn subtract(&mut self, networks: &Networks, amount: u64) -> u64 {
        let [.., single] = networks;
        let here = self.of(single).min(amount);
        self.all = self.all.saturating_sub(here);
        for network in networks {
            if let Some(count) = self.by.get_mut(network) {
                *count = count.saturating_sub(here);
            }
        }
        amount - here
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { kind: "test", most: 10_000, window: 600 };

    fn at(unix: i64) -> Timestamp {
        Timestamp::from_unix(unix)
    }

    fn take(shares: &mut Shares, source: &str, now: i64) -> bool {
        shares.take(ROOM, source.parse().unwrap(), 1, at(now)).is_ok()
    }

    /// How many of these come through.
    fn flood(shares: &mut Shares, sources: impl Iterator<Item = String>, now: i64) -> usize {
        sources.filter(|source| take(shares, source, now)).count()
    }

    #[test]
    fn pa_02_a_network_of_many_networks_leaves_room_for_everybody_else() {
        for flood_of in [
            |n: u32| format!("2001:db8:{:x}:{:x}::1", n >> 8, n & 255),
            |n: u32| format!("203.0.{}.{}", n >> 8 & 255, n & 255),
            |n: u32| format!("11.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255),
            |_: u32| "2001:db8:7:7::7".to_owned(),
        ] {
            let mut shares = Shares::default();
            let through = flood(&mut shares, (0..60_000).map(flood_of), 0);
            assert!((1_900..=5_000).contains(&through), "{through}");
            for stranger in ["198.51.100.7", "2a01:db8::7", "192.0.2.1"] {
                let through = flood(&mut shares, (0..100).map(|_| stranger.to_owned()), 1);
                assert_eq!(through, 100, "{stranger}");
            }
        }
    }

    #[test]
    fn pa_02_a_neighbour_of_a_flood_has_room_too() {
        for (busy, neighbour) in [
            ("203.0.113.7", "203.0.113.8"),
            ("2001:db8:1:1::1", "2001:db8:1:2::1"),
            ("203.0.113.7", "203.0.114.1"),
        ] {
            let mut shares = Shares::default();
            flood(&mut shares, (0..20_000).map(|_| busy.to_owned()), 0);
            assert!(!take(&mut shares, busy, 1));
            assert_eq!(flood(&mut shares, (0..100).map(|_| neighbour.to_owned()), 1), 100, "{neighbour}");
        }
    }

    #[test]
    fn pa_02_whoever_floods_there_is_never_more_than_there_is_room_for() {
        let mut shares = Shares::default();
        let everywhere = (0..200_000_u32).map(|n| std::net::Ipv4Addr::from(n.wrapping_mul(2_654_435_761)));
        let through = flood(&mut shares, everywhere.map(|address| address.to_string()), 0);
        assert!(through <= 10_000, "{through}");
        assert!(shares.0["test"].now.by.len() <= MAX_NETWORKS);
    }

    #[test]
    fn what_was_taken_counts_for_a_window_and_no_longer_than_two() {
        let mut shares = Shares::default();
        let mut full = |now| flood(&mut shares, (0..5_000).map(|_| "192.0.2.1".to_owned()), now);
        let through = full(599);
        assert!(through > 0);
        assert_eq!(full(600), 0);
        assert_eq!(full(1_199), 0);
        assert_eq!(full(1_200), through, "the window is over");
        assert_eq!(full(4_000), through);
    }

    #[test]
    fn pa_02_whoever_is_refused_is_told_when_there_is_room_again() {
        let mut shares = Shares::default();
        let source = "192.0.2.1".parse().unwrap();
        flood(&mut shares, (0..5_000).map(|_| "192.0.2.1".to_owned()), 599);
        for (now, left) in [(599, 601), (600, 600), (1_199, 1)] {
            let refused = shares.take(ROOM, source, 1, at(now)).unwrap_err();
            assert_eq!(refused.retry_after, Seconds::seconds(left), "{now}");
        }
        assert!(take(&mut shares, "192.0.2.1", 1_200));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut shares = Shares::default();
        let source = "192.0.2.1".parse().unwrap();
        flood(&mut shares, (0..5_000).map(|_| "192.0.2.1".to_owned()), 599);
        assert!(!take(&mut shares, "192.0.2.1", 600));
        shares.give_back(ROOM, source, 1);
        assert!(take(&mut shares, "192.0.2.1", 600), "also of the window before");
        shares.give_back(ROOM, "198.51.100.1".parse().unwrap(), 7_000);
        assert!(!take(&mut shares, "192.0.2.1", 600), "who took nothing gives nothing");
    }
}
