//! Redirect URIs of a new app — RFC 6749 §3.1.2, RFC 8252 §7.

use mapae_protocol::redirect_uri::{MAX_PER_APP, RedirectUri, RegistrationError, RegistrationRules};

use super::draft::Grants;
use crate::{
    cli::CreateApp,
    commands::refusals::{INVALID, Refusals},
    config::Site,
};

const OPTION: &str = "--redirect-uri";
const EXAMPLE: &str = "https://app.example.com/callback";

/// Whether this server is one to develop against: nobody but this machine reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Development {
    Yes,
    No,
}

impl Development {
    /// A loopback issuer is for development; any other is for people.
    pub(crate) fn of(site: &Site) -> Self {
        if site.is_loopback() { Self::Yes } else { Self::No }
    }
}

/// What an app may register. `http` on this machine: every app of a server to develop against; elsewhere
/// only native apps, which are public and receive their codes there (RFC 8252 §7.3). Schemes of their own:
/// native apps only (RFC 8252 §7.1).
pub(crate) const fn rules(development: Development, public: bool) -> RegistrationRules {
    RegistrationRules {
        loopback_http: public || matches!(development, Development::Yes),
        private_use_schemes: public,
    }
}

/// The redirect URIs that may be registered, each once.
pub(super) fn parse(
    args: &CreateApp,
    grants: Grants,
    development: Development,
    refusals: &mut Refusals,
) -> Vec<String> {
    if !grants.code {
        if !args.redirect_uris.is_empty() {
            refusals.add(
                INVALID,
                OPTION,
                "A machine sends nobody here, so nobody is sent back to it.",
                "Leave it out, or add --grant authorization_code.",
            );
        }
        return Vec::new();
    }
    let rules = rules(development, args.public);
    let mut uris: Vec<String> = Vec::new();
    for text in &args.redirect_uris {
        match RedirectUri::register(text, rules) {
            Ok(uri) if uris.iter().any(|known| known == uri.as_str()) => {}
            Ok(uri) => uris.push(uri.into()),
            Err(error) => refusals.add(
                "invalid_redirect_uri",
                OPTION,
                format!("{text:?}: {error}."),
                instead(text, error, rules),
            ),
        }
    }
    if args.redirect_uris.is_empty() {
        let wrong = "People who agree must be sent back to the app, and no address was named.";
        refusals.add("invalid_redirect_uri", OPTION, wrong, format!("Write for example --redirect-uri {EXAMPLE}."));
    }
    if uris.len() > MAX_PER_APP {
        let wrong = format!("An app has at most {MAX_PER_APP} redirect URIs.");
        refusals.add("invalid_redirect_uri", OPTION, wrong, "Register another app for the rest.");
    }
    uris
}

/// What to write: the nearest address that is possible, where there is one.
fn instead(text: &str, error: RegistrationError, rules: RegistrationRules) -> String {
    let nearest = match error {
        RegistrationError::Fragment => text.split('#').next().map(str::to_owned),
        RegistrationError::PlainHttp | RegistrationError::LoopbackNotAllowed => {
            Some(text.replacen("http:", "https:", 1))
        }
        RegistrationError::NotLowerCase => url::Url::parse(text).ok().map(String::from),
        _ => None,
    };
    let nearest = nearest.filter(|uri| RedirectUri::register(uri, rules).is_ok());
    let write = format!("Write {}.", nearest.as_deref().unwrap_or(EXAMPLE));
    match error {
        RegistrationError::LoopbackNotAllowed | RegistrationError::PrivateUseSchemeNotAllowed => {
            format!("{write} A native app, which has no secret, is registered with --public.")
        }
        _ => write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                assert_eq!(RedirectUri::register(&uri, rules).is_ok(), loopback, "{development:?} {public} {uri}");
            }
            let own = RedirectUri::register("com.example.app:/callback", rules);
            assert_eq!(own.is_ok(), scheme, "{development:?} {public}");
            assert!(RedirectUri::register("http://a.example/callback", rules).is_err());
        }
    }

    #[test]
    fn az_07_az_08_az_11_what_cannot_be_registered_comes_with_what_can() {
        let strict = rules(Development::No, false);
        for (text, help) in [
            ("http://a.example/cb", "Write https://a.example/cb."),
            ("https://a.example/cb#top", "Write https://a.example/cb."),
            ("https://A.Example/cb", "Write https://a.example/cb."),
            ("https://a.example@evil.example/", "Write https://app.example.com/callback."),
            ("https://*.a.example/cb", "Write https://app.example.com/callback."),
            ("javascript:alert(1)", "Write https://app.example.com/callback."),
            ("/cb", "Write https://app.example.com/callback."),
            (
                "http://localhost:3000/cb",
                "Write https://localhost:3000/cb. A native app, which has no secret, is registered with --public.",
            ),
            (
                "com.example.app:/cb",
                "Write https://app.example.com/callback. A native app, which has no secret, is registered with \
                 --public.",
            ),
        ] {
            let error = RedirectUri::register(text, strict).unwrap_err();
            assert_eq!(instead(text, error, strict), help, "{text}");
        }
    }
}
