//! SQLite: the client's own file, and the one thread that speaks to it.
//!
//! Every statement runs on that thread, so nothing here blocks the runtime and writes never wait for each
//! other inside one process; other processes are waited for by SQLite itself.

use std::{
    fs,
    fs::OpenOptions,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode, ToSql, Transaction, TransactionBehavior, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{self, timeout, timeout_at},
};

use super::{Done, PATIENCE, Row, Sql, Statement, StoreError, Then, Value, WAIT, migrate};

/// How long another process may hold the file before we give up: less than [`PATIENCE`].
const BUSY: Duration = Duration::from_secs(5);

/// How many pieces of work may wait; more are made to wait at the door.
const QUEUE: usize = 1_024;

/// How long the switch to the write-ahead log rests while another process makes the same switch.
const PAUSE: Duration = Duration::from_millis(1);

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the thread; the file is closed when the last one is dropped.
#[derive(Clone)]
pub(super) struct Sqlite {
    queue: mpsc::Sender<Work>,
    bounds: Bounds,
}

/// How long the thread is waited for.
#[derive(Clone, Copy)]
struct Bounds {
    /// Until it begins with a piece of work.
    turn: Duration,
    /// And from then on until it is done.
    work: Duration,
}

impl Sqlite {
    /// Opens the file, makes it if there is none (readable by its owner only), and brings it up to date; `look`s there, and
    /// writes what is to be written `then`.
    pub(super) fn open(
        path: &Path,
        look: &[Statement],
        then: impl Then,
    ) -> Result<(Self, Vec<Done>), StoreError> {
        Self::open_within(BUSY, path, look, then)
    }

    /// The same, with how long another process may hold the file.
    fn open_within(
        busy: Duration,
        path: &Path,
        look: &[Statement],
        then: impl Then,
    ) -> Result<(Self, Vec<Done>), StoreError> {
        create_private(path)?;
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(busy)?;
        write_ahead(&connection, busy)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        bring_up_to_date(&mut connection)?;
        let found = commit(&mut connection, look)?.unwrap_or_default();
        let done = commit(&mut connection, &then(found)?)?.unwrap_or_default();
        let (queue, mut work) = mpsc::channel::<Work>(QUEUE);
        let serve = move || {
            while let Some(work) = work.blocking_recv() {
                work(&mut connection);
            }
        };
        thread::Builder::new()
            .name("mapae-client-vault".to_owned())
            .spawn(serve)
            .map_err(StoreError::open)?;
        Ok((Self { queue, bounds: Bounds { turn: WAIT, work: PATIENCE } }, done))
    }

    pub(super) async fn rows(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.run(move |connection| Ok(execute(connection, sql, &params)?.rows)).await
    }

    pub(super) async fn commit(&self, unit: Vec<Statement>) -> Result<Option<Vec<Done>>, StoreError> {
        self.run(move |connection| commit(connection, &unit)).await
    }

    /// What is not begun in its turn is not done at all. What is begun and takes too long may have been done: who decided
    /// it must look again.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = time::Instant::now() + self.bounds.turn;
        let (sender, mut done) = oneshot::channel();
        let claimed = Arc::new(AtomicBool::new(false));
        let begun = Arc::clone(&claimed);
        let work: Work = Box::new(move |connection| {
            if !begun.swap(true, Ordering::AcqRel) {
                // Nobody waits any more: the work is done all the same.
                let _ = sender.send(work(connection));
            }
        });
        let queued = timeout_at(turn, self.queue.send(work)).await.map_err(|_| StoreError::no_answer())?;
        queued.map_err(|_| StoreError::Closed)?;
        let answer = match timeout_at(turn, &mut done).await {
            Ok(answer) => answer,
            Err(_) if !claimed.swap(true, Ordering::AcqRel) => return Err(StoreError::no_answer()),
            Err(_) => timeout(self.bounds.work, done).await.map_err(|_| StoreError::no_answer())?,
        };
        answer.map_err(|_| StoreError::Closed)?
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

/// Two processes that make the same file at once refuse each other this switch without waiting. One that holds it is
/// waited for, each time that it is tried.
fn write_ahead(connection: &Connection, busy: Duration) -> Result<(), StoreError> {
    let until = Instant::now() + busy;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_held(&error) && Instant::now() < until => thread::park_timeout(PAUSE),
            outcome => return Ok(outcome?),
        }
    }
}

/// Whether another process is at the file.
fn is_held(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    /// What takes longer does not come.
    const NEVER: Duration = Duration::from_secs(10);

    /// A new file in this folder.
    fn fresh(folder: &Path) -> Sqlite {
        Sqlite::open(&folder.join("client.db"), &[], |_| Ok(Vec::new())).unwrap().0
    }

    fn is_silent<T>(outcome: Result<T, StoreError>) -> bool {
        outcome.is_err_and(|error| format!("{error:?}").contains("does not answer"))
    }

    #[tokio::test]
    async fn a_thread_that_stands_still_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let patient = fresh(folder.path());
        let hasty = Sqlite { bounds: Bounds { turn: SOON, work: SOON }, ..patient.clone() };
        let release = loop {
            let (release, gate) = std::sync::mpsc::channel::<()>();
            let (begins, begun) = oneshot::channel();
            let standing = hasty.run(move |_| {
                let _ = begins.send(());
                let _ = gate.recv();
                Ok(())
            });
            assert!(is_silent(timeout(NEVER, standing).await.expect("while it is at work")));
            // A slow machine does not begin with it in its turn: then it is not done at all.
            if begun.await.is_ok() {
                break release;
            }
        };

        let (does, done) = std::sync::mpsc::channel::<()>();
        let late = hasty.run(move |_| does.send(()).map_err(StoreError::database));
        assert!(is_silent(timeout(NEVER, late).await.expect("in its turn")));
        let idle = || -> Work { Box::new(|_| ()) };
        while hasty.queue.try_send(idle()).is_ok() {}
        assert!(is_silent(timeout(NEVER, hasty.run(|_| Ok(()))).await.expect("without a place")));
        release.send(()).unwrap();
        timeout(NEVER, patient.run(|_| Ok(()))).await.expect("it goes on").unwrap();
        assert!(done.recv().is_err(), "what had no turn is not done later");
    }

    #[test]
    fn a_file_that_somebody_holds_is_not_waited_for_a_thousand_times() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.db");
        let holder = Connection::open(&path).unwrap();
        holder.execute_batch("CREATE TABLE held (id INTEGER); BEGIN EXCLUSIVE").unwrap();
        let begun = Instant::now();
        let opened = Sqlite::open_within(SOON, &path, &[], |_| Ok(Vec::new()));
        assert!(matches!(opened, Err(StoreError::Database(_))));
        assert!(begun.elapsed() < NEVER, "{:?}", begun.elapsed());
        holder.execute_batch("ROLLBACK").unwrap();
        fresh(folder.path());
    }
}
