//! Where a test keeps its vault: a file, or a database of its own on a PostgreSQL of the tests.

use std::{fs, path::Path, sync::Arc};

use mapae_client::{Vault, VaultKey};
use mapae_testkit::postgres::{self, PostgresServer};
use tempfile::TempDir;

use crate::engine::POSTGRES;

/// An address for a vault, and the folder with its key.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) url: String,
}

impl Place {
    pub(crate) async fn fresh() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let url = if POSTGRES {
            PostgresServer::shared().unwrap().fresh_database().await.unwrap()
        } else {
            format!("sqlite:{}", folder.path().join("client.db").display())
        };
        Self { folder, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn key_file(&self) -> std::path::PathBuf {
        self.folder().join("client.db.key")
    }

    /// Opens the vault, as every process of the service does.
    pub(crate) async fn open(&self) -> Vault {
        if POSTGRES {
            return self.open_with(&VaultKey::file(self.key_file()).unwrap()).await;
        }
        Vault::open(self.folder().join("client.db")).unwrap()
    }

    pub(crate) async fn open_with(&self, key: &VaultKey) -> Vault {
        Vault::connect(&self.url, key).await.unwrap()
    }

    /// Changes something behind the vault's back.
    pub(crate) async fn execute(&self, sql: &str) {
        if POSTGRES {
            let sql = format!("SET search_path TO mapae_client; {sql}");
            PostgresServer::shared().unwrap().execute(&self.url, &sql).await.unwrap();
        } else {
            rusqlite::Connection::open(self.folder().join("client.db")).unwrap().execute_batch(sql).unwrap();
        }
    }

    /// From now on the database fails when this is done to a row of this table.
    pub(crate) async fn refuse(&self, what: &str, table: &str) {
        let trigger = format!("CREATE TRIGGER refuse_{table} BEFORE {what} ON {table}");
        let sql = if POSTGRES {
            format!(
                "CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'no'; END $$; \
                 {trigger} FOR EACH ROW EXECUTE FUNCTION refuse();"
            )
        } else {
            format!("{trigger} BEGIN SELECT RAISE(ABORT, 'no'); END;")
        };
        self.execute(&sql).await;
    }

    /// Everything that a thief of the database has, who has not the key.
    pub(crate) async fn copy(&self) -> Vec<u8> {
        if POSTGRES {
            return postgres::dump(&self.url).await.unwrap().into_bytes();
        }
        let mut copy = Vec::new();
        for file in fs::read_dir(self.folder()).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|extension| extension != "key") {
                copy.extend(fs::read(file).unwrap());
            }
        }
        copy
    }
}
