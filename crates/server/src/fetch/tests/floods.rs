//! What strangers make this server fetch keeps nobody else waiting.

use futures_util::FutureExt as _;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    hostile::FINE,
    peer::{Peer, Then},
    *,
};

const LIMITS: Limits = Limits { time: Duration::from_secs(10), in_all: 4, of_site: 2 };

/// Every name is one of this machine.
#[derive(Debug)]
struct Here;

impl Resolver for Here {
    fn addresses(&self, _: String) -> Addresses {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

/// Whatever these hosts are called, they take connections and say nothing.
struct Silent(TcpListener);

impl Silent {
    async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn flood(&self, fetcher: &Arc<Fetcher>, host: impl Fn(u32) -> String) -> Vec<JoinHandle<()>> {
        let port = self.0.local_addr().unwrap().port();
        let ask = |number| {
            let (fetcher, address) = (Arc::clone(fetcher), at(&format!("https://{}:{port}/x", host(number))));
            tokio::spawn(async move {
                let outcome = fetcher.get(&address, DOCUMENT_BYTES, ANYBODY).await;
                assert!(outcome.is_err());
            })
        };
        (0..20).map(ask).collect()
    }

    /// So many are connected now, and nobody else.
    async fn hold(&self, count: usize) -> Vec<tokio::net::TcpStream> {
        let mut held = Vec::new();
        for _ in 0..count {
            held.push(self.0.accept().await.unwrap().0);
        }
        held
    }
}

#[tokio::test]
async fn dc_04_many_host_names_of_one_site_are_one_site() {
    let (silent, quick) = (Silent::start().await, Peer::answering(FINE, Then::Close).await);
    let fetcher = Arc::new(lax(Arc::new(Here), LIMITS));
    let flood = silent.flood(&fetcher, |number| format!("a{number}.evil.example"));
    let held = silent.hold(2).await;
    let other = fetcher.get(&quick.url(), DOCUMENT_BYTES, ANYBODY).await;
    assert!(other.is_ok(), "another site is not kept waiting: {other:?}");
    assert!(silent.0.accept().now_or_never().is_none(), "the others wait for the two");
    drop(held);
    flood.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn dc_04_an_app_of_the_operators_is_read_while_strangers_stall() {
    let (silent, quick) = (Silent::start().await, Peer::answering(FINE, Then::Close).await);
    let fetcher = Arc::new(lax(Arc::new(Here), LIMITS));
    let flood = silent.flood(&fetcher, |number| format!("a.evil{number}.example"));
    let held = silent.hold(4).await;
    let verified = Asker { verified: true, ..ANYBODY };
    let read = fetcher.get(&quick.url(), DOCUMENT_BYTES, verified).await;
    assert!(read.is_ok(), "{read:?}");
    let of_strangers = fetcher.get(&quick.url(), DOCUMENT_BYTES, ANYBODY).now_or_never();
    assert!(of_strangers.is_none(), "all places of strangers are taken");
    drop(held);
    flood.iter().for_each(JoinHandle::abort);
    let settings = config::Fetch { private_addresses: true, root_certificates: Vec::new() };
    let usual = Fetcher::new(&settings, Development::Yes);
    assert!(
        !Arc::ptr_eq(&usual.reading.strangers.resolver, &usual.reading.verified.resolver),
        "lookups of their own"
    );
}
