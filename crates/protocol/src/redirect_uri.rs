//! Redirect URIs: registration and exact matching — RFC 6749 §3.1.2, RFC 9700 §2.1, RFC 8252 §7.

use serde::{Deserialize, Serialize};

use crate::params;
use crate::parsed_text::parsed_text;
use crate::uri::{self, Uri};

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod matching_tests;

/// Longest redirect URI in bytes.
pub const MAX_BYTES: usize = 2048;
/// Most redirect URIs of one app.
pub const MAX_PER_APP: usize = 32;

/// What besides `https` an app may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationRules {
    /// `http` on exactly `localhost`, `127.0.0.1` and `[::1]` (RFC 8252 §7.3; for development any app).
    pub loopback_http: bool,
    /// Private-use schemes of native apps (RFC 8252 §7.1). Public apps only.
    pub private_use_schemes: bool,
}

impl RegistrationRules {
    /// Everything that any app may register.
    pub const WIDEST: Self = Self { loopback_http: true, private_use_schemes: true };
}

/// Why a redirect URI cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Not a URI: empty, relative, with user information, bytes outside RFC 3986, a malformed host or port.
    #[error(transparent)]
    Uri(#[from] uri::Error),
    /// Longer than [`MAX_BYTES`].
    #[error("the redirect URI is longer than 2048 bytes")]
    TooLong,
    /// It has a fragment, even an empty one (RFC 6749 §3.1.2).
    #[error("a redirect URI must not have a fragment; remove # and what follows")]
    Fragment,
    /// Its path has `.` or `..` segments, also percent-encoded (RFC 9700 §4.1.1).
    #[error("a redirect URI must not have . or .. in its path")]
    DotSegment,
    /// It holds `*`. Nothing is ever matched by pattern (RFC 9700 §2.1), so it would not do what was meant.
    #[error("wildcards are not supported; register every redirect URI in full")]
    Wildcard,
    /// Scheme or host have capital letters, which browsers change on the way.
    #[error("scheme and host must be in lower case")]
    NotLowerCase,
    /// `https` or `http` without `//host`.
    #[error("the host is missing; write https://host/path")]
    NoHost,
    /// `http` on a host that is not exactly `localhost`, `127.0.0.1` or `[::1]`.
    #[error("http is possible only on localhost, 127.0.0.1 and [::1]; use https")]
    PlainHttp,
    /// `http` on a loopback host where the rules do not allow it.
    #[error("http is not allowed for this app; use https")]
    LoopbackNotAllowed,
    /// A scheme that is neither `https` nor `http` and has no dot: `javascript:`, `data:`, `myapp:`
    /// (RFC 8252 §7.1: a domain name of the app's owner, reversed).
    #[error("the scheme must be https, or a reversed domain name with a dot such as com.example.app")]
    SchemeWithoutDot,
    /// A private-use scheme where the rules do not allow it.
    #[error("private-use schemes are for native apps; use https")]
    PrivateUseSchemeNotAllowed,
    /// A private-use scheme followed by nothing.
    #[error("something must follow the scheme, for example com.example.app:/callback")]
    NothingAfterScheme,
}

/// A redirect URI that some app may register.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Checks a redirect URI that an app wants to register.
    ///
    /// # Errors
    /// One [`RegistrationError`] per rule.
    pub fn register(text: &str, rules: RegistrationRules) -> Result<Self, RegistrationError> {
        if text.len() > MAX_BYTES {
            return Err(RegistrationError::TooLong);
        }
        let uri = Uri::parse(text)?;
        if uri.fragment.is_some() {
            return Err(RegistrationError::Fragment);
        }
        if text.contains('*') {
            return Err(RegistrationError::Wildcard);
        }
        if uri.has_dot_segment() {
            return Err(RegistrationError::DotSegment);
        }
        check_destination(&uri, rules)?;
        let host = uri.authority.map_or("", |authority| authority.host);
        if uri.scheme.bytes().chain(host.bytes()).any(|byte| byte.is_ascii_uppercase()) {
            return Err(RegistrationError::NotLowerCase);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads one that was registered before, by the rules that hold for every app.
    ///
    /// # Errors
    /// It breaks a rule that no app is exempt from.
    pub fn parse(text: &str) -> Result<Self, RegistrationError> {
        Self::register(text, RegistrationRules::WIDEST)
    }

    /// The URI, byte for byte as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `scheme://host[:port]`, or `scheme:` of a private-use scheme: what a person is shown as the destination. Whatever a
    /// private-use scheme has in the place of a host is nobody's: who has the scheme is led there (RFC 8252 §7.1).
    #[must_use]
    pub fn origin(&self) -> String {
        let Ok(uri) = Uri::parse(&self.0) else { return String::new() };
        uri.origin().filter(|_| uri.is_web()).unwrap_or_else(|| format!("{}:", uri.scheme))
    }

    /// The source expression that stands for its origin in a policy (CSP3 §2.3.1). The narrowest that the grammar can
    /// say: it has no IPv6 literals, and private-use schemes have no host, so those give `scheme:`.
    #[must_use]
    pub fn policy_source(&self) -> String {
        let Ok(uri) = Uri::parse(&self.0) else { return String::new() };
        let literal = uri.authority.is_some_and(|authority| authority.host.starts_with('['));
        uri.origin().filter(|_| uri.is_web() && !literal).unwrap_or_else(|| format!("{}:", uri.scheme))
    }

    /// The URI with parameters appended to its query, which it keeps (RFC 6749 §4.1.2).
    #[must_use]
    pub fn append_query<N: AsRef<str>, V: AsRef<str>>(
        &self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> String {
        let mut url = self.0.clone();
        if !url.contains('?') {
            url.push('?');
        }
        params::append(&mut url, pairs);
        url
    }
}

fn check_destination(uri: &Uri<'_>, rules: RegistrationRules) -> Result<(), RegistrationError> {
    match uri.scheme.to_ascii_lowercase().as_str() {
        "https" | "http" if uri.authority.is_none() => Err(RegistrationError::NoHost),
        "https" => Ok(()),
        "http" if !uri.authority.is_some_and(|authority| authority.is_loopback()) => {
            Err(RegistrationError::PlainHttp)
        }
        "http" if !rules.loopback_http => Err(RegistrationError::LoopbackNotAllowed),
        "http" => Ok(()),
        scheme if !scheme.contains('.') => Err(RegistrationError::SchemeWithoutDot),
        _ if !rules.private_use_schemes => Err(RegistrationError::PrivateUseSchemeNotAllowed),
        _ if uri.authority.is_none() && uri.path.is_empty() => Err(RegistrationError::NothingAfterScheme),
        _ => Ok(()),
    }
}

parsed_text!(RedirectUri, RegistrationError);

/// Proof that a URI was asked for and is registered by the app that asked. The only ways to one are
/// [`match_registered`] and [`sole_registered`], so nothing can be sent to an address that was not checked
/// (open redirect, RFC 9700 §4.11). It cannot be deserialised: whoever comes back to a request checks again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedRedirect {
    uri: RedirectUri,
    asked: bool,
}

impl TrustedRedirect {
    /// The URI that was actually asked for, with its own loopback port.
    #[must_use]
    pub const fn uri(&self) -> &RedirectUri {
        &self.uri
    }

    /// Whether the request named the URI; then the token request must repeat it (RFC 6749 §4.1.3).
    #[must_use]
    pub const fn was_asked(&self) -> bool {
        self.asked
    }
}

/// Looks a requested URI up among those that the app registered. Byte-equal, or, for a native app, different in
/// nothing but the port of the literals `127.0.0.1` and `[::1]` (RFC 8252 §7.3, RFC 9700 §2.1).
pub fn match_registered<'a>(
    asked: &str,
    registered: impl IntoIterator<Item = &'a RedirectUri>,
    native: bool,
) -> Option<TrustedRedirect> {
    let asked_loopback = if native { without_loopback_port(asked) } else { None };
    let matches = |uri: &RedirectUri| {
        uri.0 == asked || asked_loopback.is_some() && without_loopback_port(&uri.0) == asked_loopback
    };
    // A longer port may not make it longer than one can be registered.
    let found = asked.len() <= MAX_BYTES && registered.into_iter().any(matches);
    found.then(|| TrustedRedirect { uri: RedirectUri(asked.to_owned()), asked: true })
}

/// The URI of an app that registered exactly one, for a request that names none (RFC 6749 §3.1.2.3).
pub fn sole_registered<'a>(registered: impl IntoIterator<Item = &'a RedirectUri>) -> Option<TrustedRedirect> {
    let mut registered = registered.into_iter();
    let uri = registered.next()?.clone();
    registered.next().is_none().then_some(TrustedRedirect { uri, asked: false })
}

/// The text before and after the port of a literal loopback address, or `None` for every other text.
fn without_loopback_port(text: &str) -> Option<(&str, &str)> {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| text.starts_with(host))?;
    let (host, rest) = text.split_at_checked(host.len())?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(port_and_rest) => {
            let end = port_and_rest.find(['/', '?']).unwrap_or(port_and_rest.len());
            let (port, rest) = port_and_rest.split_at_checked(end)?;
            let digits = !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit());
            if !digits || port.parse::<u16>().is_err() {
                return None;
            }
            rest
        }
    };
    // Else the host goes on: `http://127.0.0.1.evil.test`.
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> RegistrationError {
        RedirectUri::parse(text).unwrap_err()
    }

    #[test]
    fn what_apps_register() {
        for text in [
            "https://app.example.com",
            "https://app.example.com/cb?x=1",
            "https://app.example.com:8443/a/b;c=1/%ED%95%9C",
            "https://xn--pp-7ka.example.com/cb",
            "https://192.0.2.1/cb",
            "http://localhost:3000/callback",
            "http://127.0.0.1/cb",
            "http://[::1]:8080/cb",
            "com.example.app:/cb",
            "com.example.app://cb",
            "com.googleusercontent.apps.123-x:/oauth2redirect",
        ] {
            assert_eq!(RedirectUri::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn az_07_az_08_az_09_only_plain_uris_can_be_registered() {
        use uri::Error::{BadHost, EncodedControl, ForbiddenCharacter, NoScheme, UserInfo};
        for (text, error) in [
            ("https://app.example@evil.com/cb", UserInfo),
            ("https://app.example%40evil.com/cb", BadHost),
            ("https://app.example\\@evil.com", ForbiddenCharacter),
            ("https://app.example.com/\tevil", ForbiddenCharacter),
            (" https://app.example.com/", ForbiddenCharacter),
            ("https://app.example.com/\u{0}", ForbiddenCharacter),
            ("https://app.example.com/%00", EncodedControl),
            ("https://app.example.com/%0d%0aX:y", EncodedControl),
            ("https://ⓔvil.test/", ForbiddenCharacter),
            ("https://app｡example｡com/cb", ForbiddenCharacter),
            ("https://app.example.com/cb\u{202e}", ForbiddenCharacter),
            ("https://app\u{ad}.example.com/cb", ForbiddenCharacter),
            ("", NoScheme),
            ("/cb", NoScheme),
            ("//app.example.com/cb", NoScheme),
        ] {
            assert_eq!(refused(text), RegistrationError::Uri(error), "{text:?}");
        }
    }

    #[test]
    fn each_rule_of_registration() {
        for (text, error) in [
            ("https://app.example.com/cb#f", RegistrationError::Fragment),
            ("https://app.example.com/cb#", RegistrationError::Fragment),
            ("https://app.example.com/cb/../x", RegistrationError::DotSegment),
            ("https://app.example.com/%2e%2E/x", RegistrationError::DotSegment),
            ("https://app.example.com/*", RegistrationError::Wildcard),
            ("https://APP.example.com/cb", RegistrationError::NotLowerCase),
            ("HTTPS://app.example.com/cb", RegistrationError::NotLowerCase),
            ("COM.EXAMPLE.APP:/cb", RegistrationError::NotLowerCase),
            ("https:app.example.com/cb", RegistrationError::NoHost),
            ("http:/cb", RegistrationError::NoHost),
            ("http://app.example.com/cb", RegistrationError::PlainHttp),
            ("http://0.0.0.0/cb", RegistrationError::PlainHttp),
            ("http://[::ffff:127.0.0.1]/cb", RegistrationError::PlainHttp),
            ("http://127.0.0.1.evil.com/", RegistrationError::PlainHttp),
            ("com.example.app:", RegistrationError::NothingAfterScheme),
        ] {
            assert_eq!(refused(text), error, "{text}");
        }
        let fits = format!("https://a/{}", "x".repeat(MAX_BYTES - 10));
        assert!(RedirectUri::parse(&fits).is_ok());
        assert_eq!(refused(&format!("{fits}x")), RegistrationError::TooLong);
    }

    #[test]
    fn az_11_a_fragment_cannot_be_registered() {
        assert_eq!(refused("https://app.example.com/cb?x=1#f"), RegistrationError::Fragment);
    }

    #[test]
    fn az_12_az_15_a_scheme_without_a_dot_cannot_be_registered() {
        for text in [
            "javascript:alert(1)",
            "javascript://app.example.com/%20alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:/etc/passwd",
            "blob:https://app.example.com/x",
            "intent:x",
            "myapp://cb.attacker",
            "about:blank",
        ] {
            assert_eq!(refused(text), RegistrationError::SchemeWithoutDot, "{text}");
        }
    }

    #[test]
    fn what_besides_https_is_allowed_depends_on_the_app() {
        let web = RegistrationRules { loopback_http: false, private_use_schemes: false };
        assert!(RedirectUri::register("https://app.example.com/cb", web).is_ok());
        let refused = |text| RedirectUri::register(text, web).unwrap_err();
        assert_eq!(refused("http://localhost:3000/cb"), RegistrationError::LoopbackNotAllowed);
        assert_eq!(refused("com.example.app:/cb"), RegistrationError::PrivateUseSchemeNotAllowed);
    }

    #[test]
    fn an_existing_query_is_kept() {
        for (registered, sent) in [
            ("https://a.test/cb", "https://a.test/cb?code=x+y%0D%0A"),
            ("https://a.test/cb?x=1", "https://a.test/cb?x=1&code=x+y%0D%0A"),
            ("https://a.test/cb?", "https://a.test/cb?code=x+y%0D%0A"),
            ("https://a.test", "https://a.test?code=x+y%0D%0A"),
            ("com.example.app:/cb", "com.example.app:/cb?code=x+y%0D%0A"),
        ] {
            let uri = RedirectUri::parse(registered).unwrap();
            assert_eq!(uri.append_query([("code", "x y\r\n")]), sent);
        }
    }

    /// CSP3 §2.3.1.
    #[test]
    fn where_it_leads() {
        for (registered, origin, source) in [
            ("https://a.test/cb?x=1", "https://a.test", "https://a.test"),
            ("https://a.test:8443/cb", "https://a.test:8443", "https://a.test:8443"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000/cb", "http://[::1]:3000", "http:"),
            ("com.example.app:/cb", "com.example.app:", "com.example.app:"),
            // What stands there is nobody's host (RFC 8252 §7.1).
            ("com.example.app://a.test/cb", "com.example.app:", "com.example.app:"),
        ] {
            let uri = RedirectUri::parse(registered).unwrap();
            assert_eq!((uri.origin().as_str(), uri.policy_source().as_str()), (origin, source));
        }
    }
}
