//! Where values are looked up: command line, then environment, then file, then default.

use std::{ops::RangeInclusive, path::PathBuf};

use mapae_protocol::time::Seconds;

use super::{
    environment::Environment,
    file::{File, Table, Value},
    flags::Flags,
    mistake::{Mistake, Place},
    setting::Setting,
};

/// Gives each setting its value and keeps what was wrong, so that all of it is told at once.
#[derive(Debug)]
pub(super) struct Source<'a> {
    flags: &'a Flags,
    environment: &'a Environment,
    file: File,
    mistakes: Vec<Mistake>,
}

/// A value and where it came from.
#[derive(Debug)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl<'a> Source<'a> {
    /// `mistakes` are those of the file.
    pub(super) fn new(
        flags: &'a Flags,
        environment: &'a Environment,
        file: File,
        mistakes: Vec<Mistake>,
    ) -> Self {
        Self { flags, environment, file, mistakes }
    }

    /// A whole number within bounds. A mistake gives the default, so that reading goes on.
    pub(super) fn number(&mut self, setting: &Setting, range: RangeInclusive<i64>) -> i64 {
        let default = parse_number(setting.literal()).unwrap_or_else(|| *range.start());
        let Some(given) = self.given(setting) else { return default };
        let number = match &given.value {
            Value::Integer(number) => Some(*number),
            Value::Text(text) => parse_number(text),
            Value::Boolean(_) | Value::List(_) | Value::Other(_) => None,
        };
        match number.filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                let wrong = format!("{} is not a number that can stand here.", shown(&given.value));
                let instead = format!(
                    "Write a whole number from {} to {}, for example {default}.",
                    range.start(),
                    range.end()
                );
                self.mistake(given.place, wrong, instead);
                default
            }
        }
    }

    /// A span of time.
    pub(super) fn seconds(&mut self, setting: &Setting, range: RangeInclusive<i64>) -> Seconds {
        Seconds::seconds(u32::try_from(self.number(setting, range)).unwrap_or_default())
    }

    /// A number of bytes, connections and the like.
    pub(super) fn count(&mut self, setting: &Setting, range: RangeInclusive<i64>) -> usize {
        usize::try_from(self.number(setting, range)).unwrap_or_default()
    }

    /// Whether something is switched on. A mistake leaves it as it is by default.
    pub(super) fn switch(&mut self, setting: &Setting) -> bool {
        let default = setting.literal() == "true";
        let Some(given) = self.given(setting) else { return default };
        let on = match &given.value {
            Value::Boolean(on) => Some(*on),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Integer(_) | Value::List(_) | Value::Other(_) => None,
        };
        on.unwrap_or_else(|| {
            let wrong = format!("{} is neither true nor false.", shown(&given.value));
            self.mistake(given.place, wrong, "Write true or false, without quotation marks.");
            default
        })
    }

    /// A text; `None` when it is not given or is no text.
    pub(super) fn text(&mut self, setting: &Setting) -> Option<Given<String>> {
        let given = self.given(setting)?;
        match given.value {
            Value::Text(value) if !value.trim().is_empty() => {
                Some(Given { value: value.trim().to_owned(), place: given.place })
            }
            Value::Text(_) => {
                self.mistake(given.place, "This is empty.", "Write a text, or remove the key.");
                None
            }
            other => {
                let wrong = format!("{} is not a text.", shown(&other));
                self.mistake(given.place, wrong, "Write a text between quotation marks.");
                None
            }
        }
    }

    /// The path of a file or folder.
    pub(super) fn path(&mut self, setting: &Setting) -> Option<Given<PathBuf>> {
        let Given { value, place } = self.text(setting)?;
        Some(Given { value: PathBuf::from(value), place })
    }

    /// A list of texts; in the environment they are separated by commas.
    pub(super) fn list(&mut self, setting: &Setting) -> Option<Given<Vec<String>>> {
        let given = self.given(setting)?;
        match given.value {
            Value::List(value) => Some(Given { value, place: given.place }),
            Value::Text(text) if matches!(given.place, Place::Variable(_)) => {
                let value = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(Given { value: value.map(str::to_owned).collect(), place: given.place })
            }
            other => {
                let wrong = format!("{} is not a list.", shown(&other));
                self.mistake(given.place, wrong, "Write a list of texts: [\"one\", \"two\"].");
                None
            }
        }
    }

    /// Two spans, of which the first must not be the shorter.
    pub(super) fn at_least(
        &mut self,
        (longer, is): (&Setting, Seconds),
        (shorter, than): (&Setting, Seconds),
    ) {
        if is >= than {
            return;
        }
        let place =
            [longer, shorter].into_iter().find_map(|setting| self.given(setting)).map(|given| given.place);
        self.mistake(
            place.unwrap_or_else(|| Place::Default(longer.path())),
            format!("{} is {is}, which is less than {}, {than}.", longer.path(), shorter.path()),
            format!(
                "Write {} or more for {}, or {} or less for {}.",
                than.get(),
                longer.key,
                is.get(),
                shorter.key
            ),
        );
    }

    /// Where a setting was given, or that it was not.
    pub(super) fn place_of(&self, setting: &Setting) -> Place {
        self.given(setting).map_or_else(|| Place::Default(setting.path()), |given| given.place)
    }

    /// Whether somebody gave this setting, rightly or wrongly.
    pub(super) fn names(&self, setting: &Setting) -> bool {
        self.given(setting).is_some()
    }

    /// The value as it was given in the place that wins; `None` when nobody gave it.
    fn given(&self, setting: &Setting) -> Option<Given<Value>> {
        if let Some(flag) = setting.flag {
            if let Some(text) = self.flags.text(flag) {
                return Some(Given { value: Value::Text(text.to_owned()), place: Place::Flag(flag) });
            }
            let texts = self.flags.texts(flag);
            if !texts.is_empty() {
                return Some(Given { value: Value::List(texts.to_vec()), place: Place::Flag(flag) });
            }
        }
        let variable = setting.variable();
        if let Some(text) = self.environment.value(&variable) {
            return Some(Given { value: Value::Text(text.to_owned()), place: Place::Variable(variable) });
        }
        self.file.value(setting).map(|(value, place)| Given { value, place })
    }

    /// The tables of this name, in their order.
    pub(super) fn tables(&self, name: &str) -> Vec<Table> {
        self.file.tables(name)
    }

    /// Records a mistake. `wrong` must not repeat a value that may hold a secret.
    pub(super) fn mistake(&mut self, place: Place, wrong: impl Into<String>, instead: impl Into<String>) {
        self.mistakes.push(Mistake { place, wrong: wrong.into(), instead: instead.into() });
    }

    /// Everything that was wrong.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }
}

/// Digits may be grouped by underscores, as in the file.
fn parse_number(text: &str) -> Option<i64> {
    text.trim().replace('_', "").parse().ok()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(on) => on.to_string(),
        Value::List(_) => "A list".to_owned(),
        Value::Other(name) => {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        }
    }
}
