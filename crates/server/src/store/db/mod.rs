//! The database: one SQL text, two drivers. Only this folder knows `rusqlite` and `tokio-postgres`.
//!
//! *Reads*: [`Db::optional`], [`Db::one`] and [`Db::rows`] for what a request needs (on SQLite they run on
//! the calling thread, which is cheaper than asking another one), [`Db::list`] for lists and statistics.
//! *Writes*: a [`Unit`] of [`Statement`]s through [`Db::commit`], and nothing else.

mod error;
mod migrate;
mod options;
mod postgres;
mod sql;
mod sqlite;
mod unit;
mod value;

use std::{fmt, path::Path, sync::Arc, time::Instant};

use mapae_protocol::time::Timestamp;

pub use self::{
    error::{Cause, CommitError, MigrateError, Obstacle, OpenError, StoreError},
    migrate::Schema,
    options::{FatalHook, Options},
    sql::{Sql, Table},
    unit::{Expect, Statement, Unit},
    value::{Concealed, Row, Value},
};
use self::{migrate::Migration, postgres::Postgres, sqlite::Sqlite, value::refuse_nul};
pub(in crate::store) use self::{
    migrate::STATEMENTS,
    sql::{statements, values},
};

/// Which engine keeps the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of our own.
    Sqlite,
    /// A PostgreSQL, or one that speaks like it.
    Postgres,
}

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Db {
    arm: Arm,
    options: Arc<Options>,
}

#[derive(Clone)]
enum Arm {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Db {
    /// Opens the SQLite file at `path`, and makes it (readable by its owner only) if there is none.
    ///
    /// # Errors
    /// [`OpenError::File`], [`OpenError::Thread`]
    pub fn open_sqlite(path: &Path, options: Options) -> Result<Self, OpenError> {
        let options = Arc::new(options);
        let sqlite = Sqlite::open(path, Arc::clone(&options))?;
        Ok(Self { arm: Arm::Sqlite(Arc::new(sqlite)), options })
    }

    /// Prepares connections to the PostgreSQL database at `url`; none is made before the first use.
    ///
    /// What is not on this machine is spoken to under TLS, with a certificate that is checked, name and all, unless the
    /// address says `sslmode=disable`; `sslmode` is that or `verify-full`, which `require` also means. `sslrootcert` names a
    /// file of certificates to trust in the place of the operating system's.
    ///
    /// # Errors
    /// [`OpenError::Address`], [`OpenError::Certificates`]
    pub fn connect_postgres(url: &str, options: Options) -> Result<Self, OpenError> {
        let postgres = Postgres::connect(url, &options)?;
        Ok(Self { arm: Arm::Postgres(Arc::new(postgres)), options: Arc::new(options) })
    }

    /// Which engine this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.arm {
            Arm::Sqlite(_) => Engine::Sqlite,
            Arm::Postgres(_) => Engine::Postgres,
        }
    }

    /// Brings the schema up to date. Of several processes that start at once, one does it and the others
    /// wait for it.
    ///
    /// # Errors
    /// [`MigrateError::Newer`] and [`MigrateError::Changed`] if the schema is not ours, otherwise the error of
    /// the database.
    pub async fn migrate(&self, now: Timestamp) -> Result<Schema, MigrateError> {
        self.migrate_with(migrate::MIGRATIONS, now).await
    }

    /// Which schema version the database has and which one this program knows.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let applied = match &self.arm {
            Arm::Sqlite(sqlite) => sqlite.applied()?,
            Arm::Postgres(postgres) => postgres.applied().await?,
        };
        Ok(Schema::of(&applied, migrate::MIGRATIONS))
    }

    async fn migrate_with(&self, known: &[Migration], now: Timestamp) -> Result<Schema, MigrateError> {
        match &self.arm {
            Arm::Sqlite(sqlite) => sqlite.migrate(known, now),
            Arm::Postgres(postgres) => postgres.migrate(known, now).await,
        }
    }

    /// All rows of a short query.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn rows(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        refuse_nul(sql, params)?;
        match &self.arm {
            Arm::Sqlite(sqlite) => sqlite.rows(sql, params),
            Arm::Postgres(postgres) => postgres.rows(sql, params).await,
        }
    }

    /// The only row, if there is one.
    ///
    /// # Errors
    /// [`StoreError::TooManyRows`] if there are several
    pub async fn optional(&self, sql: Sql, params: &[Value]) -> Result<Option<Row>, StoreError> {
        let mut rows = self.rows(sql, params).await?;
        let row = rows.pop();
        if rows.is_empty() {
            return Ok(row);
        }
        Err(StoreError::TooManyRows {
            statement: sql,
            rows: u64::try_from(rows.len()).map_or(u64::MAX, |n| n + 1),
        })
    }

    /// The one row that must be there.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if it is not
    pub async fn one(&self, sql: Sql, params: &[Value]) -> Result<Row, StoreError> {
        self.optional(sql, params).await?.ok_or(StoreError::Missing { statement: sql })
    }

    /// All rows of a query that may be long: on SQLite it runs on another thread, so that it keeps no
    /// request waiting.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn list(&self, sql: Sql, params: impl Into<Vec<Value>>) -> Result<Vec<Row>, StoreError> {
        let params = params.into();
        refuse_nul(sql, &params)?;
        match &self.arm {
            Arm::Sqlite(sqlite) => Arc::clone(sqlite).list(sql, params).await,
            Arm::Postgres(postgres) => postgres.rows(sql, &params).await,
        }
    }

    /// Writes a unit durably, all of it or nothing. Returns the rows of each statement, in the order in
    /// which they were added.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] means: read the facts again and decide again. All others mean 503; after
    /// [`CommitError::Unknown`] the write may have happened.
    pub async fn commit(&self, unit: impl Into<Unit> + Send) -> Result<Vec<Vec<Row>>, CommitError> {
        let unit = unit.into();
        let deadline = Instant::now() + unit.budget().unwrap_or(self.options.budget);
        let unit = unit.ordered()?;
        if unit.steps.is_empty() {
            return Ok(Vec::new());
        }
        match &self.arm {
            Arm::Sqlite(sqlite) => sqlite.commit(unit, deadline).await,
            Arm::Postgres(postgres) => postgres.commit(unit, deadline).await,
        }
    }

    /// Writes what is waiting, then closes. Later commits are [`StoreError::Closed`].
    pub async fn close(&self) {
        match &self.arm {
            Arm::Sqlite(sqlite) => sqlite.close().await,
            Arm::Postgres(postgres) => postgres.close(),
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("engine", &self.engine()).finish_non_exhaustive()
    }
}
