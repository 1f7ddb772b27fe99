//! The two little files of the demo: the service's users, and the API's calendars. They belong to different
//! parties and know nothing of each other.

mod events;
mod users;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;

pub(crate) use events::{Calendars, Entry, NewEntry};
pub(crate) use users::{User, Users};

/// Why a file did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The folder or file cannot be made.
    #[error("the demo's data folder cannot be used")]
    Folder(#[source] std::io::Error),
    /// The database refused.
    #[error("the demo's database failed")]
    Engine(#[from] rusqlite::Error),
    /// The work was interrupted.
    #[error("the work on the demo's database was interrupted")]
    Interrupted,
}

/// A SQLite file. Cloning shares it.
#[derive(Clone, Debug)]
struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens a file, or makes it, with these tables.
    fn open(path: &Path, tables: &str) -> Result<Self, DatabaseError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(DatabaseError::Folder)?;
        }
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.execute_batch(tables)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Runs `work` where it may block.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, DatabaseError> {
        let connection = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            work(&mut connection.lock().unwrap_or_else(PoisonError::into_inner))
        });
        Ok(done.await.map_err(|_| DatabaseError::Interrupted)??)
    }
}
