//! `postgres://…`: where the database is and how far its certificate must be checked.

use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use super::tls::{self, Trust};
use crate::store::db::OpenError;

/// A database address, understood.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

/// `sslmode` and `sslrootcert` mean what they mean to `libpq`, except that there is no mode that checks the
/// certificate but not the name in it: `require` with `sslrootcert` checks both, like `verify-full`.
pub(super) fn parse(url: &str) -> Result<Address, OpenError> {
    let (rest, mode, roots) = take_tls(url)?;
    let mut config: Config = rest.parse().map_err(|error: tokio_postgres::Error| {
        OpenError::Address(format!("write postgres://USER:PASSWORD@HOST:PORT/NAME ({error})"))
    })?;
    let trust = match (mode.as_deref(), roots) {
        (Some("disable"), _) => {
            config.ssl_mode(SslMode::Disable);
            Trust::Anyone
        }
        (None | Some("prefer"), None) => {
            config.ssl_mode(SslMode::Prefer);
            Trust::Anyone
        }
        (Some("require"), None) => {
            config.ssl_mode(SslMode::Require);
            Trust::Anyone
        }
        (None | Some("prefer"), Some(_)) => {
            return Err(OpenError::Address("sslrootcert needs sslmode=verify-full".into()));
        }
        (Some("require" | "verify-full"), roots) => {
            config.ssl_mode(SslMode::Require);
            roots.map_or(
                Trust::System,
                |roots| if roots == "system" { Trust::System } else { Trust::File(roots) },
            )
        }
        (Some(_), _) => {
            let known = "sslmode is one of disable, prefer, require, verify-full";
            return Err(OpenError::Address(known.into()));
        }
    };
    config.application_name("mapae");
    Ok(Address { config, tls: tls::connector(trust)? })
}

/// Takes `sslmode` and `sslrootcert` out of the address: the driver knows neither the stricter modes nor
/// files of certificates.
fn take_tls(url: &str) -> Result<(String, Option<String>, Option<String>), OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Address("write postgres://USER:PASSWORD@HOST:PORT/NAME".into()));
    }
    // Only the query is taken apart: hosts may be lists or percent-encoded socket folders, which are no URL.
    let Some((address, query)) = url.split_once('?') else { return Ok((url.to_owned(), None, None)) };
    let base = Url::parse(&format!("postgres://h/?{query}"))
        .map_err(|error| OpenError::Address(format!("the part after '?': {error}")))?;
    let (mut mode, mut roots, mut kept) = (None, None, url::form_urlencoded::Serializer::new(String::new()));
    for (name, value) in base.query_pairs() {
        match &*name {
            "sslmode" => mode = Some(value.into_owned()),
            "sslrootcert" => roots = Some(value.into_owned()),
            _ => {
                kept.append_pair(&name, &value);
            }
        }
    }
    let kept = kept.finish().replace('+', "%20");
    Ok((if kept.is_empty() { address.to_owned() } else { format!("{address}?{kept}") }, mode, roots))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode, String> {
        parse(url).map(|address| address.config.get_ssl_mode()).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_of_every_kind_are_understood() {
        for url in [
            "postgres://mapae:secret@db.example:5432/mapae",
            "postgresql://%2Frun%2Fpostgresql/mapae",
            "postgres://a@one:5432,two:5433/mapae?target_session_attrs=read-write",
        ] {
            assert_eq!(mode(url), Ok(SslMode::Prefer), "{url}");
        }
        assert_eq!(mode("postgres://h/d?sslmode=disable"), Ok(SslMode::Disable));
        assert_eq!(mode("postgres://h/d?sslmode=require&connect_timeout=2"), Ok(SslMode::Require));
    }

    #[test]
    fn what_is_wrong_is_said_and_the_password_is_not() {
        for url in ["sqlite:x", "postgres://u:hush@h/d?sslmode=verify-ca", "postgres://u:hush@h/d?hush=1"] {
            let error = mode(url).unwrap_err();
            assert!(!error.contains("hush"), "{error}");
        }
        assert!(mode("postgres://h/d?sslrootcert=x.pem").unwrap_err().contains("verify-full"));
        assert!(mode("postgres://h/d?sslmode=verify-full&sslrootcert=/nowhere.pem").is_err());
    }
}
