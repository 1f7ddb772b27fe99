//! Connections to the file, and how one statement runs on one.

use std::{
    fs::OpenOptions,
    hash::{BuildHasher, RandomState},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, ToSql,
    config::DbConfig,
    ffi,
    types::{ToSqlOutput, ValueRef},
};

use crate::{
    private,
    store::db::{Cause, OpenError, Row, Sql, StoreError, Value, error::cause},
};

/// How long one attempt to lock the file waits for another process.
const WAIT: Duration = Duration::from_millis(100);

/// How long a migration waits for the migration of another process.
pub(super) const MIGRATION_WAIT: Duration = Duration::from_secs(60);

/// More than there are statements, so that none is ever compiled twice on one connection.
const PREPARED: usize = 512;

/// Where the file is.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<PathBuf>);

impl Place {
    /// Makes the file if there is none, and puts it into the mode in which readers and the writer do not
    /// wait for each other.
    pub(super) fn prepare(path: &Path) -> Result<Self, OpenError> {
        let refused = |source: Cause| OpenError::File { path: path.display().to_string(), source };
        let _alone = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        make_private(path).map_err(|error| refused(error.into()))?;
        let place = Self(Arc::new(path.to_owned()));
        let switched = place.switch_to_wal().map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { path: path.display().to_string() },
            _ => refused(error.into()),
        });
        match switched?.as_str() {
            "wal" => Ok(place),
            _ => Err(refused(cause("its file system does not allow WAL mode"))),
        }
    }

    /// Several processes that open a new file want to switch it at once, and SQLite lets them all fail.
    fn switch_to_wal(&self) -> rusqlite::Result<String> {
        let mut attempt = 0;
        loop {
            let switched = self.open_for_writing().and_then(|connection| {
                connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            });
            match switched {
                Err(error) if meaning(&error) == Meaning::Locked && attempt < 50 => {
                    attempt += 1;
                    std::thread::park_timeout(Duration::from_millis(
                        RandomState::new().hash_one(attempt) % 40,
                    ));
                }
                switched => return switched,
            }
        }
    }

    /// A connection that may write. Every commit reaches the disk before it is acknowledged.
    pub(super) fn open_for_writing(&self) -> rusqlite::Result<Connection> {
        let connection = self.open()?;
        connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        Ok(connection)
    }

    /// A connection that cannot write.
    pub(super) fn open_for_reading(&self) -> rusqlite::Result<Connection> {
        let connection = self.open()?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        Ok(connection)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.0.as_path(), flags)?;
        connection.busy_timeout(WAIT)?;
        // A plan must not depend on what is bound: otherwise binding to a statement that a partial index could
        // serve makes SQLite compile it again, which costs ten times what the read does.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(connection)
    }
}

/// One file is opened at a time: closing any handle of a file releases all locks that this process has on it
/// (POSIX), so the handle of [`make_private`] must be closed before SQLite opens its own.
static OPENING: Mutex<()> = Mutex::new(());

/// The file holds hashes and sealed keys: nobody but its owner reads it. SQLite gives its side files the
/// same mode. The content of a file that exists is not touched, it may be in use.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            for suffix in ["", "-wal", "-shm"] {
                let mut file = path.as_os_str().to_owned();
                file.push(suffix);
                private::close_to_others(Path::new(&file))?;
            }
            Ok(())
        }
        made => made.map(drop),
    }
}

/// What a statement did.
pub(super) struct Done {
    /// The rows that it returned.
    pub(super) rows: Vec<Row>,
    /// How many rows it returned, or else changed.
    pub(super) affected: u64,
}

/// Runs one statement to its end.
pub(super) fn run(connection: &Connection, sql: Sql, params: &[Value]) -> Result<Done, StoreError> {
    execute(connection, sql, params).map_err(|error| store_error(sql, error))
}

/// As [`run`], with the error of the driver for those who must look at it.
pub(super) fn execute(connection: &Connection, sql: Sql, params: &[Value]) -> rusqlite::Result<Done> {
    let mut statement = connection.prepare_cached(sql.text())?;
    if statement.parameter_count() != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), statement.parameter_count()));
    }
    for (position, value) in params.iter().enumerate() {
        statement.raw_bind_parameter(position + 1, value)?;
    }
    let columns = statement.column_count();
    if columns == 0 {
        let changed = statement.raw_execute()?;
        return Ok(Done { rows: Vec::new(), affected: changed as u64 });
    }
    let mut rows = Vec::new();
    let mut cursor = statement.raw_query();
    while let Some(row) = cursor.next()? {
        rows.push(read(sql, row, columns)?);
    }
    let affected = rows.len() as u64;
    Ok(Done { rows, affected })
}

fn read(sql: Sql, row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Row> {
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        values.push(match row.get_ref(column)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Text(text) => {
                let text = str::from_utf8(text).map_err(|error| rusqlite::Error::Utf8Error(column, error))?;
                Value::Text(text.to_owned())
            }
            other @ (ValueRef::Real(_) | ValueRef::Blob(_)) => {
                return Err(rusqlite::Error::InvalidColumnType(column, String::new(), other.data_type()));
            }
        });
    }
    Ok(Row::new(sql, values))
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
        }))
    }
}

/// What an error of the driver means to the one who ran a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A unique or foreign key stands in the way.
    Conflict,
    /// Another process has the lock.
    Locked,
    /// No space, or a read-only file: nothing was written, later it may be.
    ReadOnly,
    /// The disk or the file is damaged: what was written is not certain any more.
    Damaged,
    /// The statement is wrong.
    Refused,
}

pub(super) fn meaning(error: &rusqlite::Error) -> Meaning {
    let rusqlite::Error::SqliteFailure(failure, _) = error else { return Meaning::Refused };
    match failure.code {
        ErrorCode::ConstraintViolation => match failure.extended_code {
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY
            | ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => Meaning::Conflict,
            _ => Meaning::Refused,
        },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Meaning::Locked,
        ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::CannotOpen => Meaning::ReadOnly,
        ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Meaning::Damaged,
        _ => Meaning::Refused,
    }
}

pub(super) fn store_error(sql: Sql, error: rusqlite::Error) -> StoreError {
    match (meaning(&error), &error) {
        (_, rusqlite::Error::InvalidColumnType(column, ..) | rusqlite::Error::Utf8Error(column, _)) => {
            StoreError::CorruptRow { statement: sql, column: *column }
        }
        (Meaning::Locked | Meaning::ReadOnly | Meaning::Damaged, _) => StoreError::Unavailable(error.into()),
        (Meaning::Conflict | Meaning::Refused, _) => {
            StoreError::Refused { statement: sql, source: error.into() }
        }
    }
}

pub(super) fn as_cause(error: rusqlite::Error) -> Cause {
    error.into()
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;
    use tempfile::TempDir;

    use super::*;
    use crate::store::{
        db::migrate::{MIGRATIONS, PRELUDE},
        statements,
    };

    #[test]
    fn no_query_is_compiled_a_second_time() {
        let folder = TempDir::new().unwrap();
        let place = Place::prepare(&folder.path().join("mapae.db")).unwrap();
        let writing = place.open_for_writing().unwrap();
        writing.execute_batch(PRELUDE).unwrap();
        for migration in MIGRATIONS {
            writing.execute_batch(migration.sql).unwrap();
        }
        let connection = place.open_for_reading().unwrap();
        let queries = statements().filter(|sql| sql.text().starts_with("SELECT"));
        for sql in queries {
            let parameters = connection.prepare_cached(sql.text()).unwrap().parameter_count();
            for value in 1_i64..=3 {
                run(&connection, sql, &vec![Value::from(value); parameters]).unwrap();
            }
            let statement = connection.prepare_cached(sql.text()).unwrap();
            assert_eq!(statement.get_status(StatementStatus::Run), 3, "{sql:?}");
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{sql:?}");
        }
    }
}
