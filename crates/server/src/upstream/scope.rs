//! The scope by which an app asks a person for what a provider gave — RFC 6749 §3.3.
//!
//! Each provider has one of its own. It belongs to this server: the token that carries it is shown at
//! `/upstream/NAME/token`, and no API sees anything in it.

use mapae_protocol::{client_metadata::SubjectType, locale::Locale, scope::ScopeToken};

use crate::{
    app::App,
    pages::{scope_text::ScopeText, shown::Shown},
};

/// What all of them begin with. No API may own such a scope.
const PREFIX: &str = "upstream:";

/// The scope for the provider of this name.
pub(crate) fn scope_of(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The same as a token; `None` if no provider can have this name.
pub(crate) fn scope_token_of(name: &str) -> Option<ScopeToken> {
    ScopeToken::parse(&scope_of(name)).ok()
}

/// The provider that a scope names, whether there is one or not.
pub(crate) fn named_by(scope: &str) -> Option<&str> {
    scope.strip_prefix(PREFIX)
}

/// A scope as the person is asked for it by an app with subject identifiers of this type: standard ones and those of
/// providers in this server's words, any other by the title that its API gave it. An API may have given up a scope that
/// people have agreed to: then its name is all there is.
pub(crate) fn scope_text(app: &App, subject_type: SubjectType, scope: &str, locale: Locale) -> ScopeText {
    if let Some(name) = named_by(scope) {
        let known = app.upstreams().registered(name);
        let label = known.as_ref().map_or(name, |upstream| upstream.label(locale));
        return ScopeText::of_upstream(scope, Shown::name(label));
    }
    let apis = app.catalog().apis();
    let title = apis.scope(scope).map(|text| match locale {
        Locale::Ko => text.title_ko.as_str(),
        Locale::En => text.title_en.as_str(),
    });
    ScopeText::new(scope, title.unwrap_or(scope), subject_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_its_provider_and_is_one() {
        assert_eq!(named_by(&scope_of("kakao")), Some("kakao"));
        assert_eq!(scope_token_of("naver-2").unwrap().as_str(), "upstream:naver-2");
        for other in ["openid", "kakao", "upstream.kakao", "Upstream:kakao", ""] {
            assert_eq!(named_by(other), None, "{other}");
        }
    }
}
