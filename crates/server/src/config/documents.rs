//! `docs/config.md` and `config.example.toml`, written from the declarations of the settings and budgets.

use std::fmt::Write as _;

use super::{
    budget_table,
    setting::{Fallback, SECTIONS, Section, Setting},
    table::Key,
    terms, upstreams,
};

/// Down to the heading of the table of the budgets.
const INTRODUCTION: &str = "# Settings

Mapae needs no settings to start. Each one can be given in four ways; the first that is given holds:

1. on the command line, where an option is named below;
2. in the environment;
3. in a file: the one that `--config` or `MAPAE_CONFIG` names, else `mapae.toml` in the working folder;
4. by default.

All mistakes are reported together, each with what to write instead. A setting that does not exist is a
mistake. In the environment, lists are separated by commas, and an empty variable counts as not set.
`config.example.toml` holds all settings with their defaults.

What has no setting: how often somebody may try. At once, and then:

| what | from or for | at once | then |
|---|---|---:|---|
";

/// What stands below the table of the budgets.
const ABOUT_BUDGETS: &str = "
Of the last two nothing is counted for apps that are verified and keep a secret or a key. An address of IPv6 is a /64, and a wider network a /48, of IPv4 a /24.
Beside this all strangers share the room that there is for what waits in memory and in the database and for what is fetched, each network as
much as it leaves to others. Each process counts for itself and begins anew when it starts: with several nodes these numbers are multiplied by theirs. Links
by mail are counted in the database, too: three of a kind an hour to one mailbox, whatever the number of nodes.

This page is written from the source; the test `config::documents` says how to renew it.
";

const UPSTREAMS: &str = "
## `[[upstream]]`: Providers that people sign in with

One table for each. The same is done by `mapae upstream add`, without a restart and with the secrets sealed in the
database; a table here goes before one of the same name there. The redirect URI to register at the provider is
`ISSUER/upstream/NAME/callback`; `mapae upstream list` and the console show it.
";

const TERMS: &str = "
## `[[terms]]`: What people agree to when they make an account

One table for each, in the order of their boxes. They stand in the sign-up step after a provider and in that after a mailed link, and
nothing is ticked beforehand. What somebody agreed to is kept with its version and the time. Whoever has an account and has not agreed
to the present version of a required term is asked on the way from the next sign-in, or the next app, to where they wanted to go.
";

/// The lists of tables: what is said above the keys, in the documentation and in the example.
const LISTS: [(&str, &str, &str, &[Key]); 2] = [
    (
        UPSTREAMS,
        "A provider that people sign in with; may be repeated.",
        upstreams::UPSTREAM,
        upstreams::KEYS,
    ),
    (TERMS, "What people agree to when they make an account; may be repeated.", terms::TERMS, terms::KEYS),
];

/// The text of `docs/config.md`.
pub fn markdown() -> String {
    let mut page = format!("{INTRODUCTION}{}{ABOUT_BUDGETS}", budget_table::rows());
    for section in SECTIONS {
        page.push_str(&format!("\n## {}\n", heading(section)));
        for setting in section.settings {
            write_entry(&mut page, setting);
        }
    }
    for (introduction, _, _, keys) in LISTS {
        write_list(&mut page, introduction, keys);
    }
    page
}

/// Tables have no names in the environment and on the command line.
fn write_list(page: &mut String, introduction: &str, keys: &[Key]) {
    page.push_str(introduction);
    for Key { name, meaning, example } in keys {
        let _ = write!(page, "\n- `{name}`: {meaning} For example `{example}`.");
    }
    page.push('\n');
}

/// The text of `config.example.toml`: every line of it is a comment, so that it says nothing new when copied.
pub fn example() -> String {
    let mut file = "# Settings of Mapae with their defaults. Copy to mapae.toml and remove the \"# \" before what you change.\n\
         # docs/config.md says the same with the names in the environment and on the command line.\n"
        .to_owned();
    for section in SECTIONS {
        if !section.name.is_empty() {
            file.push_str(&format!("\n[{}]\n", section.name));
        }
        for setting in section.settings.iter().filter(|setting| setting.in_file()) {
            let (value, note) = match setting.default {
                Fallback::Literal(text) => (text, String::new()),
                Fallback::Computed { rule, example } => (example, format!(" By default {rule}.")),
                Fallback::EnvironmentOnly { .. } => continue,
            };
            for line in wrap(&format!("{}{} {}", setting.meaning, note, setting.reason)) {
                file.push_str(&format!("\n# {line}"));
            }
            file.push_str(&format!("\n# {} = {value}\n", setting.key));
        }
    }
    for (_, meaning, table, keys) in LISTS {
        file.push_str(&format!("\n# {meaning}\n#\n# [[{table}]]\n"));
        for Key { name, meaning, example } in keys {
            file.push('#');
            for line in wrap(meaning) {
                file.push_str(&format!("\n#   {line}"));
            }
            file.push_str(&format!("\n#   {name} = {example}\n"));
        }
    }
    file
}

fn heading(section: &Section) -> String {
    if section.name.is_empty() {
        section.title.to_owned()
    } else {
        format!("`[{}]`: {}", section.name, section.title)
    }
}

fn write_entry(page: &mut String, setting: &Setting) {
    let default = match setting.default {
        Fallback::Literal(text) => format!("`{text}`"),
        Fallback::Computed { rule, .. } => rule.to_owned(),
        Fallback::EnvironmentOnly { rule, .. } => format!("not set; {rule} is used"),
    };
    let mut names = Vec::new();
    if setting.in_file() {
        names.push(format!("`{}`", setting.path()));
    }
    names.push(format!("`{}`", setting.variable()));
    names.extend(setting.flag.map(|flag| format!("`{flag}`")));
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n### `{}`\n\n{}\n\n- Names: {}\n- Default: {default}. {}\n",
        setting.key,
        setting.meaning,
        names.join(", "),
        setting.reason
    );
}

/// Lines of at most 100 characters.
fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < 100 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config::{Config, Environment, Flags};

    const FILES: [&str; 4] = ["master_key_file", "root_certificate_file", "tls_cert", "tls_key"];

    fn root(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
    }

    /// With `RENEW_DOCUMENTS=1` in the environment the files are written instead.
    #[test]
    fn the_documents_are_fresh() {
        for (name, text) in [("docs/config.md", markdown()), ("config.example.toml", example())] {
            if std::env::var_os("RENEW_DOCUMENTS").is_some() {
                std::fs::write(root(name), &text).unwrap();
            }
            let committed = std::fs::read_to_string(root(name)).unwrap_or_default();
            assert!(
                committed == text,
                "{name} is stale: run `RENEW_DOCUMENTS=1 cargo test -p mapae config::documents`"
            );
        }
    }

    /// All that the example says is what holds without it.
    #[test]
    fn the_example_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mapae.toml");
        let text = example();
        let uncommented: Vec<&str> = text
            .lines()
            .filter_map(|line| match line.strip_prefix("# ") {
                Some(rest) => rest.split_once(" = ").filter(|(key, _)| !key.contains(' ')).map(|_| rest),
                None => Some(line),
            })
            // Files that must exist when they are named.
            .filter(|line| !FILES.iter().any(|key| line.starts_with(key)))
            .collect();
        std::fs::write(&path, uncommented.join("\n")).unwrap();
        let flags = Flags { config: Some(path.display().to_string()), ..Flags::default() };
        let with = Config::load(&flags, &Environment::default()).unwrap();
        // It names the issuer, and says the same by that.
        let with = Config { site_is_named: false, ..with };
        let without = Config::load(&Flags::default(), &Environment::default()).unwrap();
        // The example names the issuer that holds without it.
        let with = Config { site_is_named: without.site_is_named, ..with };
        assert_eq!(format!("{with:?}"), format!("{without:?}"));
        let settings = super::super::setting::all().filter(|setting| setting.in_file()).count();
        let shown = uncommented.iter().filter(|line| line.contains(" = ")).count();
        assert_eq!(shown + FILES.len(), settings, "a setting is missing in the example");
    }
}
