//! What goes into a statement and what comes out of a row.

use std::{fmt, mem};

use mapae_protocol::{secret::constant_time_eq, time::Timestamp};

use super::{Sql, StoreError};

/// A parameter of a statement or a column of a row.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// `TEXT`; never with a NUL inside (PostgreSQL has no such text, so neither engine gets one).
    Text(String),
    /// `BIGINT`: Unix seconds, counters, epochs.
    Int(i64),
    /// `BOOLEAN`.
    Bool(bool),
}

impl fmt::Debug for Value {
    /// Texts may be hashes or sealed secrets: only their length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Text(text) => write!(f, "TEXT({} bytes)", text.len()),
            Self::Int(number) => write!(f, "{number}"),
            Self::Bool(flag) => write!(f, "{flag}"),
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

impl From<&Concealed> for Value {
    fn from(text: &Concealed) -> Self {
        Self::Text(text.0.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
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

/// A stored text that must not be seen in a log: a hash, a sealed or wrapped secret, a payload.
///
/// Two of them are compared in constant time.
#[derive(Clone)]
pub struct Concealed(String);

impl PartialEq for Concealed {
    fn eq(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }
}

impl Eq for Concealed {}

impl Concealed {
    /// The text itself; the caller must not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is `presented`, in a time that does not tell where they differ.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        constant_time_eq(self.0.as_bytes(), presented.as_bytes())
    }
}

impl From<String> for Concealed {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Concealed {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Concealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("concealed")
    }
}

/// A row, read column by column from the left.
///
/// Each getter takes the next column; a column of another type than asked for is
/// [`StoreError::CorruptRow`] with the statement and the column (counted from 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    sql: Sql,
    next: usize,
    values: Vec<Value>,
}

impl Row {
    pub(super) const fn new(sql: Sql, values: Vec<Value>) -> Self {
        Self { sql, next: 0, values }
    }

    /// Reads the whole row with `read`; columns left over are an error, so that a list of columns and
    /// its reader cannot drift apart.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn read<T>(mut self, read: impl FnOnce(&mut Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let record = read(&mut self)?;
        if self.next == self.values.len() { Ok(record) } else { Err(self.corrupt(self.next)) }
    }

    /// The next column, which is text.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn text(&mut self) -> Result<String, StoreError> {
        match self.take() {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.corrupt(self.next.saturating_sub(1))),
        }
    }

    /// The next column, which is text or `NULL`.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn optional_text(&mut self) -> Result<Option<String>, StoreError> {
        self.optional(Self::text)
    }

    /// The next column, which is text that must not be seen in a log.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn concealed(&mut self) -> Result<Concealed, StoreError> {
        self.text().map(Concealed)
    }

    /// The next column, which is a number.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn int(&mut self) -> Result<i64, StoreError> {
        match self.take() {
            Some(Value::Int(number)) => Ok(number),
            _ => Err(self.corrupt(self.next.saturating_sub(1))),
        }
    }

    /// The next column, which is a number or `NULL`.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn optional_int(&mut self) -> Result<Option<i64>, StoreError> {
        self.optional(Self::int)
    }

    /// The next column, which is true or false (SQLite keeps 1 and 0).
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn bool(&mut self) -> Result<bool, StoreError> {
        match self.take() {
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::Int(0)) => Ok(false),
            Some(Value::Int(1)) => Ok(true),
            _ => Err(self.corrupt(self.next.saturating_sub(1))),
        }
    }

    /// The next column, which is a point in time.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn timestamp(&mut self) -> Result<Timestamp, StoreError> {
        self.int().map(Timestamp::from_unix)
    }

    /// The next column, which is a point in time or `NULL`.
    ///
    /// # Errors
    /// [`StoreError::CorruptRow`]
    pub fn optional_timestamp(&mut self) -> Result<Option<Timestamp>, StoreError> {
        self.optional(Self::timestamp)
    }

    /// What `read` makes of the next columns, or `None` if the next one is `NULL`: for a column that may
    /// be empty, or (with `width` > 1) for an outer-joined record that is not there.
    pub(in crate::store) fn joined<T>(
        &mut self,
        width: usize,
        read: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        if matches!(self.values.get(self.next), Some(Value::Null)) {
            self.next = self.next.saturating_add(width);
            return Ok(None);
        }
        let start = self.next;
        let record = read(self)?;
        if self.next == start.saturating_add(width) { Ok(Some(record)) } else { Err(self.corrupt(start)) }
    }

    /// The error for a column whose text is none of those that may stand there.
    pub(in crate::store) fn corrupt(&self, column: usize) -> StoreError {
        StoreError::CorruptRow { statement: self.sql, column }
    }

    /// The error for the column that was read last.
    pub(in crate::store) fn corrupt_last(&self) -> StoreError {
        self.corrupt(self.next.saturating_sub(1))
    }

    fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.joined(1, read)
    }

    fn take(&mut self) -> Option<Value> {
        let value = self.values.get_mut(self.next).map(|value| mem::replace(value, Value::Null));
        self.next = self.next.saturating_add(1);
        value
    }
}

/// Refuses text with a NUL before it reaches an engine.
pub(super) fn refuse_nul(sql: Sql, params: &[Value]) -> Result<(), StoreError> {
    for (position, value) in params.iter().enumerate() {
        if let Value::Text(text) = value
            && text.as_bytes().contains(&0)
        {
            return Err(StoreError::Nul { statement: sql, parameter: position.saturating_add(1) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::db::Table;

    const SQL: Sql = Sql::new("test", Table::Users, "SELECT 1");

    fn row(values: Vec<Value>) -> Row {
        Row::new(SQL, values)
    }

    #[test]
    fn columns_are_read_from_the_left_with_their_type() {
        let mut row = row(values_of_every_type());
        assert_eq!(row.text().unwrap(), "a");
        assert_eq!(row.optional_text().unwrap(), None);
        assert_eq!(row.int().unwrap(), 7);
        assert!(row.bool().unwrap());
        assert!(!row.bool().unwrap(), "SQLite keeps false as 0");
        assert_eq!(row.timestamp().unwrap(), Timestamp::from_unix(9));
        let beyond = row.text().unwrap_err();
        assert!(matches!(beyond, StoreError::CorruptRow { column: 6, .. }), "{beyond:?}");
    }

    fn values_of_every_type() -> Vec<Value> {
        vec!["a".into(), Value::Null, 7.into(), true.into(), 0.into(), 9.into()]
    }

    #[test]
    fn a_wrong_type_names_the_statement_and_the_column() {
        let error = row(vec![1.into(), "x".into()])
            .read(|row| {
                row.int()?;
                row.int()
            })
            .unwrap_err();
        assert!(matches!(error, StoreError::CorruptRow { statement: SQL, column: 1 }));
        assert!(row(vec![2.into()]).bool().is_err(), "2 is neither true nor false");
    }

    #[test]
    fn columns_left_over_are_an_error() {
        assert!(row(vec![1.into(), 2.into()]).read(Row::int).is_err());
    }

    #[test]
    fn a_joined_record_is_absent_as_a_whole() {
        let mut absent = row(vec![Value::Null, Value::Null, 5.into()]);
        assert_eq!(absent.joined(2, |row| Ok((row.text()?, row.int()?))).unwrap(), None);
        assert_eq!(absent.int().unwrap(), 5);
    }

    #[test]
    fn nul_is_refused_and_nothing_secret_is_printed() {
        let error = refuse_nul(SQL, &["ok".into(), "a\0b".into()]).unwrap_err();
        assert!(matches!(error, StoreError::Nul { parameter: 2, .. }));
        let shown =
            format!("{:?} {:?}", Value::from("hash-of-a-secret"), Concealed::from("hash-of-a-secret"));
        assert!(!shown.contains("hash"), "{shown}");
    }
}
