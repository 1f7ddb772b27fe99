//! The demo's ports.

use std::net::{Ipv4Addr, SocketAddr};

/// Where the parties listen, on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) server: SocketAddr,
    pub(super) service_port: u16,
    pub(super) api_port: u16,
}

impl Addresses {
    /// The well-known ones, or `base` and the two after it.
    pub(super) fn of(base: Option<u16>) -> Self {
        let (server, service_port, api_port) = match base {
            None => (9000, 3000, 4000),
            Some(base) => (base, base.saturating_add(1), base.saturating_add(2)),
        };
        Self { server: SocketAddr::from((Ipv4Addr::LOCALHOST, server)), service_port, api_port }
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
    }
}
