//! Revocation between two steps, and raced against them: nothing is alive afterwards — CO-12, RE-08, SE.

use mapae::store::{
    Db, Unit,
    alive::Dead,
    app_secrets::{self, Before, NewSecret},
    apps, consents, grant_states,
    grants::{self, Rotation},
    sessions, users,
};
use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    backend::for_each_backend,
    seed::{NOW, Seed, later, new_session},
};

/// Everything that ends what was made before, and what it must be called afterwards.
const REVOCATIONS: &[(&str, Dead)] = &[
    ("disable user", Dead::UserDisabled),
    ("disable and enable user", Dead::UserChanged),
    ("change password", Dead::UserChanged),
    ("disable app", Dead::AppDisabled),
    ("block app", Dead::AppDisabled),
    ("delete app", Dead::AppDisabled),
    ("stolen secret", Dead::AppChanged),
    ("disconnect", Dead::ConsentWithdrawn),
    ("drop scope", Dead::ConsentWithdrawn),
    ("end session", Dead::SessionEnded),
];

async fn revoke(db: &Db, seed: &Seed, what: &str) {
    let consent = || consents::find(db, &seed.user, &seed.app);
    let unit = match what {
        "disable user" | "disable and enable user" => users::disable(&seed.user, NOW),
        "change password" => users::set_password(&seed.user, 0, &"new".into(), NOW),
        "disable app" => apps::disable(&seed.app, NOW),
        "block app" => apps::block(&seed.app, NOW),
        "delete app" => apps::delete(&seed.app, NOW),
        "stolen secret" => {
            let secret = NewSecret { id: format!("{}-new", seed.app), hash: "new".into(), sealed: None };
            app_secrets::rotate(&seed.app, &secret, Before::Stolen, NOW)
        }
        "disconnect" => consents::disconnect(&seed.consent, &seed.user, NOW),
        "drop scope" => consents::drop_scope(&consent().await.unwrap().unwrap(), "profile", NOW).unwrap(),
        "end session" => sessions::end(&seed.session, &seed.user, NOW),
        other => panic!("{other}"),
    };
    db.commit(unit).await.unwrap();
    if what == "disable and enable user" {
        db.commit(users::enable(&seed.user, NOW)).await.unwrap();
    }
}

async fn alive(db: &Db, grant: &str, now: Timestamp) -> Result<(), Dead> {
    let facts = grants::facts(db, grant).await.unwrap().expect("the grant is there");
    let state = grant_states::of_token(db, grant, "jti").await.unwrap().expect("the grant is there");
    let verdict = facts.alive(now);
    assert_eq!(
        state.alive(now.plus(Seconds::minutes(5)), now),
        verdict,
        "who refreshes and who shows a token hear the same"
    );
    verdict
}

fn rotation<'a>(grant_id: &'a str, hash: &'a mapae::store::Concealed) -> Rotation<'a> {
    let idle_expires_at = later(Seconds::days(7));
    Rotation { grant_id, presented: 0, refresh_hash: hash, successor: None, idle_expires_at }
}

for_each_backend! {
    async fn co_12_what_is_revoked_before_the_redemption_is_known_to_it(db: TestDb) {
        for (n, (what, reason)) in REVOCATIONS.iter().enumerate() {
            let seed = Seed::plant(&db, &n.to_string()).await;
            let epochs = seed.grant("x").given.epochs;
            let facts = grants::redemption_facts(&db, &seed.redemption("code:x")).await.unwrap();
            assert_eq!(facts.states.hold(epochs, false, NOW), Ok(()), "{what}: alive before");
            revoke(&db, &seed, what).await;
            let facts = grants::redemption_facts(&db, &seed.redemption("code:x")).await.unwrap();
            assert_eq!(facts.states.hold(epochs, false, NOW), Err(*reason), "{what}");
        }
    }

    async fn co_12_what_is_revoked_between_facts_and_commit_is_born_dead(db: TestDb) {
        for (n, (what, reason)) in REVOCATIONS.iter().enumerate() {
            let seed = Seed::plant(&db, &n.to_string()).await;
            let facts = grants::redemption_facts(&db, &seed.redemption("code:x")).await.unwrap();
            assert!(facts.states.hold(seed.grant("x").given.epochs, false, NOW).is_ok());
            revoke(&db, &seed, what).await;
            let grant = seed.redeem(&db, &format!("late-{n}")).await;
            assert_eq!(alive(&db, &grant, NOW).await, Err(*reason), "{what}");
        }
    }

    async fn re_08_what_is_revoked_after_the_redemption_is_dead(db: TestDb) {
        for (n, (what, reason)) in REVOCATIONS.iter().enumerate() {
            let seed = Seed::plant(&db, &n.to_string()).await;
            let grant = seed.redeem(&db, &format!("c{n}")).await;
            assert_eq!(alive(&db, &grant, NOW).await, Ok(()), "{what}: alive before");
            revoke(&db, &seed, what).await;
            assert_eq!(alive(&db, &grant, NOW).await, Err(*reason), "{what}");
        }
    }

    async fn co_12_re_08_nothing_is_alive_after_a_race_with_a_revocation(db: TestDb) {
        for round in 0..8 {
            for (n, (what, _)) in REVOCATIONS.iter().enumerate() {
                let tag = format!("{round}-{n}");
                let seed = Seed::plant(&db, &tag).await;
                let held = seed.redeem(&db, &format!("held-{tag}")).await;
                let hash = "next".into();
                let new = seed.grant(&format!("new-{tag}"));
                let refresh = async { db.commit(grants::rotate(&rotation(&held, &hash), NOW)).await };
                let redeem = async { db.commit(grants::insert(&new, NOW)).await };
                let ((), refreshed, redeemed) = tokio::join!(revoke(&db, &seed, what), refresh, redeem);
                assert!(refreshed.is_ok() && redeemed.is_ok(), "{refreshed:?} {redeemed:?}");
                for grant in [&held, &new.given.id] {
                    assert!(alive(&db, grant, NOW).await.is_err(), "{what}: {grant} is alive after the revocation");
                }
            }
        }
    }

    async fn db_01_a_guard_and_a_revocation_never_both_come_first(db: TestDb) {
        for round in 0..40 {
            let seed = Seed::plant(&db, &round.to_string()).await;
            let grant = seed.grant(&format!("guarded-{round}"));
            let guarded = Unit::from(users::guard(&seed.user, 0)).with(grants::insert(&grant, NOW));
            let (redeemed, ended) =
                tokio::join!(db.commit(guarded), db.commit(users::end_everything(&seed.user, NOW)));
            ended.unwrap();
            let there = grants::facts(&db, &grant.given.id).await.unwrap();
            match redeemed {
                Ok(_) => assert!(there.unwrap().alive(NOW).is_err(), "it came first, and was ended"),
                Err(error) => assert!(error.is_conflict() && there.is_none(), "it came second: {error:?}"),
            }
        }
    }

    async fn db_01_a_guard_conflicts_once_its_subject_has_changed(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let guard = || users::guard(&seed.user, 0);
        db.commit(guard()).await.unwrap();
        db.commit(users::end_everything(&seed.user, NOW)).await.unwrap();
        let conflict = db.commit(guard()).await.unwrap_err();
        assert_eq!(conflict.to_string(), "conflict at mapae::store::users::GUARD");
    }

    async fn re_08_an_offline_grant_survives_its_session_and_nothing_else(db: TestDb) {
        for (n, (what, reason)) in REVOCATIONS.iter().enumerate() {
            let seed = Seed::plant(&db, &n.to_string()).await;
            let mut grant = seed.grant(&n.to_string());
            grant.given.offline = true;
            db.commit(grants::insert(&grant, NOW)).await.unwrap();
            revoke(&db, &seed, what).await;
            let expected = if *what == "end session" { Ok(()) } else { Err(*reason) };
            assert_eq!(alive(&db, &grant.given.id, NOW).await, expected, "{what}");
        }
    }

    async fn re_07_a_grant_ends_with_its_time_and_with_that_of_its_session(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let grant = seed.redeem(&db, "code").await;
        let week = later(Seconds::days(7));
        assert_eq!(alive(&db, &grant, week.minus(Seconds::seconds(1))).await, Ok(()));
        assert_eq!(alive(&db, &grant, week).await, Err(Dead::Expired), "idle for seven days");
        let mut short = seed.grant("short");
        short.idle_expires_at = later(Seconds::days(30));
        db.commit(grants::insert(&short, NOW)).await.unwrap();
        assert_eq!(alive(&db, &short.given.id, week).await, Err(Dead::SessionEnded), "the session was idle for seven days");
    }

    async fn re_01_a_revoked_grant_is_dead_and_stays_so(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let grant = seed.redeem(&db, "code").await;
        db.commit(grants::revoke(&grant, NOW)).await.unwrap();
        let again = grants::revoke(&grant, later(Seconds::seconds(9)));
        assert!(db.commit(again).await.unwrap_err().is_conflict(), "done already");
        assert_eq!(alive(&db, &grant, NOW).await, Err(Dead::Revoked));
        let facts = grants::facts(&db, &grant).await.unwrap().unwrap();
        assert_eq!(facts.grant.revoked_at, Some(NOW));
        assert!(facts.grant.refresh_hash.is_none(), "its hash is gone with it");
        let hash = "next".into();
        assert!(db.commit(grants::rotate(&rotation(&grant, &hash), NOW)).await.unwrap_err().is_conflict());
        assert!(db.commit(grants::touch(&grant, 0, NOW, NOW)).await.unwrap_err().is_conflict());
    }

    async fn se_a_change_of_password_ends_all_sessions_but_the_one_that_is_kept(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        for other in ["ses_b", "ses_c"] {
            db.commit(sessions::insert(&new_session(other, &seed.user), NOW)).await.unwrap();
        }
        let grant = seed.redeem(&db, "code").await;
        let unit = users::set_password(&seed.user, 0, &"new".into(), NOW).with(sessions::keep(&seed.session));
        db.commit(unit).await.unwrap();
        let left = sessions::list(&db, &seed.user, NOW).await.unwrap();
        assert_eq!(left.iter().map(|session| session.id.as_str()).collect::<Vec<_>>(), [seed.session.as_str()]);
        assert_eq!(alive(&db, &grant, NOW).await, Err(Dead::UserChanged), "also what the kept session had given");
        // Somebody who signed in with the old password a moment ago: the session is born dead.
        db.commit(sessions::insert(&new_session("ses_late", &seed.user), NOW)).await.unwrap();
        assert!(sessions::by_secret(&db, "hash-of-ses_late", NOW).await.unwrap().is_none());
        let again = users::set_password(&seed.user, 0, &"newer".into(), NOW);
        assert!(db.commit(again).await.unwrap_err().is_conflict(), "decided on facts from before");
    }

    async fn lk_states_of_somebody_else_are_no_states(db: TestDb) {
        let (one, two) = (Seed::plant(&db, "one").await, Seed::plant(&db, "two").await);
        let mut mixed = one.redemption("code:x");
        (mixed.consent_id, mixed.session_id) = (two.consent.as_str(), Some(two.session.as_str()));
        let states = grants::redemption_facts(&db, &mixed).await.unwrap().states;
        assert!(states.user.is_some() && states.app.is_some());
        assert!(states.consent.is_none() && states.session.is_none(), "not of this person");
    }
}
