//! What the client keeps: provider tokens, its own sessions, and the little that makes a login work once.
//!
//! One SQLite file and one key. Tokens and waiting sign-ups are sealed in it, session ids are hashed: a copy of
//! the file signs nobody in and opens no API. Several processes may use the same file.

mod agreements;
mod database;
mod fresh;
mod key;
mod leases;
mod methods;
mod resting;
mod sessions;
mod sign_ups;
mod states;
mod tidying;
mod tokens;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use mapae_protocol::{
    digest::sha256_base64url,
    seal::{Purpose, Sealer},
};

use database::Database;
pub use database::StoreError;
pub use key::{KeyFileError, VaultKey};
pub(crate) use leases::Lease;
pub(crate) use methods::{Method, Removal};
pub(crate) use tokens::{Claim, Kept};

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
}

/// The client's file and its key. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Vault {
    database: Database,
    tokens: Arc<Sealer<ProviderTokens>>,
    sign_ups: Arc<Sealer<SignUps>>,
    logins: Arc<Sealer<PendingLogins>>,
}

impl Vault {
    /// Opens the vault in `path`, with its key in `path` plus `.key`; both are made if they are not there.
    ///
    /// Keep the key away from where copies of the file go (see [`Self::open_with`]).
    ///
    /// # Errors
    /// [`StoreError::Open`], [`StoreError::Database`] or [`StoreError::Newer`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let mut key = PathBuf::from(path.as_ref());
        key.as_mut_os_string().push(".key");
        let key = VaultKey::file(key)?;
        Self::open_with(path, &key)
    }

    /// Opens the vault in `path` with a key from elsewhere.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(path: impl AsRef<Path>, key: &VaultKey) -> Result<Self, StoreError> {
        let roots = std::slice::from_ref(&key.0);
        Ok(Self {
            database: Database::open(path.as_ref())?,
            tokens: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            sign_ups: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
            logins: Arc::new(Sealer::new(roots).map_err(StoreError::open)?),
        })
    }

    /// What seals pending logins on their way through the browser.
    pub(crate) fn logins(&self) -> &Sealer<PendingLogins> {
        &self.logins
    }
}

/// How a random value is kept: whoever reads the file cannot use it.
fn hashed(value: &str) -> String {
    sha256_base64url(value)
}
