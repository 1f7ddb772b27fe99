//! The key under which the vault is sealed.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    slice,
};

use mapae_protocol::{
    base64url,
    digest::hkdf_sha256,
    random,
    seal::{SealRoot, Sealer},
};

use super::{
    StoreError,
    database::{Done, Row, Statement, private_file, statements, values},
    service_keys, tokens,
};

/// The id that stands in front of what the key sealed.
const ID: &str = "v1";

/// What the fingerprint of a key is derived with.
const FINGERPRINT: &[u8] = b"client vault key fingerprint";

/// The row of the fingerprint; there is one key.
const ONLY: i64 = 1;

statements! {
    NOTE = "INSERT INTO vault_keys (number, fingerprint) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING";
    NOTED = "SELECT fingerprint FROM vault_keys WHERE number = $1";
}

/// 256 secret bits that must not lie beside a copy of the vault's file.
#[derive(Clone, Debug)]
pub struct VaultKey(pub(super) SealRoot);

/// Why a key file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Others than its owner may read it.
    #[error("the key file can be read by others: `chmod 600` it")]
    Readable,
    /// It does not hold a key.
    #[error("the key file does not hold 32 bytes as base64url")]
    Malformed,
    /// There is a vault and no key beside it. None is made: nobody could read what was sealed under the old one.
    #[error(
        "the key of this vault is missing: put the key file back beside it, or move the vault away to begin with an empty one"
    )]
    Missing,
    /// The vault was made with another key.
    #[error(
        "this is not the key of this vault: put the key back with which it was made, or move the vault away to begin with \
         an empty one"
    )]
    Another,
}

impl VaultKey {
    /// A key that the application keeps itself, for instance in the environment.
    ///
    /// # Errors
    /// None in practice: the id is fixed and valid.
    pub fn from_bytes(secret: [u8; 32]) -> Result<Self, StoreError> {
        SealRoot::from_bytes(ID, secret).map(Self).map_err(StoreError::open)
    }

    /// The key of `path`; made, readable by its owner only, if there is no such file.
    ///
    /// # Errors
    /// The file cannot be read or made, or [`KeyFileError`].
    pub fn file(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path).map_err(StoreError::open)?;
                fs::read_to_string(path)
            }
            read => read,
        };
        let text = text.map_err(StoreError::open)?;
        check_private(path)?;
        let secret =
            base64url::decode_array(text.trim()).map_err(|_| StoreError::open(KeyFileError::Malformed))?;
        Self::from_bytes(secret)
    }

    /// What is looked at when a vault is opened: by what its key is known, and some of what it sealed.
    pub(super) fn looking() -> Vec<Statement> {
        vec![NOTED.with(values![ONLY]), tokens::SEALED.with(values![ONLY]), service_keys::ALL.with(values![])]
    }

    /// Writes down by what this key is known, if no other one is; what is written down is read last.
    ///
    /// # Errors
    /// The vault is from before keys were noted, and this one opens nothing of what was [found](Self::looking) in it. A row may
    /// be damaged, or of a key that was lost: one that opens is enough.
    pub(super) fn noting(&self, found: Vec<Done>) -> Result<Vec<Statement>, StoreError> {
        let mut found = found.into_iter().map(|done| done.rows);
        let mut next = || found.next().unwrap_or_default();
        let (noted, tokens, service_keys) = (next(), next(), next());
        if noted.is_empty() && !self.opens_one_of(tokens, service_keys)? {
            return Err(StoreError::open(KeyFileError::Another));
        }
        Ok(vec![NOTE.with(values![ONLY, self.fingerprint()]), NOTED.with(values![ONLY])])
    }

    /// Where there is nothing, too.
    fn opens_one_of(&self, tokens: Vec<Row>, service_keys: Vec<Row>) -> Result<bool, StoreError> {
        let roots = slice::from_ref(&self.0);
        if tokens.is_empty() && service_keys.is_empty() {
            return Ok(true);
        }
        let sealer = Sealer::new(roots).map_err(StoreError::open)?;
        for row in tokens {
            if tokens::opens(&sealer, row)? {
                return Ok(true);
            }
        }
        let sealer = Sealer::new(roots).map_err(StoreError::open)?;
        Ok(service_keys.into_iter().any(|row| service_keys::opened(&sealer, row).is_ok()))
    }

    /// Whether this is the vault's own key, by what was found after [`noting`](Self::noting).
    pub(super) fn ensure_noted(&self, mut done: Vec<Done>) -> Result<(), StoreError> {
        let noted = done.pop().and_then(Done::row).map(|mut row| row.text()).transpose()?;
        let own = noted.is_some_and(|noted| noted == self.fingerprint());
        own.then_some(()).ok_or_else(|| StoreError::open(KeyFileError::Another))
    }

    /// Nobody finds the key by it.
    fn fingerprint(&self) -> String {
        base64url::encode(hkdf_sha256(b"", self.0.expose(), FINGERPRINT).expose())
    }
}

/// Two processes may start at once: each writes a file of its own, and the first to give it the name wins.
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut draft = PathBuf::from(path);
    draft.as_mut_os_string().push(format!(".{}", random::text::<8>()));
    let mut file = private_file().create_new(true).open(&draft)?;
    writeln!(file, "{}", random::token())?;
    file.sync_all()?;
    let named = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    fs::remove_file(&draft)?;
    named
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path).map_err(StoreError::open)?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(StoreError::open(KeyFileError::Readable)) }
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> Result<(), StoreError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use mapae_protocol::{
        jose::{Algorithm, SigningKey},
        time::Timestamp,
    };

    use super::*;
    use crate::{
        identity::EndUser,
        vault::{Entry, ServiceKey, Vault, database::Sql, samples::waiting},
    };

    /// As it was before keys were noted, and with other damage.
    async fn from_before(vault: &Vault, damage: &'static str) {
        for sql in ["DELETE FROM vault_keys", damage] {
            vault.database.write(Sql(sql).with(values![])).await.unwrap();
        }
    }

    #[tokio::test]
    async fn rp_21_a_vault_from_before_takes_no_key_for_its_own_that_opens_nothing_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.db");
        let (own, other) = (VaultKey::from_bytes([1; 32]).unwrap(), VaultKey::from_bytes([2; 32]).unwrap());
        let refuses = |key: &VaultKey| {
            let another = |error: &StoreError| format!("{error:?}").contains("Another");
            Vault::open_with(&path, key).is_err_and(|error| another(&error))
        };
        let now = Timestamp::from_unix(1);

        let vault = Vault::open_with(&path, &own).unwrap();
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        vault.add_service_key(&ServiceKey { number: 1, key, signs_from: now }).await.unwrap();
        from_before(&vault, "DELETE FROM tokens").await;
        assert!(refuses(&other), "by a key of the service");
        let vault = Vault::open_with(&path, &own).unwrap();
        for subject in ["alice", "bob"] {
            let person = EndUser::new("https://one.example", subject);
            let tokens = waiting(&person).tokens;
            let entry = Entry { entrant: (&person).into(), given: Some(("one", &tokens)), app: None };
            assert!(vault.keep(&entry, now).await.unwrap());
        }
        from_before(&vault, "DELETE FROM service_keys").await;
        assert!(refuses(&other), "by tokens");
        from_before(&vault, "UPDATE tokens SET sealed = 'damaged' WHERE subject = 'alice'").await;
        assert!(refuses(&other) && !refuses(&own), "one that opens is enough");
        assert!(refuses(&other), "and now it is noted");
        from_before(&vault, "DELETE FROM tokens").await;
        assert!(!refuses(&other), "there is nothing that would be lost");
    }

    #[test]
    fn a_key_file_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/vault.key");
        let made = VaultKey::file(&path).unwrap();
        assert_eq!(made.0.expose(), VaultKey::file(&path).unwrap().0.expose());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
        assert!(!format!("{made:?}").contains(fs::read_to_string(&path).unwrap().trim()));
        fs::write(&path, "short").unwrap();
        assert!(matches!(VaultKey::file(&path), Err(StoreError::Open(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.key");
        VaultKey::file(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let refused = VaultKey::file(&path).unwrap_err();
        assert!(format!("{refused:?}").contains("Readable"), "{refused:?}");
    }
}
