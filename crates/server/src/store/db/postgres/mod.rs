//! PostgreSQL: a pool of connections; reads are one trip, a unit is one trip or two.

mod commit;
mod wire;

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts,
};
use mapae_client::postgres_address::{self, AddressError};
use mapae_protocol::time::Timestamp;
use tokio::time::{sleep, timeout};

use self::wire::{Meaning, meaning, query, store_error};
use super::{
    Cause, MigrateError, OpenError, Options, Row, Schema, Sql, StoreError, Value,
    error::cause,
    migrate::{self, APPLIED, Applied, Migration, PRELUDE, RECORD},
    sql::values,
};

/// How often a statement or unit is tried when the engine asks to start again.
const ATTEMPTS: u32 = 5;

/// The number of the lock that one migrating process holds; nothing else uses advisory locks.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(5571194087230190163)";

/// What an answer is that did not come within its budget.
const TOO_SLOW: &str = "the database was too slow";

/// A PostgreSQL database.
pub(super) struct Postgres {
    pool: Pool,
    budget: Duration,
}

impl Postgres {
    pub(super) fn connect(url: &str, options: &Options) -> Result<Self, OpenError> {
        let address = postgres_address::parse(url, "mapae")?;
        let manager = Manager::from_config(
            address.config,
            address.tls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let (settings, budget) = (session_settings(options.budget), options.budget);
        // The pool has no time-out for this.
        let prepare = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
            let settings = settings.clone();
            Box::pin(async move {
                match timeout(budget, client.batch_execute(&settings)).await {
                    Ok(set) => set.map_err(HookError::Backend),
                    Err(_) => Err(HookError::message(TOO_SLOW)),
                }
            })
        });
        let wait = Some(options.budget);
        let pool = Pool::builder(manager)
            .max_size(options.connections.max(1))
            .timeouts(Timeouts { wait, create: wait, recycle: wait })
            .runtime(Runtime::Tokio1)
            .post_create(prepare)
            .build()
            .map_err(|error| OpenError::Address(error.to_string()))?;
        Ok(Self { pool, budget: options.budget })
    }

    /// The rows of a query. A read may be repeated, so a connection that was lost meanwhile is no error yet.
    pub(super) async fn rows(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        timeout(self.budget, self.rows_in_time(sql, params))
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(cause(TOO_SLOW))))
    }

    async fn rows_in_time(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut attempt = 0;
        loop {
            let client = self.client().await?;
            let error = match query(&client, sql, params).await {
                Ok(done) => return Ok(done.rows),
                Err(error) => error,
            };
            attempt += 1;
            let meaning = meaning(&error);
            if !matches!(meaning, Meaning::Conflict | Meaning::Again) {
                // Whatever state the connection is in, nobody else shall find out.
                drop(Object::take(client));
            }
            if meaning == Meaning::Lost {
                forget_idle(&self.pool);
            }
            if attempt >= ATTEMPTS || !matches!(meaning, Meaning::Again | Meaning::Lost) {
                return Err(store_error(sql, error));
            }
            pause(attempt).await;
        }
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }

    pub(super) async fn applied(&self) -> Result<Vec<Applied>, StoreError> {
        let client = self.client().await?;
        let listed = "SELECT to_regclass('schema_migrations') IS NOT NULL";
        let Ok(row) = timeout(self.budget, client.query_one(listed, &[])).await else {
            drop(Object::take(client));
            return Err(StoreError::Unavailable(cause(TOO_SLOW)));
        };
        let row = row.map_err(|error| store_error(APPLIED, error))?;
        drop(client);
        if !row.get::<_, bool>(0) {
            return Ok(Vec::new());
        }
        self.rows(APPLIED, &[]).await?.into_iter().map(Applied::read).collect()
    }

    pub(super) async fn migrate(&self, known: &[Migration], now: Timestamp) -> Result<Schema, MigrateError> {
        let failed = |version| {
            move |source: tokio_postgres::Error| MigrateError::Failed { version, source: source.into() }
        };
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(failed(0))?;
        // A migration may take longer than a request; the lock waits for the migration of another node.
        transaction
            .batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            .await
            .map_err(failed(0))?;
        transaction.batch_execute(MIGRATION_LOCK).await.map_err(failed(0))?;
        transaction.batch_execute(PRELUDE).await.map_err(failed(0))?;
        let applied = in_transaction(&transaction, APPLIED, &[]).await.map_err(failed(0))?;
        let applied: Vec<Applied> = applied.into_iter().map(Applied::read).collect::<Result<_, _>>()?;
        for migration in migrate::pending(&applied, known)? {
            transaction.batch_execute(migration.sql).await.map_err(failed(migration.version))?;
            let record = values![migration.version, migration.checksum(), now];
            in_transaction(&transaction, RECORD, &record).await.map_err(failed(migration.version))?;
        }
        let newest = in_transaction(&transaction, APPLIED, &[]).await.map_err(failed(0))?;
        transaction.commit().await.map_err(failed(0))?;
        let newest: Vec<Applied> = newest.into_iter().map(Applied::read).collect::<Result<_, _>>()?;
        Ok(Schema::of(&newest, known))
    }

    async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Closed => StoreError::Closed,
            other => StoreError::Unavailable(other.into()),
        })
    }
}

impl From<AddressError> for OpenError {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::Certificates(_) => Self::Certificates(error.to_string()),
            AddressError::Malformed(_) | AddressError::Mode => Self::Address(error.to_string()),
        }
    }
}

async fn in_transaction(
    transaction: &deadpool_postgres::Transaction<'_>,
    sql: Sql,
    params: &[Value],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = transaction.prepare(sql.text()).await?;
    let rows = transaction.query_raw(&statement, params).await?;
    wire::collect(sql, rows).await.map(|done| done.rows)
}

/// What every connection is told when it is made: a statement ends well before its caller gives up, so
/// that nothing commits after the answer; and a commit is durable even where the server's default is not.
fn session_settings(budget: Duration) -> String {
    let limit = budget.as_millis().saturating_mul(3) / 5;
    format!(
        "SET statement_timeout = {limit}; SET lock_timeout = {limit}; \
         SET idle_in_transaction_session_timeout = {idle}; SET default_transaction_isolation = 'read committed'; \
         SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
        idle = limit.saturating_mul(2),
    )
}

/// A connection broke: those that rest in the pool have probably broken with it, and each of them would cost
/// somebody an attempt.
fn forget_idle(pool: &Pool) {
    pool.retain(|_, _| false);
}

/// Waits a little before the next attempt, each time longer, never twice the same.
async fn pause(attempt: u32) {
    let longest = 2_u64.saturating_pow(attempt).min(64);
    let jitter = RandomState::new().hash_one(attempt) % (longest * 1_000);
    sleep(Duration::from_micros(500 + jitter)).await;
}

/// For messages: the innermost cause is what a person can act on.
fn as_cause(error: tokio_postgres::Error) -> Cause {
    error.into()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Read as _, Write as _},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// `AuthenticationOk` and `ReadyForQuery`.
    const GREETING: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

    #[tokio::test]
    async fn a_database_that_falls_silent_after_its_greeting_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://app@{}/app", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut startup = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
            stream.read_exact(&mut startup).unwrap();
            stream.write_all(GREETING).unwrap();
            // Whatever it is asked.
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        let options = Options { budget: Duration::from_millis(200), ..Options::default() };
        let postgres = Postgres::connect(&url, &options).unwrap();
        let asked = timeout(Duration::from_secs(10), postgres.applied()).await.expect("within its budget");
        assert!(matches!(asked, Err(StoreError::Unavailable(_))));
    }
}
