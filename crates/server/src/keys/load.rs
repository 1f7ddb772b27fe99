//! Reading the keys out of the store, and making those of a new one.

use mapae_protocol::{
    digest::HmacKey,
    jose::{Algorithm, Jwk, JwkSet, SigningKey},
    random,
    seal::{MasterKey, SealRoot},
    time::Timestamp,
};

use super::ring::{KeySet, LastingKeys, StoredSigningKey};
use crate::{
    fault::{Artefact, Fault},
    store::{Concealed, Db, Unit, keys as rows},
};

/// What tokens are signed with: ES256 for access tokens, RS256 because every OpenID client knows it
/// (OIDC Core §15.1), and any of them for ID tokens as the app chooses.
pub(crate) const ALGORITHMS: &[Algorithm] = Algorithm::ALL;
/// The names of the keys that never rotate.
const SUBJECT: &str = "subject";
const HANDLE: &str = "revocation handle";

/// The keys in the store; those that are missing are made. Nodes that start at once may each make some:
/// all of them are published and good.
pub(crate) async fn load_or_create(db: &Db, master: &MasterKey, now: Timestamp) -> Result<KeySet, Fault> {
    let signing = rows::signing(db, now).await?;
    let mut unit = Unit::new();
    for &algorithm in ALGORITHMS {
        if signing.iter().all(|key| key.alg != algorithm.as_str()) {
            unit = unit.with(rows::add_signing(&new_signing(algorithm, master, now, now)?));
        }
    }
    if rows::seals(db, now).await?.is_empty() {
        unit = unit.with(rows::add_seal(&new_seal(master, now, now)));
    }
    for name in [SUBJECT, HANDLE] {
        if rows::secret(db, name).await?.is_none() {
            let wrapped = Concealed::from(master.wrap_key(&random::bytes::<32>(), name.as_bytes()));
            unit = unit.with(rows::put_secret(name, &wrapped));
        }
    }
    if !unit.is_empty() {
        db.commit(unit).await?;
    }
    load(db, master, now).await
}

/// The keys in the store.
pub(crate) async fn load(db: &Db, master: &MasterKey, now: Timestamp) -> Result<KeySet, Fault> {
    let mut signing = Vec::new();
    for row in rows::signing(db, now).await? {
        signing.push(unwrap_signing(&row, master)?);
    }
    let mut seals = rows::seals(db, now).await?;
    // The first seals; all open.
    seals.sort_by_key(|row| row.life.rank(now));
    let roots: Vec<SealRoot> = seals.iter().map(|row| unwrap_seal(row, master)).collect::<Result<_, _>>()?;
    let lasting = LastingKeys {
        subject: lasting(db, master, SUBJECT).await?,
        handle: lasting(db, master, HANDLE).await?,
    };
    let former = former(db, now).await?;
    let moments = seals.iter().flat_map(|row| [Some(row.life.active_at), row.life.expires_at]);
    let seal_change = moments.flatten().filter(|moment| *moment > now).min();
    KeySet::new(signing, &roots, lasting, now).map(|set| set.changing_at(seal_change).remembering(former))
}

/// The keys that are over and were not withdrawn.
async fn former(db: &Db, now: Timestamp) -> Result<JwkSet, Fault> {
    let read = |text: String| Jwk::parse(text.as_bytes()).map_err(Fault::corrupt(Artefact::PublicKey));
    Ok(JwkSet::new(rows::former(db, now).await?.into_iter().map(read).collect::<Result<_, _>>()?))
}

/// A signing key to be published now and used from `active_at` on.
pub(super) fn new_signing(
    algorithm: Algorithm,
    master: &MasterKey,
    now: Timestamp,
    active_at: Timestamp,
) -> Result<rows::SigningKey, Fault> {
    let key = SigningKey::generate(algorithm).map_err(|error| Fault::Key(error.into()))?;
    let pkcs8 = key.to_pkcs8().map_err(|error| Fault::Key(error.into()))?;
    let kid = key.kid().to_owned();
    let public = serde_json::to_string(key.public_jwk()).map_err(Fault::encoding(Artefact::PublicKey))?;
    Ok(rows::SigningKey {
        private_wrapped: master.wrap_key(pkcs8.expose(), kid.as_bytes()).into(),
        alg: algorithm.as_str().to_owned(),
        public_jwk: public,
        kid,
        life: life(now, active_at),
    })
}

/// A sealing key to be known to all nodes now and used from `active_at` on.
pub(super) fn new_seal(master: &MasterKey, now: Timestamp, active_at: Timestamp) -> rows::SealKey {
    let root = SealRoot::generate();
    rows::SealKey {
        secret_wrapped: master.wrap_key(root.expose(), root.id().as_bytes()).into(),
        id: root.id().to_owned(),
        life: life(now, active_at),
    }
}

const fn life(created_at: Timestamp, active_at: Timestamp) -> rows::Life {
    rows::Life { created_at, active_at, retired_at: None, expires_at: None }
}

fn unwrap_signing(row: &rows::SigningKey, master: &MasterKey) -> Result<StoredSigningKey, Fault> {
    let algorithm = Algorithm::parse(&row.alg).ok_or(Fault::Corrupt(Artefact::AlgorithmOfKey, None))?;
    let pkcs8 = unwrap(master, &row.private_wrapped, &row.kid)?;
    let key = SigningKey::from_pkcs8(algorithm, &pkcs8).map_err(|error| Fault::Key(error.into()))?;
    Ok(StoredSigningKey { key, life: row.life })
}

fn unwrap_seal(row: &rows::SealKey, master: &MasterKey) -> Result<SealRoot, Fault> {
    let secret = unwrap(master, &row.secret_wrapped, &row.id)?;
    let secret = <[u8; 32]>::try_from(secret.as_slice()).map_err(Fault::corrupt(Artefact::SealingKey))?;
    SealRoot::from_bytes(&row.id, secret).map_err(|error| Fault::Key(error.into()))
}

async fn lasting(db: &Db, master: &MasterKey, name: &str) -> Result<HmacKey, Fault> {
    let wrapped = rows::secret(db, name).await?.ok_or(Fault::Corrupt(Artefact::LastingKey, None))?;
    Ok(HmacKey::new(&unwrap(master, &wrapped, name)?))
}

fn unwrap(
    master: &MasterKey,
    wrapped: &Concealed,
    label: &str,
) -> Result<zeroize::Zeroizing<Vec<u8>>, Fault> {
    let key = master.unwrap_key(wrapped.expose(), label.as_bytes()).map_err(|error| match error {
        mapae_protocol::seal::Error::UnknownKey => Fault::OtherMasterKey,
        other => Fault::Key(other.into()),
    })?;
    Ok(zeroize::Zeroizing::new(key.expose().clone()))
}
