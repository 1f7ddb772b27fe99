//! What people read of something that the service named.

use crate::error::Language;

/// A title in Korean and in English; none: the name itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Titles(Option<(String, String)>);

impl Titles {
    pub(crate) fn of(korean: impl Into<String>, english: impl Into<String>) -> Self {
        Self(Some((korean.into(), english.into())))
    }

    pub(crate) fn read<'t>(&'t self, name: &'t str, language: Language) -> &'t str {
        match (&self.0, language) {
            (Some((korean, _)), Language::Korean) => korean,
            (Some((_, english)), Language::English) => english,
            (None, _) => name,
        }
    }
}
