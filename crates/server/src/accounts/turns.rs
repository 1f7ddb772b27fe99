//! Who is next at something scarce: in turn by network, not first come first served — threats SE-17, DC-04.
//!
//! Whoever floods a queue that is served in order shuts everybody else out. Here networks take turns: within
//! the whole world the first bytes of addresses, within those the next ones, down to the single address. And
//! when the queue is full, it is the most crowded network that loses its last place. So a flood from some
//! networks, whatever number of addresses it has there, waits for itself.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// How many bits of an address name its networks, from the widest to the single one: IPv4.
const IPV4: [u32; LEVELS] = [8, 16, 24, 32];
/// The same for IPv6.
const IPV6: [u32; LEVELS] = [20, 32, 48, 64];
const LEVELS: usize = 4;
/// Of how many networks it is remembered when they had their turn. Forgotten ones have it sooner.
const MAX_REMEMBERED: usize = 1024;

/// An address as a path through its networks, the widest first.
pub(super) type Networks = [(u32, Ipv6Addr); LEVELS];

/// Turns at a number of places.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    most_waiting: usize,
    /// In the order in which they came.
    waiting: Vec<Waiter>,
    served: HashMap<(u32, Ipv6Addr), u64>,
    turn: u64,
}

#[derive(Debug)]
struct Waiter {
    networks: Networks,
    called: oneshot::Sender<Place>,
}

/// One of the places; dropping it calls whoever is next.
#[derive(Debug)]
pub(crate) struct Place(Option<Turns>);

/// The queue is full of others with a better claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Turns {
    pub(crate) fn new(places: usize, most_waiting: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: places,
            most_waiting,
            waiting: Vec::new(),
            served: HashMap::new(),
            turn: 0,
        })))
    }

    /// A place, when it is this address's turn. Dropping the future gives the turn up.
    pub(crate) async fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let called = {
            let mut state = self.state();
            state.waiting.retain(|waiter| !waiter.called.is_closed());
            if state.free > 0 {
                state.free -= 1;
                return Ok(Place(Some(self.clone())));
            }
            let (called, call) = oneshot::channel();
            state.waiting.push(Waiter { networks: networks(address), called });
            if state.waiting.len() > state.most_waiting {
                state.turn_away();
            }
            call
        };
        called.await.map_err(|_| Full)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(turns) = self.0.take() else { return };
        let mut state = turns.state();
        while let Some(next) = state.next() {
            match next.called.send(Self(Some(turns.clone()))) {
                Ok(()) => return,
                // It waits no more. What comes back is still the same place.
                Err(mut place) => place.0 = None,
            }
        }
        state.free += 1;
    }
}

impl State {
    /// Takes out whose turn it is: on each level the network that has waited longest for its last one.
    fn next(&mut self) -> Option<Waiter> {
        let mut candidates: Vec<usize> = (0..self.waiting.len()).collect();
        for level in 0..LEVELS {
            let last = |index: &usize| self.network(*index, level).map(|network| self.served.get(&network));
            let longest = candidates.iter().copied().min_by_key(|index| last(index))?;
            let network = self.network(longest, level);
            candidates.retain(|index| self.network(*index, level) == network);
        }
        let next = self.waiting.remove(*candidates.first()?);
        if self.served.len() > MAX_REMEMBERED - LEVELS {
            let old =
                self.turn.saturating_sub(u64::try_from(MAX_REMEMBERED / LEVELS / 2).unwrap_or(u64::MAX));
            self.served.retain(|_, turn| *turn > old);
        }
        self.turn += 1;
        self.served.extend(next.networks.map(|network| (network, self.turn)));
        Some(next)
    }

    /// Drops who came last to the most crowded network of the most crowded one, and so on.
    fn turn_away(&mut self) {
        let mut candidates: Vec<usize> = (0..self.waiting.len()).collect();
        for level in 0..LEVELS {
            let crowd = |index: &usize| {
                let network = self.network(*index, level);
                candidates.iter().filter(|other| self.network(**other, level) == network).count()
            };
            let Some(most) = candidates.iter().copied().max_by_key(crowd) else { return };
            let network = self.network(most, level);
            candidates.retain(|index| self.network(*index, level) == network);
        }
        if let Some(last) = candidates.last() {
            self.waiting.remove(*last);
        }
    }

    fn network(&self, index: usize, level: usize) -> Option<(u32, Ipv6Addr)> {
        self.waiting.get(index).and_then(|waiter| waiter.networks.get(level)).copied()
    }
}

/// The network of networks that one customer can have (DE-01): of an IPv4 address 24 bits, of an IPv6 one 48.
pub(crate) fn wider_network(address: IpAddr) -> Ipv6Addr {
    let [_, _, (_, wider), _] = networks(address);
    wider
}

pub(super) fn networks(address: IpAddr) -> Networks {
    match address.to_canonical() {
        IpAddr::V4(address) => IPV4.map(|length| (96 + length, first(address.to_ipv6_mapped(), 96 + length))),
        IpAddr::V6(address) => IPV6.map(|length| (length, first(address, length))),
    }
}

/// The first bits of an address.
fn first(address: Ipv6Addr, length: u32) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    Ipv6Addr::from_bits(address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use futures_util::future::BoxFuture;

    use super::*;

    type Waiting = BoxFuture<'static, Result<Place, Full>>;

    #[test]
    fn de_01_networks_of_one_customer_are_one_wider_network() {
        let wider = |text: &str| wider_network(text.parse().unwrap()).to_canonical().to_string();
        assert_eq!(wider("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
        assert_eq!(wider("198.51.100.7"), "198.51.100.0");
        assert_eq!(wider("::ffff:198.51.100.7"), "198.51.100.0");
    }

    fn take(turns: &Turns, address: &str) -> Waiting {
        let (turns, address) = (turns.clone(), address.parse().unwrap());
        Box::pin(async move { turns.take(address).await })
    }

    fn poll(waiting: &mut Waiting) -> Option<Result<Place, Full>> {
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    /// Lets them all queue up; those that were turned away at once or by another are gone.
    fn queue(turns: &Turns, addresses: impl IntoIterator<Item = String>) -> Vec<(String, Waiting)> {
        let mut waiting = Vec::new();
        for address in addresses {
            let mut place = take(turns, &address);
            match poll(&mut place) {
                None => waiting.push((address, place)),
                Some(outcome) => assert!(outcome.is_err(), "nothing is free"),
            }
        }
        waiting
    }

    /// The addresses in the order in which they are called.
    fn called(mut place: Place, mut waiting: Vec<(String, Waiting)>) -> Vec<String> {
        let mut order = Vec::new();
        loop {
            drop(place);
            let mut next = None;
            let left = waiting.into_iter().filter_map(|(address, mut waiting)| match poll(&mut waiting) {
                None => Some((address, waiting)),
                Some(Err(Full)) => None,
                Some(Ok(called)) => {
                    next = Some(called);
                    order.push(address);
                    None
                }
            });
            waiting = left.collect();
            match next {
                Some(called) => place = called,
                None => return order,
            }
        }
    }

    #[test]
    fn se_17_one_network_of_many_addresses_does_not_shut_others_out() {
        let turns = Turns::new(1, 64);
        let place = poll(&mut take(&turns, "10.0.0.1")).unwrap().unwrap();
        let flood = (0..1000_u32).map(|n| format!("10.{}.{}.{}", n % 100, n / 250, n % 250));
        let mut waiting = queue(&turns, flood);
        waiting.extend(queue(&turns, ["198.51.100.7".to_owned(), "2001:db8::1".to_owned()]));
        let order = called(place, waiting);
        assert_eq!(order.len(), 64, "the queue is bounded");
        let place_of = |address: &str| order.iter().position(|called| called == address).unwrap();
        assert!(place_of("198.51.100.7") < 3 && place_of("2001:db8::1") < 3, "{order:?}");
    }

    #[test]
    fn se_17_within_a_network_its_networks_take_turns_too() {
        let turns = Turns::new(1, 64);
        let place = poll(&mut take(&turns, "203.0.113.1")).unwrap().unwrap();
        let many = (0..6).map(|n| format!("203.0.113.{n}")).chain((0..2).map(|_| "203.9.0.1".to_owned()));
        let order = called(place, queue(&turns, many));
        assert_eq!(order[..4], ["203.0.113.0", "203.9.0.1", "203.0.113.1", "203.9.0.1"]);
    }

    #[test]
    fn of_one_address_the_first_is_first_and_the_last_is_turned_away() {
        let turns = Turns::new(2, 2);
        let first = poll(&mut take(&turns, "192.0.2.1")).unwrap().unwrap();
        let second = poll(&mut take(&turns, "192.0.2.1")).unwrap().unwrap();
        let (mut third, mut fourth) = (take(&turns, "192.0.2.1"), take(&turns, "192.0.2.1"));
        assert!(poll(&mut third).is_none() && poll(&mut fourth).is_none());
        assert_eq!(poll(&mut take(&turns, "192.0.2.1")).map(|outcome| outcome.err()), Some(Some(Full)));
        let mut other = take(&turns, "198.51.100.1");
        assert!(poll(&mut other).is_none(), "it has a better claim than the fourth");
        assert!(matches!(poll(&mut fourth), Some(Err(Full))));
        drop(third);
        drop(first);
        assert!(matches!(poll(&mut other), Some(Ok(_))), "who waits no more is passed over");
        drop((second, other));
        assert_eq!(turns.state().free, 2, "no place is lost");
        assert!(turns.state().waiting.is_empty());
    }

    #[test]
    fn op_10_a_bounded_number_of_networks_is_remembered() {
        let turns = Turns::new(1, 1);
        let mut place = poll(&mut take(&turns, "10.0.0.1")).unwrap().unwrap();
        for n in 0..5_000_u32 {
            let mut next =
                take(&turns, &std::net::Ipv4Addr::from_bits(n.wrapping_mul(2_654_435_761)).to_string());
            assert!(poll(&mut next).is_none());
            drop(place);
            place = poll(&mut next).unwrap().unwrap();
        }
        assert!(turns.state().served.len() <= MAX_REMEMBERED);
        drop(place);
    }
}
