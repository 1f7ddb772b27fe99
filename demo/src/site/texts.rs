//! Texts of the service's pages, from `locales/*.toml`: sections of flat keys, `{name}` placeholders.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Display,
    sync::LazyLock,
};

use mapae_protocol::locale::Locale;

/// Stands where a text is missing; a test finds it on any page.
pub(crate) const MISSING: &str = "\u{FFFD}";

pub(crate) const KO_SOURCE: &str = include_str!("../../locales/ko.toml");
pub(crate) const EN_SOURCE: &str = include_str!("../../locales/en.toml");

static KO: LazyLock<HashMap<String, String>> = LazyLock::new(|| parse(KO_SOURCE).unwrap_or_default());
static EN: LazyLock<HashMap<String, String>> = LazyLock::new(|| parse(EN_SOURCE).unwrap_or_default());

/// Reads a file of sections; anything but text in sections is refused.
pub(crate) fn parse(source: &str) -> Result<HashMap<String, String>, toml::de::Error> {
    let sections: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(source)?;
    let flat = sections.into_iter().flat_map(|(section, texts)| {
        texts.into_iter().map(move |(key, text)| (format!("{section}.{key}"), text))
    });
    Ok(flat.collect())
}

/// The texts of one language, as templates use them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts(Locale);

impl Texts {
    /// Texts in this language.
    pub(crate) const fn new(locale: Locale) -> Self {
        Self(locale)
    }

    /// The language's tag.
    pub(crate) const fn lang(self) -> &'static str {
        self.0.as_str()
    }

    /// The language.
    pub(crate) const fn locale(self) -> Locale {
        self.0
    }

    /// The text of a key.
    pub(crate) fn of(self, key: &str) -> &'static str {
        self.find(key).unwrap_or(MISSING)
    }

    /// The text of a key, if there is one.
    pub(crate) fn find(self, key: &str) -> Option<&'static str> {
        let catalogue: &'static HashMap<String, String> = match self.0 {
            Locale::Ko => &KO,
            Locale::En => &EN,
        };
        catalogue.get(key).map(String::as_str)
    }

    /// The text with one placeholder filled in; plain text, to be escaped like any other.
    pub(crate) fn with(self, key: &str, name: &str, value: impl Display) -> String {
        self.of(key).replace(&format!("{{{name}}}"), &value.to_string())
    }

    /// One of two texts that lie in the data of the diagram.
    pub(crate) fn choose<'a>(self, korean: &'a str, english: &'a str) -> &'a str {
        match self.0 {
            Locale::Ko => korean,
            Locale::En => english,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn both_languages_say_the_same_things() {
        let (ko, en) = (parse(KO_SOURCE).unwrap(), parse(EN_SOURCE).unwrap());
        let keys = |texts: &HashMap<String, String>| texts.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&ko), keys(&en));
        for (key, text) in &ko {
            let places = |text: &str| text.matches('{').count();
            assert_eq!(places(text), places(&en[key]), "{key}");
            assert!(!text.trim().is_empty() && !en[key].trim().is_empty(), "{key}");
        }
        let korean = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        let strange: Vec<_> =
            en.iter().filter(|(key, text)| korean(text) && !key.starts_with("name.")).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }

    #[test]
    fn every_key_of_a_template_exists_and_every_key_is_used() {
        let ko = parse(KO_SOURCE).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut used = BTreeSet::new();
        for file in fs::read_dir(folder.join("templates")).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for opening in ["t.of(\"", "t.with(\""] {
                for part in text.split(opening).skip(1) {
                    used.insert(part.split('"').next().unwrap().to_owned());
                }
            }
        }
        for key in &used {
            assert!(ko.contains_key(key), "{key}");
        }
        // Found by a name that is put together: sections of the programme's own lists.
        let listed = [
            "experiment.",
            "finding.",
            "scope.",
            "problem.",
            "interest.",
            "trouble.",
            "departure.",
            "weekday.",
            "name.",
            "provider.",
            "member.",
            "flow.book_",
            "sign_up.lead",
            "sign_up.known_as",
        ];
        let unused: Vec<&String> = ko
            .keys()
            .filter(|key| !used.contains(*key) && !listed.iter().any(|section| key.starts_with(section)))
            .collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}
