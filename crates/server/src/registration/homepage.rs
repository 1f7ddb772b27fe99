//! The address of an app's own site, which pages link to — RFC 7591 §2 (`client_uri`).

use mapae_protocol::{endpoint_uri, endpoint_uri::EndpointUri, uri, uri::Uri};

use crate::config::Development;

/// What is wrong with a homepage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HomepageProblem {
    /// Not a whole address, or one with user information.
    Uri(uri::Error),
    /// More bytes than this.
    TooLong(usize),
    /// It has a part after `#`.
    Fragment,
    /// `http`, or a scheme that could run code where people follow the link (AZ-12).
    NotHttps,
}

/// The address; `None` when there is none.
pub(super) fn parse(text: &str, development: Development) -> Result<Option<String>, HomepageProblem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    EndpointUri::parse(text).map_err(|error| match error {
        endpoint_uri::Error::Uri(error) => HomepageProblem::Uri(error),
        endpoint_uri::Error::TooLong => HomepageProblem::TooLong(endpoint_uri::MAX_BYTES),
        endpoint_uri::Error::Insecure => HomepageProblem::NotHttps,
        endpoint_uri::Error::Fragment => HomepageProblem::Fragment,
    })?;
    let is_https = Uri::parse(text).is_ok_and(|uri| uri.scheme == "https");
    if is_https || development == Development::Yes {
        Ok(Some(text.to_owned()))
    } else {
        Err(HomepageProblem::NotHttps)
    }
}

/// Why this cannot be an address that pages link to.
pub(crate) fn problem(text: &str, development: Development) -> Option<HomepageProblem> {
    parse(text, development).err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_12_a_homepage_is_an_address_that_is_safe_to_follow() {
        let parsed = |text| parse(text, Development::No);
        assert_eq!(parsed("  "), Ok(None));
        assert_eq!(parsed(" https://a.example/x?y "), Ok(Some("https://a.example/x?y".to_owned())));
        for text in [
            "javascript:alert(1)",
            "data:text/html,x",
            "http://a.example",
            "http://localhost:3000",
            "ftp://a/",
        ] {
            assert_eq!(parsed(text), Err(HomepageProblem::NotHttps), "{text}");
        }
        assert_eq!(parsed("a.example"), Err(HomepageProblem::Uri(uri::Error::NoScheme)));
        assert_eq!(parsed("https://a@b.example"), Err(HomepageProblem::Uri(uri::Error::UserInfo)));
        assert_eq!(parsed("https://a.example/#x"), Err(HomepageProblem::Fragment));
        assert_eq!(
            parsed(&format!("https://a.example/{}", "x".repeat(2048))),
            Err(HomepageProblem::TooLong(2048))
        );
        assert!(parse("http://localhost:3000", Development::Yes).is_ok());
        assert!(parse("http://a.example", Development::Yes).is_err());
    }
}
