//! Mistakes in the configuration: each says where it is, what is wrong and what to write instead.

use std::fmt;

use serde::Serialize;

/// Where a value came from, or should have come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An option of the command line, such as `--issuer`.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(String),
    /// The file: its path, the line where known, the key where known.
    File {
        /// The file's path as it was given.
        path: String,
        /// Counted from 1.
        line: Option<usize>,
        /// `section.key`.
        key: Option<String>,
    },
    /// Nobody gave the setting; its name in the file.
    Default(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => f.write_str(name),
            Self::Variable(name) => f.write_str(name),
            Self::Default(key) => write!(f, "{key} (not set)"),
            Self::File { path, line, key } => {
                f.write_str(path)?;
                if let Some(line) = line {
                    write!(f, ":{line}")?;
                }
                if let Some(key) = key {
                    write!(f, ": {key}")?;
                }
                Ok(())
            }
        }
    }
}

/// One mistake. Values that may hold a secret are never repeated in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file and key, the variable or the option to change.
    pub place: Place,
    /// What is wrong: a sentence.
    pub wrong: String,
    /// What to write instead: a sentence.
    pub instead: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n      {}\n      {}", self.place, self.wrong, self.instead)
    }
}

/// For `--json`: place, what is wrong, what to write instead.
impl Serialize for Mistake {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut fields = serializer.serialize_struct("Mistake", 3)?;
        fields.serialize_field("place", &self.place.to_string())?;
        fields.serialize_field("wrong", &self.wrong)?;
        fields.serialize_field("instead", &self.instead)?;
        fields.end()
    }
}

/// All mistakes of a configuration together: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The value, unless something is wrong with it. No value without a mistake does not happen.
    pub(super) fn or<T>(value: Option<T>, found: Vec<Mistake>) -> Result<T, Self> {
        value.filter(|_| found.is_empty()).ok_or(Self(found))
    }

    /// Each of them, in the order of the settings.
    pub fn iter(&self) -> impl Iterator<Item = &Mistake> {
        self.0.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("a mistake in the configuration:")?,
            count => write!(f, "{count} mistakes in the configuration:")?,
        }
        for mistake in &self.0 {
            write!(f, "\n\n  {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
