//! The demo's ports.

use std::net::{Ipv4Addr, SocketAddr};

/// Where the parties listen, on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) server: SocketAddr,
    pub(super) service_port: u16,
    pub(super) api_port: u16,
    /// The first of the simulated providers; the others are above it.
    pub(super) first_provider_port: u16,
}

impl Addresses {
    /// The well-known ones, or `base` and some above it.
    pub(super) fn of(base: Option<u16>) -> Self {
        let above = |base: u16, by| base.saturating_add(by);
        let (server, service_port, api_port, first_provider_port) = match base {
            None => (9000, 3000, 4000, 9100),
            Some(base) => (base, above(base, 1), above(base, 2), above(base, 10)),
        };
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, server));
        Self { server, service_port, api_port, first_provider_port }
    }

    /// The issuer: `localhost` and not `127.0.0.1`, so that the service is another site than its attacker.
    pub(super) fn issuer(self) -> String {
        format!("http://localhost:{}", self.server.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_moves_all_of_them() {
        assert_eq!(Addresses::of(None).issuer(), "http://localhost:9000");
        let moved = Addresses::of(Some(7100));
        assert_eq!((moved.server.port(), moved.service_port, moved.api_port), (7100, 7101, 7102));
        assert_eq!(moved.first_provider_port, 7110);
    }
}
