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
use tokio::net::lookup_host;

use super::{address::is_public, site, turns::Turns};

/// What becomes of a name.
pub(super) type Addresses = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who knows the addresses of names.
pub(super) trait Resolver: fmt::Debug + Send + Sync {
    /// The addresses of a host.
    fn addresses(&self, host: String) -> Addresses;
}

/// Most names that are asked for at a time.
const LOOKUPS: usize = 64;
/// Most names of one site: whose name servers are silent waits for them alone.
const LOOKUPS_OF_A_SITE: usize = 2;

/// The operating system's resolver.
pub(super) struct System {
    turns: Turns,
    ask: fn(String) -> Addresses,
}

impl Default for System {
    fn default() -> Self {
        Self::asking(|host| {
            Box::pin(async move {
                lookup_host((host, 0))
                    .await
                    .map(|found| found.map(|address| address.ip()).collect::<Vec<_>>())
            })
        })
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("turns", &self.turns).finish_non_exhaustive()
    }
}

impl System {
    fn asking(ask: fn(String) -> Addresses) -> Self {
        Self { turns: Turns::new(LOOKUPS, LOOKUPS_OF_A_SITE), ask }
    }
}

impl Resolver for System {
    fn addresses(&self, host: String) -> Addresses {
        let (turns, ask) = (self.turns.clone(), self.ask);
        Box::pin(async move {
            let turn = turns.take(&site::of_name(&host)).await;
            // A lookup cannot be broken off. It keeps its place until it ends, whether anybody still waits for it or
            // not: slow name servers take no more threads than this.
            let lookup = tokio::spawn(async move {
                let found = ask(host).await;
                drop(turn);
                found
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn dc_04_a_silent_name_server_costs_only_its_own_sites() {
        let system = System::asking(|host| {
            Box::pin(async move {
                if host.ends_with(".evil.test") {
                    std::future::pending::<()>().await;
                }
                Ok::<_, io::Error>(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
            })
        });
        let mut slow: Vec<_> = (0..100).map(|n| system.addresses(format!("slow{n}.evil.test"))).collect();
        for lookup in &mut slow {
            assert!(lookup.now_or_never().is_none());
        }
        // Given up, and still on the way.
        drop(slow);
        for host in ["good.test", "www.good.test", "other.example"] {
            assert_eq!(system.addresses(host.to_owned()).await.unwrap().len(), 1, "{host}");
        }
        assert!(system.addresses("more.evil.test".to_owned()).now_or_never().is_none());
    }
}
