//! Peers that answer what they are told to.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;

/// A listener that says the same to everybody.
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    heard: mpsc::UnboundedReceiver<String>,
}

/// What a peer does once it has heard a request.
#[derive(Clone, Copy)]
pub(super) enum Then {
    Close,
    /// It goes on saying this until nobody listens.
    Repeat(&'static str),
    /// It says nothing more.
    Wait,
}

impl Peer {
    pub(super) async fn answering(answer: &'static str, then: Then) -> Self {
        Self::at("127.0.0.1:0", answer, then).await
    }

    pub(super) async fn at(address: &str, answer: &'static str, then: Then) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer_one(stream, answer, then, tell.clone()));
            }
        });
        Self { address, heard }
    }

    /// The address of something at this peer.
    pub(super) fn url(&self) -> EndpointUri {
        at(&format!("http://{}/x", self.address))
    }

    /// The next request that it has heard.
    pub(super) async fn hears(&mut self) -> String {
        self.heard.recv().await.unwrap()
    }

    /// Whether it has heard anything more.
    pub(super) fn heard_more(&mut self) -> bool {
        self.heard.try_recv().is_ok()
    }
}

async fn answer_one(
    mut stream: TcpStream,
    answer: &'static str,
    then: Then,
    tell: mpsc::UnboundedSender<String>,
) {
    let request = request(&mut stream).await;
    let _ = tell.send(request);
    let _ = stream.write_all(answer.as_bytes()).await;
    match then {
        Then::Close => {}
        Then::Repeat(more) => while stream.write_all(more.as_bytes()).await.is_ok() {},
        Then::Wait => {
            let _ = stream.read(&mut [0]).await;
        }
    }
}

/// The head, and a body as long as it says.
async fn request(stream: &mut TcpStream) -> String {
    let mut heard = String::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.unwrap_or_default();
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
        if count == 0 || is_whole(&heard) {
            return heard;
        }
    }
}

fn is_whole(heard: &str) -> bool {
    let Some((head, body)) = heard.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

/// A TLS server for `fetched.example` that says hello once.
pub(super) fn tls() -> SocketAddr {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use rustls::{
        ServerConfig, ServerConnection, StreamOwned,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    };

    let chain = vec![CertificateDer::from_pem_slice(include_bytes!("../testdata/server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../testdata/server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
        if stream.read(&mut [0; 4096]).is_ok() {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
        }
    });
    address
}
