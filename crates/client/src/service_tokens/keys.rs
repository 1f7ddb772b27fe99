//! The keys of the service's JWTs: published before they sign, and after — RFC 7517 §5.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use mapae_protocol::{
    jose::{Algorithm, JwkSet, SigningKey},
    time::{Seconds, Timestamp},
};

use crate::{
    error::Error,
    vault::{ServiceKey, StoreError, Vault},
};

/// How long a key is published before it signs: whoever keeps a copy of the set has a new one by then.
const AHEAD: Seconds = Seconds::hours(1);

/// How long it is published after its last signature. No access token lives so long.
const BEHIND: Seconds = Seconds::hours(2);

/// How long the keys of the vault are remembered.
const MEMORY: Seconds = Seconds::seconds(60);

/// The keys as they are at one moment.
#[derive(Debug)]
pub(crate) struct Keys {
    /// The newest first.
    keys: Vec<ServiceKey>,
    published: JwkSet,
    read_at: Timestamp,
}

/// Remembers the keys of the vault, and has new ones made in time.
pub(crate) struct KeyRing {
    life: Seconds,
    remembered: Mutex<Option<Arc<Keys>>>,
}

impl KeyRing {
    pub(crate) const fn new(life: Seconds) -> Self {
        Self { life, remembered: Mutex::new(None) }
    }

    /// The keys of now.
    pub(crate) async fn keys(&self, vault: &Vault, now: Timestamp) -> Result<Arc<Keys>, Error> {
        let fresh = |keys: &&Arc<Keys>| keys.read_at <= now && now < keys.read_at.plus(MEMORY);
        if let Some(keys) = self.remembered().as_ref().filter(fresh) {
            return Ok(Arc::clone(keys));
        }
        let mut keys = vault.service_keys().await?;
        if let Some((number, signs_from)) = wanted(&keys, self.life, now) {
            let key = SigningKey::generate(Algorithm::Es256).map_err(StoreError::key)?;
            vault.add_service_key(&ServiceKey { number, key, signs_from }).await?;
            // Another process may have been faster: what counts is what is there now.
            keys = vault.service_keys().await?;
        }
        let keys = Arc::new(Keys::new(keys, now));
        *self.remembered() = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// As [`keys`](Self::keys), read again if they were read in another second: a token may name a key of another process.
    pub(crate) async fn keys_again(&self, vault: &Vault, now: Timestamp) -> Result<Arc<Keys>, Error> {
        self.remembered().take_if(|keys| keys.read_at != now);
        self.keys(vault, now).await
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Option<Arc<Keys>>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("life", &self.life).finish_non_exhaustive()
    }
}

impl Keys {
    fn new(keys: Vec<ServiceKey>, now: Timestamp) -> Self {
        let times: Vec<Timestamp> = keys.iter().map(|key| key.signs_from).collect();
        let published = keys.iter().enumerate().filter(|(place, _)| is_published(&times, *place, now));
        let published = published.map(|(_, key)| key.key.public_jwk().clone()).collect();
        Self { keys, published: JwkSet::new(published), read_at: now }
    }

    /// What is published.
    pub(crate) const fn published(&self) -> &JwkSet {
        &self.published
    }

    /// The key that signs now.
    pub(crate) fn signer(&self, now: Timestamp) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.signs_from <= now).or_else(|| self.keys.last()).map(|key| &key.key)
    }
}

/// The number of the key that is to be made now, and from when on it signs.
fn wanted(keys: &[ServiceKey], life: Seconds, now: Timestamp) -> Option<(i64, Timestamp)> {
    match keys.first() {
        None => Some((1, now)),
        Some(newest) if now.plus(AHEAD) >= newest.signs_from.plus(life) => {
            Some((newest.number + 1, now.plus(AHEAD)))
        }
        Some(_) => None,
    }
}

/// The newest is; an older one until nothing that it signed can be alive. `times`: from when on each key signs, the newest
/// first.
fn is_published(times: &[Timestamp], place: usize, now: Timestamp) -> bool {
    let successor = place.checked_sub(1).and_then(|place| times.get(place));
    successor.is_none_or(|successor| now < successor.plus(BEHIND))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Seconds = Seconds::days(30);

    fn key(number: i64, signs_from: i64) -> ServiceKey {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        ServiceKey { number, key, signs_from: Timestamp::from_unix(signs_from) }
    }

    #[test]
    fn keys_are_made_in_time_published_before_they_sign_and_kept_after() {
        let (hour, month) = (3_600, 30 * 86_400);
        let at = Timestamp::from_unix;
        assert_eq!(wanted(&[], LIFE, at(5)), Some((1, at(5))));
        let one = [key(1, 0)];
        assert_eq!(wanted(&one, LIFE, at(month - hour - 1)), None);
        assert_eq!(wanted(&one, LIFE, at(month - hour)), Some((2, at(month))));
        assert_eq!(wanted(&one, LIFE, at(5 * month)), Some((2, at(5 * month + hour))), "after a long sleep");

        let kid = |keys: &Keys, now| keys.signer(at(now)).unwrap().kid().to_owned();
        let (old, new) = (key(1, 0), key(2, month));
        let (old_kid, new_kid) = (old.key.kid().to_owned(), new.key.kid().to_owned());
        let keys = Keys::new(vec![new, old], at(month - 1));
        assert_eq!(keys.published().keys().len(), 2, "both are known before the new one signs");
        assert_eq!((kid(&keys, month - 1), kid(&keys, month)), (old_kid, new_kid.clone()));
        let last = Keys::new(keys.keys, at(month + 2 * hour));
        assert_eq!(last.published().keys().len(), 1);
        assert!(last.published().find(&new_kid).is_some());
        assert!(
            last.published()
                .keys()
                .iter()
                .all(|jwk| !format!("{:?}", serde_json::to_string(jwk)).contains("\"d\""))
        );
    }
}
