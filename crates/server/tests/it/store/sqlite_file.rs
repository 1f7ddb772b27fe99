//! Looking at a SQLite file beneath the store, for tests that must put something there which the store would
//! not, or ask what the store has no question for.

use std::path::Path;

use rusqlite::Connection;

/// Executes statements in the file.
pub(crate) fn execute(file: &Path, statements: &str) {
    open(file).execute_batch(statements).expect("they are executed");
}

/// Takes tables away, so that whoever asks one of them fails.
pub(crate) fn hide(file: &Path, tables: &[&str]) {
    for table in tables {
        execute(
            file,
            &format!("PRAGMA legacy_alter_table = ON; ALTER TABLE {table} RENAME TO hidden_{table}"),
        );
    }
}

/// What SQLite says about the whole file: `ok`, or what is damaged.
pub(crate) fn integrity(file: &Path) -> String {
    open(file).query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict")
}

/// How many rows a table has.
pub(crate) fn rows(file: &Path, table: &str) -> i64 {
    let count = format!("SELECT COUNT(*) FROM {table}");
    open(file).query_row(&count, [], |row| row.get(0)).expect("a number")
}

/// What a question is answered, each value as a text.
pub(crate) fn ask(file: &Path, question: &str) -> Vec<Vec<String>> {
    let connection = open(file);
    let mut statement = connection.prepare(question).expect("a question");
    let columns = statement.column_count();
    let text = |value: rusqlite::types::Value| match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        _ => "-".to_owned(),
    };
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| Ok(text(row.get(column)?))).collect();
    statement.query_map([], row).expect("an answer").collect::<Result<_, _>>().expect("rows")
}

fn open(file: &Path) -> Connection {
    Connection::open(file).expect("the file opens")
}
