//! What can go wrong between us and the database. `StoreError` for reads, `CommitError` for writes.
//!
//! None of these is a refusal: a refusal is a fact that was read. `Conflict` is the one outcome that a
//! caller acts on (read the facts again, decide again); all others mean 503 or `server_error`.

use std::{error::Error, fmt};

use super::Sql;

/// The error of the driver below.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A read that failed, or a fault of the store itself.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is too busy or too slow: answer 503 with `Retry-After`.
    #[error("the database does not answer")]
    Unavailable(#[source] Cause),
    /// The database refused the statement: a bug, or a damaged or foreign schema.
    #[error("the database refused {statement:?}")]
    Refused {
        /// The statement that was refused.
        statement: Sql,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// A row that cannot have been written by this store.
    #[error("corrupt row: {statement:?}, column {column}")]
    CorruptRow {
        /// The statement that read the row.
        statement: Sql,
        /// The column, counted from 0.
        column: usize,
    },
    /// A row that must be there is not.
    #[error("{statement:?} found no row")]
    Missing {
        /// The statement that found none.
        statement: Sql,
    },
    /// Text with a NUL inside; the parser of that text should have refused it.
    #[error("{statement:?}: parameter {parameter} contains a NUL")]
    Nul {
        /// The statement that was not executed.
        statement: Sql,
        /// The parameter, counted from 1.
        parameter: usize,
    },
    /// A statement that may touch one row touched several: a bug in its predicate.
    #[error("{statement:?} touched {rows} rows")]
    TooManyRows {
        /// The statement.
        statement: Sql,
        /// How many rows it touched.
        rows: u64,
    },
    /// The disk failed while writing. Nothing is acknowledged from then on; the process must end.
    #[error("the database file cannot be written safely any more")]
    Stopped(#[source] Option<Cause>),
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
}

/// Why a unit was not executed. It may be tried again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Too many units are waiting already.
    #[error("the queue of writes is full")]
    QueueFull,
    /// Its time was over before its turn came, or the database was slower than its time.
    #[error("the time for this write was over")]
    Deadline,
    /// Others kept the rows locked, or forced it to start again, for too long.
    #[error("other writers kept the rows locked")]
    Locked,
    /// No connection to the database.
    #[error("the database cannot be reached")]
    Unreachable,
    /// The database takes no writes at the moment (a failover, a full disk).
    #[error("the database takes no writes at the moment")]
    ReadOnly,
}

/// Why a unit did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A statement met other rows than it expected, or a row of another table stood in the way (unique or
    /// foreign key). The whole unit is undone: read the facts again and decide again.
    #[error("conflict at {}", statement.name())]
    Conflict {
        /// The first such statement.
        statement: Sql,
    },
    /// Not executed: answer 503 with `Retry-After`.
    #[error("not executed: {0}")]
    Busy(Obstacle),
    /// The connection or the disk was lost while committing: it may have happened or not. Answer 503 and
    /// never execute it again blindly.
    #[error("it is not known whether the write happened")]
    Unknown,
    /// The store itself is at fault; nothing happened.
    #[error(transparent)]
    Fault(#[from] StoreError),
}

impl CommitError {
    /// Whether the facts have changed under the decision, so that it must be taken again.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// Why the database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one of a PostgreSQL database, or asks for something unknown.
    #[error("database address: {0}")]
    Address(String),
    /// The certificates to trust cannot be read.
    #[error("database certificates: {0}")]
    Certificates(String),
    /// The file cannot be opened.
    #[error("database file {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: Cause,
    },
    /// The file is something else.
    #[error("{path} is no database of SQLite")]
    NotADatabase {
        /// The file.
        path: String,
    },
    /// A thread cannot be started.
    #[error("cannot start the writer thread")]
    Thread(#[source] std::io::Error),
}

/// Why the schema cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A newer Mapae has been here. Use that one: an older one cannot know what the new columns mean.
    #[error(
        "the database has schema version {found}, this program knows {known}: start the newer version of mapae, \
         or restore the copy of the database that was made before the upgrade"
    )]
    Newer {
        /// The version in the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// A migration was changed after it had been applied.
    #[error("migration {version} in the database is not the one in this program")]
    Changed {
        /// Its version.
        version: i64,
    },
    /// A migration failed; nothing of it remains.
    #[error("migration {version} failed")]
    Failed {
        /// Its version.
        version: i64,
        /// What the engine said.
        #[source]
        source: Cause,
    },
    /// The database itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A plain sentence as the cause of an error.
pub(super) fn cause(message: impl fmt::Display) -> Cause {
    message.to_string().into()
}
