//! TLS that the process ends itself — RFC 8446, RFC 9325 §3.1.1, RFC 9325 §4.2; threats OP-08.
//!
//! Versions 1.3, and 1.2 with the suites that are recommended for it; nothing else can be configured. The certificate is
//! read again when its files change: connections from then on get the new one, and nobody is cut.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use mapae_protocol::digest::sha256;
use rustls::{
    CipherSuite, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{net::TcpStream, time::MissedTickBehavior};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A handshake takes as long as a head may (OP-03).
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The suites of TLS 1.2 that are recommended (RFC 9325 §4.2). FAPI 2.0 §5.2.2 allows no other one, ChaCha20 neither.
const OF_TLS_1_2: [CipherSuite; 4] = [
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
];

fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.retain(|suite| suite.tls13().is_some() || OF_TLS_1_2.contains(&suite.suite()));
    provider
}

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate with those between it and an authority that everybody trusts, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, or not for this user.
    #[error("the file {} cannot be read: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The file of the certificate holds none.
    #[error("the file {} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The file of the key holds none.
    #[error("the file {} holds no private key", .0.display())]
    NoKey(PathBuf),
    /// One does not belong to the other, or is of a kind that nobody serves.
    #[error("the certificate in {} and the key in {} do not fit: {error}", files.certificate.display(), files.key.display())]
    Unusable {
        /// Both.
        files: TlsFiles,
        /// Why.
        #[source]
        error: rustls::Error,
    },
}

impl TlsError {
    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::File { .. } => "Name files that are there and that this user may read.",
            Self::NoCertificate(_) => {
                "Name the file with BEGIN CERTIFICATE, your own first and then those that signed it."
            }
            Self::NoKey(_) => "Name the file with BEGIN PRIVATE KEY, without a password.",
            Self::Unusable { .. } => "Name the key for which this certificate was made.",
        }
    }
}

/// The certificate that is served at this moment. Clones share it.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    served: Arc<Served>,
    acceptor: TlsAcceptor,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let served = Arc::new(Served(RwLock::new(Pair::read(&files)?)));
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&served) as _;
        let unusable = |error| TlsError::Unusable { files: files.clone(), error };
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { files, served, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// Reads the files again; whether they hold something new, which is served from now on.
    ///
    /// # Errors
    /// [`TlsError`]: what was served before stays.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let pair = Pair::read(&self.files)?;
        let mut served = self.served.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = served.fingerprint != pair.fingerprint;
        *served = pair;
        Ok(is_new)
    }

    /// Takes a new certificate within seconds of its files' being written, for ever. Between the writing of one file and the
    /// other they may not fit: that is said once, and what was served before stays.
    pub async fn follow(&self) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            look.tick().await;
            match self.reload() {
                Ok(is_new) => {
                    told = None;
                    if is_new {
                        tracing::info!(certificate = %self.files.certificate.display(), "a new certificate is served");
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    if told.as_ref() != Some(&text) {
                        tracing::warn!(%error, "the old certificate is served on");
                        told = Some(text);
                    }
                }
            }
        }
    }

    /// `None`: the other side is too slow, or does not speak as it must.
    pub(super) async fn handshake(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        match tokio::time::timeout(HANDSHAKE, self.acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%error, "no TLS");
                None
            }
            Err(_) => None,
        }
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Served(RwLock<Pair>);

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let served = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&served.key))
    }
}

#[derive(Debug)]
struct Pair {
    key: Arc<CertifiedKey>,
    /// Of the two files.
    fingerprint: [[u8; 32]; 2],
}

impl Pair {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| TlsError::File { path: path.clone(), error })
        };
        let (certificate, key) = (read(&files.certificate)?, read(&files.key)?);
        let fingerprint = [sha256(&certificate), sha256(&key)];
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| TlsError::NoCertificate(files.certificate.clone()))?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| TlsError::NoKey(files.key.clone()))?;
        let certified = CertifiedKey::from_der(chain, key, &provider());
        let certified = certified.map_err(|error| TlsError::Unusable { files: files.clone(), error })?;
        Ok(Self { key: Arc::new(certified), fingerprint })
    }
}

#[cfg(test)]
mod tests;
