//! Real handshakes, and bytes of those that must not come to be.

use std::path::Path;

use axum::{Router, routing::get};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    pki_types::ServerName,
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Instant, pause},
};
use tokio_rustls::{TlsConnector, client::TlsStream as ClientStream};

use super::*;
use crate::{
    config::{Config, Environment, Flags},
    http::listener::{Capacity, Door, serve},
};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Writes a new certificate for `localhost`, which is an authority for itself.
fn issue(folder: &Path) -> TlsFiles {
    issue_for(folder, &KeyPair::generate().unwrap())
}

fn issue_for(folder: &Path, key: &KeyPair) -> TlsFiles {
    let files = TlsFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    let parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, parameters.self_signed(key).unwrap().pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    files
}

struct Server {
    address: std::net::SocketAddr,
    tls: Tls,
    files: TlsFiles,
    folder: TempDir,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(&KeyPair::generate().unwrap()).await
    }

    async fn start_with(key: &KeyPair) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = issue_for(folder.path(), key);
        let tls = Tls::load(files.clone()).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "fine" }));
        let config = Config::load(&Flags::default(), &Environment::default()).unwrap();
        let door = Door::with_tls(socket, Some(tls.clone()));
        tokio::spawn(serve(door, router, Capacity::of(&config), std::future::pending()));
        Self { address, tls, files, folder }
    }

    /// A client that trusts exactly the certificate of this file.
    async fn connect(
        &self,
        trusted: &Path,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<ClientStream<TcpStream>> {
        self.connect_by(trusted, versions, aws_lc_rs::default_provider()).await
    }

    async fn connect_by(
        &self,
        trusted: &Path,
        versions: &[&'static SupportedProtocolVersion],
        provider: CryptoProvider,
    ) -> io::Result<ClientStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// What the server says to a first message with this version and these suites, and nothing else.
    async fn alert(&self, version: [u8; 2], suites: &[[u8; 2]]) -> Vec<u8> {
        let suites = suites.concat();
        let mut hello = version.to_vec();
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(u16::try_from(suites.len()).unwrap().to_be_bytes());
        hello.extend(suites);
        hello.extend([1, 0]);
        let mut message = vec![1, 0];
        message.extend(u16::try_from(hello.len()).unwrap().to_be_bytes());
        message.extend(hello);
        let mut record = vec![22, 3, 1];
        record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
        record.extend(message);
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(&record).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    }
}

async fn ask(stream: &mut ClientStream<TcpStream>) {
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"fine") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
}

/// RFC 9325 §3.1.1.
#[tokio::test]
async fn op_08_both_versions_with_suites_that_keep_secrets_and_no_others() {
    let server = Server::start().await;
    for (version, negotiated) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let mut stream = server.connect(&server.files.certificate, &[version]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(negotiated));
        ask(&mut stream).await;
    }
    for (version, suites) in [
        ([3, 0], CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ([3, 1], CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ([3, 2], CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ([3, 3], CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA),
        ([3, 3], CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256),
        ([3, 3], CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA),
        ([3, 3], CipherSuite::TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA),
    ] {
        let answer = server.alert(version, &[u16::from(suites).to_be_bytes()]).await;
        // A fatal alert: 70 is protocol_version, 40 handshake_failure (RFC 8446 §6.2).
        let [21, 3, _, 0, 2, 2, told] = answer[..] else { panic!("{version:?} {suites:?}: {answer:?}") };
        assert!([40, 70].contains(&told), "{version:?} {suites:?}: {told}");
    }
}

/// RFC 9325 §4.2, FAPI 2.0 §5.2.2.
#[tokio::test]
async fn op_08_in_tls_1_2_the_four_suites_that_are_recommended_and_no_others() {
    let rsa = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    for (server, kind) in
        [(Server::start().await, "ECDHE_ECDSA"), (Server::start_with(&rsa).await, "ECDHE_RSA")]
    {
        let mut taken = Vec::new();
        for suite in aws_lc_rs::ALL_CIPHER_SUITES {
            let (version, name) = match suite.tls13() {
                Some(_) => (&TLS13, format!("{:?}", suite.suite())),
                None => (&TLS12, format!("{:?}", suite.suite())),
            };
            let alone = CryptoProvider { cipher_suites: vec![*suite], ..aws_lc_rs::default_provider() };
            match server.connect_by(&server.files.certificate, &[version], alone).await {
                Ok(mut stream) => {
                    ask(&mut stream).await;
                    taken.push(name);
                }
                Err(error) => assert!(name.starts_with("TLS_ECDHE"), "{name}: {error}"),
            }
        }
        taken.sort();
        let expected = [
            "TLS13_AES_128_GCM_SHA256".to_owned(),
            "TLS13_AES_256_GCM_SHA384".to_owned(),
            "TLS13_CHACHA20_POLY1305_SHA256".to_owned(),
            format!("TLS_{kind}_WITH_AES_128_GCM_SHA256"),
            format!("TLS_{kind}_WITH_AES_256_GCM_SHA384"),
        ];
        assert_eq!(taken, expected);
    }
}

#[tokio::test]
async fn a_new_certificate_is_served_to_whoever_comes_then_and_nobody_is_cut() {
    let server = Server::start().await;
    let mut before = server.connect(&server.files.certificate, &[&TLS13]).await.unwrap();
    ask(&mut before).await;
    let old = server.folder.path().join("old.pem");
    std::fs::copy(&server.files.certificate, &old).unwrap();
    assert!(!server.tls.reload().unwrap(), "nothing has changed");

    let next = tempfile::tempdir().unwrap();
    let made = issue(next.path());
    // One file after the other: in between they do not fit.
    std::fs::copy(&made.certificate, &server.files.certificate).unwrap();
    assert!(matches!(server.tls.reload(), Err(TlsError::Unusable { .. })));
    ask(&mut server.connect(&old, &[&TLS12, &TLS13]).await.unwrap()).await;
    std::fs::copy(&made.key, &server.files.key).unwrap();
    assert!(server.tls.reload().unwrap());
    ask(&mut server.connect(&made.certificate, &[&TLS12, &TLS13]).await.unwrap()).await;
    assert!(server.connect(&old, &[&TLS12, &TLS13]).await.is_err(), "the old one is gone");
    ask(&mut before).await;

    std::fs::remove_file(&server.files.key).unwrap();
    assert!(matches!(server.tls.reload(), Err(TlsError::File { .. })));
    ask(&mut server.connect(&made.certificate, &[&TLS13]).await.unwrap()).await;
}

#[tokio::test]
async fn what_is_no_certificate_or_no_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = issue(folder.path());
    let swapped = TlsFiles { certificate: good.key.clone(), key: good.certificate.clone() };
    assert!(matches!(Tls::load(swapped), Err(TlsError::NoCertificate(path)) if path == good.key));
    let no_key = TlsFiles { key: good.certificate.clone(), ..good.clone() };
    assert!(matches!(Tls::load(no_key), Err(TlsError::NoKey(path)) if path == good.certificate));
    let other = issue(tempfile::tempdir().unwrap().keep().as_path());
    let foreign = TlsFiles { key: other.key, ..good.clone() };
    let error = Tls::load(foreign).unwrap_err();
    assert!(matches!(error, TlsError::Unusable { .. }), "{error}");
    assert!(Tls::load(good).is_ok());
}

#[tokio::test]
async fn op_03_a_handshake_that_is_not_said_is_cut_after_ten_seconds() {
    let server = Server::start().await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "nothing is answered without TLS");
    pause();
    let start = Instant::now();
    let _ = silent.read_to_end(&mut answer).await;
    // The ten seconds began with the connection, a moment before the clock was taken in hand.
    assert!((5..=10).contains(&start.elapsed().as_secs()));
}
