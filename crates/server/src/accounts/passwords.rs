//! Passwords: Argon2id, a bounded number at a time.
//!
//! Hashing is the one expensive thing that a stranger can ask for, so at most one hash runs per core, few
//! wait, in turn by network, and the rest are told to come back: everything else of the server goes on.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use mapae_protocol::{random, secret::Secret};

use super::turns::{Full, Turns};

/// Shortest password, in characters (NIST SP 800-63B-4 §3.1.1.2 for a password with throttling beside it).
pub const MIN_CHARS: usize = 8;
/// Longest password, in characters: longer ones are refused before they are hashed, never cut.
pub const MAX_CHARS: usize = 128;
/// Longest password, in bytes.
const MAX_BYTES: usize = 512;
/// Hashes that may wait for a core.
const MAX_WAITING: usize = 64;
/// How long one waits.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// A password that may be hashed: neither too short nor too long.
#[derive(Debug)]
pub struct NewPassword(Secret<String>);

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("a password has at least {MIN_CHARS} characters")]
    TooShort,
    /// More than [`MAX_CHARS`] characters.
    #[error("a password has at most {MAX_CHARS} characters")]
    TooLong,
    /// Contains NUL, which no keyboard types.
    #[error("a password contains no NUL character")]
    Nul,
}

impl NewPassword {
    /// Checks length only: no rules about kinds of characters (NIST SP 800-63B-4 §3.1.1.2).
    ///
    /// # Errors
    /// See [`InvalidPassword`].
    pub fn parse(text: &str) -> Result<Self, InvalidPassword> {
        let chars = text.chars().count();
        match () {
            () if text.contains('\0') => Err(InvalidPassword::Nul),
            () if chars < MIN_CHARS => Err(InvalidPassword::TooShort),
            () if chars > MAX_CHARS || text.len() > MAX_BYTES => Err(InvalidPassword::TooLong),
            () => Ok(Self(Secret::new(text.to_owned()))),
        }
    }
}

/// Why no hash was computed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many hashes are running and waiting: come back in a few seconds.
    #[error("too many passwords are being checked")]
    Busy,
    /// The hash function failed, or a stored hash is not one.
    #[error("hashing a password failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The pool of hashes.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Turns,
    /// On whose behalf.
    asked_by: IpAddr,
    computed: Arc<AtomicU64>,
    /// The hash that an unknown address is checked against, so that it costs what a known one costs.
    nobody: Arc<LazyLock<String>>,
}

impl Passwords {
    /// One hash per core.
    pub fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            turns: Turns::new(cores, MAX_WAITING),
            asked_by: Ipv6Addr::LOCALHOST.into(),
            computed: Arc::default(),
            nobody: Arc::new(LazyLock::new(nobody)),
        }
    }

    /// The same pool, asked by this address: it waits for its network's turn.
    #[must_use]
    pub fn asked_by(&self, client: IpAddr) -> Self {
        Self { asked_by: client, ..self.clone() }
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many are waiting, [`HashError::Failed`] otherwise.
    pub async fn hash(&self, password: NewPassword) -> Result<String, HashError> {
        self.run(move || hash(password.0.expose().as_bytes())).await
    }

    /// Whether `password` is the one behind `stored`; nobody's hash stands in for an unknown address,
    /// so that both cost the same (SE-16).
    ///
    /// # Errors
    /// [`HashError::Busy`] when too many are waiting, [`HashError::Failed`] for a corrupt hash.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, HashError> {
        if password.len() > MAX_BYTES || password.chars().count() > MAX_CHARS {
            return Ok(false);
        }
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.as_str()).to_owned();
        let password = Secret::new(password.to_owned());
        let same = self.run(move || verify(password.expose().as_bytes(), &stored)).await?;
        Ok(same && known)
    }

    /// How many hashes were begun so far.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Whether a hash was made with other parameters than those of today.
    pub fn is_outdated(&self, stored: &str) -> bool {
        !parameters(stored).eq(parameters(&self.nobody))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let core = tokio::time::timeout(MAX_WAIT, self.turns.take(self.asked_by));
        let core = core.await.map_err(|_| HashError::Busy)?.map_err(|Full| HashError::Busy)?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        // The core moves into the work: a caller that hangs up does not free a core that is still busy.
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(core);
            result
        });
        task.await.map_err(failed)?
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Algorithm, version and cost of a PHC string.
fn parameters(phc: &str) -> impl Iterator<Item = &str> {
    phc.split('$').take(4)
}

/// A hash that no password has, with the parameters of real ones. Its bits are drawn, not computed: nobody waits for a
/// real one.
fn nobody() -> String {
    use ::base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
    let (memory, passes, lanes) = (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST);
    let salt = STANDARD_NO_PAD.encode(random::bytes::<16>());
    let hash = STANDARD_NO_PAD.encode(random::bytes::<{ Params::DEFAULT_OUTPUT_LEN }>());
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
}

fn hash(password: &[u8]) -> Result<String, HashError> {
    Argon2::default().hash_password(password).map(|hash| hash.to_string()).map_err(failed)
}

fn verify(password: &[u8], stored: &str) -> Result<bool, HashError> {
    use argon2::password_hash::Error;
    match Argon2::default().verify_password(password, stored) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn failed(source: impl std::error::Error + Send + Sync + 'static) -> HashError {
    HashError::Failed(Box::new(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let passwords = Passwords::new();
        let stored = passwords.hash(NewPassword::parse("correct horse 말").unwrap()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify("correct horse 말", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("correct horse", Some(&stored)).await.unwrap());
        assert!(!passwords.verify("correct horse 말", None).await.unwrap());
        assert!(!passwords.is_outdated(&stored));
        assert!(passwords.is_outdated(&stored.replace("t=2", "t=1")));
        assert!(passwords.is_outdated(&stored.replace("argon2id", "argon2i")));
    }

    #[tokio::test]
    async fn se_16_an_unknown_address_is_checked_against_a_hash_of_equal_cost() {
        let passwords = Passwords::new();
        let stored = passwords.hash(NewPassword::parse("12345678").unwrap()).await.unwrap();
        let shape = |phc: &str| {
            let mut parts: Vec<String> = phc.split('$').map(str::to_owned).collect();
            let drawn = parts.split_off(4);
            (parts, drawn.iter().map(String::len).collect::<Vec<_>>())
        };
        assert_eq!(shape(&passwords.nobody), shape(&stored));
        assert!(!passwords.verify("12345678", None).await.unwrap(), "it is a hash");
    }

    #[tokio::test]
    async fn se_18_giant_passwords_are_refused_before_they_are_hashed() {
        assert_eq!(NewPassword::parse(&"x".repeat(129)).unwrap_err(), InvalidPassword::TooLong);
        assert_eq!(NewPassword::parse(&"말".repeat(128)).map(|_| ()), Ok(()));
        assert_eq!(NewPassword::parse("short").unwrap_err(), InvalidPassword::TooShort);
        assert_eq!(NewPassword::parse("eight\0chars").unwrap_err(), InvalidPassword::Nul);
        let passwords = Passwords::new();
        assert!(!passwords.verify(&"x".repeat(1 << 20), Some("not a hash")).await.unwrap());
    }

    #[tokio::test]
    async fn se_17_a_flood_waits_in_a_bounded_queue() {
        let passwords = Passwords { turns: Turns::new(0, 0), ..Passwords::new() };
        assert!(matches!(passwords.verify("12345678", None).await, Err(HashError::Busy)));
    }

    #[tokio::test(start_paused = true)]
    async fn se_17_nobody_waits_for_ever() {
        let passwords = Passwords { turns: Turns::new(0, 1), ..Passwords::new() };
        let begun = tokio::time::Instant::now();
        assert!(matches!(passwords.verify("12345678", None).await, Err(HashError::Busy)));
        assert_eq!(begun.elapsed(), MAX_WAIT);
    }
}
