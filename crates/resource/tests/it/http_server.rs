//! A server on hyper alone. Dropping it breaks its connections, as the end of a process does.

use std::convert::Infallible;

use hyper::{Request, Response, body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tower::Service;

pub(crate) struct HttpServer {
    accepting: JoinHandle<()>,
}

impl HttpServer {
    /// Binds a port of 127.0.0.1; 0 for any.
    pub(crate) async fn bind(port: u16) -> TcpListener {
        TcpListener::bind(("127.0.0.1", port)).await.unwrap()
    }

    /// Serves any tower service, with bodies of any kind.
    pub(crate) fn serve<S, B>(listener: TcpListener, service: S) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: hyper::body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self { accepting: tokio::spawn(accept(listener, service)) }
    }

    /// Breaks all connections and frees the port.
    pub(crate) async fn stop(mut self) {
        self.accepting.abort();
        drop((&mut self.accepting).await);
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<S, B>(listener: TcpListener, service: S)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: hyper::body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    // Aborted with this task when it is dropped.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        connections.spawn(async move {
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
                .with_upgrades();
            drop(connection.await);
        });
    }
}
