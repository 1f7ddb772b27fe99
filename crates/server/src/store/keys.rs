//! Keys: those that sign, those that seal, and those that never rotate. All are wrapped under the master key
//! before they come here.

use std::cmp::Reverse;

use mapae_protocol::time::Timestamp;

use super::{
    db::{Concealed, Db, Row, Statement, StoreError, Unit, statements, values},
    revocations::Revocation,
};

statements! {
    SIGNING: SigningKeys = "SELECT kid, alg, private_wrapped, public_jwk, created_at, active_at, retired_at, expires_at \
         FROM signing_keys WHERE (expires_at IS NULL OR expires_at > $1) AND private_wrapped <> '' ORDER BY active_at";
    NOT_WITHDRAWN: SigningKeys = "SELECT kid, alg, private_wrapped, public_jwk, created_at, active_at, retired_at, expires_at \
         FROM signing_keys WHERE expires_at IS NULL OR expires_at > 0 ORDER BY active_at";
    // One that a node of the version before has withdrawn ends when it is retired.
    FORMER: SigningKeys = "SELECT public_jwk FROM signing_keys \
         WHERE (expires_at <= $1 OR private_wrapped = '') AND expires_at > 0 AND retired_at < expires_at ORDER BY active_at";
    ADD_SIGNING: SigningKeys = "INSERT INTO signing_keys (kid, alg, private_wrapped, public_jwk, created_at, active_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kid) DO NOTHING";
    RETIRE_SIGNING: SigningKeys =
        "UPDATE signing_keys SET retired_at = $1, expires_at = $2 WHERE kid = $3 AND retired_at IS NULL";
    // As it was seen: who retired it in between has made another one, that whoever withdraws knows nothing of. It has ended
    // whatever time it is: that of whoever withdraws is still to come where the clock is behind.
    WITHDRAW_SIGNING: SigningKeys = "UPDATE signing_keys SET retired_at = 0, expires_at = 0 \
         WHERE kid = $1 AND (expires_at IS NULL OR expires_at > 0) \
         AND retired_at IS NOT DISTINCT FROM $2";
    SEALS: SealKeys = "SELECT id, secret_wrapped, created_at, active_at, retired_at, expires_at \
         FROM seal_keys WHERE expires_at IS NULL OR expires_at > $1 ORDER BY active_at";
    ADD_SEAL: SealKeys = "INSERT INTO seal_keys (id, secret_wrapped, created_at, active_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
    RETIRE_SEAL: SealKeys =
        "UPDATE seal_keys SET retired_at = $1, expires_at = $2 WHERE id = $3 AND retired_at IS NULL";
    ANY: Secrets = "SELECT 1 FROM secrets UNION ALL SELECT 1 FROM signing_keys UNION ALL SELECT 1 FROM seal_keys LIMIT 1";
    WITHDRAW_SEAL: SealKeys = "UPDATE seal_keys SET retired_at = 0, expires_at = 0 \
         WHERE id = $1 AND (expires_at IS NULL OR expires_at > 0) \
         AND retired_at IS NOT DISTINCT FROM $2";
    SECRET: Secrets = "SELECT value_wrapped FROM secrets WHERE name = $1";
    PUT_SECRET: Secrets =
        "INSERT INTO secrets (name, value_wrapped) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
}

/// When a key is used. It is published as soon as it is made, used from `active_at` until `retired_at`, and
/// accepted until `expires_at`. Both ends of one that was withdrawn are 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it may be used: after every node has seen it.
    pub active_at: Timestamp,
    /// Since when it makes nothing new.
    pub retired_at: Option<Timestamp>,
    /// When the last thing made with it expires.
    pub expires_at: Option<Timestamp>,
}

/// Where a key stands among those of its kind: the first of them is the one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It may be used: the youngest comes first, and of two of the same second the one that is not to be replaced.
    Active(Reverse<Timestamp>, bool),
    /// It may be used later, and before that where there is no other: a clock that was ahead has made it.
    Next(Timestamp),
    /// It makes nothing new.
    Retired(Reverse<Timestamp>),
}

impl Life {
    /// Its place at `now`.
    #[must_use]
    pub fn rank(&self, now: Timestamp) -> Rank {
        if self.retired_at.is_some_and(|retired| retired <= now) {
            Rank::Retired(Reverse(self.active_at))
        } else if self.active_at <= now {
            Rank::Active(Reverse(self.active_at), self.retired_at.is_some())
        } else {
            Rank::Next(self.active_at)
        }
    }

    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            created_at: row.timestamp()?,
            active_at: row.timestamp()?,
            retired_at: row.optional_timestamp()?,
            expires_at: row.optional_timestamp()?,
        })
    }
}

/// A key that signs tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in the JWK set.
    pub kid: String,
    /// Its algorithm.
    pub alg: String,
    /// Its private part, wrapped.
    pub private_wrapped: Concealed,
    /// Its public part, as JSON.
    pub public_jwk: String,
    /// When it is used.
    pub life: Life,
}

impl SigningKey {
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            kid: row.text()?,
            alg: row.text()?,
            private_wrapped: row.concealed()?,
            public_jwk: row.text()?,
            life: Life::read(row)?,
        })
    }
}

/// A key that seals codes, steps, cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealKey {
    /// Stands in front of every seal.
    pub id: String,
    /// The key, wrapped.
    pub secret_wrapped: Concealed,
    /// When it is used.
    pub life: Life,
}

/// Whether there is any key, of whatever kind and age: all are under one master key.
///
/// # Errors
/// [`StoreError`]
pub async fn any(db: &Db) -> Result<bool, StoreError> {
    Ok(db.optional(ANY, &[]).await?.is_some())
}

/// The signing keys that are not yet expired, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn signing(db: &Db, now: Timestamp) -> Result<Vec<SigningKey>, StoreError> {
    let rows = db.rows(SIGNING, &values![now]).await?;
    rows.into_iter().map(|row| row.read(SigningKey::read)).collect()
}

/// All signing keys that were not withdrawn, the oldest first: those, too, that are over by one clock and not by another,
/// and those of which only the public part is left.
///
/// # Errors
/// [`StoreError`]
pub async fn not_withdrawn(db: &Db) -> Result<Vec<SigningKey>, StoreError> {
    let rows = db.rows(NOT_WITHDRAWN, &[]).await?;
    rows.into_iter().map(|row| row.read(SigningKey::read)).collect()
}

/// The public parts, as JSON, of the signing keys that are expired, or have no other part any more, and were not withdrawn:
/// what they signed is good for nothing any more, and still ours.
///
/// # Errors
/// [`StoreError`]
pub async fn former(db: &Db, now: Timestamp) -> Result<Vec<String>, StoreError> {
    db.rows(FORMER, &values![now]).await?.into_iter().map(|row| row.read(Row::text)).collect()
}

/// The seal keys that are not yet expired, the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn seals(db: &Db, now: Timestamp) -> Result<Vec<SealKey>, StoreError> {
    let read = |row: &mut Row| {
        Ok(SealKey { id: row.text()?, secret_wrapped: row.concealed()?, life: Life::read(row)? })
    };
    db.rows(SEALS, &values![now]).await?.into_iter().map(|row| row.read(read)).collect()
}

/// Publishes a signing key. Only `created_at` and `active_at` of its life count.
pub fn add_signing(key: &SigningKey) -> Unit {
    let SigningKey { kid, alg, private_wrapped, public_jwk, life } = key;
    let params = values![kid, alg, private_wrapped, public_jwk, life.created_at, life.active_at];
    Unit::from(Statement::one(ADD_SIGNING, params)).changing_catalog()
}

/// Signs no more with this key; it is accepted until `expires_at`. Conflict: it is retired already, so that
/// of two nodes that rotate at once only one makes a new key in the same unit.
pub fn retire_signing(kid: &str, expires_at: Timestamp, at: Timestamp) -> Unit {
    Unit::from(Statement::one(RETIRE_SIGNING, values![at, expires_at, kid])).changing_catalog()
}

/// Ends a key at once, also one that is retired: what it signed is accepted no more, and APIs are told. Conflict: it
/// has ended already, or somebody has retired it since it was read, and made another one.
pub fn withdraw_signing(seen: &SigningKey, at: Timestamp) -> Unit {
    let SigningKey { kid, life, .. } = seen;
    let params = values![kid, life.retired_at];
    let unit = Unit::from(Statement::one(WITHDRAW_SIGNING, params)).changing_catalog();
    match Revocation::signing_key(kid, at) {
        Some(event) => unit.revoking(event),
        None => unit,
    }
}

/// Publishes a seal key. Only `created_at` and `active_at` of its life count.
pub fn add_seal(key: &SealKey) -> Unit {
    let SealKey { id, secret_wrapped, life } = key;
    let params = values![id, secret_wrapped, life.created_at, life.active_at];
    Unit::from(Statement::one(ADD_SEAL, params)).changing_catalog()
}

/// Seals no more with this key; it opens seals until `expires_at`. Conflict: it is retired already.
pub fn retire_seal(id: &str, expires_at: Timestamp, at: Timestamp) -> Unit {
    Unit::from(Statement::one(RETIRE_SEAL, values![at, expires_at, id])).changing_catalog()
}

/// Ends a seal key at once, also one that is retired: what it sealed is opened no more. Conflict: as of
/// [`withdraw_signing`].
pub fn withdraw_seal(seen: &SealKey) -> Unit {
    let params = values![&seen.id, seen.life.retired_at];
    Unit::from(Statement::one(WITHDRAW_SEAL, params)).changing_catalog()
}

/// A key that never rotates.
///
/// # Errors
/// [`StoreError`]
pub async fn secret(db: &Db, name: &str) -> Result<Option<Concealed>, StoreError> {
    let row = db.optional(SECRET, &values![name]).await?;
    row.map(|row| row.read(|row| row.concealed())).transpose()
}

/// Keeps a key that never rotates, unless there is one of that name; read it again to know which one won.
#[must_use]
pub fn put_secret(name: &str, value_wrapped: &Concealed) -> Statement {
    Statement::zero_or_one(PUT_SECRET, values![name, value_wrapped])
}
