//! What the browser may do on a page: Content Security Policy Level 3.

use url::Url;

/// Where the forms of a page may lead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FormTarget {
    /// This server only.
    #[default]
    OwnOrigin,
    /// This server, and the app to which its answer redirects: browsers apply `form-action` to that redirect.
    App(String),
    /// Anywhere: the app's redirect URI cannot be named in a policy (an IPv6 address cannot).
    Anywhere,
}

impl FormTarget {
    /// For a page whose form may end at this redirect URI, which must be a registered one.
    pub fn leading_to(redirect_uri: &str) -> Self {
        let Ok(uri) = Url::parse(redirect_uri) else { return Self::OwnOrigin };
        match (uri.scheme(), uri.host()) {
            ("http" | "https", Some(url::Host::Ipv6(_))) => Self::Anywhere,
            ("http" | "https", _) => Self::App(uri.origin().ascii_serialization()),
            (scheme, _) => Self::App(format!("{scheme}:")),
        }
    }

    /// The page's `Content-Security-Policy`: nothing inline, nothing from elsewhere, in nobody's frame.
    pub fn policy(&self) -> String {
        let form_action = match self {
            Self::OwnOrigin => "; form-action 'self'".to_owned(),
            Self::App(source) => format!("; form-action 'self' {source}"),
            Self::Anywhere => String::new(),
        };
        format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{form_action}; \
             base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_named_by_its_origin_only() {
        let named = |uri| FormTarget::leading_to(uri);
        assert_eq!(named("https://app.example/cb?x=1"), FormTarget::App("https://app.example".into()));
        assert_eq!(named("http://127.0.0.1:3000/cb"), FormTarget::App("http://127.0.0.1:3000".into()));
        assert_eq!(named("com.example.app:/cb"), FormTarget::App("com.example.app:".into()));
        assert_eq!(named("http://[::1]:3000/cb"), FormTarget::Anywhere);
        assert_eq!(named("not a uri"), FormTarget::OwnOrigin);
    }

    #[test]
    fn az_20_a_redirect_uri_cannot_write_policy() {
        for hostile in
            ["https://a.example;script-src *", "https://a.example/;script-src *", "x;y:/z", "https://a b/"]
        {
            let policy = FormTarget::leading_to(hostile).policy();
            assert_eq!(policy.matches("script-src").count(), 1, "{policy}");
            assert!(policy.contains("script-src 'self'"), "{policy}");
        }
    }
}
