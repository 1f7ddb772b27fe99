//! Names of hosts become addresses here, once for each fetch — DC-04, DNS rebinding.

use std::{
    error::Error,
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::{net::lookup_host, sync::Semaphore};

use super::address::is_public;

/// What becomes of a name.
pub(super) type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who knows the addresses of names.
pub(super) trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of a host.
    fn addresses(&self, host: String) -> Addresses;
}

/// Most names that are asked for at a time.
const LOOKUPS: usize = 16;

/// The operating system's resolver.
#[derive(Debug)]
pub(super) struct System {
    lookups: Arc<Semaphore>,
}

impl Default for System {
    fn default() -> Self {
        Self { lookups: Arc::new(Semaphore::new(LOOKUPS)) }
    }
}

impl Resolver for System {
    fn addresses(&self, host: String) -> Addresses {
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            let place = lookups.acquire_owned().await.map_err(io::Error::other)?;
            // A lookup cannot be broken off. It keeps its place until it ends, whether anybody still waits for it or
            // not: slow name servers take no more threads than this.
            let lookup = tokio::spawn(async move {
                let found = lookup_host((host, 0)).await;
                drop(place);
                found.map(|found| found.map(|address| address.ip()).collect())
            });
            lookup.await.map_err(io::Error::other)?
        })
    }
}

/// Lets a connection be made to addresses only that were judged: it asks once, and what it answers is what is connected
/// to.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) private: bool,
}

/// The address is not anybody's.
#[derive(Debug)]
pub(super) struct Forbidden;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address is not public")
    }
}

impl Error for Forbidden {}

impl Resolve for Judge {
    fn resolve(&self, name: Name) -> Resolving {
        let (asked, private) = (self.resolver.addresses(name.as_str().to_owned()), self.private);
        Box::pin(async move {
            let found = asked.await?;
            // A public name with a private address among its own is an attack or a mistake.
            if !private && !found.iter().all(|address| is_public(*address)) {
                return Err(Forbidden.into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
