//! `postgres://…`: where the database is, and whose certificate it may show. One rule for the vault and the server's store.

use std::{net::IpAddr, sync::Arc};

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

/// A database address, understood.
pub struct Address {
    /// Where, as whom, and whether TLS is spoken.
    pub config: Config,
    /// Whose certificate is believed, if TLS is spoken.
    pub tls: MakeRustlsConnect,
}

/// Why an address is of no use. The text never repeats it, because it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not an address of a PostgreSQL database.
    #[error("write postgres://USER:PASSWORD@HOST:PORT/NAME ({0})")]
    Malformed(String),
    /// `prefer` and what else would do with a certificate that nobody checked.
    #[error(
        "sslmode is verify-full or disable, and nothing between, where whoever is on the way could switch TLS off or show \
         a certificate of their own: write sslmode=verify-full (require means the same here), with sslrootcert=FILE for \
         an authority of your own, or sslmode=disable to go without TLS"
    )]
    Mode,
    /// The certificates to trust cannot be read.
    #[error("{0}")]
    Certificates(String),
}

/// There is no half-way encryption here: a connection is made with a certificate that was checked, name and all
/// (`sslmode=verify-full`, which `require` also means), or without TLS (`sslmode=disable`). Without `sslmode`, what is on
/// this machine (a socket or a loopback address) is spoken to without, everything else with. `sslrootcert` names a file of
/// certificates that are trusted in the place of the operating system's; `system` means those.
///
/// # Errors
/// [`AddressError`]
pub fn parse(url: &str, application: &str) -> Result<Address, AddressError> {
    // The driver also takes `key=value`, where nothing of this would be noticed.
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(AddressError::Malformed("it begins with something else".into()));
    }
    let Tls { rest, mode, roots } = take_tls(url)?;
    let mut config: Config =
        rest.parse().map_err(|error: tokio_postgres::Error| AddressError::Malformed(error.to_string()))?;
    let checked = match mode.as_deref() {
        Some("disable") => false,
        Some("require" | "verify-full") => true,
        None => roots.is_some() || !is_local(&config),
        Some(_) => return Err(AddressError::Mode),
    };
    config.ssl_mode(if checked { SslMode::Require } else { SslMode::Disable });
    config.application_name(application);
    let trusted = if checked { trusted(roots.as_deref()) } else { nobody() };
    Ok(Address { config, tls: trusted? })
}

struct Tls {
    rest: String,
    mode: Option<String>,
    roots: Option<String>,
}

/// Takes `sslmode` and `sslrootcert` out of the address: the driver does not know what they mean here. Only the query is
/// taken apart: hosts may be lists or percent-encoded socket folders, which are no URL.
fn take_tls(url: &str) -> Result<Tls, AddressError> {
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

fn decoded(value: &str) -> Result<String, AddressError> {
    percent::decode_form(value.as_bytes())
        .map_err(|_| AddressError::Malformed("sslrootcert is not a path".into()))
}

/// Nothing of this leaves the machine. `hostaddr` is where the driver goes, whatever `host` says.
fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(is_here) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&name.as_str()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// Trusts what `roots` vouches for, or what the operating system trusts.
fn trusted(roots: Option<&str>) -> Result<MakeRustlsConnect, AddressError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = match roots.filter(|roots| *roots != "system") {
        Some(path) => builder.with_root_certificates(certificates(path)?),
        None => builder.with_platform_verifier().map_err(|error| {
            unusable(format!(
                "this system has none: install ca-certificates or set sslrootcert=FILE ({error})"
            ))
        })?,
    };
    Ok(MakeRustlsConnect::new(builder.with_no_client_auth()))
}

/// For connections without TLS: a machine may have no certificates at all.
fn nobody() -> Result<MakeRustlsConnect, AddressError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    Ok(MakeRustlsConnect::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
}

fn certificates(path: &str) -> Result<RootCertStore, AddressError> {
    let refused = |error: &dyn std::fmt::Display| unusable(format!("{path}: {error}"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))? {
        roots.add(certificate.map_err(|error| refused(&error))?).map_err(|error| refused(&error))?;
    }
    if roots.is_empty() { Err(refused(&"no certificate in it")) } else { Ok(roots) }
}

fn unusable(error: impl std::fmt::Display) -> AddressError {
    AddressError::Certificates(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, String> {
        parse(url, "test")
            .map(|address| address.config.get_ssl_mode())
            .map_err(|error| format!("{error} {error:?}"))
    }

    #[test]
    fn op_18_what_leaves_the_machine_is_checked_unless_told_otherwise() {
        for url in [
            "postgres://app:hush@db.example:5432/app",
            "postgres://app@127.0.0.1,db.example/app",
            "postgres://a@one:5432,two:5433/mapae?target_session_attrs=read-write",
            "postgres://localhost/app?hostaddr=192.0.2.1",
            "postgres://app@/app?hostaddr=192.0.2.1",
            "postgresql://localhost/app?sslmode=require",
            "postgres://db/app?sslmode=verify-full&connect_timeout=2",
            "postgres://db/app?sslmode=verify-full&sslrootcert=system",
        ] {
            assert_eq!(mode(url), Ok(SslMode::Require), "{url}");
        }
        for url in [
            "postgres://%2Frun%2Fpostgresql/app",
            "postgresql://mapae:secret@localhost/app",
            "postgres://[::1]/app",
            "postgres://localhost/app?hostaddr=127.0.0.2",
            "postgres://db/app?sslmode=disable",
        ] {
            assert_eq!(mode(url), Ok(SslMode::Disable), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_and_the_password_is_not() {
        for url in [
            "sqlite:x",
            "host=h password=hush sslmode=disable",
            "postgres://u:hush@h/d?sslmode=hush",
            "postgres://u:hush@h/d?unknown=hush",
            "postgres://u:hush@h/d?sslrootcert=/nowhere.pem",
            "postgres://u:hush@h/d?sslrootcert=%ff",
        ] {
            let error = mode(url).unwrap_err();
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn op_18_half_ways_are_refused_with_what_to_write() {
        for half in ["prefer", "allow", "verify-ca", ""] {
            let error = mode(&format!("postgres://u@localhost/d?sslmode={half}")).unwrap_err();
            assert!(
                error.contains("write sslmode=verify-full") && error.contains("sslmode=disable"),
                "{error}"
            );
        }
    }
}
