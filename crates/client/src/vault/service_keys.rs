//! Keys that sign the service's own JWTs, sealed.

use mapae_protocol::{
    jose::{Algorithm, SigningKey},
    seal::Sealer,
    time::Timestamp,
};

use super::{
    ServiceKeys, StoreError, Vault,
    database::{Row, statements, values},
};

const TABLE: &str = "service_keys";

statements! {
    ALL = "SELECT number, sealed, signs_from FROM service_keys ORDER BY number DESC LIMIT 8";
    ADD = "INSERT INTO service_keys (number, sealed, signs_from) VALUES ($1, $2, $3) ON CONFLICT (number) DO NOTHING";
    RETIRE = "DELETE FROM service_keys WHERE number < $1";
}

/// A key, and from when on it signs.
#[derive(Debug)]
pub(crate) struct ServiceKey {
    pub(crate) number: i64,
    pub(crate) key: SigningKey,
    pub(crate) signs_from: Timestamp,
}

impl Vault {
    /// The newest keys, the newest first.
    pub(crate) async fn service_keys(&self) -> Result<Vec<ServiceKey>, StoreError> {
        let rows = self.database.rows(ALL, values![]).await?;
        rows.into_iter().map(|row| opened(&self.service_keys, row)).collect()
    }

    /// Adds a key; the one before the one before is of no use any more. If another process has just added one of this
    /// number, it is that one's.
    pub(crate) async fn add_service_key(&self, key: &ServiceKey) -> Result<(), StoreError> {
        let pkcs8 = key.key.to_pkcs8().map_err(StoreError::key)?;
        let sealed = self.service_keys.seal(pkcs8.expose(), &bound_to(key.number, key.signs_from));
        let add = ADD.with(values![key.number, sealed, key.signs_from]);
        self.database.commit([add, RETIRE.with(values![key.number - 1])]).await.map(drop)
    }
}

/// The key of a row of [`ALL`].
pub(super) fn opened(sealer: &Sealer<ServiceKeys>, mut row: Row) -> Result<ServiceKey, StoreError> {
    let (number, sealed, signs_from) = (row.int()?, row.text()?, row.time()?);
    let unreadable = StoreError::Unreadable(TABLE);
    let opened = sealer.open(&sealed, &bound_to(number, signs_from));
    let pkcs8 = opened.map_err(|_| unreadable.clone())?;
    let key = SigningKey::from_pkcs8(Algorithm::Es256, &pkcs8).map_err(|_| unreadable)?;
    Ok(ServiceKey { number, key, signs_from })
}

fn bound_to(number: i64, signs_from: Timestamp) -> Vec<u8> {
    format!("{number} {}", signs_from.unix()).into_bytes()
}
