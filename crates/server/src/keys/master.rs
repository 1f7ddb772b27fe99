//! The master key: 32 bytes outside the database, under which every key in it is wrapped. The configuration
//! has already refused a file that others can read.

use std::path::{Path, PathBuf};

use mapae_protocol::{base64url, random, seal::MasterKey};

use crate::config::{MasterKeySource, parse_master_key};

/// Why there is no master key. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or made.
    #[error(
        "the master key file {path} cannot be used: {source}; let this user read it, or name another file with keys.master_key_file"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// It is gone, and the database has keys that only it can open.
    #[error(
        "the master key file {path} is missing, and only it can open the keys in the database: bring it back from your \
         backup, or say with keys.master_key_file where it is now; no other key is made in its place"
    )]
    Missing {
        /// Where it was made.
        path: PathBuf,
    },
    /// Not 32 bytes of Base64.
    #[error("the master key file {path} does not hold 32 bytes of Base64; restore it from your backup")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// The master key from where the configuration says it is. None is made: the keys in the database would not be
/// under it.
///
/// # Errors
/// See [`MasterKeyError`].
pub(crate) fn load(source: &MasterKeySource) -> Result<MasterKey, MasterKeyError> {
    match source {
        MasterKeySource::Value(secret) => Ok(MasterKey::new(secret)),
        MasterKeySource::DataFolder(path) if !path.exists() => {
            Err(MasterKeyError::Missing { path: path.clone() })
        }
        MasterKeySource::File(path) | MasterKeySource::DataFolder(path) => read(path),
    }
}

/// As [`load`], for a database without keys: the file of a new data folder is made.
///
/// # Errors
/// See [`MasterKeyError`].
pub(crate) fn load_or_create(source: &MasterKeySource) -> Result<MasterKey, MasterKeyError> {
    if let MasterKeySource::DataFolder(path) = source {
        create_if_missing(path).map_err(|source| MasterKeyError::File { path: path.clone(), source })?;
    }
    load(source)
}

fn read(path: &Path) -> Result<MasterKey, MasterKeyError> {
    let failed = |source| MasterKeyError::File { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let secret =
        parse_master_key(&text).ok_or_else(|| MasterKeyError::Malformed { path: path.to_owned() })?;
    Ok(MasterKey::new(&secret))
}

/// Writes a new key and links it into place: of two processes that start at once, one wins and both read
/// the winner's key.
fn create_if_missing(path: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    if path.exists() {
        return Ok(());
    }
    let text = base64url::encode(random::bytes::<32>());
    let unfinished = path.with_extension(base64url::encode(random::bytes::<6>()));
    let mut file = owner_only().open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&unfinished, path);
    std::fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(unix)]
fn owner_only() -> std::fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn owner_only() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again_and_only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let keys: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        load_or_create(&MasterKeySource::DataFolder(path.clone())).unwrap().id().to_owned()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn op_15_a_missing_key_is_made_only_when_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let source = MasterKeySource::DataFolder(folder.path().join("master.key"));
        assert!(matches!(load(&source), Err(MasterKeyError::Missing { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let made = load_or_create(&source).unwrap();
        assert_eq!(load(&source).unwrap().id(), made.id());
        // A file that the configuration names is never made.
        let named = MasterKeySource::File(folder.path().join("other.key"));
        assert!(matches!(load_or_create(&named), Err(MasterKeyError::File { .. })));
    }

    #[test]
    fn op_15_a_damaged_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let mut file = owner_only().open(&path).unwrap();
        std::io::Write::write_all(&mut file, b"not a key").unwrap();
        for read in [load, load_or_create] {
            let refused = read(&MasterKeySource::DataFolder(path.clone()));
            assert!(matches!(refused, Err(MasterKeyError::Malformed { .. })));
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"not a key");
    }
}
