//! What the browser may do on a page: Content Security Policy Level 3.

use mapae_protocol::redirect_uri::RedirectUri;

/// Where the forms of a page may lead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FormTarget {
    /// This server only.
    #[default]
    OwnOrigin,
    /// This server, and the app to which its answer redirects: browsers apply `form-action` to that redirect.
    App(String),
}

impl FormTarget {
    /// For a page whose form may end at this redirect URI.
    pub fn leading_to(redirect_uri: &RedirectUri) -> Self {
        Self::App(redirect_uri.form_action_source())
    }

    /// The page's `Content-Security-Policy`: nothing inline, nothing from elsewhere but what it frames, in nobody's frame.
    pub fn policy(&self, framed: &[String]) -> String {
        let frames =
            if framed.is_empty() { String::new() } else { format!("; frame-src {}", framed.join(" ")) };
        let form_action = match self {
            Self::OwnOrigin => "; form-action 'self'".to_owned(),
            Self::App(source) => format!("; form-action 'self' {source}"),
        };
        format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{form_action}{frames}; \
             base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_named_by_its_origin_only() {
        for (uri, source) in [
            ("https://app.example/cb?x=1", "https://app.example"),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3000"),
            ("com.example.app:/cb", "com.example.app:"),
            // A policy has no way to name an IPv6 address.
            ("http://[::1]:3000/cb", "http:"),
        ] {
            let target = FormTarget::leading_to(&RedirectUri::parse(uri).unwrap());
            assert_eq!(target, FormTarget::App(source.to_owned()), "{uri}");
        }
    }

    #[test]
    fn az_20_a_redirect_uri_cannot_write_policy() {
        for hostile in
            ["https://a.example;script-src", "https://a.example/;script-src", "x;y:/z", "com.a:/;script-src"]
        {
            let Ok(uri) = RedirectUri::parse(hostile) else { continue };
            let policy = FormTarget::leading_to(&uri).policy(&[]);
            assert_eq!(policy.matches("script-src").count(), 1, "{policy}");
            assert!(policy.contains("script-src 'self'"), "{policy}");
        }
    }
}
