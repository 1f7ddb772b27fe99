//! `postgres://…`: where the database is, and whose certificate it may show.

use std::{error::Error, sync::Arc};

use mapae_protocol::percent;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::vault::database::StoreError;

/// A database address, understood.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

/// There is no half-way encryption here: a connection is made with a certificate that was checked, name and all
/// (`sslmode=verify-full`, which `require` also means), or without TLS (`sslmode=disable`). Without `sslmode`, what is on
/// this machine (a socket or a loopback address) is spoken to without, everything else with.
pub(super) fn parse(url: &str) -> Result<Address, StoreError> {
    let Tls { rest, mode, roots } = take_tls(url)?;
    let mut config: Config = rest.parse().map_err(|error: tokio_postgres::Error| {
        StoreError::open(format!("write postgres://USER:PASSWORD@HOST:PORT/NAME ({error})"))
    })?;
    let checked = match mode.as_deref() {
        Some("disable") => false,
        Some("require" | "verify-full") => true,
        None => roots.is_some() || !config.get_hosts().iter().all(is_here),
        Some(_) => return Err(StoreError::open("sslmode is verify-full or disable")),
    };
    config.ssl_mode(if checked { SslMode::Require } else { SslMode::Disable });
    config.application_name("mapae-client");
    Ok(Address { config, tls: connector(roots.as_deref())? })
}

struct Tls {
    rest: String,
    mode: Option<String>,
    roots: Option<String>,
}

/// Takes `sslmode` and `sslrootcert` out of the address: the driver does not know what they mean here.
fn take_tls(url: &str) -> Result<Tls, StoreError> {
    let Some((address, query)) = url.split_once('?') else {
        return Ok(Tls { rest: url.to_owned(), mode: None, roots: None });
    };
    let (mut mode, mut roots, mut kept) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "sslmode" => mode = Some(value.to_owned()),
            "sslrootcert" => roots = Some(decoded(value)?),
            _ => kept.push(pair),
        }
    }
    let rest = if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) };
    Ok(Tls { rest, mode, roots })
}

fn decoded(value: &str) -> Result<String, StoreError> {
    percent::decode_form(value.as_bytes()).map_err(|_| StoreError::open("sslrootcert is not a path"))
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// Trusts what `roots` vouches for, or what the operating system trusts.
fn connector(roots: Option<&str>) -> Result<MakeRustlsConnect, StoreError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(StoreError::open)?;
    let builder = match roots {
        Some(path) => builder.with_root_certificates(certificates(path).map_err(StoreError::open)?),
        None => builder.with_platform_verifier().map_err(StoreError::open)?,
    };
    Ok(MakeRustlsConnect::new(builder.with_no_client_auth()))
}

fn certificates(path: &str) -> Result<RootCertStore, Box<dyn Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path)? {
        roots.add(certificate?)?;
    }
    if roots.is_empty() { Err(format!("no certificate in {path}").into()) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, String> {
        parse(url)
            .map(|address| address.config.get_ssl_mode())
            .map_err(|error| format!("{:?} {error}", Error::source(&error)))
    }

    #[test]
    fn what_leaves_the_machine_is_checked_unless_told_otherwise() {
        for url in [
            "postgres://app:hush@db.example:5432/app",
            "postgres://app@127.0.0.1,db.example/app",
            "postgresql://localhost/app?sslmode=require",
            "postgres://db/app?sslmode=verify-full&connect_timeout=2",
        ] {
            assert_eq!(mode(url), Ok(SslMode::Require), "{url}");
        }
        for url in [
            "postgres://%2Frun%2Fpostgresql/app",
            "postgres://[::1]/app",
            "postgres://db/app?sslmode=disable",
        ] {
            assert_eq!(mode(url), Ok(SslMode::Disable), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_the_password_is_not() {
        for url in [
            "postgres://u:hush@h/d?sslmode=prefer",
            "postgres://u:hush@h/d?unknown=hush",
            "postgres://u:hush@h/d?sslrootcert=/nowhere.pem",
        ] {
            let error = mode(url).unwrap_err();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
