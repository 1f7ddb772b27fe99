//! What is really in the database files of a running program, read beside it.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, types::ValueRef};

/// A program that writes holds the file for much less.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rows as text, column by column; an empty text for `NULL`.
pub type Rows = Vec<Vec<String>>;

/// The rows that a query finds in a SQLite file.
///
/// # Panics
/// The file cannot be read, or the query is wrong.
pub fn rows(file: &Path, query: &str, parameters: &[&str]) -> Rows {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).expect("the database can be opened");
    connection.busy_timeout(PATIENCE).expect("it can wait");
    let mut statement = connection.prepare(query).expect("it is a query");
    let columns = statement.column_count();
    let found = statement.query_map(rusqlite::params_from_iter(parameters), |row| {
        (0..columns).map(|column| Ok(text(row.get_ref(column)?))).collect()
    });
    found.and_then(Iterator::collect).expect("the database can be read")
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    }
}
