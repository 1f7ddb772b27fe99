//! The client's own SQLite file, and the one thread that speaks to it.
//!
//! Every statement runs on that thread, so nothing here blocks the runtime and writes never wait for each
//! other inside one process; other processes are waited for by SQLite itself.

use std::{
    error::Error,
    fmt,
    fs::{self, OpenOptions},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

/// How long another process may hold the file before we give up.
const BUSY: Duration = Duration::from_secs(5);

/// How many pieces of work may wait; more are made to wait at the door.
const QUEUE: usize = 1_024;

/// How often the switch to the write-ahead log is tried while another process makes the same switch.
const ATTEMPTS: usize = 1_000;

/// Each step brings the file from its index to the next version.
const MIGRATIONS: &[&str] = &[include_str!("schema.sql"), include_str!("accounts.sql")];

/// Why the vault did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or its key cannot be made or opened.
    #[error("the vault cannot be opened")]
    Open(#[source] Arc<dyn Error + Send + Sync>),
    /// The database refused: disk full, file damaged, held by another process for too long.
    #[error("the vault's database failed")]
    Database(#[source] Arc<dyn Error + Send + Sync>),
    /// A row was sealed under another key, or changed.
    #[error("a row of `{0}` cannot be read with this key")]
    Unreadable(&'static str),
    /// The file was written by a newer version of this library.
    #[error("the vault was written by a newer version")]
    Newer,
    /// The thread that owns the file has ended.
    #[error("the vault is closed")]
    Closed,
}

impl StoreError {
    pub(super) fn open(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Open(Arc::new(error))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the thread; the file is closed when the last one is dropped.
#[derive(Clone)]
pub(super) struct Database(mpsc::Sender<Work>);

impl Database {
    /// Opens the file, makes it if there is none (readable by its owner only), and brings it up to date.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        write_ahead(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        migrate(&mut connection)?;
        let (sender, mut work) = mpsc::channel::<Work>(QUEUE);
        let serve = move || {
            while let Some(work) = work.blocking_recv() {
                work(&mut connection);
            }
        };
        thread::Builder::new()
            .name("mapae-client-vault".to_owned())
            .spawn(serve)
            .map_err(StoreError::open)?;
        Ok(Self(sender))
    }

    /// Runs `work` on the thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |connection| work(connection)).await
    }

    /// Runs `work` in one transaction: all of it or, on any error, nothing.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |connection| {
            // Immediate: two processes that read first and write then would both have to give way.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, done) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            // Nobody waits any more: the work is done all the same.
            let _ = sender.send(work(connection));
        });
        self.0.send(work).await.map_err(|_| StoreError::Closed)?;
        done.await.map_err(|_| StoreError::Closed)?
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

fn create_private(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::open)?;
    }
    private_file().open(path).map(drop).map_err(StoreError::open)
}

/// Options that make a file for its owner alone.
pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Two processes that make the same file at once refuse each other this switch without waiting.
fn write_ahead(connection: &Connection) -> Result<(), StoreError> {
    let mut outcome = Ok(());
    for _ in 0..ATTEMPTS {
        outcome = connection.pragma_update(None, "journal_mode", "WAL");
        if outcome.is_ok() {
            break;
        }
        thread::yield_now();
    }
    Ok(outcome?)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(version).map_err(|_| StoreError::Newer)?;
    for (step, version) in MIGRATIONS.get(done..).ok_or(StoreError::Newer)?.iter().zip(version + 1..) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    Ok(transaction.commit()?)
}
