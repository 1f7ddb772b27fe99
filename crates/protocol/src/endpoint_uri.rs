//! The address of an endpoint — RFC 6749 §3.1, §3.2, RFC 8414 §2.

use serde::{Deserialize, Serialize};

use crate::parsed_text::parsed_text;
use crate::uri::{self, Uri};

/// Longest endpoint address in bytes.
pub const MAX_BYTES: usize = 2048;

/// Why a text is not the address of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a URI.
    #[error(transparent)]
    Uri(#[from] uri::Error),
    /// Longer than [`MAX_BYTES`].
    #[error("the address is too long")]
    TooLong,
    /// Neither `https` nor `http` on a loopback host (RFC 6749 §3.1, §3.2).
    #[error("the address must be https, or http on a loopback host")]
    Insecure,
    /// It has a fragment (RFC 6749 §3.1, §3.2).
    #[error("the address must not have a fragment")]
    Fragment,
}

/// An `https` address (`http` on loopback hosts) without fragment and user information.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointUri(String);

impl EndpointUri {
    /// Parses an endpoint's address.
    ///
    /// # Errors
    /// One [`Error`] per rule.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let uri = Uri::parse(text)?;
        if uri.fragment.is_some() {
            return Err(Error::Fragment);
        }
        if !uri.is_secure_transport() {
            return Err(Error::Insecure);
        }
        Ok(Self(text.to_owned()))
    }

    /// For addresses made out of parts that were parsed before.
    pub(crate) fn from_parsed(text: String) -> Self {
        Self(text)
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

parsed_text!(EndpointUri, Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rp_05_an_endpoint_is_https_or_loopback() {
        for text in ["https://as.example.com/token?x=1", "http://localhost:9000/token", "http://[::1]:1"] {
            assert_eq!(EndpointUri::parse(text).unwrap().as_str(), text);
        }
        for (text, error) in [
            ("http://as.example.com/token", Error::Insecure),
            ("javascript:alert(1)", Error::Insecure),
            ("file:///etc/passwd", Error::Uri(uri::Error::BadHost)),
            ("https://as.example.com/token#x", Error::Fragment),
            ("https://as@evil.test/token", Error::Uri(uri::Error::UserInfo)),
            ("/token", Error::Uri(uri::Error::NoScheme)),
        ] {
            assert_eq!(EndpointUri::parse(text), Err(error), "{text}");
        }
        let long = format!("https://a/{}", "x".repeat(MAX_BYTES));
        assert_eq!(EndpointUri::parse(&long), Err(Error::TooLong));
    }
}
