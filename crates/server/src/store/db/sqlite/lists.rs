//! Lists and statistics: a few connections on the blocking pool, each query its own short transaction.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection::{Place, run, store_error};
use crate::store::db::{Row, Sql, StoreError, Value, error::cause};

/// How many long reads run at once: they must not take the machine from the short ones.
const AT_ONCE: usize = 2;

/// The pool of one open database.
pub(super) struct Lists {
    place: Place,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Lists {
    pub(super) fn of(place: Place) -> Self {
        Self { place, turns: Arc::new(Semaphore::new(AT_ONCE)), idle: Arc::default() }
    }

    pub(super) async fn rows(&self, sql: Sql, params: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let (place, idle) = (self.place.clone(), Arc::clone(&self.idle));
        let read = move || {
            let rested = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match rested {
                Some(connection) => connection,
                None => place.open_for_reading().map_err(|error| store_error(sql, error))?,
            };
            let done = run(&connection, sql, &params)?;
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(turn);
            Ok(done.rows)
        };
        tokio::task::spawn_blocking(read)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(cause("the reading thread was stopped"))))
    }
}
