//! Accepting connections: bounded in number, fair to addresses, and ended gracefully.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, response::Response};
use http::Request;
use hyper::body::Incoming;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower::Service as _;

use super::{
    Stack,
    accept_error::pause_after,
    client_address::Proxies,
    connection::{self, Stage},
    open_files,
    per_address::PerAddress,
    tls::Tls,
};
use crate::config::Config;

/// Requests that are there when the server stops have this long to be answered.
const DRAIN: Duration = Duration::from_secs(10);

/// Whatever answers requests.
pub trait Answer: Clone + Send + Sync + 'static {
    /// The answer to one request that came over a connection from `peer`.
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send + 'static;
}

impl Answer for Stack {
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send + 'static {
        self.respond(request, peer.ip())
    }
}

/// A router alone, for services that are none of the authorization server's.
impl Answer for Router {
    fn answer(
        &self,
        request: Request<Incoming>,
        _: SocketAddr,
    ) -> impl Future<Output = Response> + Send + 'static {
        let answer = self.clone().call(request);
        async move {
            let Ok::<_, Infallible>(response) = answer.await;
            response
        }
    }
}

/// How many connections there may be.
#[derive(Clone, Debug)]
pub struct Capacity {
    connections: usize,
    per_address: usize,
    proxies: Option<Proxies>,
}

impl Capacity {
    /// As the configuration says.
    pub fn of(config: &Config) -> Self {
        Self {
            connections: config.limits.connections,
            per_address: config.limits.connections_per_address,
            proxies: Some(Proxies::new(config.trusted_proxies.clone(), config.forwarded_header)),
        }
    }
}

/// Where connections come in.
#[derive(Debug)]
pub struct Door {
    socket: TcpListener,
    tls: Option<Tls>,
}

impl Door {
    /// Everything that comes speaks TLS.
    pub fn with_tls(socket: TcpListener, tls: Option<Tls>) -> Self {
        Self { socket, tls }
    }
}

/// Without TLS: on this machine, or behind a reverse proxy.
impl From<TcpListener> for Door {
    fn from(socket: TcpListener) -> Self {
        Self { socket, tls: None }
    }
}

/// Serves connections until `shutdown`, then answers the requests that are there, for ten seconds at most.
///
/// With all connections taken no more are accepted: whoever comes waits in the system's queue.
pub async fn serve<A: Answer>(
    door: impl Into<Door>,
    answer: A,
    capacity: Capacity,
    shutdown: impl Future<Output = ()> + Send,
) {
    let Door { socket: listener, tls } = door.into();
    let places = Arc::new(Semaphore::new(open_files::room_for(capacity.connections)));
    let per_address = PerAddress::new(capacity.per_address, capacity.proxies);
    let (stage, watched) = watch::channel(Stage::Serving);
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer, permit) = tokio::select! {
            biased;
            () = shutdown.as_mut() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some(place) = per_address.take(peer.ip()) else {
            tracing::debug!(%peer, "an address has its share of connections");
            continue;
        };
        let (answer, watched, tls) = (answer.clone(), watched.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                Some(tls) => serve_over_tls(&tls, stream, peer, answer, watched).await,
                None => connection::serve(stream, peer, answer, watched).await,
            }
            drop((permit, place));
        });
    }
    drop((listener, watched));
    drain(&stage).await;
}

/// A handshake that is not over when the server stops is not waited for: nothing was asked yet.
async fn serve_over_tls<A: Answer>(
    tls: &Tls,
    stream: TcpStream,
    peer: SocketAddr,
    answer: A,
    mut watched: watch::Receiver<Stage>,
) {
    let stream = tokio::select! {
        biased;
        _ = watched.wait_for(|stage| *stage != Stage::Serving) => None,
        stream = tls.handshake(stream) => stream,
    };
    if let Some(stream) = stream {
        connection::serve(stream, peer, answer, watched).await;
    }
}

/// The next connection and its place among all of them.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let outcome = match Arc::clone(places).acquire_owned().await {
            Ok(permit) => listener.accept().await.map(|(stream, peer)| (stream, peer, permit)),
            Err(_) => Err(io::Error::other("the places are closed")),
        };
        match outcome {
            Ok((stream, peer, permit)) => {
                // Answers are small and complete: waiting for more to send with them gains nothing.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "no TCP_NODELAY");
                }
                return (stream, peer, permit);
            }
            Err(error) => {
                if let Some(pause) = pause_after(&error) {
                    tracing::error!(%error, "no connection can be accepted; trying again");
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// Lets connections end, and ends those that do not.
async fn drain(stage: &watch::Sender<Stage>) {
    stage.send_replace(Stage::Draining);
    if tokio::time::timeout(DRAIN, stage.closed()).await.is_err() {
        tracing::warn!(connections = stage.receiver_count(), "connections are cut that did not end in time");
        stage.send_replace(Stage::Ended);
        stage.closed().await;
    }
}

#[cfg(test)]
mod tests;
