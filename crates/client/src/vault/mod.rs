//! What the client keeps: provider tokens, its own sessions, and the little that makes a login work once.
//!
//! One SQLite file or PostgreSQL schema, and one key. Tokens and waiting sign-ups are sealed in it, session ids are hashed:
//! a copy of it signs nobody in and opens no API. Several processes may share it.

mod agreements;
mod database;
mod deletion;
mod endings;
mod families;
mod fresh;
mod key;
mod leases;
mod links;
mod logouts;
mod method;
mod methods;
mod names;
mod notices;
mod resting;
#[cfg(test)]
mod samples;
mod service_keys;
mod sessions;
mod sign_ups;
mod states;
mod taking;
mod tidying;
mod tokens;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use mapae_protocol::{
    base64url,
    digest::{HmacKey, hkdf_sha256, hmac_sha256, sha256_base64url},
    seal::{Purpose, Sealer},
};

pub use database::StoreError;
#[cfg(feature = "postgres")]
pub use database::postgres::address as postgres_address;
use database::{Database, Done};
pub(crate) use endings::Entrant;
pub(crate) use families::Family;
pub use key::{KeyFileError, VaultKey};
pub(crate) use leases::Lease;
pub(crate) use links::Link;
pub(crate) use logouts::Logout;
pub(crate) use methods::{Method, Registered, Removal, Remover};
pub(crate) use notices::Heard;
pub(crate) use service_keys::ServiceKey;
pub(crate) use sessions::Entry;
pub(crate) use taking::{Prover, Taker};
pub(crate) use tokens::{Claim, Kept};

use crate::identity::EndUser;

/// Declares what is sealed, each under a key of its own.
macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub(crate) enum $name {}
        impl Purpose for $name {
            const NAME: &'static str = $text;
        })+
    };
}

purposes! {
    /// Tokens of a provider.
    ProviderTokens = "client provider tokens";
    /// A person between the provider and the sign-up form.
    SignUps = "client sign-up";
    /// A login between its start and its callback.
    PendingLogins = "client pending login";
    /// A one-time code for the front end.
    HandOvers = "client one-time code";
    /// A refresh token of the service's own.
    RefreshTokens = "client refresh token";
    /// A private key of the service's own tokens.
    ServiceKeys = "client service key";
}

/// What the key of pseudonyms is derived with.
const PSEUDONYMS: &[u8] = b"client pseudonyms";

/// The client's database and its key. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Vault {
    database: Database,
    tokens: Arc<Sealer<ProviderTokens>>,
    sign_ups: Arc<Sealer<SignUps>>,
    logins: Arc<Sealer<PendingLogins>>,
    hand_overs: Arc<Sealer<HandOvers>>,
    refresh_tokens: Arc<Sealer<RefreshTokens>>,
    service_keys: Arc<Sealer<ServiceKeys>>,
    pseudonyms: Arc<HmacKey>,
}

impl Vault {
    /// Opens the vault in `path`, with its key in `path` plus `.key`. If there is none, it is made, with the key that lies there or
    /// a new one; beside a vault no key is made.
    ///
    /// Keep the key away from where copies of the file go (see [`Self::open_with`]).
    ///
    /// Whatever is asked of an open vault needs a Tokio runtime with time enabled, by whose clock it is waited for. One that is
    /// paused (`tokio::time::pause`) runs ahead while the file's own thread works: the vault does not answer in time then.
    ///
    /// # Errors
    /// [`StoreError::Open`], [`StoreError::Database`] or [`StoreError::Newer`]. A vault without its key is not opened
    /// ([`KeyFileError::Missing`]), nor with another one ([`KeyFileError::Another`]).
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        // Before the key is looked for: a process that starts at the same time makes the key first.
        let is_made = fs::metadata(path.as_ref()).is_ok_and(|file| file.len() > 0);
        let mut key = PathBuf::from(path.as_ref());
        key.as_mut_os_string().push(".key");
        if is_made && !key.exists() {
            return Err(StoreError::open(KeyFileError::Missing));
        }
        let key = VaultKey::file(key)?;
        Self::open_with(path, &key)
    }

    /// Opens the vault in `path` with a key from elsewhere.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(path: impl AsRef<Path>, key: &VaultKey) -> Result<Self, StoreError> {
        Self::new(Database::open(path.as_ref(), &VaultKey::looking(), |found| key.noting(found))?, key)
    }

    /// Opens the vault at `url` with a key from elsewhere, for instance [`VaultKey::file`]. All processes that share a vault
    /// have the same key.
    ///
    /// `sqlite:PATH` is a file, as with [`Self::open_with`]. `postgres://USER:PASSWORD@HOST:PORT/NAME` (with the crate's
    /// feature `postgres`) is a database of the application's: the vault keeps to a schema of its own in it, `mapae_client`,
    /// which it makes if it may. `sslmode` is `verify-full` for everything that is not on this machine, unless the address says
    /// `disable`; `sslrootcert` names a file of certificates to trust in the place of the operating system's.
    ///
    /// # Errors
    /// As [`Self::open`]; and the database cannot be reached.
    pub async fn connect(url: &str, key: &VaultKey) -> Result<Self, StoreError> {
        Self::new(Database::connect(url, VaultKey::looking(), |found| key.noting(found)).await?, key)
    }

    fn new((database, noted): (Database, Vec<Done>), key: &VaultKey) -> Result<Self, StoreError> {
        key.ensure_noted(noted)?;
        let roots = std::slice::from_ref(&key.0);
        Ok(Self {
            database,
            tokens: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            sign_ups: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            logins: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            hand_overs: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            refresh_tokens: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            service_keys: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            pseudonyms: Arc::new(HmacKey::new(hkdf_sha256(b"", key.0.expose(), PSEUDONYMS).expose())),
        })
    }

    /// What seals pending logins on their way through the browser.
    pub(crate) fn logins(&self) -> &Sealer<PendingLogins> {
        &self.logins
    }

    /// What seals one-time codes for the front end.
    pub(crate) fn hand_overs(&self) -> &Sealer<HandOvers> {
        &self.hand_overs
    }

    /// A name for a person that nobody can try names of providers against who has not the key.
    fn pseudonym(&self, person: &EndUser) -> String {
        let name = format!("{}\0{}", person.issuer(), person.subject());
        base64url::encode(hmac_sha256(&self.pseudonyms, name.as_bytes()))
    }

    /// What seals refresh tokens.
    pub(crate) fn refresh_tokens(&self) -> &Sealer<RefreshTokens> {
        &self.refresh_tokens
    }
}

/// How a random value is kept: whoever reads the file cannot use it.
fn hashed(value: &str) -> String {
    sha256_base64url(value)
}
