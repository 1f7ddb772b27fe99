//! `mapae.toml` as a flat list of keys, each with its line.

use std::{borrow::Cow, collections::BTreeMap};

use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use super::{
    mistake::{Mistake, Place},
    setting::{self, SECTIONS, Setting},
    suggestion, terms, upstreams,
};

/// The names of lists of tables.
const LISTS: &[&str] = &[upstreams::UPSTREAM, terms::TERMS];

/// A value as it was written, wherever that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<String>),
    /// Something that no setting is: its name in TOML.
    Other(&'static str),
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    path: String,
    entries: BTreeMap<String, Entry>,
    /// Those of all lists of tables, in their order.
    tables: Vec<Table>,
}

/// One table of a list of tables.
#[derive(Clone, Debug)]
pub(super) struct Table {
    path: String,
    name: &'static str,
    line: usize,
    entries: BTreeMap<String, Entry>,
}

impl Table {
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// Where a key stands, or the table in which it is missing.
    pub(super) fn place(&self, key: &str) -> Place {
        let line = self.entries.get(key).map_or(self.line, |entry| entry.line);
        Place::File { path: self.path.clone(), line: Some(line), key: Some(format!("{}.{key}", self.name)) }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    line: usize,
    value: Value,
}

impl File {
    /// Parses the file; faults of syntax, unknown sections and unknown keys go to `mistakes`.
    pub(super) fn parse(path: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Self {
        let mut found = Vec::new();
        let file = Self::read(path, text, &mut found);
        found.sort_by_key(|mistake| match mistake.place {
            Place::File { line, .. } => line,
            Place::Flag(_) | Place::Variable(_) | Place::Default(_) => None,
        });
        mistakes.extend(found);
        file
    }

    fn read(path: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Self {
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map(|span| line_of(text, span.start));
            mistakes.push(Mistake {
                place: Place::File { path: path.to_owned(), line, key: None },
                wrong: format!("This is not TOML: {}.", error.message()),
                instead: "Write key = \"text\", key = 10 or [section] on a line of its own.".to_owned(),
            });
        }
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        for (key, value) in document.get_ref() {
            let line = line_of(text, key.span().start);
            let list = LISTS.iter().copied().find(|name| *key.get_ref() == *name);
            match (value.get_ref(), list) {
                (DeValue::Array(array), Some(name)) => {
                    file.insert_tables(name, array, (text, &mut *mistakes));
                }
                (DeValue::Table(_), Some(name)) => mistakes.push(file.one_bracket(name, line)),
                (DeValue::Table(table), None) if is_section(key.get_ref()) => {
                    file.insert_section(key.get_ref(), table, text);
                }
                (DeValue::Table(_), None) => mistakes.push(file.unknown_section(key.get_ref(), line)),
                (other, _) => file.insert(key.get_ref().clone().into_owned(), line, other),
            }
        }
        file.report_unknown_keys(mistakes);
        file
    }

    /// The value of a setting and where it stands.
    pub(super) fn value(&self, setting: &Setting) -> Option<(Value, Place)> {
        let key = setting.path();
        let entry = self.entries.get(&key).filter(|_| setting.in_file())?;
        Some((entry.value.clone(), self.place(&key, entry.line)))
    }

    fn insert_section(&mut self, name: &str, table: &DeTable<'_>, text: &str) {
        for (key, value) in table {
            let line = line_of(text, key.span().start);
            self.insert(format!("{name}.{}", key.get_ref()), line, value.get_ref());
        }
    }

    fn insert_tables(
        &mut self,
        name: &'static str,
        array: &DeArray<'_>,
        (text, mistakes): (&str, &mut Vec<Mistake>),
    ) {
        for item in array {
            let line = line_of(text, item.span().start);
            let Some(table) = item.get_ref().as_table() else {
                mistakes.push(self.one_bracket(name, line));
                continue;
            };
            let entry = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                let entry =
                    Entry { line: line_of(text, key.span().start), value: Value::of(value.get_ref()) };
                (key.get_ref().clone().into_owned(), entry)
            };
            let entries = table.iter().map(entry).collect();
            self.tables.push(Table { path: self.path.clone(), name, line, entries });
        }
    }

    /// The tables of this name, in their order.
    pub(super) fn tables(&self, name: &str) -> Vec<Table> {
        self.tables.iter().filter(|table| table.name == name).cloned().collect()
    }

    fn one_bracket(&self, name: &str, line: usize) -> Mistake {
        Mistake {
            place: self.place(name, line),
            wrong: "This is not a list of tables.".to_owned(),
            instead: format!("Write [[{name}]], with two brackets, above the keys of each."),
        }
    }

    fn insert(&mut self, key: String, line: usize, value: &DeValue<'_>) {
        self.entries.insert(key, Entry { line, value: Value::of(value) });
    }

    fn unknown_section(&self, name: &str, line: usize) -> Mistake {
        Mistake {
            place: self.place(name, line),
            wrong: "There is no such section.".to_owned(),
            instead: unknown_section_help(name),
        }
    }

    fn report_unknown_keys(&self, mistakes: &mut Vec<Mistake>) {
        for (key, entry) in &self.entries {
            if let Some(setting) = setting::all().find(|setting| setting.path() == *key) {
                if !setting.in_file() {
                    mistakes.push(Mistake {
                        place: self.place(key, entry.line),
                        wrong: "This secret does not belong into a file that people copy about.".to_owned(),
                        instead: format!(
                            "Give it as {} in the environment, or name a file that holds only it.",
                            setting.variable()
                        ),
                    });
                }
                continue;
            }
            mistakes.push(Mistake {
                place: self.place(key, entry.line),
                wrong: "There is no such setting.".to_owned(),
                instead: unknown_key_help(key),
            });
        }
    }

    fn place(&self, key: &str, line: usize) -> Place {
        Place::File { path: self.path.clone(), line: Some(line), key: Some(key.to_owned()) }
    }
}

impl Value {
    fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Other("a number that large"), Self::Integer),
            DeValue::Array(array) => {
                let texts: Option<Vec<String>> =
                    array.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect();
                texts.map_or(Self::Other("an array of other things than texts"), Self::List)
            }
            DeValue::Boolean(on) => Self::Boolean(*on),
            DeValue::Float(_) => Self::Other("a decimal number"),
            DeValue::Datetime(_) => Self::Other("a date"),
            DeValue::Table(_) => Self::Other("a table"),
        }
    }
}

fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|section| !section.name.is_empty() && section.name == name)
}

fn unknown_section_help(name: &str) -> String {
    let names: Vec<&str> =
        SECTIONS.iter().map(|section| section.name).filter(|name| !name.is_empty()).collect();
    match suggestion::nearest(name, names.iter().copied()) {
        Some(near) => format!("Did you mean [{near}]?"),
        None => {
            format!("The sections are [{}]; other keys stand above the first of them.", names.join("], ["))
        }
    }
}

/// Looks among all keys, so that a right key in a wrong section is found too.
fn unknown_key_help(key: &str) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    let paths: Vec<String> = setting::all().filter(|setting| setting.in_file()).map(Setting::path).collect();
    if let Some(elsewhere) = paths.iter().find(|path| path.rsplit('.').next() == Some(last)) {
        return format!("Did you mean {elsewhere}? It stands {}.", where_it_stands(elsewhere));
    }
    match suggestion::nearest(key, paths.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean {near}?"),
        None => "Remove it; docs/config.md lists all settings.".to_owned(),
    }
}

fn where_it_stands(path: &str) -> String {
    match path.split_once('.') {
        Some((section, _)) => format!("under [{section}]"),
        None => "at the top, before the first section".to_owned(),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes_of(text: &str) -> Vec<String> {
        let mut mistakes = Vec::new();
        File::parse("mapae.toml", text, &mut mistakes);
        mistakes.iter().map(|mistake| format!("{} | {}", mistake.place, mistake.instead)).collect()
    }

    #[test]
    fn reads_keys_with_their_lines() {
        let mut mistakes = Vec::new();
        let text = "issuer = \"https://id.example\"\n\n[tokens]\naccess_token_seconds = 1_20\n";
        let file = File::parse("m.toml", text, &mut mistakes);
        assert_eq!(mistakes, []);
        let setting = setting::all().find(|setting| setting.key == "access_token_seconds").unwrap();
        let (value, place) = file.value(setting).unwrap();
        assert_eq!(value, Value::Integer(120));
        assert_eq!(place.to_string(), "m.toml:4: tokens.access_token_seconds");
    }

    #[test]
    fn op_15_unknown_keys_and_sections_are_errors_with_the_near_miss() {
        let text =
            "isuer = \"x\"\ncolour = 1\n[token]\na = 1\n[tokens]\nacces_token_seconds = 1\nlisten = \"\"\n";
        assert_eq!(
            mistakes_of(text),
            [
                "mapae.toml:1: isuer | Did you mean issuer?",
                "mapae.toml:2: colour | Remove it; docs/config.md lists all settings.",
                "mapae.toml:3: token | Did you mean [tokens]?",
                "mapae.toml:6: tokens.acces_token_seconds | Did you mean tokens.access_token_seconds?",
                "mapae.toml:7: tokens.listen | Did you mean listen? It stands at the top, before the first section.",
            ]
        );
    }

    #[test]
    fn a_key_of_a_section_at_the_top_is_sent_to_its_section() {
        assert_eq!(
            mistakes_of("access_token_seconds = 300\n"),
            ["mapae.toml:1: access_token_seconds | Did you mean tokens.access_token_seconds? \
              It stands under [tokens]."]
        );
    }

    #[test]
    fn a_secret_in_the_file_is_sent_to_the_environment() {
        let found = mistakes_of("[keys]\nmaster_key = \"c2VjcmV0\"\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("MAPAE_MASTER_KEY"), "{found:?}");
        assert!(!found[0].contains("c2VjcmV0"), "the secret is repeated");
    }

    #[test]
    fn all_faults_of_syntax_are_reported_with_their_lines() {
        let found = mistakes_of("issuer = = \"a\"\nlisten = \"127.0.0.1:9000\"\n[tokens\n");
        assert!(found.len() >= 2, "{found:?}");
        assert!(found[0].starts_with("mapae.toml:1 |"), "{found:?}");
        assert!(found.iter().any(|mistake| mistake.starts_with("mapae.toml:3 |")), "{found:?}");
    }
}
