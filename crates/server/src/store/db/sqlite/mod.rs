//! SQLite: reads on the calling thread, one writer that commits many units at once.

mod batch;
mod connection;
mod lists;
mod readers;
mod writer;

use std::{path::Path, sync::Arc, time::Instant};

use mapae_protocol::time::Timestamp;
use rusqlite::TransactionBehavior;
use tokio::sync::oneshot;

use self::{
    connection::{Place, run},
    lists::Lists,
    readers::Readers,
    writer::{Job, Writer},
};
use super::{
    CommitError, MigrateError, OpenError, Options, Row, Schema, Sql, StoreError, Value,
    migrate::{self, APPLIED, Applied, Migration, PRELUDE, RECORD},
    sql::values,
    unit::Ordered,
};

/// An open SQLite file.
pub(super) struct Sqlite {
    place: Place,
    readers: Readers,
    lists: Lists,
    writer: Writer,
}

impl Sqlite {
    pub(super) fn open(path: &Path, options: Arc<Options>) -> Result<Self, OpenError> {
        let place = Place::prepare(path)?;
        Ok(Self {
            readers: Readers::of(place.clone()),
            lists: Lists::of(place.clone()),
            writer: Writer::start(place.clone(), options)?,
            place,
        })
    }

    pub(super) fn rows(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.readers.rows(sql, params)
    }

    pub(super) async fn list(self: Arc<Self>, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.lists.rows(sql, params).await
    }

    pub(super) async fn commit(
        &self,
        unit: Ordered,
        deadline: Instant,
    ) -> Result<Vec<Vec<Row>>, CommitError> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Job { unit, deadline, reply })?;
        // The writer answers every job, even one that it skips; it is silent only if it died with the job in
        // hand, or if the disk hangs far beyond the job's time. Either way nobody knows what became of it.
        let patience = tokio::time::Instant::from_std(deadline + writer::PATIENCE);
        match tokio::time::timeout_at(patience, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(CommitError::Unknown),
        }
    }

    pub(super) async fn close(&self) {
        self.writer.close().await;
    }

    /// The migrations that the file has; none if it is new.
    pub(super) fn applied(&self) -> Result<Vec<Applied>, StoreError> {
        let failed = |error| connection::store_error(APPLIED, error);
        let connection = self.place.open_for_reading().map_err(failed)?;
        let listed = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations')";
        if !connection.query_row(listed, [], |row| row.get::<_, bool>(0)).map_err(failed)? {
            return Ok(Vec::new());
        }
        run(&connection, APPLIED, &[])?.rows.into_iter().map(Applied::read).collect()
    }

    pub(super) fn migrate(&self, known: &[Migration], now: Timestamp) -> Result<Schema, MigrateError> {
        let failed = |version| {
            move |error: rusqlite::Error| MigrateError::Failed {
                version,
                source: connection::as_cause(error),
            }
        };
        let mut connection = self.place.open_for_writing().map_err(failed(0))?;
        connection.busy_timeout(connection::MIGRATION_WAIT).map_err(failed(0))?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed(0))?;
        transaction.execute_batch(PRELUDE).map_err(failed(0))?;
        let applied = run(&transaction, APPLIED, &[])?;
        let applied: Vec<Applied> = applied.rows.into_iter().map(Applied::read).collect::<Result<_, _>>()?;
        for migration in migrate::pending(&applied, known)? {
            transaction.execute_batch(migration.sql).map_err(failed(migration.version))?;
            run(&transaction, RECORD, &values![migration.version, migration.checksum(), now])?;
        }
        let newest = run(&transaction, APPLIED, &[])?;
        transaction.commit().map_err(failed(0))?;
        let newest: Vec<Applied> = newest.rows.into_iter().map(Applied::read).collect::<Result<_, _>>()?;
        Ok(Schema::of(&newest, known))
    }
}
