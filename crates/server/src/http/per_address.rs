//! How many connections one address has at a time — threats OP-03.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::client_address::{ClientAddress, Proxies};

/// Counts connections by address. It never holds more entries than there are connections.
#[derive(Debug)]
pub(super) struct PerAddress {
    most: usize,
    /// Our own proxies speak for many clients and are not counted.
    proxies: Option<Proxies>,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// One counted connection; dropping it takes it off the count.
#[derive(Debug)]
pub(super) struct Place {
    /// `None` when it is not counted.
    counted: Option<(Arc<PerAddress>, IpAddr)>,
}

impl PerAddress {
    pub(super) fn new(most: usize, proxies: Option<Proxies>) -> Arc<Self> {
        Arc::new(Self { most, proxies, counts: Mutex::default() })
    }

    /// A place for one more connection from `peer`; `None` when it has its share.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let client = ClientAddress::of_peer(peer);
        let is_proxy = self.proxies.as_ref().is_some_and(|proxies| proxies.trusts(client.ip()));
        if client.ip().is_loopback() || is_proxy {
            return Some(Place { counted: None });
        }
        let key = client.throttle_key();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { counted: Some((Arc::clone(self), key)) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((counter, key)) = self.counted.take() else { return };
        let mut counts = counter.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ForwardedHeader;

    #[test]
    fn op_03_one_address_gets_its_share_and_gets_it_again() {
        let counter = PerAddress::new(2, None);
        let take = |text: &str| counter.take(text.parse().unwrap());
        let first = take("198.51.100.7").unwrap();
        let second = take("198.51.100.7").unwrap();
        assert!(take("198.51.100.7").is_none());
        let other = take("198.51.100.8").unwrap();
        drop(first);
        let third = take("198.51.100.7").unwrap();
        assert!(take("198.51.100.7").is_none());
        drop((second, third, other));
        assert!(counter.counts.lock().unwrap().is_empty(), "OP-10: nothing is remembered");
    }

    #[test]
    fn op_03_one_ipv6_network_is_one_address() {
        let counter = PerAddress::new(1, None);
        let _place = counter.take("2001:db8::1".parse().unwrap()).unwrap();
        assert!(counter.take("2001:db8::ffff:1".parse().unwrap()).is_none());
        assert!(counter.take("2001:db8:0:1::1".parse().unwrap()).is_some());
    }

    #[test]
    fn proxies_and_this_machine_are_not_counted() {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()], ForwardedHeader::XForwardedFor);
        let counter = PerAddress::new(0, Some(proxies));
        for uncounted in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"] {
            assert!(counter.take(uncounted.parse().unwrap()).is_some(), "{uncounted}");
        }
        assert!(counter.take("198.51.100.7".parse().unwrap()).is_none());
    }
}
