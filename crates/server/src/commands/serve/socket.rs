//! The socket, or in a sentence why there is none.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use tokio::net::TcpListener;

use crate::commands::failure::Failure;

pub(in crate::commands) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| failure(address, &error))
}

pub(in crate::commands) fn failure(address: SocketAddr, error: &io::Error) -> Failure {
    let (ip, port) = (address.ip(), address.port());
    let text = match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} of {ip} is taken, perhaps by another `mapae serve`: \
             stop that program, or choose another port with --listen {}",
            SocketAddr::new(ip, port.wrapping_add(1).max(1024))
        ),
        ErrorKind::PermissionDenied => format!(
            "this user may not listen on port {port}: choose one from 1024 on with --listen {}, \
             and let a reverse proxy stand before it",
            SocketAddr::new(ip, 9000)
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
