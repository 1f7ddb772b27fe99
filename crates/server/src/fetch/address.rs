//! Which addresses are anybody's — RFC 6890 §2.2, and IANA's registries of special-purpose addresses.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use ipnet::{Ipv4Net, Ipv6Net};

/// Networks of IPv4 that are not of the public internet, or not of one machine there.
const SPECIAL_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // shared by the customers of one provider, and a cloud's metadata
    ([127, 0, 0, 0], 8),      // this machine
    ([168, 63, 129, 16], 32), // a public number, and behind it a cloud's own service for its machines
    ([169, 254, 0, 0], 16),   // this link, and the metadata of most clouds
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocols, and a cloud's metadata
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 31, 196, 0], 24),  // AS112
    ([192, 52, 193, 0], 24),  // multicast by tunnel
    ([192, 88, 99, 0], 24),   // the way from 6to4
    ([192, 168, 0, 0], 16),   // private
    ([192, 175, 48, 0], 24),  // AS112
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 3),      // multicast, reserved, broadcast
];

/// What is given to single machines at all (RFC 4291 §2.4). Whatever carries an IPv4 address in itself and is not in the
/// list below lies outside: `::ffff:0:0/96`, `::/96`, `64:ff9b::/96` and `64:ff9b:1::/48`.
const GLOBAL_UNICAST: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Networks within it that are not of one machine on the public internet.
const SPECIAL_V6: &[([u16; 8], u8)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocols; Teredo carries an IPv4 address
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4 carries an IPv4 address
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), // AS112
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

static V4: LazyLock<Vec<Ipv4Net>> = LazyLock::new(|| {
    let network = |(address, length): &([u8; 4], u8)| Ipv4Net::new(Ipv4Addr::from(*address), *length).ok();
    SPECIAL_V4.iter().filter_map(network).collect()
});

static V6: LazyLock<Vec<Ipv6Net>> = LazyLock::new(|| SPECIAL_V6.iter().filter_map(network_v6).collect());

/// Whether an address is one of a machine on the public internet, as far as its number can say it.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            network_v6(&GLOBAL_UNICAST).is_some_and(|network| network.contains(&address))
                && !V6.iter().any(|network| network.contains(&address))
        }
    }
}

fn network_v6((address, length): &([u16; 8], u8)) -> Option<Ipv6Net> {
    Ipv6Net::new(Ipv6Addr::from(*address), *length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6890 §2.2.
    #[test]
    fn every_network_of_the_tables_is_one() {
        assert_eq!((V4.len(), V6.len()), (SPECIAL_V4.len(), SPECIAL_V6.len()));
        assert!(V4.iter().all(|network| network.addr() == network.network()), "no bits behind the length");
        assert!(V6.iter().all(|network| network.addr() == network.network()), "no bits behind the length");
    }

    /// RFC 4291 §2.4: of IPv6 only what is global unicast.
    #[test]
    fn dc_04_an_address_that_is_not_anybodys_is_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::7f00:1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_neighbours_of_those_networks_are_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
