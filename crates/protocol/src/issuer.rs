//! Issuer identifier and the addresses made from it — RFC 8414 §2, §3.1, OIDC Discovery §3, §4.1.

use serde::{Deserialize, Serialize};

use crate::endpoint_uri::EndpointUri;
use crate::parsed_text::parsed_text;
use crate::uri::{self, Uri};

/// Longest issuer identifier in bytes.
pub const MAX_BYTES: usize = 512;

/// Why a text is not an issuer identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a URI.
    #[error(transparent)]
    Uri(#[from] uri::Error),
    /// Longer than [`MAX_BYTES`].
    #[error("the issuer is too long")]
    TooLong,
    /// Neither `https` nor `http` on a loopback host.
    #[error("the issuer must be https, or http on localhost, 127.0.0.1 or [::1]")]
    Insecure,
    /// It has a query (RFC 8414 §2).
    #[error("the issuer must not have a query")]
    Query,
    /// It has a fragment (RFC 8414 §2).
    #[error("the issuer must not have a fragment")]
    Fragment,
    /// It ends in a slash; only for one's own issuer.
    #[error("the issuer must not end in a slash")]
    TrailingSlash,
    /// Scheme or host have capital letters; only for one's own issuer.
    #[error("the issuer's host must be in lower case")]
    NotLowerCase,
    /// The port is the scheme's own; only for one's own issuer.
    #[error("the issuer must not name the default port")]
    DefaultPort,
    /// A segment of the path is `.` or `..`.
    #[error("the issuer's path must not have dot segments")]
    DotSegment,
}

/// The name of an authorization server: a URL that is compared byte for byte and never normalised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(String);

impl Issuer {
    /// Parses any authorization server's issuer. It may end in a slash, as those of some providers do.
    ///
    /// # Errors
    /// Not `https` (nor `http` on loopback), a query, a fragment, user information, anything malformed.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let uri = Uri::parse(text)?;
        if uri.fragment.is_some() {
            return Err(Error::Fragment);
        }
        if uri.query.is_some() {
            return Err(Error::Query);
        }
        if !uri.is_secure_transport() {
            return Err(Error::Insecure);
        }
        if uri.has_dot_segment() {
            return Err(Error::DotSegment);
        }
        Ok(Self(text.to_owned()))
    }

    /// Parses the issuer that this installation gives itself: besides the rules of [`Self::parse`] one spelling
    /// only, so that no client can write it in another way.
    ///
    /// # Errors
    /// Those of [`Self::parse`], a trailing slash, capital letters in the host, a default port.
    pub fn parse_own(text: &str) -> Result<Self, Error> {
        let issuer = Self::parse(text)?;
        if text.ends_with('/') {
            return Err(Error::TrailingSlash);
        }
        if issuer.origin().bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(Error::NotLowerCase);
        }
        // Browsers leave it out of `Origin`, which is compared with the issuer's.
        let port = Uri::parse(text)?.authority.and_then(|authority| authority.port);
        if port == Some(if issuer.is_https() { 443 } else { 80 }) {
            return Err(Error::DefaultPort);
        }
        Ok(issuer)
    }

    /// The identifier as it stands in `iss`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// An endpoint below the issuer; `path` begins with a slash.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> EndpointUri {
        EndpointUri::from_parsed(format!("{}{path}", self.without_slash()))
    }

    /// Where OpenID Connect looks for metadata: the well-known path is appended (OIDC Discovery §4.1).
    #[must_use]
    pub fn openid_configuration(&self) -> EndpointUri {
        self.endpoint("/.well-known/openid-configuration")
    }

    /// Where OAuth looks for metadata: the well-known path goes between host and path (RFC 8414 §3.1).
    #[must_use]
    pub fn oauth_metadata(&self) -> EndpointUri {
        let origin = self.origin();
        let path = self.without_slash().strip_prefix(origin).unwrap_or_default();
        EndpointUri::from_parsed(format!("{origin}/.well-known/oauth-authorization-server{path}"))
    }

    /// `scheme://host[:port]`.
    #[must_use]
    pub fn origin(&self) -> &str {
        let host = self.0.find("://").map_or(0, |found| found + "://".len());
        let end = self.0.get(host..).and_then(|rest| rest.find('/')).map(|slash| host + slash);
        end.and_then(|end| self.0.get(..end)).unwrap_or(&self.0)
    }

    /// The path below which the server answers, without a trailing slash; empty at the root.
    #[must_use]
    pub fn path(&self) -> &str {
        self.without_slash().strip_prefix(self.origin()).unwrap_or_default()
    }

    /// Whether the server is reached over TLS, so that cookies may be `Secure`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Whether the host is `localhost`, `127.0.0.1` or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Uri::parse(&self.0)
            .ok()
            .and_then(|uri| uri.authority)
            .is_some_and(|authority| authority.is_loopback())
    }

    fn without_slash(&self) -> &str {
        self.0.strip_suffix('/').unwrap_or(&self.0)
    }
}

parsed_text!(Issuer, Error);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// OIDC Discovery §4.1.
    #[test]
    fn rfc8414_3_1_the_well_known_path_is_inserted() {
        for (issuer, oauth, openid) in [
            (
                "https://as.example.com",
                "https://as.example.com/.well-known/oauth-authorization-server",
                "https://as.example.com/.well-known/openid-configuration",
            ),
            (
                "https://as.example.com/issuer1",
                "https://as.example.com/.well-known/oauth-authorization-server/issuer1",
                "https://as.example.com/issuer1/.well-known/openid-configuration",
            ),
            (
                "https://tenant.example.com/",
                "https://tenant.example.com/.well-known/oauth-authorization-server",
                "https://tenant.example.com/.well-known/openid-configuration",
            ),
            (
                "http://[::1]:9000/a/b/",
                "http://[::1]:9000/.well-known/oauth-authorization-server/a/b",
                "http://[::1]:9000/a/b/.well-known/openid-configuration",
            ),
        ] {
            let issuer = Issuer::parse(issuer).unwrap();
            assert_eq!(issuer.oauth_metadata().as_str(), oauth);
            assert_eq!(issuer.openid_configuration().as_str(), openid);
        }
    }

    #[test]
    fn parts() {
        let issuer = Issuer::parse_own("https://login.example.com:8443/realm").unwrap();
        assert_eq!(issuer.origin(), "https://login.example.com:8443");
        assert_eq!(issuer.path(), "/realm");
        assert_eq!(issuer.endpoint("/token").as_str(), "https://login.example.com:8443/realm/token");
        assert!(issuer.is_https() && !issuer.is_loopback());
        let local = Issuer::parse_own("http://localhost:9000").unwrap();
        assert_eq!((local.origin(), local.path()), ("http://localhost:9000", ""));
        assert!(!local.is_https() && local.is_loopback());
    }

    #[test]
    fn rp_05_a_hostile_issuer_is_refused() {
        for (text, error) in [
            ("http://as.example.com", Error::Insecure),
            ("javascript:alert(1)", Error::Insecure),
            ("https://as.example.com?x", Error::Query),
            ("https://as.example.com#x", Error::Fragment),
            ("https://a@b", Error::Uri(uri::Error::UserInfo)),
            ("https://as.example.com/a/../b", Error::DotSegment),
            ("as.example.com", Error::Uri(uri::Error::NoScheme)),
        ] {
            assert_eq!(Issuer::parse(text), Err(error), "{text}");
        }
        let long = format!("https://a/{}", "x".repeat(MAX_BYTES));
        assert_eq!(Issuer::parse(&long), Err(Error::TooLong));
        assert_eq!(Issuer::parse_own("https://as.example.com/"), Err(Error::TrailingSlash));
        assert_eq!(Issuer::parse_own("https://AS.example.com"), Err(Error::NotLowerCase));
        for text in ["https://as.example.com:443", "http://localhost:80/a"] {
            assert_eq!(Issuer::parse_own(text), Err(Error::DefaultPort), "{text}");
        }
        for text in ["https://as.example.com/Realm", "https://as.example.com:80", "http://localhost:443"] {
            assert!(Issuer::parse_own(text).is_ok(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn origin_and_path_join_to_the_issuer(text in "https://[a-z]{1,8}(:[5-9][0-9]{0,3})?(/[a-z]{1,4}){0,3}") {
            let issuer = Issuer::parse_own(&text).unwrap();
            prop_assert_eq!(format!("{}{}", issuer.origin(), issuer.path()), text);
            // Whatever is made of an issuer is a valid endpoint.
            for made in [issuer.oauth_metadata(), issuer.openid_configuration(), issuer.endpoint("/token")] {
                prop_assert_eq!(EndpointUri::parse(made.as_str()).unwrap(), made);
            }
        }
    }
}
