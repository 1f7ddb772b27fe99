//! A fresh database of either engine for each test.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use mapae::store::{
    Db, Options,
    db::{Engine, Schema},
};
use mapae_protocol::digest::sha256_base64url;
use mapae_testkit::postgres::PostgresServer;
use tempfile::TempDir;

use super::{seed::NOW, sqlite_file};

const FILE: &str = "mapae.db";

/// Time enough for a machine that is busy with other things; tests about time set their own.
pub(super) fn patient() -> Options {
    Options { budget: Duration::from_secs(30), ..Options::default() }
}

/// An empty, migrated database that goes away with the test.
pub(super) struct TestDb {
    db: Db,
    place: Place,
}

enum Place {
    Sqlite(TempDir),
    Postgres(String),
}

impl TestDb {
    pub(super) async fn new(engine: Engine) -> Self {
        let place = match engine {
            Engine::Sqlite => Place::Sqlite(TempDir::new().expect("a temporary folder")),
            Engine::Postgres => Place::Postgres(shared().fresh_database().await.expect("a fresh database")),
        };
        let db = place.open(patient());
        let schema: Schema = db.migrate(NOW).await.expect("a migrated database");
        assert!(schema.is_current());
        Self { db, place }
    }

    /// A database that an earlier version of the program left behind: with the migrations up to `version`.
    pub(super) async fn left_at(engine: Engine, version: i64) -> Self {
        let place = match engine {
            Engine::Sqlite => Place::Sqlite(TempDir::new().expect("a temporary folder")),
            Engine::Postgres => Place::Postgres(shared().fresh_database().await.expect("a fresh database")),
        };
        let left = Self { db: place.open(patient()), place };
        left.execute(
            "CREATE TABLE schema_migrations (version BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, \
             applied_at BIGINT NOT NULL)",
        )
        .await;
        for number in Self::migrations().into_iter().filter(|number| *number <= version) {
            left.step(number).await;
        }
        left
    }

    /// The numbers of all migrations, in order.
    pub(super) fn migrations() -> Vec<i64> {
        migration_files().into_keys().collect()
    }

    /// Takes this one migration, as an earlier version of the program did.
    pub(super) async fn step(&self, number: i64) {
        let text = std::fs::read_to_string(&migration_files()[&number]).expect("a migration");
        self.execute(&text).await;
        let checksum = sha256_base64url(&text);
        self.execute(&format!("INSERT INTO schema_migrations VALUES ({number}, '{checksum}', 0)")).await;
    }

    /// Executes statements past the store.
    pub(super) async fn execute(&self, statements: &str) {
        match &self.place {
            Place::Sqlite(_) => sqlite_file::execute(&self.file(), statements),
            Place::Postgres(url) => shared().execute(url, statements).await.expect("they are executed"),
        }
    }

    /// What a question past the store is answered, each value as a text.
    pub(super) async fn ask(&self, question: &str) -> Vec<Vec<String>> {
        match &self.place {
            Place::Sqlite(_) => sqlite_file::ask(&self.file(), question),
            Place::Postgres(url) => {
                let (client, connection) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connects");
                tokio::spawn(connection);
                let messages = client.simple_query(question).await.expect("an answer");
                let rows = messages.into_iter().filter_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                rows.map(|row| {
                    (0..row.len()).map(|column| row.get(column).unwrap_or("-").to_owned()).collect()
                })
                .collect()
            }
        }
    }

    /// The same database once more, as another process would open it.
    pub(super) fn another(&self) -> Db {
        self.another_with(patient())
    }

    /// As [`another`](Self::another), used otherwise.
    pub(super) fn another_with(&self, options: Options) -> Db {
        self.place.open(options)
    }

    /// Takes a lock that every write of users waits for, past the store, and keeps it until dropped.
    pub(super) async fn lock(&self) -> Lock {
        match &self.place {
            Place::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file opens");
                connection.execute_batch("BEGIN IMMEDIATE").expect("the file is locked");
                Lock::Sqlite(connection)
            }
            Place::Postgres(url) => {
                let (client, connection) =
                    tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connects");
                tokio::spawn(connection);
                client
                    .batch_execute("BEGIN; LOCK TABLE users IN EXCLUSIVE MODE")
                    .await
                    .expect("the table is locked");
                Lock::Postgres(client)
            }
        }
    }

    /// Where the SQLite file is.
    pub(super) fn file(&self) -> PathBuf {
        match &self.place {
            Place::Sqlite(folder) => folder.path().join(FILE),
            Place::Postgres(_) => panic!("no file"),
        }
    }

    /// The address of the PostgreSQL database.
    pub(super) fn url(&self) -> &str {
        match &self.place {
            Place::Sqlite(_) => panic!("no address"),
            Place::Postgres(url) => url,
        }
    }
}

fn migration_files() -> BTreeMap<i64, PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let files = std::fs::read_dir(folder).expect("the migrations").map(|file| file.expect("a file").path());
    let number = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        name.split('_').next().and_then(|digits| digits.parse().ok()).expect("a number")
    };
    files.map(|file| (number(&file), file)).collect()
}

/// A lock held by somebody else.
pub(super) enum Lock {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

impl Lock {
    pub(super) async fn release(self) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch("ROLLBACK").expect("the lock is released"),
            Self::Postgres(client) => client.batch_execute("ROLLBACK").await.expect("the lock is released"),
        }
    }
}

impl std::ops::Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Place {
    fn open(&self, options: Options) -> Db {
        match self {
            Self::Sqlite(folder) => {
                Db::open_sqlite(&folder.path().join(FILE), options).expect("an open file")
            }
            Self::Postgres(url) => Db::connect_postgres(url, options).expect("a good address"),
        }
    }
}

pub(super) fn shared() -> &'static PostgresServer {
    PostgresServer::shared().expect("a PostgreSQL of our own")
}

/// Each test once for each engine: `sqlite::name` and `postgres::name`.
macro_rules! for_each_backend {
    ($( $(#[$attribute:meta])* async fn $name:ident($db:ident: TestDb) $body:block )+) => {
        for_each_backend!(@engine sqlite Sqlite $( $(#[$attribute])* $name $db $body )+);
        for_each_backend!(@engine postgres Postgres $( $(#[$attribute])* $name $db $body )+);
    };
    (@engine $module:ident $engine:ident $( $(#[$attribute:meta])* $name:ident $db:ident $body:block )+) => {
        mod $module {
            use super::*;
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let $db = $crate::store::backend::TestDb::new(mapae::store::db::Engine::$engine).await;
                    $body
                }
            )+
        }
    };
}
pub(super) use for_each_backend;
