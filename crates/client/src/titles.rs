//! What people read of something that the service named.

use mapae_protocol::locale::Locale;

/// A title in Korean and in English; none: the name itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Titles(Option<(String, String)>);

impl Titles {
    pub(crate) fn of(korean: impl Into<String>, english: impl Into<String>) -> Self {
        Self(Some((korean.into(), english.into())))
    }

    pub(crate) fn read<'t>(&'t self, name: &'t str, language: Locale) -> &'t str {
        match (&self.0, language) {
            (Some((korean, _)), Locale::Ko) => korean,
            (Some((_, english)), Locale::En) => english,
            (None, _) => name,
        }
    }
}
