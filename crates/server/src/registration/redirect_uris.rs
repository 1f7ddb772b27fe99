//! Redirect URIs of an app — RFC 6749 §3.1.2, RFC 8252 §7.

use mapae_protocol::{
    redirect_uri::{MAX_PER_APP, RedirectUri, RegistrationError, RegistrationRules},
    uri,
};

use super::Draft;
use crate::config::Development;

/// What is wrong with the redirect URIs of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RedirectUrisProblem {
    /// People must be sent back to somewhere.
    Missing,
    /// A machine sends nobody here.
    OfMachine,
    /// More than this many.
    TooMany(usize),
    /// This one cannot be registered.
    Refused {
        /// Where it stands.
        position: usize,
        /// By which rule.
        error: RegistrationError,
    },
}

/// What an app may register. `http` on this machine: every app of a server to develop against; elsewhere
/// only native apps, which are public and receive their codes there (RFC 8252 §7.3). Schemes of their own:
/// native apps only (RFC 8252 §7.1).
pub(super) const fn rules(development: Development, public: bool) -> RegistrationRules {
    RegistrationRules {
        loopback_http: public || matches!(development, Development::Yes),
        private_use_schemes: public,
    }
}

/// The redirect URIs that may be registered, each once.
pub(super) fn parse(
    draft: &Draft,
    development: Development,
    mut refuse: impl FnMut(RedirectUrisProblem),
) -> Vec<String> {
    let typed = &draft.redirect_uris;
    let whole = match (draft.grants.code(), typed.len()) {
        (true, 0) => Some(RedirectUrisProblem::Missing),
        (true, count) if count > MAX_PER_APP => Some(RedirectUrisProblem::TooMany(MAX_PER_APP)),
        (false, 1..) => Some(RedirectUrisProblem::OfMachine),
        _ => None,
    };
    if let Some(problem) = whole {
        refuse(problem);
        return Vec::new();
    }
    let rules = rules(development, draft.public);
    let mut uris: Vec<String> = Vec::new();
    for (position, text) in typed.iter().enumerate() {
        match RedirectUri::register(text, rules).and_then(with_a_host_of_browsers) {
            Ok(uri) if uris.iter().any(|known| known == uri.as_str()) => {}
            Ok(uri) => uris.push(uri.into()),
            Err(error) => refuse(RedirectUrisProblem::Refused { position, error }),
        }
    }
    uris
}

/// Browsers follow no address whose host is none in Unicode, such as `xn--`.
fn with_a_host_of_browsers(uri: RedirectUri) -> Result<RedirectUri, RegistrationError> {
    match url::Url::parse(uri.as_str()) {
        Ok(_) => Ok(uri),
        Err(_) => Err(RegistrationError::Uri(uri::Error::BadHost)),
    }
}

/// Why this cannot be an address to which people are sent back.
pub(crate) fn problem(text: &str, (development, public): (Development, bool)) -> Option<RegistrationError> {
    RedirectUri::register(text, rules(development, public)).err()
}

/// The redirect URI that was probably meant, if there is one that this app may register.
pub(crate) fn nearest(
    text: &str,
    error: RegistrationError,
    (development, public): (Development, bool),
) -> Option<String> {
    let nearest = match error {
        RegistrationError::Fragment => text.split('#').next().map(str::to_owned),
        RegistrationError::PlainHttp | RegistrationError::LoopbackNotAllowed => {
            Some(text.replacen("http:", "https:", 1))
        }
        RegistrationError::NotLowerCase => url::Url::parse(text).ok().map(String::from),
        // The scheme was forgotten; only a host of this machine can be registered with this one.
        RegistrationError::SchemeWithoutDot | RegistrationError::Uri(_) => Some(format!("http://{text}")),
        _ => None,
    };
    nearest.filter(|uri| RedirectUri::register(uri, rules(development, public)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8252 §7.
    #[test]
    fn http_on_this_machine_is_for_development_and_for_native_apps() {
        for (development, public, loopback, scheme) in [
            (Development::Yes, false, true, false),
            (Development::Yes, true, true, true),
            (Development::No, false, false, false),
            (Development::No, true, true, true),
        ] {
            let rules = rules(development, public);
            for host in ["localhost:3000", "127.0.0.1", "[::1]"] {
                let uri = format!("http://{host}/callback");
                assert_eq!(
                    RedirectUri::register(&uri, rules).is_ok(),
                    loopback,
                    "{development:?} {public} {uri}"
                );
            }
            let own = RedirectUri::register("com.example.app:/callback", rules);
            assert_eq!(own.is_ok(), scheme, "{development:?} {public}");
            assert!(RedirectUri::register("http://a.example/callback", rules).is_err());
        }
    }

    #[test]
    fn az_09_a_host_that_no_browser_knows_is_refused() {
        for (text, known) in [
            ("https://xn--/cb", false),
            ("https://a.xn--0.example/cb", false),
            ("https://xn--hq1bm8jm9l.example/cb", true),
            ("https://[2001:db8::1]/cb", true),
            ("com.example.app:/cb", true),
        ] {
            let uri = RedirectUri::register(text, RegistrationRules::WIDEST).unwrap();
            assert_eq!(with_a_host_of_browsers(uri).is_ok(), known, "{text}");
        }
    }

    #[test]
    fn az_07_az_08_az_11_what_cannot_be_registered_comes_with_what_can() {
        let web = (Development::No, false);
        for (text, expected) in [
            ("http://a.example/cb", Some("https://a.example/cb")),
            ("https://a.example/cb#top", Some("https://a.example/cb")),
            ("https://A.Example/cb", Some("https://a.example/cb")),
            ("http://localhost:3000/cb", Some("https://localhost:3000/cb")),
            ("https://a.example@evil.example/", None),
            ("https://*.a.example/cb", None),
            ("javascript:alert(1)", None),
            ("com.example.app:/cb", None),
            ("/cb", None),
        ] {
            let error = RedirectUri::register(text, rules(web.0, web.1)).unwrap_err();
            assert_eq!(nearest(text, error, web).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn before_a_host_of_this_machine_a_forgotten_scheme_is_written() {
        let here = (Development::Yes, false);
        for (text, expected) in [
            ("localhost:8080/callback", Some("http://localhost:8080/callback")),
            ("127.0.0.1:8080/callback", Some("http://127.0.0.1:8080/callback")),
            ("a.example:8080/callback", None),
            ("myapp:/callback", None),
        ] {
            let error = RedirectUri::register(text, rules(here.0, here.1)).unwrap_err();
            assert_eq!(nearest(text, error, here).as_deref(), expected, "{text}");
        }
    }
}
