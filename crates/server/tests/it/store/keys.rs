//! Keys and counters.

use mapae::store::{
    counters,
    keys::{self, Life, SealKey, SigningKey},
};
use mapae_protocol::time::Seconds;

use super::{
    backend::for_each_backend,
    seed::{NOW, later},
};

fn life(active: u32) -> Life {
    Life { created_at: NOW, active_at: later(Seconds::hours(active)), retired_at: None, expires_at: None }
}

fn signing(kid: &str, active: u32) -> SigningKey {
    SigningKey {
        kid: kid.into(),
        alg: "ES256".into(),
        private_wrapped: format!("wrapped-{kid}").as_str().into(),
        public_jwk: r#"{"kty":"EC"}"#.into(),
        life: life(active),
    }
}

fn seal(id: &str, active: u32) -> SealKey {
    SealKey { id: id.into(), secret_wrapped: format!("wrapped-{id}").as_str().into(), life: life(active) }
}

for_each_backend! {
    async fn signing_keys_are_published_retired_and_gone(db: TestDb) {
        let (one, two) = (signing("one", 0), signing("two", 1));
        db.commit(keys::add_signing(&two)).await.unwrap();
        db.commit(keys::add_signing(&one)).await.unwrap();
        assert_eq!(keys::signing(&db, NOW).await.unwrap(), [one.clone(), two.clone()], "the oldest first");
        assert!(db.commit(keys::add_signing(&one)).await.unwrap_err().is_conflict());
        let (at, end) = (later(Seconds::hours(1)), later(Seconds::hours(2)));
        // Two nodes rotate at once: one of them makes the third key.
        for (n, third) in ["three", "four"].into_iter().enumerate() {
            let rotate = keys::retire_signing("one", end, at).with(keys::add_signing(&signing(third, 2)));
            assert_eq!(db.commit(rotate).await.is_ok(), n == 0);
        }
        let found = keys::signing(&db, at).await.unwrap();
        assert_eq!(found.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!((found[0].life.retired_at, found[0].life.expires_at), (Some(at), Some(end)));
        let left = keys::signing(&db, end).await.unwrap();
        assert_eq!(left.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["two", "three"], "expired");
        assert_eq!(counters::read(&db).await.unwrap().catalog, 3, "other nodes notice");
    }

    async fn seal_keys_are_published_retired_and_gone(db: TestDb) {
        let (one, two) = (seal("one", 0), seal("two", 1));
        db.commit(keys::add_seal(&one).with(keys::add_seal(&two))).await.unwrap();
        assert_eq!(keys::seals(&db, NOW).await.unwrap(), [one.clone(), two]);
        assert!(db.commit(keys::add_seal(&one)).await.unwrap_err().is_conflict());
        let end = later(Seconds::hours(2));
        db.commit(keys::retire_seal("one", end, NOW)).await.unwrap();
        assert!(db.commit(keys::retire_seal("one", end, NOW)).await.unwrap_err().is_conflict());
        assert_eq!(keys::seals(&db, NOW).await.unwrap().len(), 2, "still opens what it sealed");
        assert_eq!(keys::seals(&db, end).await.unwrap().len(), 1);
        assert_eq!(counters::read(&db).await.unwrap().catalog, 2, "two changes, each noted once");
    }

    async fn me_04_keys_are_withdrawn_as_they_were_seen_or_not_at_all(db: TestDb) {
        let (key, sealer) = (signing("one", 0), seal("one", 0));
        db.commit(keys::add_signing(&key).with(keys::add_seal(&sealer))).await.unwrap();
        let end = later(Seconds::hours(2));
        db.commit(keys::retire_signing("one", end, NOW).with(keys::retire_seal("one", end, NOW))).await.unwrap();
        for unit in [keys::withdraw_signing(&key, NOW), keys::withdraw_seal(&sealer)] {
            assert!(db.commit(unit).await.unwrap_err().is_conflict(), "somebody has retired it");
        }
        // One that is retired, and one that is not.
        db.commit(keys::add_signing(&signing("two", 1)).with(keys::add_seal(&seal("two", 1)))).await.unwrap();
        for key in keys::signing(&db, NOW).await.unwrap() {
            db.commit(keys::withdraw_signing(&key, NOW)).await.unwrap();
            assert!(db.commit(keys::withdraw_signing(&key, NOW)).await.unwrap_err().is_conflict(), "it has ended");
        }
        for sealer in keys::seals(&db, NOW).await.unwrap() {
            db.commit(keys::withdraw_seal(&sealer)).await.unwrap();
            assert!(db.commit(keys::withdraw_seal(&sealer)).await.unwrap_err().is_conflict(), "it has ended");
        }
        let left = (keys::signing(&db, NOW).await.unwrap(), keys::seals(&db, NOW).await.unwrap());
        assert!(left.0.is_empty() && left.1.is_empty(), "{left:?}");
    }

    /// Also one that is over by the clock of whoever withdraws it, and not by the others.
    async fn me_04_a_key_that_was_withdrawn_has_ended_by_every_clock(db: TestDb) {
        db.commit(keys::add_signing(&signing("one", 0)).with(keys::add_seal(&seal("one", 0)))).await.unwrap();
        let end = later(Seconds::minutes(2));
        db.commit(keys::retire_signing("one", end, NOW).with(keys::retire_seal("one", end, NOW))).await.unwrap();
        db.commit(keys::add_signing(&signing("two", 0)).with(keys::add_seal(&seal("two", 0)))).await.unwrap();
        let ahead = later(Seconds::minutes(4));
        for key in keys::signing(&db, NOW).await.unwrap() {
            db.commit(keys::withdraw_signing(&key, ahead)).await.unwrap();
        }
        for sealer in keys::seals(&db, NOW).await.unwrap() {
            db.commit(keys::withdraw_seal(&sealer)).await.unwrap();
        }
        let left = (keys::signing(&db, NOW).await.unwrap(), keys::seals(&db, NOW).await.unwrap());
        assert!(left.0.is_empty() && left.1.is_empty(), "{left:?}");
    }

    async fn a_key_that_never_rotates_is_made_once(db: TestDb) {
        assert!(keys::secret(&db, "pairwise").await.unwrap().is_none());
        db.commit(keys::put_secret("pairwise", &"first".into())).await.unwrap();
        db.commit(keys::put_secret("pairwise", &"second".into())).await.expect("the loser reads the winner's");
        assert!(keys::secret(&db, "pairwise").await.unwrap().unwrap().matches("first"));
    }

    async fn the_noted_time_never_goes_back(db: TestDb) {
        let clock = async || counters::read(&db).await.unwrap().clock;
        db.commit(counters::raise_clock(NOW)).await.unwrap();
        db.commit(counters::raise_clock(NOW.minus(Seconds::hours(1)))).await.unwrap();
        assert_eq!(clock().await, NOW);
        db.commit(counters::raise_clock(later(Seconds::hours(1)))).await.unwrap();
        assert_eq!(clock().await, later(Seconds::hours(1)));
    }
}
