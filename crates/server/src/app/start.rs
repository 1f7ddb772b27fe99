//! What a server needs before it starts: its folder, its database, its master key, and what it says when it lacks one.

use mapae_protocol::{seal::MasterKey, time::Timestamp};

use crate::{
    config::{Config, Database, MasterKeySource},
    fault::Fault,
    keys::{self, MasterKeyError},
    private,
    store::{Db, Options, Unit, issuer as issuers},
};

/// Why the server does not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(
        "the data folder {path} cannot be used: {source}; name another with --data, or make it writable for this user"
    )]
    DataFolder {
        /// The folder.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Something else has the name of the data folder.
    #[error("{path} is to be the data folder, and is none: move that away, or name another with --data")]
    NoFolder {
        /// What is no folder.
        path: std::path::PathBuf,
    },
    /// Everybody on this machine may put files into the data folder.
    #[error(
        "everybody on this machine may write in the data folder {path}, and so put a key of theirs there: run \
         `chmod 700 {path}` and see that all in it is yours, or name another with --data"
    )]
    OpenFolder {
        /// The folder.
        path: std::path::PathBuf,
    },
    /// The mailbox folder cannot be used.
    #[error("the mailbox folder {path} cannot be used: {source}; name another with mail.mailbox")]
    Mailbox {
        /// The folder.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// There is no usable master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database or the keys in it.
    #[error("{0}")]
    Fault(String, #[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Fault> for StartError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault.to_string(), fault.into())
    }
}

/// Makes the data folder, readable by its owner only.
pub(crate) fn prepare_folder(path: &std::path::Path) -> Result<(), StartError> {
    let failed = |source: std::io::Error| match path.ancestors().find(|part| part.is_file()) {
        Some(file) => StartError::NoFolder { path: file.to_owned() },
        None => StartError::DataFolder { path: path.to_owned(), source },
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed)?;
    if private::writable_by_others(path) {
        Err(StartError::OpenFolder { path: path.to_owned() })
    } else {
        Ok(())
    }
}

/// Notes under which issuer this database is served. Nodes that share one and disagree about it would refuse each
/// other's tokens, so the second one says so.
pub(super) async fn note_issuer(db: &Db, issuer: &str, now: Timestamp) -> Result<(), Fault> {
    match issuers::last(db).await? {
        Some(last) if last == issuer => return Ok(()),
        Some(last) => tracing::warn!(
            issuer,
            last,
            "this database was served under another issuer: what was signed for that one is void here; \
             if a server still runs under it, stop it or give both the same --issuer"
        ),
        None => {}
    }
    db.commit(Unit::from(issuers::note(issuer, now))).await?;
    Ok(())
}

/// The master key. It is made only while the database has no keys: those that it has, no other could open.
pub(crate) async fn master_key(source: &MasterKeySource, db: &Db) -> Result<MasterKey, StartError> {
    let has_keys = crate::store::keys::any(db).await.map_err(Fault::from)?;
    let load = if has_keys { keys::load_master_key } else { keys::load_or_create_master_key };
    Ok(load(source)?)
}

/// Opens the database that the configuration names.
pub(crate) fn open_database(config: &Config, options: Options) -> Result<Db, Fault> {
    let db = match &config.database {
        Database::Sqlite(path) => Db::open_sqlite(path, options)?,
        Database::Postgres(url) => Db::connect_postgres(url.expose(), options)?,
    };
    Ok(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_place_of_the_data_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mapae-data");
        std::fs::write(&file, "").unwrap();
        for path in [file.clone(), file.join("below")] {
            let refused = prepare_folder(&path).unwrap_err();
            assert!(matches!(&refused, StartError::NoFolder { path } if *path == file), "{refused}");
        }
        prepare_folder(&folder.path().join("a/folder")).unwrap();
    }
}
