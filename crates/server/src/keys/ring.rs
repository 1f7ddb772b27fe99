//! The keys in memory: one immutable set, replaced whole.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use mapae_protocol::{
    digest::{HmacKey, sha256_base64url},
    jose::{Algorithm, Jwk, JwkSet, SigningKey},
    seal::SealRoot,
    time::Timestamp,
};

use super::Seals;
use crate::{
    fault::{Artefact, Fault},
    store::keys::{Life, Rank},
};

/// Every key of one moment.
#[derive(Debug)]
pub(crate) struct KeySet {
    pub(crate) seals: Seals,
    subject: HmacKey,
    handle: HmacKey,
    /// The key that signs now, one for each algorithm.
    signing: Vec<SigningKey>,
    published: JwkSet,
    /// Keys of before, whose tokens have all expired. They are not published.
    former: JwkSet,
    /// `GET /jwks`, ready to be sent (RFC 7517 §5).
    pub(crate) jwks: Bytes,
    /// Its entity tag.
    pub(crate) jwks_etag: String,
    /// When another key takes over or one is over: the set must be loaded again then.
    next_change: Option<Timestamp>,
}

/// A signing key as it was stored.
#[derive(Debug)]
pub(crate) struct StoredSigningKey {
    pub(crate) key: SigningKey,
    pub(crate) life: Life,
}

/// The keys that never rotate.
#[derive(Debug)]
pub(crate) struct LastingKeys {
    /// Derives subjects: another key would give every person a new name at every app.
    pub(crate) subject: HmacKey,
    /// Derives revocation handles: another key would blind the APIs to what is revoked.
    pub(crate) handle: HmacKey,
}

impl KeySet {
    /// The set as it stands at `now`: of each algorithm the [first](Rank) key signs, all are published.
    pub(crate) fn new(
        stored: Vec<StoredSigningKey>,
        roots: &[SealRoot],
        lasting: LastingKeys,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let public: Vec<Jwk> = stored.iter().map(|stored| stored.key.public_jwk().clone()).collect();
        let published = JwkSet::new(public);
        let jwks = serde_json::to_vec(&published).map_err(Fault::encoding(Artefact::KeySet))?;
        let jwks_etag = format!("\"{}\"", sha256_base64url(&jwks));
        let seals = Seals::new(roots).map_err(|error| Fault::Key(error.into()))?;
        let LastingKeys { subject, handle } = lasting;
        // One that is over is published no longer, also where nothing else happens.
        let moments = stored.iter().flat_map(|StoredSigningKey { life, .. }| {
            [Some(life.active_at), life.retired_at, life.expires_at].into_iter().flatten()
        });
        let next_change = moments.filter(|moment| *moment > now).min();
        Ok(Self {
            seals,
            subject,
            handle,
            signing: signing_now(stored, now),
            published,
            former: JwkSet::default(),
            jwks: jwks.into(),
            jwks_etag,
            next_change,
        })
    }

    /// The same set, to be loaded again at `moment`, too.
    pub(crate) fn changing_at(mut self, moment: Option<Timestamp>) -> Self {
        self.next_change = [self.next_change, moment].into_iter().flatten().min();
        self
    }

    /// The same set, with keys that are over.
    pub(crate) fn remembering(self, former: JwkSet) -> Self {
        Self { former, ..self }
    }

    /// Whether another key has taken over since this set was loaded.
    pub(crate) fn is_outdated(&self, now: Timestamp) -> bool {
        self.next_change.is_some_and(|moment| moment <= now)
    }

    /// Whether what this text was sealed under is here. All seals have the same keys.
    pub(crate) fn knows_seal_of(&self, text: &str) -> bool {
        self.seals.codes.knows_key_of(text)
    }

    /// The key that signs with this algorithm now.
    pub(crate) fn signing_key(&self, algorithm: Algorithm) -> Result<&SigningKey, Fault> {
        let found = self.signing.iter().find(|key| key.algorithm() == algorithm);
        found.ok_or_else(|| Fault::Key(format!("no active signing key for {}", algorithm.as_str()).into()))
    }

    /// The algorithms that can sign now.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.signing.iter().map(SigningKey::algorithm)
    }

    /// All published keys.
    pub(crate) const fn published(&self) -> &JwkSet {
        &self.published
    }

    /// The keys with which ID tokens were signed that have expired by now (OIDC RP-Initiated Logout §2, §4).
    pub(crate) const fn former(&self) -> &JwkSet {
        &self.former
    }

    /// Whether none of these keys is among those: only an emergency replaces all of them at once.
    pub(crate) fn shares_no_key_with(&self, other: &Self) -> bool {
        self.published
            .keys()
            .iter()
            .all(|key| key.kid().is_none_or(|kid| other.published.find(kid).is_none()))
    }

    pub(crate) const fn subject_key(&self) -> &HmacKey {
        &self.subject
    }

    pub(crate) const fn handle_key(&self) -> &HmacKey {
        &self.handle
    }
}

fn signing_now(mut stored: Vec<StoredSigningKey>, now: Timestamp) -> Vec<SigningKey> {
    stored.retain(|key| !matches!(key.life.rank(now), Rank::Retired(_)));
    stored.sort_by_key(|key| key.life.rank(now));
    let mut signing: Vec<SigningKey> = Vec::new();
    for candidate in stored {
        if signing.iter().all(|chosen| chosen.algorithm() != candidate.key.algorithm()) {
            signing.push(candidate.key);
        }
    }
    signing
}

/// The current set.
#[derive(Debug)]
pub(crate) struct KeyRing(ArcSwap<KeySet>);

impl KeyRing {
    pub(crate) fn new(set: KeySet) -> Self {
        Self(ArcSwap::from_pointee(set))
    }

    /// The set of this moment; a request keeps it to its end.
    pub(crate) fn current(&self) -> Arc<KeySet> {
        self.0.load_full()
    }

    pub(crate) fn replace(&self, set: KeySet) {
        self.0.store(Arc::new(set));
    }
}
