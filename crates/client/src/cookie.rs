//! The client's cookies — RFC 6265 §4.1, RFC 6265 §5.4.

use http::{HeaderMap, HeaderValue};
pub(crate) use mapae_protocol::cookie::{value as read, values};
use mapae_protocol::{base64url, cookie, digest::sha256, redirect_uri::RedirectUri, time::Seconds, uri::Uri};

use crate::setting::{ConfigurationError, Setting};

/// Logins that one browser may have open at once, in as many tabs.
pub(crate) const MAX_LOGINS: usize = 4;

/// How the cookies of one client are named and protected.
#[derive(Clone, Debug)]
pub(crate) struct Cookies {
    prefix: String,
    secure: bool,
}

impl Cookies {
    /// `__Host-NAME-` on https. On loopback, where the ports of one host share their cookies, `NAME-PORT-`.
    pub(crate) fn new(name: &str, redirect_uri: &RedirectUri) -> Result<Self, ConfigurationError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 32 || !name.bytes().all(plain) {
            return Err(ConfigurationError::new(Setting::Name, "it is not a plain name"));
        }
        let not_web = ConfigurationError::new(Setting::RedirectUri, "a browser cannot be signed in there");
        let uri = Uri::parse(redirect_uri.as_str()).map_err(|_| not_web)?;
        let port = uri.authority.ok_or(not_web)?.port.unwrap_or(80);
        match uri.scheme {
            "https" => Ok(Self { prefix: format!("__Host-{name}"), secure: true }),
            "http" => Ok(Self { prefix: format!("{name}-{port}"), secure: false }),
            _ => Err(not_web),
        }
    }

    pub(crate) fn session(&self) -> String {
        format!("{}-session", self.prefix)
    }

    pub(crate) fn sign_up(&self) -> String {
        format!("{}-sign-up", self.prefix)
    }

    /// Who waits to become another way into an account.
    pub(crate) fn adding(&self) -> String {
        format!("{}-adding", self.prefix)
    }

    /// The one-time code, which the front end reads and posts.
    pub(crate) fn code(&self) -> String {
        format!("{}-code", self.prefix)
    }

    /// What binds the one-time code to this browser.
    pub(crate) fn code_binding(&self) -> String {
        format!("{}-code-binding", self.prefix)
    }

    /// The refresh token of the service's own.
    pub(crate) fn refresh(&self) -> String {
        format!("{}-refresh", self.prefix)
    }

    /// An answer that was posted, on its way to the callback.
    pub(crate) fn answer(&self) -> String {
        format!("{}-answer", self.prefix)
    }

    /// Each login has a cookie of its own, so that two tabs do not disturb each other.
    pub(crate) fn login(&self, state: &str) -> String {
        let [a, b, c, d, e, f, ..] = sha256(state.as_bytes());
        format!("{}{}", self.logins(), base64url::encode([a, b, c, d, e, f]))
    }

    /// The logins that the browser had open before and that are now too many.
    pub(crate) fn surplus_logins(&self, headers: &HeaderMap) -> Vec<HeaderValue> {
        let open =
            cookie::pairs(headers).filter(|(name, _)| name.starts_with(&self.logins())).map(|(name, _)| name);
        let open: Vec<&str> = open.collect();
        let surplus = (open.len() + 1).saturating_sub(MAX_LOGINS);
        open.into_iter().take(surplus).map(|name| self.clear(name)).collect()
    }

    /// Sets a cookie for this host, out of reach of scripts and of requests that other sites cause, except for
    /// the navigation that brings the person back (`SameSite=Lax`).
    pub(crate) fn set(&self, name: &str, value: &str, life: Seconds) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", life.get());
        let mut header = header_value(&text);
        header.set_sensitive(true);
        header
    }

    /// Sets a cookie that scripts of this very host can read; it is sent with no request that another site causes.
    pub(crate) fn set_readable(&self, name: &str, value: &str, life: Seconds) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; Max-Age={}; SameSite=Strict{secure}", life.get());
        let mut header = header_value(&text);
        header.set_sensitive(true);
        header
    }

    /// Removes a cookie.
    pub(crate) fn clear(&self, name: &str) -> HeaderValue {
        self.set(name, "", Seconds::ZERO)
    }

    fn logins(&self) -> String {
        format!("{}-login-", self.prefix)
    }
}

/// Names and values here are base64url and fixed texts, so this is always a header.
pub(crate) fn header_value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    fn cookies(redirect_uri: &str) -> Cookies {
        Cookies::new("shop", &RedirectUri::parse(redirect_uri).unwrap()).unwrap()
    }

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::try_from(*line).unwrap())).collect()
    }

    /// RFC 6265 §4.1, §5.4.
    #[test]
    fn se_25_attributes_and_names() {
        let secure = cookies("https://shop.example/callback");
        assert_eq!(
            secure.set(&secure.session(), "v", Seconds::minutes(1)),
            "__Host-shop-session=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        let local = cookies("http://localhost:3000/callback");
        assert_eq!(local.session(), "shop-3000-session");
        assert_eq!(
            local.clear(&local.sign_up()),
            "shop-3000-sign-up=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
        assert_eq!(cookies("http://127.0.0.1/cb").session(), "shop-80-session");
    }

    #[test]
    fn rp_19_a_browser_keeps_few_logins() {
        let cookies = cookies("https://shop.example/callback");
        let open: Vec<String> = (0..6).map(|n| format!("{}=v", cookies.login(&n.to_string()))).collect();
        assert_eq!(cookies.surplus_logins(&headers(&[])).len(), 0);
        assert_eq!(cookies.surplus_logins(&headers(&[&open[..3].join("; ")])).len(), 0);
        assert_eq!(cookies.surplus_logins(&headers(&[&open.join("; ")])).len(), 3);
        assert_ne!(cookies.login("0"), cookies.login("1"));
    }

    #[test]
    fn names_are_plain_and_redirects_are_of_the_web() {
        let uri = RedirectUri::parse("https://a.example/cb").unwrap();
        for name in ["", "Shop", "a b", "a=b", "a;b", "한", &"a".repeat(33)] {
            assert_eq!(Cookies::new(name, &uri).unwrap_err().setting(), Setting::Name, "{name:?}");
        }
        let native = RedirectUri::parse("com.example.app:/cb").unwrap();
        assert_eq!(Cookies::new("a", &native).unwrap_err().setting(), Setting::RedirectUri);
    }
}
