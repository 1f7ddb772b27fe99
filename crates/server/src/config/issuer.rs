//! The issuer identifier and the origin behind it — RFC 8414 §2, OIDC Discovery §3.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use mapae_protocol::issuer::Issuer;
use url::Url;

use super::{
    mistake::Place,
    server::ISSUER,
    source::{Given, Source},
};

/// The one address at which people and programs reach the server: scheme, host and port, and a path where the host is
/// shared, in normal form, so that it can be compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    issuer: Issuer,
    port: u16,
}

impl Site {
    /// Takes an issuer as an operator wrote it.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        let url = Url::parse(text).map_err(|_| IssuerError::NotAnAddress)?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(IssuerError::NotAnAddress);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(IssuerError::UserInfo);
        }
        if url.query().is_some() {
            return Err(IssuerError::Query);
        }
        if url.fragment().is_some() {
            return Err(IssuerError::Fragment);
        }
        let origin = url.origin().ascii_serialization();
        if Issuer::parse(&origin).is_err() {
            return Err(IssuerError::NotHttps);
        }
        if text.ends_with('/') {
            return Err(IssuerError::TrailingSlash);
        }
        let path = url.path().trim_end_matches('/');
        if !is_plain(path) {
            return Err(IssuerError::Path);
        }
        let normal = format!("{origin}{path}");
        let issuer = Issuer::parse_own(text).map_err(|_| IssuerError::NotNormal)?;
        let port = url.port_or_known_default().filter(|_| text == normal).ok_or(IssuerError::NotNormal)?;
        Ok(Self { issuer, port })
    }

    /// The issuer, as it stands in every token.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The origin that browsers send (RFC 6454 §6.2).
    pub fn origin(&self) -> &str {
        self.issuer.origin()
    }

    /// The path below which everything is, without a slash at its end; empty when the host is the server's alone.
    pub fn path(&self) -> &str {
        self.issuer.path()
    }

    /// Whether browsers reach it through TLS.
    pub fn is_https(&self) -> bool {
        self.issuer.is_https()
    }

    /// Whether it can be reached from this machine only.
    pub fn is_loopback(&self) -> bool {
        self.issuer.is_loopback()
    }

    /// The port, also when the address leaves it out.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The host and, unless it is the scheme's own, the port: what a client sends as `Host` (RFC 9110 §7.2).
    pub fn authority(&self) -> &str {
        self.origin().split_once("://").map_or("", |(_, authority)| authority)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.issuer.fmt(f)
    }
}

/// The rule that an issuer breaks (RFC 8414 §2 and ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// No address, or none of http or https.
    #[error("This is not a web address.")]
    NotAnAddress,
    /// A public issuer without TLS.
    #[error("An issuer that others can reach must be https.")]
    NotHttps,
    /// `https://user@host`.
    #[error("An issuer has no user name and no password.")]
    UserInfo,
    /// `?`.
    #[error("An issuer has no query.")]
    Query,
    /// `#`.
    #[error("An issuer has no fragment.")]
    Fragment,
    /// A path that could be written in several ways, or that is for others (RFC 8615 §3).
    #[error("An issuer's path has nothing but letters, digits, - and _ between its slashes.")]
    Path,
    /// `https://host/`.
    #[error("An issuer ends without a slash: clients compare it byte for byte.")]
    TrailingSlash,
    /// Capitals, the scheme's own port, an address in an unusual notation.
    #[error("Clients compare the issuer byte for byte, and browsers would write this one differently.")]
    NotNormal,
}

/// Whether nobody can write a path in another way.
fn is_plain(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    segments.all(|segment| {
        !segment.is_empty()
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    })
}

/// The issuer that was given, or the one that follows from where the server listens. `None` is a mistake
/// that was told.
pub(super) fn read(source: &mut Source<'_>, listen: SocketAddr, over_tls: bool) -> Option<Site> {
    let Some(Given { value, place }) = source.text(&ISSUER) else {
        let site = on_this_machine(listen.port(), over_tls);
        if site.is_none() {
            source.mistake(
                Place::Default(ISSUER.path()),
                "The system chooses the port, so the issuer cannot be known.",
                "Listen on a certain port, or give the issuer.",
            );
        }
        return site;
    };
    match Site::parse(&value) {
        Ok(site) => Some(site),
        Err(error) => {
            source.mistake(place, format!("{value:?}: {error}"), instead(&value));
            None
        }
    }
}

/// `None` for no port at all.
fn on_this_machine(port: u16, over_tls: bool) -> Option<Site> {
    let (scheme, own_port) = if over_tls { ("https", 443) } else { ("http", 80) };
    let elided = if port == own_port { String::new() } else { format!(":{port}") };
    Site::parse(&format!("{scheme}://localhost{elided}")).ok()
}

/// The nearest right issuer to a wrong one.
fn instead(text: &str) -> String {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&with_scheme)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let normal = |url: Url| {
        let path = Some(url.path().trim_end_matches('/')).filter(|path| is_plain(path));
        url.origin().ascii_serialization() + path.unwrap_or_default()
    };
    let normal = url.map(normal).unwrap_or_default();
    let secure = if Issuer::parse(&normal).is_ok() { normal } else { normal.replacen("http:", "https:", 1) };
    match Site::parse(&secure) {
        Ok(site) => format!("Write {site}."),
        Err(_) => "Write for example https://id.example.com.".to_owned(),
    }
}

/// The literals by which this machine can be reached beside the name `localhost`.
pub(crate) fn is_loopback_literal(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .and_then(|text| text.parse::<Ipv6Addr>().ok())
            .is_some_and(|ip| ip.is_loopback()),
        None => host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_that_stand() {
        for (text, authority, port, https, loopback) in [
            ("https://id.example.com", "id.example.com", 443, true, false),
            ("https://id.example.com:8443", "id.example.com:8443", 8443, true, false),
            ("http://localhost:9000", "localhost:9000", 9000, false, true),
            ("http://127.0.0.1:9000", "127.0.0.1:9000", 9000, false, true),
            ("http://[::1]", "[::1]", 80, false, true),
            ("https://localhost:9443", "localhost:9443", 9443, true, true),
            ("https://example.com/login", "example.com", 443, true, false),
            ("https://example.com:8443/Team_1/log-in", "example.com:8443", 8443, true, false),
        ] {
            let site = Site::parse(text).unwrap();
            assert_eq!(format!("{}{}", site.origin(), site.path()), text);
            assert_eq!((site.authority(), site.port()), (authority, port));
            assert_eq!((site.is_https(), site.is_loopback()), (https, loopback), "{text}");
        }
    }

    /// RFC 8414 §2, RFC 8615 §3.
    #[test]
    fn op_15_issuers_that_fall_and_what_to_write() {
        let id = "Write https://id.example.com.";
        for (text, error, help) in [
            ("id.example.com", IssuerError::NotAnAddress, id),
            ("http://id.example.com", IssuerError::NotHttps, id),
            ("http://192.168.0.2:9000", IssuerError::NotHttps, "Write https://192.168.0.2:9000."),
            ("https://id.example.com/", IssuerError::TrailingSlash, id),
            ("https://example.com/login/", IssuerError::TrailingSlash, "Write https://example.com/login."),
            ("http://example.com/login", IssuerError::NotHttps, "Write https://example.com/login."),
            ("https://id.example.com//", IssuerError::TrailingSlash, id),
            ("https://id.example.com//login", IssuerError::Path, id),
            ("https://id.example.com/a%62", IssuerError::Path, id),
            ("https://id.example.com/.well-known", IssuerError::Path, id),
            ("https://id.example.com/a/../b", IssuerError::NotNormal, "Write https://id.example.com/b."),
            ("https://id.example.com/a;b", IssuerError::Path, id),
            ("https://id.example.com/로그인", IssuerError::Path, id),
            ("https://id.example.com?tenant=1", IssuerError::Query, id),
            ("https://id.example.com#top", IssuerError::Fragment, id),
            ("https://admin@id.example.com", IssuerError::UserInfo, id),
            ("https://ID.example.com", IssuerError::NotNormal, id),
            ("https://id.example.com:443", IssuerError::NotNormal, id),
            ("ftp://id.example.com", IssuerError::NotAnAddress, "Write for example https://id.example.com."),
            ("https://", IssuerError::NotAnAddress, "Write for example https://id.example.com."),
            ("http://127.0.0.2:9000", IssuerError::NotHttps, "Write https://127.0.0.2:9000."),
            ("http://127.1:9000", IssuerError::NotNormal, "Write http://127.0.0.1:9000."),
        ] {
            assert_eq!(Site::parse(text), Err(error), "{text}");
            assert_eq!(instead(text), help, "{text}");
        }
    }

    #[test]
    fn the_default_follows_the_port() {
        assert_eq!(on_this_machine(9100, false).unwrap().origin(), "http://localhost:9100");
        assert_eq!(on_this_machine(80, false).unwrap().origin(), "http://localhost");
        assert_eq!(on_this_machine(443, false).unwrap().origin(), "http://localhost:443");
        assert_eq!(on_this_machine(443, true).unwrap().origin(), "https://localhost");
        assert_eq!(on_this_machine(80, true).unwrap().origin(), "https://localhost:80");
    }
}
