//! Users and sessions.

use mapae::store::{
    Unit,
    sessions::{self, Proof},
    users,
};
use mapae_protocol::time::Seconds;

use super::{
    backend::for_each_backend,
    seed::{NOW, Seed, later, new_session, new_user},
};

for_each_backend! {
    async fn a_person_is_found_by_id_and_by_address(db: TestDb) {
        assert!(users::by_email(&db, "one@example.com").await.unwrap().is_none());
        db.commit(users::insert(&new_user("one"), NOW)).await.unwrap();
        let account = users::by_email(&db, "one@example.com").await.unwrap().unwrap();
        assert_eq!(users::by_id(&db, "usr_one").await.unwrap().as_ref(), Some(&account));
        let user = &account.user;
        assert_eq!((user.name.as_str(), user.locale.as_deref()), ("홍길동", Some("ko")));
        assert!(user.email_verified && !user.operator);
        assert_eq!((user.epoch, user.disabled_at), (0, None));
        assert_eq!((user.updated_at, account.created_at), (NOW, NOW));
        assert!(account.password_hash.unwrap().matches("$argon2id$stored"));
        assert_eq!(users::list(&db, 10).await.unwrap().len(), 1);
    }

    async fn a_person_may_have_neither_password_nor_language(db: TestDb) {
        let mut user = new_user("bare");
        (user.password_hash, user.locale, user.email_verified) = (None, None, false);
        db.commit(users::insert(&user, NOW)).await.unwrap();
        let account = users::by_id(&db, "usr_bare").await.unwrap().unwrap();
        assert_eq!((account.password_hash, account.user.locale), (None, None));
        db.commit(users::verify_email("usr_bare", "bare@example.com", later(Seconds::seconds(1)))).await.unwrap();
        assert!(users::by_id(&db, "usr_bare").await.unwrap().unwrap().user.email_verified);
        let other = users::verify_email("usr_bare", "another@example.com", NOW);
        assert!(db.commit(other).await.unwrap_err().is_conflict(), "not their address");
        let user = users::by_id(&db, "usr_bare").await.unwrap().unwrap().user;
        assert_eq!(user.updated_at, later(Seconds::seconds(1)));
    }

    async fn an_operator_is_known(db: TestDb) {
        db.commit(users::insert(&new_user("one"), NOW)).await.unwrap();
        assert!(!users::any_operator(&db).await.unwrap());
        let mut operator = new_user("boss");
        operator.operator = true;
        db.commit(users::insert(&operator, NOW)).await.unwrap();
        assert!(users::any_operator(&db).await.unwrap());
        db.commit(users::disable("usr_boss", NOW)).await.unwrap();
        assert!(!users::any_operator(&db).await.unwrap(), "one who is disabled runs nothing");
    }

    async fn se_a_disabled_person_has_no_session_and_gets_none_back(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let secret = format!("hash-of-{}", seed.session);
        assert!(sessions::by_secret(&db, &secret, NOW).await.unwrap().is_some());
        db.commit(users::disable(&seed.user, NOW)).await.unwrap();
        assert!(db.commit(users::disable(&seed.user, NOW)).await.unwrap_err().is_conflict(), "already");
        assert!(sessions::by_secret(&db, &secret, NOW).await.unwrap().is_none());
        let refused = users::set_password(&seed.user, 1, &"new".into(), NOW);
        assert!(db.commit(refused).await.unwrap_err().is_conflict(), "a forgotten password is no way back");
        db.commit(users::enable(&seed.user, NOW)).await.unwrap();
        assert!(sessions::by_secret(&db, &secret, NOW).await.unwrap().is_none());
        assert!(sessions::list(&db, &seed.user, NOW).await.unwrap().is_empty());
    }

    async fn a_password_gets_newer_parameters_only_while_it_is_the_same(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let (old, new) = ("$argon2id$stored".into(), "$argon2id$stronger".into());
        db.commit(users::rehash_password(&seed.user, &old, &new)).await.unwrap();
        let account = users::by_id(&db, &seed.user).await.unwrap().unwrap();
        assert_eq!((account.password_hash, account.user.epoch), (Some(new.clone()), 0), "nothing ends");
        db.commit(users::set_password(&seed.user, 0, &"$other".into(), NOW)).await.unwrap();
        db.commit(users::rehash_password(&seed.user, &new, &old)).await.unwrap();
        let account = users::by_id(&db, &seed.user).await.unwrap().unwrap();
        assert!(account.password_hash.unwrap().matches("$other"), "the changed password stays");
    }

    async fn a_session_is_found_with_its_person_until_any_of_its_ends(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let secret = format!("hash-of-{}", seed.session);
        let found = sessions::by_secret(&db, &secret, NOW).await.unwrap().unwrap();
        assert_eq!((found.session.id.as_str(), found.user.id.as_str()), (seed.session.as_str(), seed.user.as_str()));
        assert_eq!((found.session.amr.as_str(), found.session.acr.as_deref()), ("pwd", Some("1")));
        assert!(sessions::by_secret(&db, "hash-of-another", NOW).await.unwrap().is_none());
        let week = later(Seconds::days(7));
        assert!(sessions::by_secret(&db, &secret, week).await.unwrap().is_none(), "idle");
        let touch = sessions::touch(&seed.session, later(Seconds::days(60)), later(Seconds::days(6)));
        db.commit(touch).await.unwrap();
        assert!(sessions::by_secret(&db, &secret, week).await.unwrap().is_some(), "seen meanwhile");
        assert!(sessions::by_secret(&db, &secret, later(Seconds::days(30))).await.unwrap().is_none(), "at the latest");
        db.commit(sessions::end(&seed.session, &seed.user, NOW)).await.unwrap();
        assert!(sessions::by_secret(&db, &secret, NOW).await.unwrap().is_none(), "signed out");
        db.commit(sessions::end(&seed.session, &seed.user, NOW)).await.expect("twice is no conflict");
        assert!(db.commit(sessions::keep(&seed.session)).await.unwrap_err().is_conflict());
    }

    async fn a_session_is_noted_as_seen_once_a_minute(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let secret = format!("hash-of-{}", seed.session);
        let seen = async || sessions::by_secret(&db, &secret, NOW).await.unwrap().unwrap().session;
        let session = seen().await;
        let (early, due) = (later(Seconds::seconds(59)), later(Seconds::seconds(60)));
        assert!(!session.touch_due(early) && session.touch_due(due));
        db.commit(sessions::touch(&seed.session, later(Seconds::days(8)), early)).await.unwrap();
        assert_eq!(seen().await.last_seen_at, NOW);
        db.commit(sessions::touch(&seed.session, later(Seconds::days(8)), due)).await.unwrap();
        assert_eq!((seen().await.last_seen_at, seen().await.idle_expires_at), (due, later(Seconds::days(8))));
    }

    async fn se_signing_in_again_changes_the_secret(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let at = later(Seconds::minutes(5));
        let proof = Proof {
            auth_time: at,
            amr: "pwd otp".into(),
            acr: None,
            proved_at: Some(at),
            passed_at: Some(NOW),
            identity_id: None,
        };
        let idle = later(Seconds::days(8));
        db.commit(sessions::reauthenticate(&seed.session, 0, &"fresh".into(), &proof, idle)).await.unwrap();
        let old = sessions::by_secret(&db, &format!("hash-of-{}", seed.session), at).await.unwrap();
        assert!(old.is_none(), "what was planted before is worth nothing");
        let session = sessions::by_secret(&db, "fresh", at).await.unwrap().unwrap().session;
        assert_eq!((session.auth_time, session.amr.as_str(), session.acr), (at, "pwd otp", None));
        assert_eq!((session.proved_at, session.passed_at), (Some(at), Some(NOW)));
        assert_eq!(session.id, seed.session);
        db.commit(sessions::end(&seed.session, &seed.user, at)).await.unwrap();
        let ended = sessions::reauthenticate(&seed.session, 0, &"late".into(), &proof, idle);
        assert!(db.commit(ended).await.unwrap_err().is_conflict());
    }

    async fn se_27_the_old_password_renews_no_session_that_survived_its_change(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let proof = Proof {
            auth_time: NOW,
            amr: "pwd".into(),
            acr: None,
            proved_at: None,
            passed_at: Some(NOW),
            identity_id: None,
        };
        let idle = later(Seconds::days(8));
        let renew = |epoch, secret: &str| {
            sessions::reauthenticate(&seed.session, epoch, &secret.into(), &proof, idle)
        };
        // A thief of the cookie and of the old password has proven it; then it is changed; then they go on.
        let change = users::set_password(&seed.user, 0, &"new".into(), NOW)
            .with(renew(0, "owner"))
            .with(sessions::keep(&seed.session));
        db.commit(change).await.unwrap();
        assert!(db.commit(renew(0, "thief")).await.unwrap_err().is_conflict());
        assert!(sessions::by_secret(&db, "thief", NOW).await.unwrap().is_none());
        assert!(sessions::by_secret(&db, "owner", NOW).await.unwrap().is_some());
        db.commit(renew(1, "owner again")).await.expect("the new password renews it");
    }

    async fn se_other_browsers_are_signed_out_together(db: TestDb) {
        let (seed, stranger) = (Seed::plant(&db, "one").await, Seed::plant(&db, "two").await);
        for other in ["ses_b", "ses_c"] {
            db.commit(sessions::insert(&new_session(other, &seed.user), NOW)).await.unwrap();
        }
        let all = sessions::list(&db, &seed.user, NOW).await.unwrap();
        assert_eq!(all.len(), 3);
        let others = all.iter().filter(|session| session.id != seed.session);
        let unit = Unit::new().with_all(others.map(|session| sessions::end(&session.id, &seed.user, NOW)));
        db.commit(unit).await.unwrap();
        let left = sessions::list(&db, &seed.user, NOW).await.unwrap();
        assert_eq!(left.iter().map(|session| &session.id).collect::<Vec<_>>(), [&seed.session]);
        db.commit(sessions::end(&stranger.session, &seed.user, NOW)).await.unwrap();
        let untouched = sessions::list(&db, &stranger.user, NOW).await.unwrap();
        assert_eq!(untouched.len(), 1, "a session of somebody else is not ended");
    }

    async fn a_session_of_nobody_is_a_conflict(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let orphan = sessions::insert(&new_session("ses_x", "usr_nobody"), NOW);
        assert!(db.commit(orphan).await.unwrap_err().is_conflict());
        let twice = sessions::insert(&new_session(&seed.session, &seed.user), NOW);
        assert!(db.commit(twice).await.unwrap_err().is_conflict());
    }
}
