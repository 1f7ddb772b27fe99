//! The vault's database: one SQL text, two engines. Only this folder knows `rusqlite` and `tokio-postgres`.
//!
//! *Reads*: [`Database::rows`] and [`Database::row`]. *Writes*: [`Database::commit`] with a unit of [`Statement`]s that
//! happen together or not at all. What a write depends on stands in its `WHERE`: there is no transaction in which one
//! could look first and write then, because PostgreSQL would let two do so at once.
//!
//! A table is one file beside this folder, with its statements in `statements!` and its part of the schema in the next
//! step of `migrate.rs`.

mod error;
mod migrate;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod statement;
mod value;

use std::{fmt, path::Path};

pub use error::StoreError;
pub(super) use sqlite::private_file;
pub(super) use statement::{Done, Sql, Statement, statements, values};
pub(super) use value::{Row, Value};

/// The open database. Clones share it.
#[derive(Clone)]
pub(super) struct Database(Arm);

#[derive(Clone)]
enum Arm {
    Sqlite(sqlite::Sqlite),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
}

impl Database {
    /// Opens the SQLite file at `path`, and makes it (readable by its owner only) if there is none.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        sqlite::Sqlite::open(path).map(|sqlite| Self(Arm::Sqlite(sqlite)))
    }

    /// Opens the database at `sqlite:PATH` or `postgres://…`.
    pub(super) async fn connect(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':') {
            Some(("sqlite", path)) => Self::open(Path::new(path)),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => {
                postgres::Postgres::connect(url).await.map(|postgres| Self(Arm::Postgres(postgres)))
            }
            #[cfg(not(feature = "postgres"))]
            Some(("postgres" | "postgresql", _)) => {
                Err(StoreError::open("mapae-client was built without its feature `postgres`: switch it on"))
            }
            _ => Err(StoreError::open("write sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME")),
        }
    }

    /// All rows of a query.
    pub(super) async fn rows(&self, sql: Sql, params: impl Into<Vec<Value>>) -> Result<Vec<Row>, StoreError> {
        let params = params.into();
        value::refuse_nul(&params)?;
        match &self.0 {
            Arm::Sqlite(sqlite) => sqlite.rows(sql, params).await,
            #[cfg(feature = "postgres")]
            Arm::Postgres(postgres) => postgres.rows(sql, params).await,
        }
    }

    /// The row that a unique key names, if there is one.
    pub(super) async fn row(
        &self,
        sql: Sql,
        params: impl Into<Vec<Value>>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, params).await?.pop())
    }

    /// Writes a unit durably and says what each statement did; `None`, and nothing has changed, if one that
    /// [must](Statement::must) touch one row did not.
    pub(super) async fn commit<const N: usize>(
        &self,
        unit: [Statement; N],
    ) -> Result<Option<[Done; N]>, StoreError> {
        for statement in &unit {
            value::refuse_nul(&statement.params)?;
        }
        let done = match &self.0 {
            Arm::Sqlite(sqlite) => sqlite.commit(Vec::from(unit)).await?,
            #[cfg(feature = "postgres")]
            Arm::Postgres(postgres) => postgres.commit(Vec::from(unit)).await?,
        };
        let Some(done) = done else { return Ok(None) };
        let done = done.try_into().map_err(|_| StoreError::database("a unit was done in part"))?;
        Ok(Some(done))
    }

    /// One write that has no conditions but its own.
    pub(super) async fn write(&self, statement: Statement) -> Result<Done, StoreError> {
        let done = self.commit([statement]).await?;
        Ok(done.map_or_else(|| Done { rows: Vec::new(), touched: 0 }, |[done]| done))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Arm::Sqlite(_) => "Database(SQLite)",
            #[cfg(feature = "postgres")]
            Arm::Postgres(_) => "Database(PostgreSQL)",
        })
    }
}
