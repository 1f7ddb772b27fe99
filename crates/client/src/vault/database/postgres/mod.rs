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
use super::{Done, PATIENCE, Row, Sql, Statement, StoreError, Value, WAIT, error::NO_ANSWER, migrate};

/// How often something is tried that the engine or a lost connection undid.
const ATTEMPTS: u32 = 5;

/// How many connections: a unit is a few short trips.
const CONNECTIONS: usize = 8;

/// How long the migration of another process is waited for, and a step of ours may take.
const MIGRATION: Duration = Duration::from_secs(120);

/// What every connection is told when it is made. A commit is durable even where the server's default is not.
const SETTINGS: &str = "SET search_path TO mapae_client; SET statement_timeout = 5000; SET lock_timeout = 5000; \
     SET idle_in_transaction_session_timeout = 10000; SET default_transaction_isolation = 'read committed'; \
     SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// One process at a time brings the schema up to date. The engine gives up before [`MIGRATION`] is over.
const MIGRATION_LOCK: &str = "SET LOCAL statement_timeout = 110000; SET LOCAL lock_timeout = 110000; \
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
        Self::connect_within(WAIT, url).await
    }

    /// The same, with how long a connection may take to be prepared.
    async fn connect_within(prepared: Duration, url: &str) -> Result<Self, StoreError> {
        let address = address::parse(url, "mapae-client").map_err(StoreError::open)?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.config, address.tls, recycling);
        // The pool has no time-out for this.
        let prepare = Hook::async_fn(move |client: &mut ClientWrapper, _| {
            Box::pin(async move {
                match timeout(prepared, client.batch_execute(SETTINGS)).await {
                    Ok(set) => set.map_err(HookError::Backend),
                    Err(_) => Err(HookError::message(NO_ANSWER)),
                }
            })
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
        let done = bring_up(&client).await;
        if done.is_err() {
            drop(Object::take(client));
        }
        done
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
    StoreError::no_answer()
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

/// All pending steps in one transaction. After an error the connection is closed, and nothing has happened unless it was the
/// COMMIT that was not answered.
async fn bring_up(client: &ClientWrapper) -> Result<(), StoreError> {
    within(PATIENCE, client.batch_execute("BEGIN")).await?;
    within(MIGRATION, client.batch_execute(MIGRATION_LOCK)).await?;
    within(PATIENCE, client.batch_execute(SCHEMA)).await?;
    let applied = within(PATIENCE, execute(client, APPLIED, &[])).await?;
    let version = applied.row().ok_or(StoreError::Newer)?.int()?;
    for (step, version) in migrate::pending(version)? {
        // It may have many rows to go through.
        within(MIGRATION, client.batch_execute(step)).await?;
        within(PATIENCE, execute(client, RECORD, &[Value::from(version)])).await?;
    }
    within(PATIENCE, client.batch_execute("COMMIT")).await
}

/// What the engine answers, if it does so in time.
async fn within<T>(limit: Duration, answer: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
    match timeout(limit, answer).await {
        Ok(answered) => answered.map_err(StoreError::database),
        Err(_) => Err(StoreError::no_answer()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// `AuthenticationOk` and `ReadyForQuery`.
    const GREETING: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

    /// What takes longer does not come.
    const NEVER: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn a_database_that_falls_silent_after_its_greeting_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://app@{}/app", listener.local_addr().unwrap());
        let silent = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let length = stream.read_u32().await.unwrap();
            let mut startup = vec![0; usize::try_from(length).unwrap() - 4];
            stream.read_exact(&mut startup).await.unwrap();
            stream.write_all(GREETING).await.unwrap();
            // Whatever it is asked.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let connecting = Postgres::connect_within(Duration::from_millis(20), &url);
        let refused = timeout(NEVER, connecting).await.expect("within its time").err();
        assert!(format!("{refused:?}").contains(NO_ANSWER), "{refused:?}");
        timeout(NEVER, silent).await.expect("the connection is closed").unwrap();
    }
}
