//! What goes into a statement and what comes out of a row.

use std::fmt;

use mapae_protocol::time::Timestamp;

use super::StoreError;

/// A parameter of a statement or a column of a row.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::vault) enum Value {
    /// SQL `NULL`.
    Null,
    /// `TEXT`.
    Text(String),
    /// `BIGINT`: Unix seconds, versions, counters.
    Int(i64),
}

impl fmt::Debug for Value {
    /// Texts may be hashes or sealed secrets: only their length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Text(text) => write!(f, "TEXT({} bytes)", text.len()),
            Self::Int(number) => write!(f, "{number}"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.unix())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// PostgreSQL has no text with a NUL inside, so neither engine gets one.
pub(super) fn refuse_nul(params: &[Value]) -> Result<(), StoreError> {
    let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if params.iter().any(has_nul) {
        return Err(StoreError::database("a text with a NUL cannot be kept"));
    }
    Ok(())
}

/// A row of a result: its columns are taken from left to right.
#[derive(Debug)]
pub(in crate::vault) struct Row(std::vec::IntoIter<Value>);

impl Row {
    pub(super) fn new(columns: Vec<Value>) -> Self {
        Self(columns.into_iter())
    }

    /// The next column, a text.
    pub(in crate::vault) fn text(&mut self) -> Result<String, StoreError> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(text),
            other => Err(unexpected("a text", other.as_ref())),
        }
    }

    /// The next column, a number.
    pub(in crate::vault) fn int(&mut self) -> Result<i64, StoreError> {
        match self.0.next() {
            Some(Value::Int(number)) => Ok(number),
            other => Err(unexpected("a number", other.as_ref())),
        }
    }

    /// The next column, a text or `NULL`.
    pub(in crate::vault) fn optional_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.0.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            other => Err(unexpected("a text", other.as_ref())),
        }
    }

    /// The next column, a time or `NULL`.
    pub(in crate::vault) fn optional_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        match self.0.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Int(at)) => Ok(Some(Timestamp::from_unix(at))),
            other => Err(unexpected("a time", other.as_ref())),
        }
    }

    /// The next column, a time.
    pub(in crate::vault) fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.int().map(Timestamp::from_unix)
    }
}

fn unexpected(wanted: &str, found: Option<&Value>) -> StoreError {
    StoreError::database(format!("a column should be {wanted} and is {found:?}"))
}
