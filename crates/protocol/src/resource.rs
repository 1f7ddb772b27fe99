//! Resource indicator — RFC 8707 §2.

use serde::{Deserialize, Serialize};

use crate::params::Params;
use crate::parsed_text::parsed_text;
use crate::uri::Uri;

/// Longest resource indicator in bytes.
pub const MAX_BYTES: usize = 512;

/// Why a text is not a resource indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not an absolute URI.
    #[error("the resource must be an absolute URI")]
    NotAbsoluteUri,
    /// It has a fragment.
    #[error("the resource must not have a fragment")]
    Fragment,
    /// Longer than [`MAX_BYTES`].
    #[error("the resource is too long")]
    TooLong,
}

/// Why a request does not name the one API that it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSole {
    /// More than one: RFC 8707 §2 allows that, and a token of these servers is for one API.
    #[error("only one resource can be asked for")]
    Several,
    /// It is none.
    #[error(transparent)]
    Malformed(#[from] Error),
}

/// The identifier of an API: an absolute URI without fragment, compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceIndicator(String);

impl ResourceIndicator {
    /// Parses a resource indicator.
    ///
    /// # Errors
    /// One [`Error`] per rule of RFC 8707 §2.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let uri = Uri::parse(text).map_err(|_| Error::NotAbsoluteUri)?;
        if uri.fragment.is_some() {
            return Err(Error::Fragment);
        }
        if uri.authority.is_none() && uri.path.is_empty() {
            return Err(Error::NotAbsoluteUri);
        }
        Ok(Self(text.to_owned()))
    }

    /// The one that a request names; an empty one is none.
    ///
    /// # Errors
    /// [`NotSole`]
    pub fn sole(params: &Params) -> Result<Option<Self>, NotSole> {
        let mut resources = params.all("resource").filter(|value| !value.is_empty());
        let first = resources.next();
        if resources.next().is_some() {
            return Err(NotSole::Several);
        }
        Ok(first.map(Self::parse).transpose()?)
    }

    /// The identifier as it stands in `aud`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

parsed_text!(ResourceIndicator, Error);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Limits;

    #[test]
    fn az_27_a_resource_is_an_absolute_uri_without_fragment() {
        for text in
            ["https://api.example.com/", "http://localhost:4000", "urn:example:calendar", "https://a?x=1"]
        {
            assert_eq!(ResourceIndicator::parse(text).unwrap().as_str(), text);
        }
        for (text, error) in [
            ("https://api.example.com/#x", Error::Fragment),
            ("https://api.example.com/#", Error::Fragment),
            ("/calendar", Error::NotAbsoluteUri),
            ("calendar", Error::NotAbsoluteUri),
            ("urn:", Error::NotAbsoluteUri),
            ("https://api@evil.test/", Error::NotAbsoluteUri),
            ("", Error::NotAbsoluteUri),
        ] {
            assert_eq!(ResourceIndicator::parse(text), Err(error), "{text}");
        }
        let sole = |query: &str| {
            let params = Params::parse(query.as_bytes(), Limits::REQUEST).unwrap();
            ResourceIndicator::sole(&params).map(|sole| sole.map(|sole| sole.as_str().to_owned()))
        };
        assert_eq!(sole("resource=&scope=a"), Ok(None));
        assert_eq!(sole("resource=&resource=urn:a:b"), Ok(Some("urn:a:b".to_owned())));
        assert_eq!(sole("resource=urn:a:b&resource=urn:a:b"), Err(NotSole::Several));
        assert_eq!(sole("resource=a&resource=b"), Err(NotSole::Several));
        assert_eq!(sole("resource=a"), Err(NotSole::Malformed(Error::NotAbsoluteUri)));
        let long = format!("https://a/{}", "x".repeat(MAX_BYTES));
        assert_eq!(ResourceIndicator::parse(&long), Err(Error::TooLong));
    }
}
