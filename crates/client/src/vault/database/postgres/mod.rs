//! PostgreSQL: a few connections, and a schema of our own in the application's database.

pub mod address;
mod wire;

use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime, Timeouts,
};
use tokio::time::{sleep, timeout};
use tokio_postgres::Error;

use self::wire::{Meaning, execute, meaning};
use super::{Done, Row, Sql, Statement, StoreError, Value, migrate};

/// How long a connection is waited for.
const WAIT: Duration = Duration::from_secs(5);

/// How long a unit may take once it has one. The engine gives up before we do, so that nothing commits afterwards.
const PATIENCE: Duration = Duration::from_secs(8);

/// How often something is tried that the engine or a lost connection undid.
const ATTEMPTS: u32 = 5;

/// How many connections: a unit is a few short trips.
const CONNECTIONS: usize = 8;

/// What every connection is told when it is made. A commit is durable even where the server's default is not.
const SETTINGS: &str = "SET search_path TO mapae_client; SET statement_timeout = 5000; SET lock_timeout = 5000; \
     SET idle_in_transaction_session_timeout = 10000; SET default_transaction_isolation = 'read committed'; \
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// One process at a time brings the schema up to date.
const MIGRATION_LOCK: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
     SELECT pg_advisory_xact_lock(5571194087230190164)";

/// The schema may have been made by somebody with more rights than we have.
const SCHEMA: &str = "DO $$ BEGIN IF to_regnamespace('mapae_client') IS NULL THEN CREATE SCHEMA mapae_client; END IF; END $$; \
     CREATE TABLE IF NOT EXISTS schema_steps (step BIGINT NOT NULL PRIMARY KEY)";

const APPLIED: Sql = Sql("SELECT COALESCE(MAX(step), 0) FROM schema_steps");
const RECORD: Sql = Sql("INSERT INTO schema_steps (step) VALUES ($1)");

/// A PostgreSQL database.
#[derive(Clone)]
pub(super) struct Postgres(Pool);

/// How one attempt ended, other than well.
enum Stop {
    /// Nothing was written.
    Before(Error),
    /// COMMIT was sent and not confirmed.
    AtCommit(Error),
}

impl Postgres {
    pub(super) async fn connect(url: &str) -> Result<Self, StoreError> {
        let address = address::parse(url, "mapae-client").map_err(StoreError::open)?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.config, address.tls, recycling);
        let prepare = Hook::async_fn(|client: &mut ClientWrapper, _| {
            Box::pin(async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .timeouts(Timeouts { wait: Some(WAIT), create: Some(WAIT), recycle: Some(WAIT) })
            .runtime(Runtime::Tokio1)
            .post_create(prepare)
            .build()
            .map_err(StoreError::open)?;
        let postgres = Self(pool);
        postgres.bring_up_to_date().await?;
        Ok(postgres)
    }

    /// The rows of a query. A read may be repeated, so a connection that was lost meanwhile is no error yet.
    pub(super) async fn rows(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut attempt = 0;
        loop {
            let client = self.client().await?;
            let error = match timeout(PATIENCE, execute(&client, sql, &params)).await {
                Ok(Ok(done)) => return Ok(done.rows),
                Ok(Err(error)) => error,
                Err(_) => return Err(too_slow(client)),
            };
            attempt += 1;
            self.after(client, attempt, error).await?;
        }
    }

    /// A task of its own: a caller that goes away in the middle must not leave half a transaction behind.
    pub(super) async fn commit(&self, unit: Vec<Statement>) -> Result<Option<Vec<Done>>, StoreError> {
        let postgres = self.clone();
        let task = tokio::spawn(async move { postgres.attempts(&unit).await });
        task.await.unwrap_or(Err(StoreError::Closed))
    }

    async fn attempts(&self, unit: &[Statement]) -> Result<Option<Vec<Done>>, StoreError> {
        let mut attempt = 0;
        loop {
            let client = self.client().await?;
            let stop = match timeout(PATIENCE, once(&client, unit)).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(stop)) => stop,
                Err(_) => return Err(too_slow(client)),
            };
            attempt += 1;
            match stop {
                // It may have happened: who decided it must look again.
                Stop::AtCommit(error) if meaning(&error) != Meaning::Again => {
                    drop(Object::take(client));
                    return Err(StoreError::database(error));
                }
                Stop::Before(error) | Stop::AtCommit(error) => self.after(client, attempt, error).await?,
            }
        }
    }

    /// Whether to try again: `Ok` after a little while, or the error.
    async fn after(&self, client: Object, attempt: u32, error: Error) -> Result<(), StoreError> {
        let meaning = meaning(&error);
        drop(Object::take(client));
        if meaning == Meaning::Lost {
            // Those that rest in the pool have probably broken with it.
            self.0.retain(|_, _| false);
        }
        if meaning == Meaning::Refused || attempt >= ATTEMPTS {
            return Err(StoreError::database(error));
        }
        sleep(Duration::from_millis(u64::from(attempt) * 5)).await;
        Ok(())
    }

    async fn bring_up_to_date(&self) -> Result<(), StoreError> {
        let client = self.client().await?;
        client.batch_execute("BEGIN").await.map_err(StoreError::database)?;
        match bring_up(&client).await {
            Ok(()) => client.batch_execute("COMMIT").await.map_err(StoreError::database),
            Err(error) => {
                drop(Object::take(client));
                Err(error)
            }
        }
    }

    async fn client(&self) -> Result<Object, StoreError> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Closed => StoreError::Closed,
            other => StoreError::database(other),
        })
    }
}

/// Whatever state the connection is in, nobody else shall find out.
fn too_slow(client: Object) -> StoreError {
    drop(Object::take(client));
    StoreError::database("the database does not answer")
}

/// One try, READ COMMITTED: what a statement depends on stands in its `WHERE`, which the engine judges again after it has
/// waited for somebody else's commit. After an error the connection is closed, and what was open on it ends with it.
async fn once(client: &ClientWrapper, unit: &[Statement]) -> Result<Option<Vec<Done>>, Stop> {
    client.batch_execute("BEGIN").await.map_err(Stop::Before)?;
    let mut all = Vec::with_capacity(unit.len());
    for statement in unit {
        let done = execute(client, statement.sql, &statement.params).await.map_err(Stop::Before)?;
        if !statement.met_by(&done) {
            client.batch_execute("ROLLBACK").await.map_err(Stop::Before)?;
            return Ok(None);
        }
        all.push(done);
    }
    client.batch_execute("COMMIT").await.map_err(Stop::AtCommit)?;
    Ok(Some(all))
}

/// Inside a transaction that is already open. The lock waits for the migration of another process.
async fn bring_up(client: &ClientWrapper) -> Result<(), StoreError> {
    client.batch_execute(MIGRATION_LOCK).await.map_err(StoreError::database)?;
    client.batch_execute(SCHEMA).await.map_err(StoreError::database)?;
    let applied = execute(client, APPLIED, &[]).await.map_err(StoreError::database)?;
    let version = applied.row().ok_or(StoreError::Newer)?.int()?;
    for (step, version) in migrate::pending(version)? {
        client.batch_execute(step).await.map_err(StoreError::database)?;
        execute(client, RECORD, &[Value::from(version)]).await.map_err(StoreError::database)?;
    }
    Ok(())
}
