//! The address of a client behind proxies — RFC 7239 §4, and `X-Forwarded-For`.
//!
//! A header is believed only as far as our own proxies wrote it: reading from the right, the first address
//! that is not one of theirs is the client, and whatever stands left of it was written by that client (OP-01).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use http::{
    HeaderMap, HeaderName,
    header::{FORWARDED, HeaderValue},
};
use ipnet::IpNet;

use crate::config::ForwardedHeader;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// More of our own proxies in a row than anybody has.
const MAX_HOPS: usize = 32;

/// Where a request came from, as far as it can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address itself: for the list of a person's browsers, and for the log.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// What throttles count by: the address, or in IPv6 its network of 64 bits, all of which is one
    /// customer's (SE-12).
    pub fn throttle_key(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        }
    }

    /// Whether it is of the same customer of a network as this one, as far as addresses tell.
    pub fn is_in_network_of(self, other: IpAddr) -> bool {
        self.throttle_key() == Self::of_peer(other).throttle_key()
    }

    pub(super) fn of_peer(peer: IpAddr) -> Self {
        Self(peer.to_canonical())
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Our own proxies and the header in which they write.
#[derive(Clone, Debug)]
pub(crate) struct Proxies {
    networks: Vec<IpNet>,
    header: HeaderName,
    read: fn(&str) -> Option<IpAddr>,
}

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>, header: ForwardedHeader) -> Self {
        match header {
            ForwardedHeader::XForwardedFor => Self { networks, header: X_FORWARDED_FOR, read: parse_node },
            ForwardedHeader::Forwarded => Self { networks, header: FORWARDED, read: parse_element },
        }
    }

    /// Whether an address is one of our own proxies.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The rightmost address that is not ours. Where the header ends or cannot be read, the last proxy that
    /// could be followed stands for the client.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut nearest = ClientAddress::of_peer(peer);
        if self.networks.is_empty() || !self.trusts(nearest.0) {
            return nearest;
        }
        let lines: Vec<&HeaderValue> = headers.get_all(&self.header).iter().collect();
        let hops = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for hop in hops.take(MAX_HOPS) {
            let Some(address) = (self.read)(hop.trim()) else { break };
            nearest = ClientAddress::of_peer(address);
            if !self.trusts(nearest.0) {
                break;
            }
        }
        nearest
    }
}

/// An address, perhaps with a port, as proxies write it into `X-Forwarded-For`.
fn parse_node(text: &str) -> Option<IpAddr> {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// One element of `Forwarded`: `for="[2001:db8::1]:4711";proto=https` (RFC 7239 §4). Names that hide an
/// address (`unknown`, `_gazonk`) are no address.
fn parse_element(element: &str) -> Option<IpAddr> {
    let mut nodes = element.split(';').filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    });
    let (Some(node), None) = (nodes.next(), nodes.next()) else { return None };
    let unquoted = node.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    parse_node(unquoted.unwrap_or(node))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn client(header: ForwardedHeader, peer: IpAddr, lines: &[(&'static str, &str)]) -> String {
        let networks = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Proxies::new(networks, header).client(peer, &headers).to_string()
    }

    fn by_x_forwarded_for(lines: &[&str]) -> String {
        let lines: Vec<(&'static str, &str)> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        client(ForwardedHeader::XForwardedFor, PROXY, &lines)
    }

    #[test]
    fn op_01_the_rightmost_untrusted_address_is_the_client() {
        for (lines, expected) in [
            (vec!["198.51.100.7"], "198.51.100.7"),
            (vec!["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
            (vec!["1.1.1.1, 198.51.100.7, 10.0.0.9"], "198.51.100.7"),
            (vec!["1.1.1.1", "198.51.100.7, 10.0.0.9"], "198.51.100.7"),
            (vec!["198.51.100.7", "10.0.0.9"], "198.51.100.7"),
            (vec!["198.51.100.7:4711"], "198.51.100.7"),
            (vec!["2001:db8::7"], "2001:db8::7"),
            (vec!["[2001:db8::7]:443, fd00::2"], "2001:db8::7"),
            (vec!["::ffff:198.51.100.7"], "198.51.100.7"),
        ] {
            assert_eq!(by_x_forwarded_for(&lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn op_01_what_cannot_be_read_ends_the_chain_at_our_own_proxy() {
        for lines in
            [vec![], vec![""], vec!["unknown"], vec!["198.51.100.7, localhost"], vec!["198.51.100.7,"]]
        {
            assert_eq!(by_x_forwarded_for(&lines), "10.0.0.1", "{lines:?}");
        }
        assert_eq!(by_x_forwarded_for(&["198.51.100.7, x, 10.0.0.9"]), "10.0.0.9");
        let many = format!("198.51.100.7{}", ", 10.0.0.9".repeat(1_000));
        assert_eq!(by_x_forwarded_for(&[&many]), "10.0.0.9");
    }

    #[test]
    fn op_01_a_stranger_is_not_believed() {
        let stranger = "203.0.113.9".parse().unwrap();
        let lines = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            assert_eq!(client(header, stranger, &lines), "203.0.113.9");
        }
        let none = Proxies::new(Vec::new(), ForwardedHeader::XForwardedFor);
        let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("198.51.100.7"))]);
        assert_eq!(none.client(PROXY, &headers).to_string(), "10.0.0.1");
    }

    #[test]
    fn op_01_other_headers_and_spellings_are_ignored() {
        let lines = [
            ("x_forwarded_for", "198.51.100.7"),
            ("x-real-ip", "198.51.100.7"),
            ("forwarded", "for=198.51.100.7"),
            ("x-forwarded-host", "evil.example"),
        ];
        assert_eq!(client(ForwardedHeader::XForwardedFor, PROXY, &lines), "10.0.0.1");
        let lines = [("x-forwarded-for", "198.51.100.7")];
        assert_eq!(client(ForwardedHeader::Forwarded, PROXY, &lines), "10.0.0.1");
    }

    /// RFC 7239 §4.
    #[test]
    fn op_01_forwarded_elements() {
        for (line, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            ("for=1.1.1.1, For=\"198.51.100.7:4711\";proto=https;by=10.0.0.1", "198.51.100.7"),
            ("proto=https;for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
            ("for=198.51.100.7, for=10.0.0.9", "198.51.100.7"),
            ("for=unknown", "10.0.0.1"),
            ("for=_hidden", "10.0.0.1"),
            ("for=198.51.100.7;for=1.1.1.1", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(client(ForwardedHeader::Forwarded, PROXY, &[("forwarded", line)]), expected, "{line}");
        }
    }

    #[test]
    fn se_12_one_ipv6_network_is_one_source() {
        let key = |text: &str| ClientAddress::of_peer(text.parse().unwrap()).throttle_key().to_string();
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(key("2001:db8:1:2:ffff::1"), key("2001:db8:1:2::9"));
        assert_ne!(key("2001:db8:1:3::1"), key("2001:db8:1:2::1"));
        assert_eq!(key("198.51.100.7"), "198.51.100.7");
        assert_eq!(key("::ffff:198.51.100.7"), "198.51.100.7");
    }
}
