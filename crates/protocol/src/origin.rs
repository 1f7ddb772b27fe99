//! Web origin, for cross-origin reads by browser apps — RFC 6454 §6.2, RFC 9700 §2.6.

use serde::{Deserialize, Serialize};

use crate::parsed_text::parsed_text;
use crate::uri::Uri;

/// A text that is not an origin which may be registered: `https://host[:port]`, or `http` on a loopback host,
/// in lower case, without path, query, slash or default port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the origin must be https://host[:port] in lower case, without path and default port")]
pub struct Malformed;

/// An origin exactly as a browser sends it in `Origin`. `null` is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// Parses an origin in its serialised form.
    ///
    /// # Errors
    /// [`Malformed`] for every other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let uri = Uri::parse(text).map_err(|_| Malformed)?;
        let port = uri.authority.and_then(|authority| authority.port);
        // Browsers leave the default port out, so an origin written with it would never match.
        let default_port = matches!((uri.scheme, port), ("https", Some(443)) | ("http", Some(80)));
        let bare = uri.path.is_empty() && uri.query.is_none() && uri.fragment.is_none();
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if uri.is_secure_transport() && bare && lower && !default_port {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed)
        }
    }

    /// The origin as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

parsed_text!(Origin, Malformed);

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6454 §6.2.
    #[test]
    fn to_21_only_exact_origins_can_be_registered() {
        for text in ["https://app.example.com", "https://app.example.com:8443", "http://localhost:3000"] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "null",
            "*",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com?x",
            "https://app.example.com#",
            "https://APP.example.com",
            "HTTPS://app.example.com",
            "https://app.example.com:443",
            "http://localhost:80",
            "http://app.example.com",
            "https://user@app.example.com",
            "app.example.com",
            "com.example.app:/cb",
        ] {
            assert_eq!(Origin::parse(text), Err(Malformed), "{text}");
        }
    }
}
