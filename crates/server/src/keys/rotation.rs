//! Changing keys without anybody noticing: published before use, kept after use — OIDC Core §10.1.1.

use mapae_protocol::{
    jose::Algorithm,
    seal::MasterKey,
    time::{Seconds, Timestamp},
};

use super::{
    load::{ALGORITHMS, new_seal, new_signing},
    purposes::longest_life,
};
use crate::{
    config::Config,
    fault::Fault,
    store::{Db, Unit, keys as rows},
};

/// A new key is published this long before it signs: twice the time for which clients may keep the old set.
const LEAD: Seconds = Seconds::minutes(10);
/// What was signed or sealed stays good this long beyond its life, for clocks that differ.
const MARGIN: Seconds = Seconds::hours(1);

/// When the new keys take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeover {
    /// After everybody had time to fetch them; the old ones stay until the last of what they made has expired.
    Planned,
    /// At once, and everything that the old keys signed or sealed is void: for keys that were stolen.
    Emergency,
}

/// The keys as one moment found them. A rotation is decided on and made of the same ones: those that another node made
/// in between are none of its own, and it conflicts with them.
pub(crate) struct Present {
    signing: Vec<rows::SigningKey>,
    seals: Vec<rows::SealKey>,
}

impl Present {
    /// All that are not yet expired.
    pub(crate) async fn read(db: &Db, now: Timestamp) -> Result<Self, Fault> {
        Ok(Self { signing: rows::signing(db, now).await?, seals: rows::seals(db, now).await? })
    }

    /// Those, too, whose time is over by the clock of this machine: by that of another one it may not be.
    pub(crate) async fn read_all(db: &Db) -> Result<Self, Fault> {
        let seals = rows::seals(db, Timestamp::from_unix(0)).await?;
        Ok(Self { signing: rows::not_withdrawn(db).await?, seals })
    }

    /// The keys that sign, or did, or will.
    pub(crate) fn signing(&self) -> &[rows::SigningKey] {
        &self.signing
    }
}

/// Makes new keys that sign with these algorithms and retires the present ones. A conflict says that somebody else just did.
pub(crate) fn rotation_of(
    present: &Present,
    master: &MasterKey,
    config: &Config,
    algorithms: &[Algorithm],
    now: Timestamp,
) -> Result<Unit, Fault> {
    let start = now.plus(LEAD);
    let of_these = |key: &&rows::SigningKey| algorithms.iter().any(|algorithm| algorithm.as_str() == key.alg);
    let mut unit = retired(present.signing.iter().filter(of_these), &[], config, start);
    for &algorithm in algorithms {
        unit = unit.with(rows::add_signing(&new_signing(algorithm, master, now, start)?));
    }
    Ok(unit)
}

/// Makes new keys of every kind and retires the present ones. A conflict says that somebody else just did.
pub(crate) fn rotation(
    present: &Present,
    master: &MasterKey,
    config: &Config,
    takeover: Takeover,
    now: Timestamp,
) -> Result<Unit, Fault> {
    let Present { signing, seals } = present;
    let (start, former) = match takeover {
        Takeover::Planned => {
            let start = now.plus(LEAD);
            (start, retired(signing.iter(), seals, config, start))
        }
        Takeover::Emergency => (now, withdrawn(signing, seals, now)),
    };
    let mut unit = former;
    for &algorithm in ALGORITHMS {
        unit = unit.with(rows::add_signing(&new_signing(algorithm, master, now, start)?));
    }
    Ok(unit.with(rows::add_seal(&new_seal(master, now, start))))
}

/// What the present keys made stays good until it expires, whatever it is: one sealing key seals all of it.
fn retired<'a>(
    signing: impl Iterator<Item = &'a rows::SigningKey>,
    seals: &[rows::SealKey],
    config: &Config,
    start: Timestamp,
) -> Unit {
    let signed_end = start.plus(config.tokens.access_token.max(config.tokens.id_token)).plus(MARGIN);
    let sealed_end = start.plus(longest_life(config)).plus(MARGIN);
    let signing = signing.filter(|key| key.life.retired_at.is_none());
    let seals = seals.iter().filter(|key| key.life.retired_at.is_none());
    Unit::new()
        .with_all(signing.map(|key| rows::retire_signing(&key.kid, signed_end, start)))
        .with_all(seals.map(|key| rows::retire_seal(&key.id, sealed_end, start)))
}

/// Whoever stole the keys can sign and open and seal with all of them, whenever they were retired. One that was retired
/// since it was read has a successor that is not among these: that is a conflict.
fn withdrawn(signing: &[rows::SigningKey], seals: &[rows::SealKey], now: Timestamp) -> Unit {
    Unit::new()
        .with_all(signing.iter().map(|key| rows::withdraw_signing(key, now)))
        .with_all(seals.iter().map(rows::withdraw_seal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, jobs::tests::server};

    #[tokio::test]
    async fn me_04_an_emergency_is_in_force_at_once_where_the_clock_is_behind() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let (app, _folder) = server(clock.clone()).await;
        let (db, master, config) = (app.db(), app.master_key(), app.config());
        let sealed = app.keys().current().seals.codes.seal(b"before", b"");
        let present = Present::read(db, app.now()).await.unwrap();
        app.commit(rotation(&present, master, config, Takeover::Planned, app.now()).unwrap()).await.unwrap();
        let stolen = Present::read_all(db).await.unwrap();
        assert_eq!(stolen.signing.len(), 2 * ALGORITHMS.len());
        // The former keys are good for two more minutes here, and over where the emergency comes from.
        let end = stolen.signing.iter().filter_map(|key| key.life.expires_at).min().unwrap();
        clock.set(end.minus(Seconds::minutes(2)));
        let ahead = end.plus(Seconds::minutes(2));
        app.changes().follow(&app).await.unwrap();
        assert_eq!(app.keys().current().published().keys().len(), 2 * ALGORITHMS.len());
        assert!(app.keys().current().seals.codes.open(&sealed, b"").is_ok());

        app.commit(rotation(&stolen, master, config, Takeover::Emergency, ahead).unwrap()).await.unwrap();
        let keys = app.keys().current();
        assert!(keys.seals.codes.open(&sealed, b"").is_err(), "what was sealed before");
        let after = keys.seals.codes.seal(b"after", b"");
        assert_eq!(keys.seals.codes.open(&after, b"").unwrap(), b"after");
        assert_eq!(keys.published().keys().len(), ALGORITHMS.len(), "nothing is accepted that they signed");
        for algorithm in ALGORITHMS {
            let kid = keys.signing_key(*algorithm).unwrap().kid();
            assert!(stolen.signing.iter().all(|key| key.kid != kid), "{}", algorithm.as_str());
        }
    }
}
