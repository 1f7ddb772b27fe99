//! URIs, read strictly — RFC 3986 §3.
//!
//! One parser for every URI that Mapae accepts, so that two readings of one text cannot differ
//! (RFC 9700 §4.1.1). It normalises nothing. User information is refused everywhere: it is how
//! `https://app.example@evil.example` deceives (RFC 9700 §4.1.3).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::percent;

/// Why a text is not a URI that Mapae accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A byte outside the set of RFC 3986 §2: not ASCII, a control, a space, a backslash, a quote.
    #[error("a character is not allowed in a URI")]
    ForbiddenCharacter,
    /// A `%` is not followed by two hexadecimal digits.
    #[error("a percent escape is malformed")]
    MalformedPercent,
    /// An escape stands for a control character.
    #[error("a percent escape stands for a control character")]
    EncodedControl,
    /// There is no scheme: the reference is relative.
    #[error("the scheme is missing")]
    NoScheme,
    /// There is user information before the host.
    #[error("user information before the host is not allowed")]
    UserInfo,
    /// The host is empty, percent-encoded, ends in a dot, or is a number that is no IPv4 address in its usual form.
    #[error("the host is malformed")]
    BadHost,
    /// The port is empty, not a number from 1 to 65535, or has leading zeros.
    #[error("the port is malformed")]
    BadPort,
}

/// The parts of an absolute URI, as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uri<'a> {
    /// The scheme without the colon.
    pub scheme: &'a str,
    /// Host and port, when there is `//`.
    pub authority: Option<Authority<'a>>,
    /// The path, possibly empty.
    pub path: &'a str,
    /// What follows `?`.
    pub query: Option<&'a str>,
    /// What follows `#`.
    pub fragment: Option<&'a str>,
}

/// Where a URI leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority<'a> {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: &'a str,
    /// The port, when it is written.
    pub port: Option<u16>,
}

impl Authority<'_> {
    /// Whether the host is exactly `localhost`, `127.0.0.1` or `[::1]`; no look-alike is (RFC 8252 §7.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        matches!(self.host, "localhost" | "127.0.0.1" | "[::1]")
    }
}

impl<'a> Uri<'a> {
    /// Parses an absolute URI.
    ///
    /// # Errors
    /// One [`Error`] per rule; see there.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        check_characters(text)?;
        let (before_fragment, fragment) = split(text, '#');
        let (before_query, query) = split(before_fragment, '?');
        if fragment.is_some_and(|fragment| fragment.contains('#')) {
            return Err(Error::ForbiddenCharacter);
        }
        let (scheme, rest) = before_query.split_once(':').ok_or(Error::NoScheme)?;
        if !is_scheme(scheme) {
            return Err(Error::NoScheme);
        }
        let (authority, path) = match rest.strip_prefix("//") {
            None => (None, rest),
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (Some(parse_authority(authority)?), path)
            }
        };
        // Brackets belong to IP literals only (RFC 3986 §3.2.2).
        if [Some(path), query, fragment].into_iter().flatten().any(|part| part.contains(['[', ']'])) {
            return Err(Error::ForbiddenCharacter);
        }
        Ok(Self { scheme, authority, path, query, fragment })
    }

    /// Whether it is at a host of the web: `https` or `http`. Other schemes may have something in the place of a host, which
    /// is nobody's.
    #[must_use]
    pub fn is_web(&self) -> bool {
        matches!(self.scheme, "https" | "http")
    }

    /// `scheme://host[:port]` as origins are compared: without the port that is the scheme's own (RFC 6454 §6.2), the
    /// letters as they were written. `None` without an authority.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let Authority { host, port } = self.authority?;
        let scheme = self.scheme;
        let own_port = match scheme {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        };
        Some(match port.filter(|port| Some(*port) != own_port) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        })
    }

    /// Whether this is `https`, or `http` to a loopback host: the transports on which a secret may travel
    /// (RFC 9700 §2.6, RFC 8252 §8.3).
    #[must_use]
    pub fn is_secure_transport(&self) -> bool {
        match (self.scheme, self.authority) {
            ("https", Some(_)) => true,
            ("http", Some(authority)) => authority.is_loopback(),
            _ => false,
        }
    }

    /// Whether a segment of the path is `.` or `..`, also when its dots are percent-encoded.
    #[must_use]
    pub fn has_dot_segment(&self) -> bool {
        self.path.split('/').any(|segment| {
            let dots = segment.replace("%2e", ".").replace("%2E", ".");
            dots == "." || dots == ".."
        })
    }
}

fn split(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn check_characters(text: &str) -> Result<(), Error> {
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let digits = rest.first_chunk().ok_or(Error::MalformedPercent)?;
            let escaped = percent::hex_byte(*digits).map_err(|_| Error::MalformedPercent)?;
            if escaped.is_ascii_control() {
                return Err(Error::EncodedControl);
            }
        } else if !(byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte)) {
            return Err(Error::ForbiddenCharacter);
        }
    }
    Ok(())
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn parse_authority(text: &str) -> Result<Authority<'_>, Error> {
    if text.contains('@') {
        return Err(Error::UserInfo);
    }
    // The colons of an IPv6 address are inside its brackets.
    let host_end = text.find(']').map_or(0, |bracket| bracket + 1);
    let colon = text.get(host_end..).and_then(|after| after.find(':')).map(|found| host_end + found);
    let (host, port) = match colon.and_then(|colon| text.split_at_checked(colon)) {
        Some((host, port)) => (host, Some(parse_port(port.strip_prefix(':').unwrap_or_default())?)),
        None => (text, None),
    };
    if !is_host(host) {
        return Err(Error::BadHost);
    }
    Ok(Authority { host, port })
}

fn parse_port(text: &str) -> Result<u16, Error> {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    // An empty text is not a number, so `parse` refuses it.
    if canonical { text.parse().map_err(|_| Error::BadPort) } else { Err(Error::BadPort) }
}

fn is_host(host: &str) -> bool {
    if let Some(literal) = host.strip_prefix('[') {
        return literal.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let named = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if host.len() > 253 || !host.split('.').all(named) {
        return false;
    }
    // Browsers read a host that ends in a number as IPv4, however it is written: `127.1`, `0x7f.1`.
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.starts_with("0x") || last.starts_with("0X");
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit());
    if hexadecimal || numeric { host.parse::<Ipv4Addr>().is_ok() } else { true }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 3986 §3.
    #[test]
    fn parts_are_what_was_written() {
        let uri = Uri::parse("https://App.example.com:8443/a/b;c?x=1&y=%20#frag").unwrap();
        assert_eq!(uri.scheme, "https");
        assert_eq!(uri.authority, Some(Authority { host: "App.example.com", port: Some(8443) }));
        assert_eq!((uri.path, uri.query, uri.fragment), ("/a/b;c", Some("x=1&y=%20"), Some("frag")));
        assert_eq!(uri.origin().unwrap(), "https://App.example.com:8443");
        let urn = Uri::parse("urn:example:api").unwrap();
        assert_eq!((urn.scheme, urn.authority, urn.path), ("urn", None, "example:api"));
        assert_eq!(urn.origin(), None);
        let bare = Uri::parse("http://[::1]?x").unwrap();
        assert_eq!((bare.authority.unwrap().host, bare.path, bare.query), ("[::1]", "", Some("x")));
    }

    /// RFC 6454 §6.2. Written otherwise, a page of the server itself would not be known as its own.
    #[test]
    fn lo_08_one_origin_has_one_spelling() {
        for (written, origin) in [
            ("https://id.example/a", "https://id.example"),
            ("https://id.example:443/a", "https://id.example"),
            ("https://id.example:443?x", "https://id.example"),
            ("https://ID.example:443/", "https://ID.example"),
            ("https://id.example:80/", "https://id.example:80"),
            ("http://127.0.0.1:80/", "http://127.0.0.1"),
            ("http://[::1]:443/", "http://[::1]:443"),
            ("com.example.app://cb:443", "com.example.app://cb:443"),
        ] {
            assert_eq!(Uri::parse(written).unwrap().origin().as_deref(), Some(origin), "{written}");
        }
    }

    /// RFC 3986 §2, §3.2.2.
    #[test]
    fn hostile_texts_are_refused_with_their_rule() {
        use Error::{
            BadHost, BadPort, EncodedControl, ForbiddenCharacter, MalformedPercent, NoScheme, UserInfo,
        };
        for (text, error) in [
            ("", NoScheme),
            ("/cb", NoScheme),
            ("//app.example.com/cb", NoScheme),
            ("app.example.com/cb:x", NoScheme),
            ("1http://x", NoScheme),
            ("https://a@b/", UserInfo),
            ("https://a:b@c:1/", UserInfo),
            ("http://127.0.0.1:8080@evil.test/cb", UserInfo),
            (" https://a/", ForbiddenCharacter),
            ("https://a\\@b/", ForbiddenCharacter),
            ("https://a/\t", ForbiddenCharacter),
            ("https://a/\r\nX:y", ForbiddenCharacter),
            ("https://a/\"", ForbiddenCharacter),
            ("https://аpp.example.com/", ForbiddenCharacter),
            ("https://a/[x]", ForbiddenCharacter),
            ("https://a/?x[]=1", ForbiddenCharacter),
            ("https://a/#b#c", ForbiddenCharacter),
            ("https://a/%", MalformedPercent),
            ("https://a/%4", MalformedPercent),
            ("https://a/%zz", MalformedPercent),
            ("https://a%00.evil.test/", EncodedControl),
            ("https://a/%0d%0aX:y", EncodedControl),
            ("https://", BadHost),
            ("https:///evil.test", BadHost),
            ("https://:1/", BadHost),
            ("https://a%2eb/", BadHost),
            ("https://app.example.com./", BadHost),
            ("https://a..b/", BadHost),
            ("https://127.1/", BadHost),
            ("https://0x7f.1/", BadHost),
            ("https://0x7f000001/", BadHost),
            ("https://2130706433/", BadHost),
            ("https://0177.0.0.1/", BadHost),
            ("https://[::1%25eth0]/", BadHost),
            ("https://[::1/", BadPort),
            ("https://[::1]x/", BadHost),
            ("https://::1/", BadPort),
            ("https://a:/", BadPort),
            ("https://a:0/", BadPort),
            ("https://a:080/", BadPort),
            ("https://a:65536/", BadPort),
            ("https://a:+1/", BadPort),
            ("https://a:1:2/", BadPort),
        ] {
            assert_eq!(Uri::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn az_14_no_look_alike_is_loopback() {
        for text in ["http://localhost/", "http://127.0.0.1:1/", "http://[::1]/"] {
            assert!(Uri::parse(text).unwrap().is_secure_transport(), "{text}");
        }
        for text in [
            "http://0.0.0.0/",
            "http://127.0.0.2/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://LOCALHOST/",
            "http://localhost.evil.test/",
            "http://127.0.0.1.evil.test/",
            "ws://localhost/",
            "http:localhost",
        ] {
            assert!(!Uri::parse(text).unwrap().is_secure_transport(), "{text}");
        }
    }

    #[test]
    fn az_04_dot_segments_are_seen() {
        for path in ["/cb/..", "/../cb", "/cb/.", "/./", "/%2e%2E/x", "/.%2e/x", "/%2e"] {
            assert!(Uri::parse(&format!("https://a{path}")).unwrap().has_dot_segment(), "{path}");
        }
        for path in ["", "/", "/cb..", "/..cb", "/a.b", "/...", "/?x=/../"] {
            assert!(!Uri::parse(&format!("https://a{path}")).unwrap().has_dot_segment(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn parts_joined_give_the_text(text in "[a-z.]{1,6}:(//[a-z0-9.]{1,8}(:[0-9]{1,5})?)?(/[a-z%0-9/]{0,8})?(\\?[a-z=&]{0,6})?(#[a-z]{0,4})?") {
            if let Ok(uri) = Uri::parse(&text) {
                let mut joined = format!("{}:", uri.scheme);
                if let Some(Authority { host, port }) = uri.authority {
                    joined += &format!("//{host}");
                    joined += &port.map(|port| format!(":{port}")).unwrap_or_default();
                }
                joined += uri.path;
                joined += &uri.query.map(|query| format!("?{query}")).unwrap_or_default();
                joined += &uri.fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
                prop_assert_eq!(joined, text);
            }
        }

        #[test]
        fn no_input_panics(text in ".{0,80}") {
            let _ = Uri::parse(&text);
        }
    }
}
