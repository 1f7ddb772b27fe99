//! Hostile answers, hostile names and hostile addresses, over real sockets.

mod floods;
mod hostile;
mod peer;

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::Mutex,
};

use super::{resolver::Addresses, *};

/// Answers each question with the next of its answers, and counts the questions by what is left.
#[derive(Debug, Default)]
struct Scripted(Mutex<VecDeque<Vec<IpAddr>>>);

impl Scripted {
    fn new<const N: usize>(answers: [&[&str]; N]) -> Arc<Self> {
        let parse = |answer: &[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.into_iter().map(parse).collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Resolver for Scripted {
    fn addresses(&self, _: String) -> Addresses {
        let answer = self.0.lock().unwrap().pop_front();
        Box::pin(async { answer.ok_or_else(|| io::Error::other("asked too often")) })
    }
}

/// In production.
fn strict(resolver: Arc<dyn Resolver>) -> Fetcher {
    let rules = Rules { private: false, loopback_http: false, roots: Vec::new() };
    Fetcher::with(rules, Limits::USUAL, move || Arc::clone(&resolver))
}

/// At a desk, where the peers of these tests are.
fn lax(resolver: Arc<dyn Resolver>, limits: Limits) -> Fetcher {
    let rules = Rules { private: true, loopback_http: true, roots: Vec::new() };
    Fetcher::with(rules, limits, move || Arc::clone(&resolver))
}

/// Whoever is to give up does so soon; the others answer at once.
const SHORT: Limits = Limits { time: Duration::from_millis(300), in_all: 8, of_site: 8 };

/// Somebody whom nobody knows.
const ANYBODY: Asker = Asker { verified: false, source: IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)) };

fn at(url: &str) -> EndpointUri {
    EndpointUri::parse(url).unwrap()
}
