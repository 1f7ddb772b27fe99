//! The address that a proof is for — RFC 9449 §4.3, RFC 3986 §6.2.2, §6.2.3.

use crate::{
    endpoint_uri::EndpointUri,
    percent,
    uri::{Authority, Uri},
};

/// An address of `http` or `https` in its one spelling, without query and fragment: equal texts are one address.
///
/// It is made of what the server is configured with and of what the proof says, never of what a request calls the
/// server (`Host`, `Forwarded`): that is the sender's word.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address(String);

impl Address {
    /// The address that a text names; `None` if it names none of `http` or `https`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let uri = Uri::parse(text).ok()?;
        let scheme = uri.scheme.to_ascii_lowercase();
        let own_port = match scheme.as_str() {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let Authority { host, port } = uri.authority?;
        let port = port.filter(|port| *port != own_port).map(|port| format!(":{port}")).unwrap_or_default();
        let host = host.to_ascii_lowercase();
        Some(Self(format!("{scheme}://{host}{port}{}", path(uri.path))))
    }

    /// The address of an endpoint.
    #[must_use]
    pub fn of(endpoint: &EndpointUri) -> Option<Self> {
        Self::parse(endpoint.as_str())
    }

    /// The address of what lies at `path` of an origin, `scheme://host[:port]`.
    #[must_use]
    pub fn at(origin: &str, path: &str) -> Option<Self> {
        Self::parse(&format!("{origin}{path}"))
    }
}

/// RFC 3986 §6.2.2: escapes of what needs none are undone, the others are written in capitals, and segments of dots are
/// walked.
fn path(written: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    let mut written = written.split('/').skip(1).map(segment).peekable();
    while let Some(segment) = written.next() {
        let last = written.peek().is_none();
        match segment.as_str() {
            "." => {}
            ".." => drop(segments.pop()),
            _ => {
                segments.push(segment);
                continue;
            }
        }
        if last {
            segments.push(String::new());
        }
    }
    format!("/{}", segments.join("/"))
}

fn segment(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut parts = written.split('%');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // `Uri::parse` has seen two digits behind every percent sign.
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        let byte = digits.as_bytes().first_chunk().and_then(|digits| percent::hex_byte(*digits).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push_str(&digits.to_ascii_uppercase());
            }
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 3986 §6.2.2, §6.2.3.
    #[test]
    fn po_03_spellings_of_one_address_are_one() {
        let address = |text| Address::parse(text).unwrap();
        let one = address("https://as.example.com/op/token");
        for text in [
            "HTTPS://AS.Example.COM/op/token",
            "https://as.example.com:443/op/token",
            "https://as.example.com/op/token?x=1",
            "https://as.example.com/op/token#x",
            "https://as.example.com/op/token?x#y",
            "https://as.example.com/op/./token",
            "https://as.example.com/x/../op/token",
            "https://as.example.com/../op/token",
            "https://as.example.com/%6fp/%74oken",
            "https://as.example.com/op/%2e/token",
            "https://as.example.com/op/x/%2E%2e/token",
        ] {
            assert_eq!(address(text), one, "{text}");
        }
        assert_eq!(address("https://a"), address("https://a/"));
        assert_eq!(address("http://[::1]:80"), address("http://[::1]/"));
        assert_eq!(address("https://a/%c3%a9"), address("https://a/%C3%A9"));
        assert_eq!(address("https://a/b/.."), address("https://a/"));
        assert_eq!(address("https://a/b/."), address("https://a/b/"));
    }

    #[test]
    fn po_03_other_addresses_are_others() {
        let one = Address::parse("https://as.example.com/op/token");
        for text in [
            "http://as.example.com/op/token",
            "https://as.example.com:8443/op/token",
            "https://as.example.com:80/op/token",
            "https://as.example.com/op/token/",
            "https://as.example.com/op//token",
            "https://as.example.com/OP/token",
            "https://as.example.com/op%2Ftoken",
            "https://as.example.com/token",
            "https://as.example.com.evil.example/op/token",
            "https://as.example.com@evil.example/op/token",
            "https://as.example.com/op/token%00",
            "https://as.example.com/op/token ",
            "https://as.example.com./op/token",
            "//as.example.com/op/token",
            "/op/token",
            "urn:x:/op/token",
            "wss://as.example.com/op/token",
            "",
        ] {
            assert_ne!(Address::parse(text), one, "{text}");
        }
    }

    proptest! {
        #[test]
        fn po_03_normalising_twice_is_normalising_once(text in "https?://[a-zA-Z.]{1,9}(:[1-9][0-9]{0,3})?(/[a-z.%0-9A-F]{0,6}){0,4}") {
            if let Some(address) = Address::parse(&text) {
                prop_assert_eq!(Address::parse(&address.0), Some(address));
            }
        }
    }
}
