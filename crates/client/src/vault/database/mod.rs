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
pub(super) mod postgres;
mod sqlite;
mod statement;
mod value;

use std::{fmt, path::Path, time::Duration};

pub use error::StoreError;
pub(super) use sqlite::private_file;
pub(super) use statement::{Done, Sql, Statement, statements, values};
pub(super) use value::{Row, Value};

/// How long a turn is waited for: at one of the connections, or at the thread of the file.
const WAIT: Duration = Duration::from_secs(5);

/// How long a unit may take once it has one. The engine gives up a statement, or the wait for a lock, before we do. A commit it
/// does not give up: what was to be written may be written afterwards.
const PATIENCE: Duration = Duration::from_secs(8);

/// What is written when a database is opened, by what was found in it; or why it is not opened.
pub(super) trait Then: FnOnce(Vec<Done>) -> Result<Vec<Statement>, StoreError> {}

impl<F: FnOnce(Vec<Done>) -> Result<Vec<Statement>, StoreError>> Then for F {}

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
    /// Opens the SQLite file at `path`, and makes it (readable by its owner only) if there is none. It `look`s there first; `then`
    /// says by what it found what is written. What that did.
    pub(super) fn open(
        path: &Path,
        look: &[Statement],
        then: impl Then,
    ) -> Result<(Self, Vec<Done>), StoreError> {
        let (sqlite, done) = sqlite::Sqlite::open(path, look, then)?;
        Ok((Self(Arm::Sqlite(sqlite)), done))
    }

    /// The same of the database at `sqlite:PATH` or `postgres://…`.
    pub(super) async fn connect(
        url: &str,
        look: Vec<Statement>,
        then: impl Then,
    ) -> Result<(Self, Vec<Done>), StoreError> {
        match url.split_once(':') {
            Some(("sqlite", path)) => Self::open(Path::new(path), &look, then),
            #[cfg(feature = "postgres")]
            Some(("postgres" | "postgresql", _)) => {
                let database = Self(Arm::Postgres(postgres::Postgres::connect(url).await?));
                let found = database.commit_all(look).await?.unwrap_or_default();
                let done = database.commit_all(then(found)?).await?.unwrap_or_default();
                Ok((database, done))
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
        let Some(done) = self.commit_all(Vec::from(unit)).await? else { return Ok(None) };
        let done = done.try_into().map_err(|_| StoreError::database("a unit was done in part"))?;
        Ok(Some(done))
    }

    /// The same for a unit that is put together.
    pub(super) async fn commit_all(&self, unit: Vec<Statement>) -> Result<Option<Vec<Done>>, StoreError> {
        for statement in &unit {
            value::refuse_nul(&statement.params)?;
        }
        match &self.0 {
            Arm::Sqlite(sqlite) => sqlite.commit(unit).await,
            #[cfg(feature = "postgres")]
            Arm::Postgres(postgres) => postgres.commit(unit).await,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::{
        agreements, deletion, families, fresh, key, leases, methods, names, resting, service_keys, sessions,
        sign_ups, states, taking, tidying, tokens,
    };

    /// Every statement there is.
    fn all() -> Vec<Sql> {
        [
            deletion::STATEMENTS,
            families::STATEMENTS,
            key::STATEMENTS,
            leases::STATEMENTS,
            names::STATEMENTS,
            service_keys::STATEMENTS,
            sessions::STATEMENTS,
            sign_ups::STATEMENTS,
            states::STATEMENTS,
            tokens::STATEMENTS,
            agreements::STATEMENTS,
            fresh::STATEMENTS,
            methods::STATEMENTS,
            taking::STATEMENTS,
            resting::STATEMENTS,
            tidying::STATEMENTS,
        ]
        .concat()
    }

    /// A new SQLite file in this folder.
    fn fresh(folder: &Path) -> Database {
        Database::open(&folder.join("client.db"), &[], |_| Ok(Vec::new())).unwrap().0
    }

    /// SQLite numbers parameters by appearance, PostgreSQL by digit.
    fn numbered(sql: Sql) -> Vec<usize> {
        let parts = sql.0.split('$').skip(1);
        let number = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>();
        parts.map(|part| number(part).parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn every_statement_is_one_that_both_engines_understand_alike() {
        let folder = tempfile::tempdir().unwrap();
        let database = fresh(folder.path());
        for sql in all() {
            let mut first_uses = numbered(sql);
            let mut seen = std::collections::BTreeSet::new();
            first_uses.retain(|number| seen.insert(*number));
            assert_eq!(first_uses, (1..=first_uses.len()).collect::<Vec<_>>(), "{sql:?}");
            let params = vec![Value::Null; first_uses.len()];
            match database.rows(sql, params).await {
                Ok(_) => {}
                // Nothing may be without a value here; the statement itself was understood.
                Err(error) => assert!(format!("{error:?}").contains("NOT NULL"), "{sql:?} {error:?}"),
            }
        }
    }

    /// PostgreSQL judges a sub-select by what was there when the statement began. When it has waited for somebody's
    /// commit, it judges again what stands outside.
    #[test]
    fn db_06_what_is_swept_is_over_by_a_condition_outside_of_the_sub_select() {
        let mut sweeps = 0;
        for sql in all() {
            let text = sql.0.split_whitespace().collect::<Vec<_>>().join(" ");
            let Some((outside, inside)) = text.split_once("(SELECT") else { continue };
            let Some((table, _)) = outside.strip_prefix("DELETE FROM ").and_then(|rest| rest.split_once(' '))
            else {
                continue;
            };
            let Some((_, condition)) = inside.split_once(&format!(" FROM {table} WHERE ")) else { continue };
            // By a time: others choose by what never changes.
            if !condition.contains("<= $1") {
                continue;
            }
            let condition = condition.split(" LIMIT ").next().unwrap_or_default();
            assert!(outside.contains(condition), "{sql:?}");
            sweeps += 1;
        }
        assert_eq!(sweeps, 6, "which were found");
    }

    #[tokio::test]
    async fn a_unit_happens_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let database = fresh(folder.path());
        let add = |hash: &str| states::USE.with(values![hash, 10]);
        assert!(database.commit([add("a").must(), add("b").must()]).await.unwrap().is_some());
        assert!(database.commit([add("c").must(), add("b").must()]).await.unwrap().is_none());
        assert!(database.row(states::USED, values!["c", 0]).await.unwrap().is_none(), "undone");
        let nul = database.write(add("d\0")).await.unwrap_err();
        assert!(matches!(nul, StoreError::Database(_)));
    }

    #[tokio::test]
    async fn addresses_that_are_none_are_refused() {
        for url in ["", "client.db", "mysql://localhost/app", "postgres://u:hush@/?sslmode=hush"] {
            let refused = Database::connect(url, Vec::new(), |_| Ok(Vec::new())).await.unwrap_err();
            assert!(matches!(refused, StoreError::Open(_)), "{url}");
            assert!(!format!("{refused:?}").contains("hush"), "{refused:?}");
        }
    }
}
