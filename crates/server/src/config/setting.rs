//! A setting: one name in the file, the environment and on the command line, one text that explains it.

use super::{database, fetch, keys, limits, log, mail, registration, server, sessions, tokens};

/// Every section with its settings, in the order of the documents. A setting that is not here cannot be
/// read, and one that is here and not read fails a test.
pub(crate) const SECTIONS: &[Section] = &[
    Section { name: "", title: "The server", settings: server::SETTINGS },
    Section { name: "", title: "Where things are kept", settings: database::SETTINGS },
    Section { name: "", title: "Logs", settings: log::SETTINGS },
    Section { name: "tokens", title: "Lifetimes of what is issued", settings: tokens::SETTINGS },
    Section { name: "sessions", title: "How long a browser stays signed in", settings: sessions::SETTINGS },
    Section { name: "keys", title: "Keys", settings: keys::SETTINGS },
    Section { name: "mail", title: "Mail", settings: mail::SETTINGS },
    Section { name: "limits", title: "Limits", settings: limits::SETTINGS },
    Section {
        name: "registration",
        title: "Apps that register themselves",
        settings: registration::SETTINGS,
    },
    Section { name: "fetch", title: "What is fetched for apps", settings: fetch::SETTINGS },
];

/// Settings that belong together.
#[derive(Debug)]
pub(crate) struct Section {
    /// The table in the file; empty for the keys at its top.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) settings: &'static [Setting],
}

/// One thing that an operator can choose.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The table in the file; empty at its top.
    pub(crate) section: &'static str,
    pub(crate) key: &'static str,
    /// The command line's name for it, where there is one.
    pub(crate) flag: Option<&'static str>,
    pub(crate) default: Fallback,
    /// What it is, with its unit and bounds.
    pub(crate) meaning: &'static str,
    /// Why the default is what it is.
    pub(crate) reason: &'static str,
}

/// What holds when a setting is not given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// A value as it would be written in the file. The loader reads this very text.
    Literal(&'static str),
    /// It follows from something else: how, and what that gives when nothing at all is set.
    Computed { rule: &'static str, example: &'static str },
    /// Only the environment may give it, by this name: it is a secret and files are copied about.
    EnvironmentOnly { variable: &'static str, rule: &'static str },
}

impl Setting {
    /// The name in the file, `section.key`.
    pub(crate) fn path(&self) -> String {
        if self.section.is_empty() { self.key.to_owned() } else { format!("{}.{}", self.section, self.key) }
    }

    /// The name in the environment: `MAPAE_KEY` for the keys at the top, `MAPAE_SECTION__KEY` for others.
    pub(crate) fn variable(&self) -> String {
        if let Fallback::EnvironmentOnly { variable, .. } = self.default {
            return variable.to_owned();
        }
        if self.section.is_empty() {
            return format!("MAPAE_{}", self.key.to_uppercase());
        }
        format!("MAPAE_{}__{}", self.section.to_uppercase(), self.key.to_uppercase())
    }

    /// Whether the file may give it.
    pub(crate) fn in_file(&self) -> bool {
        !matches!(self.default, Fallback::EnvironmentOnly { .. })
    }

    /// The default as the file would spell it; empty when it is computed.
    pub(crate) fn literal(&self) -> &'static str {
        match self.default {
            Fallback::Literal(text) => text,
            Fallback::Computed { .. } | Fallback::EnvironmentOnly { .. } => "",
        }
    }
}

/// All settings of all sections.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_setting_has_one_name_and_says_what_it_is_and_why() {
        let mut paths = BTreeSet::new();
        let mut variables = BTreeSet::new();
        for section in SECTIONS {
            for setting in section.settings {
                assert_eq!(setting.section, section.name, "{}", setting.key);
                assert!(paths.insert(setting.path()), "{} is there twice", setting.path());
                assert!(variables.insert(setting.variable()), "{} is there twice", setting.variable());
                assert!(setting.meaning.ends_with('.'), "{}: a sentence", setting.path());
                assert!(setting.reason.ends_with('.'), "{}: a sentence", setting.path());
            }
        }
    }

    #[test]
    fn names_in_the_environment() {
        let variables: BTreeSet<String> = all().map(Setting::variable).collect();
        for expected in [
            "MAPAE_DATA",
            "MAPAE_DATABASE",
            "MAPAE_LISTEN",
            "MAPAE_ISSUER",
            "MAPAE_TRUSTED_PROXIES",
            "MAPAE_LOG_FORMAT",
            "MAPAE_MASTER_KEY",
            "MAPAE_TOKENS__ACCESS_TOKEN_SECONDS",
        ] {
            assert!(variables.contains(expected), "{expected}");
        }
    }
}
