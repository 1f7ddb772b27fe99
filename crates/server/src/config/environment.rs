//! The environment, read once and passed on as an argument.

use std::{collections::BTreeMap, fmt};

use super::{
    mistake::{Mistake, Place},
    setting::{self, Setting},
    suggestion,
};

/// The name of the variable that says which file to read.
pub(super) const CONFIG: &str = "MAPAE_CONFIG";

const PREFIX: &str = "MAPAE_";

/// What follows the prefix in variables that are nobody's setting: Kubernetes tells where a service `mapae` is
/// (`MAPAE_SERVICE_HOST`, `MAPAE_PORT_9000_TCP_ADDR`), container links add `MAPAE_NAME` and `MAPAE_ENV_…`, and
/// `cargo xtask test` tells the tests where a database and a browser are.
const ADDED: [&str; 5] = ["SERVICE", "PORT", "NAME", "ENV", "TEST"];

/// The variables that begin with `MAPAE_`. Their values may be secrets: `Debug` shows names only.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// What this process was given. The only place that reads it.
    pub fn of_process() -> Self {
        let texts = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        texts.collect()
    }

    /// The value of a variable; empty is as good as not set, because that is how `.env` files switch off.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Reports variables that look like settings and are none.
    ///
    /// Orchestrators put variables of their own under the name of a service ([`ADDED`]): those are a mistake only
    /// when they are nearly one of ours.
    pub(super) fn report_unknown(&self, mistakes: &mut Vec<Mistake>) {
        let mut known: Vec<String> = setting::all().map(Setting::variable).collect();
        known.push(CONFIG.to_owned());
        for name in self.0.keys().filter(|name| !known.contains(name)) {
            let near =
                suggestion::nearest(name, known.iter().map(String::as_str).filter(|k| is_near(name, k)));
            if near.is_none() && is_added(name) {
                continue;
            }
            mistakes.push(Mistake {
                place: Place::Variable(name.clone()),
                wrong: "There is no such setting.".to_owned(),
                instead: near.map_or_else(
                    || "Remove it; docs/config.md lists all settings.".to_owned(),
                    |near| format!("Did you mean {near}?"),
                ),
            });
        }
    }
}

/// Whether an orchestrator or our own tests may have put it there.
fn is_added(name: &str) -> bool {
    let of_ours = name.trim_start_matches(PREFIX);
    let begins = |added: &str| {
        of_ours.strip_prefix(added).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    !name.contains("__") && ADDED.iter().any(|added| begins(added))
}

/// The prefix is the same in all names: without this, everything short would be near.
fn is_near(name: &str, known: &str) -> bool {
    let (name, known) = (name.trim_start_matches(PREFIX), known.trim_start_matches(PREFIX));
    suggestion::nearest(name, std::iter::once(known)).is_some()
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(names: &[&str]) -> Environment {
        names.iter().map(|name| ((*name).to_owned(), "value".to_owned())).collect()
    }

    fn unknown(names: &[&str]) -> Vec<String> {
        let mut mistakes = Vec::new();
        environment(names).report_unknown(&mut mistakes);
        mistakes.iter().map(|mistake| format!("{}: {}", mistake.place, mistake.instead)).collect()
    }

    #[test]
    fn op_15_a_misspelt_variable_is_an_error() {
        assert_eq!(unknown(&["MAPAE_ISUER"]), ["MAPAE_ISUER: Did you mean MAPAE_ISSUER?"]);
        assert_eq!(
            unknown(&["MAPAE_TOKENS__ACCESS_TOKEN_SECOND"]),
            ["MAPAE_TOKENS__ACCESS_TOKEN_SECOND: Did you mean MAPAE_TOKENS__ACCESS_TOKEN_SECONDS?"]
        );
        assert_eq!(unknown(&["MAPAE_NOPE"]), ["MAPAE_NOPE: Remove it; docs/config.md lists all settings."]);
        assert_eq!(unknown(&["MAPAE_PORTS", "MAPAE_SERVICE__X"]).len(), 2);
        assert_eq!(
            unknown(&["MAPAE_ZEBRA__STRIPES"]),
            ["MAPAE_ZEBRA__STRIPES: Remove it; docs/config.md lists all settings."]
        );
    }

    #[test]
    fn what_an_orchestrator_adds_is_no_mistake() {
        let added = [
            "MAPAE_PORT",
            "MAPAE_SERVICE_HOST",
            "MAPAE_SERVICE_PORT_HTTP",
            "MAPAE_PORT_9000_TCP_ADDR",
            "MAPAE_NAME",
            "MAPAE_ENV_PATH",
            "MAPAE_TEST_POSTGRES",
            "HOME",
            "MAPAE_CONFIG",
        ];
        assert_eq!(unknown(&added), Vec::<String>::new());
    }

    #[test]
    fn values_are_not_shown() {
        let shown = format!("{:?}", environment(&["MAPAE_MASTER_KEY"]));
        assert_eq!(shown, r#"["MAPAE_MASTER_KEY"]"#);
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let environment: Environment = [("MAPAE_DATA".to_owned(), String::new())].into_iter().collect();
        assert_eq!(environment.value("MAPAE_DATA"), None);
    }
}
