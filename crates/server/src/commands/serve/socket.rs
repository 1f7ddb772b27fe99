//! The socket, or in a sentence why there is none.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use tokio::net::TcpListener;

use crate::commands::failure::Failure;

/// How a command is told to listen elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Elsewhere {
    /// By an address of its own.
    Listen,
    /// By the first of several ports on loopback.
    PortBase,
}

impl Elsewhere {
    fn naming(self, address: SocketAddr) -> String {
        match self {
            Self::Listen => format!("--listen {address}"),
            Self::PortBase => format!("--port-base {}", address.port()),
        }
    }
}

pub(in crate::commands) async fn bind(
    address: SocketAddr,
    option: Elsewhere,
) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| failure(address, option, &error))
}

pub(in crate::commands) fn failure(address: SocketAddr, option: Elsewhere, error: &io::Error) -> Failure {
    let (ip, port) = (address.ip(), address.port());
    let text = match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} of {ip} is taken, perhaps by another `mapae`: \
             stop that program, or choose another port with {}",
            option.naming(SocketAddr::new(ip, other_port(port, option)))
        ),
        ErrorKind::PermissionDenied => format!(
            "this user may not listen on port {port}: choose one from 1024 on with {}, \
             and let a reverse proxy stand before it",
            option.naming(SocketAddr::new(ip, 9000))
        ),
        ErrorKind::AddrNotAvailable => format!(
            "this machine has not the address {ip}: choose one that it has with --listen, such as {}",
            SocketAddr::from(([127, 0, 0, 1], port))
        ),
        _ => format!("it is not possible to listen on {address}: {error}"),
    };
    let code = if error.kind() == ErrorKind::AddrInUse { "port_in_use" } else { "cannot_listen" };
    Failure::new(code, text)
}

/// A port that may be free: the next one, or one far from those that the command takes together.
fn other_port(port: u16, option: Elsewhere) -> u16 {
    match option {
        Elsewhere::Listen => port.wrapping_add(1).max(1024),
        // Far enough that nothing of the other one stands there: the demo's simulators are at its base and 100.
        Elsewhere::PortBase => {
            port.checked_add(1_000).filter(|port| *port <= 65_000).unwrap_or(9300).max(1024)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_comes_with_the_option_that_the_command_has() {
        let taken = io::Error::from(ErrorKind::AddrInUse);
        for (port, option, advice) in [
            (9000, Elsewhere::Listen, "another port with --listen 127.0.0.1:9001"),
            (65_535, Elsewhere::Listen, "another port with --listen 127.0.0.1:1024"),
            (9000, Elsewhere::PortBase, "another port with --port-base 10000"),
            (65_500, Elsewhere::PortBase, "another port with --port-base 9300"),
        ] {
            let text = failure(SocketAddr::from(([127, 0, 0, 1], port)), option, &taken).to_string();
            assert!(text.ends_with(advice), "{text}");
        }
    }
}
