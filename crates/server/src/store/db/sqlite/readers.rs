//! Point reads on the calling thread: a connection per thread and file.
//!
//! A hop to another thread costs more than the read (4 µs), and WAL readers wait for nobody.

use std::{
    cell::RefCell,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::Connection;

use super::connection::{Place, run, store_error};
use crate::store::db::{Row, Sql, StoreError, Value};

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The connections of this thread, one for each open database that it has read.
    static CONNECTIONS: RefCell<Vec<Reader>> = const { RefCell::new(Vec::new()) };
}

struct Reader {
    database: u64,
    open: Weak<()>,
    connection: Connection,
}

/// The reading side of one open database.
pub(super) struct Readers {
    place: Place,
    database: u64,
    open: Arc<()>,
}

impl Readers {
    pub(super) fn of(place: Place) -> Self {
        Self { place, database: NEXT.fetch_add(1, Ordering::Relaxed), open: Arc::new(()) }
    }

    pub(super) fn rows(&self, sql: Sql, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        CONNECTIONS
            .try_with(|connections| {
                let mut connections = connections.borrow_mut();
                let position = self.position(&mut connections, sql)?;
                let reader = connections.get(position).ok_or(StoreError::Closed)?;
                let outcome = run(&reader.connection, sql, params);
                if matches!(outcome, Err(StoreError::Unavailable(_))) {
                    connections.swap_remove(position);
                }
                outcome.map(|done| done.rows)
            })
            .unwrap_or(Err(StoreError::Closed))
    }

    /// Where this thread's connection to this database is. Connections to databases that were dropped
    /// are closed on the way.
    fn position(&self, connections: &mut Vec<Reader>, sql: Sql) -> Result<usize, StoreError> {
        if let Some(position) = connections.iter().position(|reader| reader.database == self.database) {
            return Ok(position);
        }
        connections.retain(|reader| reader.open.strong_count() > 0);
        let connection = self.place.open_for_reading().map_err(|error| store_error(sql, error))?;
        connections.push(Reader { database: self.database, open: Arc::downgrade(&self.open), connection });
        Ok(connections.len() - 1)
    }
}
