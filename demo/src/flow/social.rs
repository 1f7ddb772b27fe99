//! Which social provider a message is about.

use mapae_protocol::params::{Limits, Params};

/// The providers that the diagram has names for.
pub(crate) const PROVIDERS: &[&str] = &["kakao", "naver", "google", "facebook", "apple"];

/// The provider of this name, as the diagram has it. What strangers write into an address is never drawn.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    PROVIDERS.iter().copied().find(|known| *known == name)
}

/// The provider that an address of the service names: `/callback/kakao`, `/notices/kakao/unlink`, `/login?provider=kakao`;
/// or one of the authorization server: `/upstream/kakao/callback`.
pub(crate) fn of_address(path: &str, query: Option<&str>) -> Option<&'static str> {
    let named = ["/callback/", "/notices/", "/upstream/"].iter().find_map(|prefix| path.strip_prefix(prefix));
    if let Some(rest) = named {
        return known(rest.split('/').next().unwrap_or_default());
    }
    if !matches!(path, "/login" | "/login.json") {
        return None;
    }
    let query = Params::parse(query?.as_bytes(), Limits::REQUEST).ok()?;
    known(query.one("provider").ok().flatten()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_provider() {
        for (path, query, expected) in [
            ("/callback/kakao", Some("code=1"), Some("kakao")),
            ("/notices/naver/disconnect", None, Some("naver")),
            ("/upstream/naver/notices/disconnect", None, Some("naver")),
            ("/upstream/sign-up", None, None),
            ("/login", Some("return_to=/&provider=google"), Some("google")),
            ("/login.json", Some("provider=facebook"), Some("facebook")),
            ("/login", Some("provider=mapae"), None),
            ("/login", Some("provider=<b>"), None),
            ("/login", None, None),
            ("/callback", Some("provider=kakao"), None),
            ("/notices/unknown/x", None, None),
        ] {
            assert_eq!(of_address(path, query), expected, "{path} {query:?}");
        }
    }
}
