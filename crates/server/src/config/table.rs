//! Reading one table of a list of tables: each key with its mistakes, all of which are told.

use super::{
    file::{Table, Value},
    mistake::{Mistake, Place},
    source::Source,
    suggestion,
};

/// A key of a table, and what it means.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
}

pub(super) const fn key(name: &'static str, meaning: &'static str, example: &'static str) -> Key {
    Key { name, meaning, example }
}

/// A table that is read, and what is wrong with it so far.
pub(super) struct Reading<'a> {
    table: &'a Table,
    mistakes: Vec<Mistake>,
}

impl<'a> Reading<'a> {
    pub(super) const fn of(table: &'a Table) -> Self {
        Self { table, mistakes: Vec::new() }
    }

    /// Whether nothing is wrong yet.
    pub(super) const fn is_right(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// Hands over what is wrong.
    pub(super) fn tell(self, source: &mut Source<'_>) {
        for Mistake { place, wrong, instead } in self.mistakes {
            source.mistake(place, wrong, instead);
        }
    }

    pub(super) fn refuse_unknown(&mut self, keys: &[Key]) {
        let unknown: Vec<String> = self
            .table
            .keys()
            .filter(|key| keys.iter().all(|known| known.name != *key))
            .map(str::to_owned)
            .collect();
        for key in unknown {
            let instead = match suggestion::nearest(&key, keys.iter().map(|known| known.name)) {
                Some(near) => format!("Did you mean {near}?"),
                None => "Remove it; docs/config.md lists all settings.".to_owned(),
            };
            self.mistake(&key, "There is no such setting.", instead);
        }
    }

    pub(super) fn required(&mut self, key: &str) -> Option<String> {
        if !self.table.has(key) {
            self.mistake(key, "It is missing.", "Write it; docs/config.md says what belongs there.");
        }
        self.text(key)
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.table.value(key)? {
            Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::List(_) | Value::Other(_) => {
                self.mistake(
                    key,
                    "This is not a text, or it is empty.",
                    "Write a text between quotation marks.",
                );
                None
            }
        }
    }

    pub(super) fn list(&mut self, key: &str) -> Option<Vec<String>> {
        match self.table.value(key)? {
            Value::List(list) => Some(list.clone()),
            Value::Text(_) | Value::Integer(_) | Value::Boolean(_) | Value::Other(_) => {
                self.mistake(key, "This is not a list.", "Write a list of texts: [\"one\", \"two\"].");
                None
            }
        }
    }

    pub(super) fn is_off(&mut self, key: &str) -> bool {
        self.switch(key) == Some(false)
    }

    /// What the key says, if it is there.
    pub(super) fn switch(&mut self, key: &str) -> Option<bool> {
        match self.text(key).as_deref() {
            None => None,
            Some("on") => Some(true),
            Some("off") => Some(false),
            Some(_) => {
                self.mistake(
                    key,
                    "This is neither \"on\" nor \"off\".",
                    "Write one of them, or remove the key.",
                );
                None
            }
        }
    }

    pub(super) fn mistake(&mut self, key: &str, wrong: impl Into<String>, instead: impl Into<String>) {
        let place: Place = self.table.place(key);
        self.mistakes.push(Mistake { place, wrong: wrong.into(), instead: instead.into() });
    }
}
