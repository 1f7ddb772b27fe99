//! SQLite: the client's own file, and the one thread that speaks to it.
//!
//! Every statement runs on that thread, so nothing here blocks the runtime and writes never wait for each
//! other inside one process; other processes are waited for by SQLite itself.

use std::{fs, fs::OpenOptions, path::Path, thread, time::Duration};

use rusqlite::{
    Connection, ToSql, Transaction, TransactionBehavior, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};
use tokio::sync::{mpsc, oneshot};

use super::{Done, Row, Sql, Statement, StoreError, Then, Value, migrate};

/// How long another process may hold the file before we give up.
const BUSY: Duration = Duration::from_secs(5);

/// How many pieces of work may wait; more are made to wait at the door.
const QUEUE: usize = 1_024;

/// How often the switch to the write-ahead log is tried while another process makes the same switch.
const ATTEMPTS: usize = 1_000;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the thread; the file is closed when the last one is dropped.
#[derive(Clone)]
pub(super) struct Sqlite(mpsc::Sender<Work>);

impl Sqlite {
    /// Opens the file, makes it if there is none (readable by its owner only), and brings it up to date; `look`s there, and
    /// writes what is to be written `then`.
    pub(super) fn open(
        path: &Path,
        look: &[Statement],
        then: impl Then,
    ) -> Result<(Self, Vec<Done>), StoreError> {
        create_private(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        write_ahead(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        bring_up_to_date(&mut connection)?;
        let found = commit(&mut connection, look)?.unwrap_or_default();
        let done = commit(&mut connection, &then(found)?)?.unwrap_or_default();
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
        Ok((Self(sender), done))
    }

    pub(super) async fn rows(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.run(move |connection| Ok(execute(connection, sql, &params)?.rows)).await
    }

    pub(super) async fn commit(&self, unit: Vec<Statement>) -> Result<Option<Vec<Done>>, StoreError> {
        self.run(move |connection| commit(connection, &unit)).await
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

fn commit(connection: &mut Connection, unit: &[Statement]) -> Result<Option<Vec<Done>>, StoreError> {
    // Immediate: two processes that read first and write then would both have to give way.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = all(&transaction, unit)?;
    if done.is_some() {
        transaction.commit()?;
    }
    Ok(done)
}

/// Every statement of a unit; none if one of them did not do what it must.
fn all(transaction: &Transaction<'_>, unit: &[Statement]) -> Result<Option<Vec<Done>>, StoreError> {
    let mut all = Vec::with_capacity(unit.len());
    for statement in unit {
        let done = execute(transaction, statement.sql, &statement.params)?;
        if !statement.met_by(&done) {
            return Ok(None);
        }
        all.push(done);
    }
    Ok(Some(all))
}

fn execute(connection: &Connection, sql: Sql, params: &[Value]) -> Result<Done, StoreError> {
    let mut statement = connection.prepare_cached(sql.0)?;
    let columns = statement.column_count();
    if columns == 0 {
        let touched = statement.execute(params_from_iter(params))?;
        return Ok(Done { rows: Vec::new(), touched: u64::try_from(touched).unwrap_or(u64::MAX) });
    }
    let mut found = statement.query(params_from_iter(params))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let columns = (0..columns).map(|column| value(row.get_ref(column)?)).collect::<Result<_, _>>()?;
        rows.push(Row::new(columns));
    }
    let touched = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    Ok(Done { rows, touched })
}

fn value(column: ValueRef<'_>) -> Result<Value, StoreError> {
    match column {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(_) => Ok(Value::Text(column.as_str().map_err(StoreError::database)?.to_owned())),
        ValueRef::Real(_) | ValueRef::Blob(_) => Err(StoreError::database("a column of an unknown type")),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Int(number) => ValueRef::Integer(*number),
        }))
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::database(error)
    }
}

fn create_private(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(StoreError::open)?;
    }
    private_file().open(path).map(drop).map_err(StoreError::open)
}

/// Options that make a file for its owner alone.
pub(in crate::vault) fn private_file() -> OpenOptions {
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

fn bring_up_to_date(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for (step, version) in migrate::pending(version)? {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    Ok(transaction.commit()?)
}
