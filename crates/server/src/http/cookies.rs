//! Cookies — RFC 6265 §4.1, §5.4; attack SE-25.

use std::fmt;

use http::{HeaderMap, HeaderValue};
use mapae_protocol::{cookie, time::Seconds};

use crate::config::Site;

/// One cookie of ours, under the name and with the attributes that fit the site.
///
/// On https the name begins with `__Host-`: no sub-domain and no plain http can plant one. Below a path of a host that is
/// shared, it is for that path only, which `__Host-` does not allow: there it begins with `__Secure-`. On this machine it
/// carries the port, because browsers give cookies to all ports of a host.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    /// `Path` and what follows it.
    attributes: String,
}

/// How long a browser keeps a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Until the browser is closed.
    Browser,
    /// For a span of time.
    For(Seconds),
}

/// A cookie's value must be letters, digits and signs that need no quoting (RFC 6265 §4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this cannot be the value of a cookie")]
pub struct InvalidValue;

impl Cookie {
    /// The cookie that is called `name` within the product.
    pub fn new(name: &'static str, site: &Site) -> Self {
        let prefix = match (site.is_https(), site.path().is_empty()) {
            (true, true) => "__Host-",
            (true, false) => "__Secure-",
            (false, _) => "",
        };
        let secure = if site.is_https() { "; Secure" } else { "" };
        let path = if site.path().is_empty() { "/" } else { site.path() };
        let attributes = format!("; Path={path}; HttpOnly; SameSite=Lax{secure}");
        let suffix = if site.is_loopback() { format!("_{}", site.port()) } else { String::new() };
        Self { name: format!("{prefix}{name}{suffix}"), attributes }
    }

    /// The name as browsers see it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value that a browser sent. Two of one name are none: one of them was planted, and nobody can
    /// tell which (SE-25). Empty is none too.
    pub fn read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        cookie::value(headers, &self.name)
    }

    /// Every value that a browser sent under this name: for who ends what any of them stands for.
    pub fn all<'h>(&'h self, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> {
        cookie::values(headers, &self.name)
    }

    /// The `Set-Cookie` that gives it to a browser.
    ///
    /// # Errors
    /// [`InvalidValue`].
    pub fn set(&self, value: &str, life: Life) -> Result<HeaderValue, InvalidValue> {
        if value.is_empty() || !value.bytes().all(is_cookie_octet) {
            return Err(InvalidValue);
        }
        let age = match life {
            Life::Browser => String::new(),
            Life::For(span) => format!("; Max-Age={}", span.get()),
        };
        let mut header = HeaderValue::try_from(format!("{}={value}{age}{}", self.name, self.attributes))
            .map_err(|_| InvalidValue)?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// The `Set-Cookie` that takes it away.
    pub fn remove(&self) -> HeaderValue {
        HeaderValue::try_from(format!("{}=; Max-Age=0{}", self.name, self.attributes))
            .unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// RFC 6265 §4.1.1.
fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    fn cookie(site: &str) -> Cookie {
        Cookie::new("mapae_session", &Site::parse(site).unwrap())
    }

    fn sent(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn se_25_names_and_attributes() {
        let value = |site: &str| cookie(site).set("abc", Life::Browser).unwrap();
        assert_eq!(
            value("https://id.example.com"),
            "__Host-mapae_session=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(value("http://localhost:9000"), "mapae_session_9000=abc; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(
            value("https://localhost:9443"),
            "__Host-mapae_session_9443=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            value("https://example.com/login"),
            "__Secure-mapae_session=abc; Path=/login; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn lives_and_ends() {
        let cookie = cookie("http://localhost:9000");
        assert_eq!(
            cookie.set("abc", Life::For(Seconds::days(1))).unwrap(),
            "mapae_session_9000=abc; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"
        );
        assert_eq!(cookie.remove(), "mapae_session_9000=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn se_25_two_cookies_of_one_name_are_none() {
        let cookie = cookie("https://id.example.com");
        for (lines, expected) in [
            (vec!["__Host-mapae_session=abc"], Some("abc")),
            (vec!["a=b; __Host-mapae_session=abc; c=d"], Some("abc")),
            (vec!["a=b", "__Host-mapae_session=a=b"], Some("a=b")),
            (vec!["__Host-mapae_session=abc; __Host-mapae_session=evil"], None),
            (vec!["__Host-mapae_session=abc", "__Host-mapae_session=abc"], None),
            (vec!["__Host-mapae_session="], None),
            (vec!["mapae_session=evil"], None),
            (vec!["__host-mapae_session=evil"], None),
            (vec!["x__Host-mapae_session=evil"], None),
            (vec![";;; =; ="], None),
            (vec![], None),
        ] {
            assert_eq!(cookie.read(&sent(&lines)), expected, "{lines:?}");
        }
    }

    /// RFC 6265 §4.1.1.
    #[test]
    fn a_value_cannot_add_attributes() {
        let cookie = cookie("https://id.example.com");
        for value in ["", "a;Domain=evil.example", "a b", "a,b", "a\"b", "a\\b", "a\r\nb", "é"] {
            assert_eq!(cookie.set(value, Life::Browser), Err(InvalidValue), "{value}");
        }
        assert!(cookie.set("AZaz09-_.~=", Life::Browser).unwrap().is_sensitive());
    }
}
