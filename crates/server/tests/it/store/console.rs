//! What the developer console keeps and counts.

use mapae::store::{
    CommitError, Unit, app_icons,
    app_secrets::{self, Before, MADE_BEFORE, NewSecret},
    apps, consents, counters,
    db::Sql,
    developers::{self, Developer, KNOWN, NO_ROOM, NOT_THE_PERSON},
    users,
};
use mapae_protocol::time::Seconds;

use super::{
    backend::for_each_backend,
    seed::{NOW, Seed, later, new_app, new_user},
};

fn conflict(error: CommitError) -> Sql {
    match error {
        CommitError::Conflict { statement } => statement,
        other => panic!("{other:?}"),
    }
}

for_each_backend! {
    async fn a_developer_registers_up_to_the_quota(db: TestDb) {
        db.commit(users::insert(&new_user("dev"), NOW)).await.unwrap();
        let developer = Developer { id: "usr_dev", epoch: 0 };
        let app = |name: &str| apps::NewApp { owner_id: Some("usr_dev".into()), ..new_app(name) };
        for name in ["one", "two"] {
            db.commit(developers::register(developer, 2, &app(name), NOW)).await.unwrap();
        }
        let full = db.commit(developers::register(developer, 2, &app("three"), NOW)).await.unwrap_err();
        assert_eq!(conflict(full), NO_ROOM);
        let known = db.commit(developers::register(developer, 3, &app("two"), NOW)).await.unwrap_err();
        assert_eq!(conflict(known), KNOWN);
        db.commit(apps::delete("app_one", NOW)).await.unwrap();
        db.commit(developers::register(developer, 2, &app("three"), NOW)).await.unwrap();
        db.commit(users::disable("usr_dev", NOW)).await.unwrap();
        let nobody = db.commit(developers::register(developer, 9, &app("four"), NOW)).await.unwrap_err();
        assert_eq!(conflict(nobody), NOT_THE_PERSON);
    }

    async fn people_are_counted_while_they_are_connected(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let owned = apps::NewApp { owner_id: Some(seed.user.clone()), ..new_app("own") };
        db.commit(apps::insert(&owned, NOW)).await.unwrap();
        assert!(developers::people(&db, &seed.user).await.unwrap().is_empty());
        let agreement = consents::Agreement {
            new_id: "con_own".into(),
            user_id: seed.user.clone(),
            app_id: "app_own".into(),
            accepted: vec!["openid".into()],
            refused: vec![],
            anew: false,
            agreed_app: None,
        };
        db.commit(consents::agree(None, &agreement, NOW)).await.unwrap();
        assert_eq!(developers::people(&db, &seed.user).await.unwrap().get("app_own"), Some(&1));
        db.commit(consents::disconnect("con_own", &seed.user, NOW)).await.unwrap();
        assert!(developers::people(&db, &seed.user).await.unwrap().is_empty());
        assert!(developers::people(&db, "usr_other").await.unwrap().is_empty());
    }

    async fn an_app_has_one_picture(db: TestDb) {
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        let find = async |digest| app_icons::find(&db, "app_one", digest).await.unwrap();
        db.commit(app_icons::put("app_one", "d1", "AAAA")).await.unwrap();
        assert_eq!(find("d1").await.as_deref(), Some("AAAA"));
        db.commit(app_icons::put("app_one", "d2", "BBBB")).await.unwrap();
        assert_eq!((find("d1").await, find("d2").await.as_deref()), (None, Some("BBBB")));
        db.commit(app_icons::remove("app_one")).await.unwrap();
        db.commit(app_icons::remove("app_one")).await.unwrap();
        assert_eq!(find("d2").await, None);
        db.commit(app_icons::put("app_one", "d3", "CCCC")).await.unwrap();
        db.commit(apps::delete("app_one", NOW)).await.unwrap();
        assert_eq!(find("d3").await, None, "it goes with its app");
        assert!(db.commit(app_icons::put("app_none", "d", "A")).await.unwrap_err().is_conflict());
    }

    async fn a_decision_stands_on_one_generation_of_the_catalogue(db: TestDb) {
        let seen = counters::read(&db).await.unwrap().catalog;
        let change = |name: &str| Unit::from(counters::guard_catalog(seen)).with(apps::insert(&new_app(name), NOW));
        db.commit(change("one")).await.unwrap();
        let stale = conflict(db.commit(change("two")).await.unwrap_err());
        assert_eq!(stale.name(), "mapae::store::counters::GUARD_CATALOG");
        assert!(apps::find(&db, "app_two").await.unwrap().is_none(), "nothing of it happened");
    }

    async fn to_18_a_secret_that_had_an_end_from_the_start_is_no_former_one(db: TestDb) {
        let app = apps::NewApp { secret: None, ..new_app("one") };
        let secret = |id: &str| NewSecret { id: id.into(), hash: format!("hash-of-{id}").as_str().into(), sealed: None };
        let (hour, week) = (later(Seconds::hours(1)), later(Seconds::days(7)));
        let first = app_secrets::insert_until("app_one", &secret("first"), Some(week), NOW);
        db.commit(apps::insert(&app, NOW).with(first)).await.unwrap();
        let secrets = async || apps::find(&db, "app_one").await.unwrap().unwrap().secrets;
        let ends = async |at| {
            let secrets = secrets().await.into_iter().filter(|secret| secret.valid(at));
            let mut ends: Vec<_> = secrets.map(|secret| (secret.id, secret.expires_at)).collect();
            ends.sort();
            ends
        };
        let gentle = Before::overlapping(NOW);
        let day = later(Seconds::days(1));
        assert_eq!(gentle.last_end(&secrets().await, NOW), Some(day));
        assert_eq!(Before::Stolen.last_end(&secrets().await, NOW), None);
        db.commit(app_secrets::rotate("app_one", &secret("second"), gentle, NOW)).await.unwrap();
        assert_eq!(ends(NOW).await, [("first".to_owned(), Some(day)), ("second".to_owned(), None)]);
        let gentle = Before::overlapping(hour);
        let end = hour.plus(Seconds::days(1));
        assert_eq!(gentle.last_end(&secrets().await, hour), Some(end));
        db.commit(app_secrets::rotate("app_one", &secret("third"), gentle, hour)).await.unwrap();
        assert_eq!(ends(hour).await, [("second".to_owned(), Some(end)), ("third".to_owned(), None)], "now it is");
    }

    async fn to_18_a_secret_that_would_end_before_the_day_does_so(db: TestDb) {
        let app = apps::NewApp { secret: None, ..new_app("one") };
        let secret = |id: &str| NewSecret { id: id.into(), hash: format!("hash-of-{id}").as_str().into(), sealed: None };
        let hour = later(Seconds::hours(1));
        let first = app_secrets::insert_until("app_one", &secret("first"), Some(hour), NOW);
        db.commit(apps::insert(&app, NOW).with(first)).await.unwrap();
        let found = apps::find(&db, "app_one").await.unwrap().unwrap();
        let gentle = Before::overlapping(NOW);
        assert_eq!(gentle.last_end(&found.secrets, NOW), Some(hour));
        assert_eq!(gentle.last_end(&found.secrets, hour), None, "it has ended");
        db.commit(app_secrets::rotate("app_one", &secret("second"), gentle, NOW)).await.unwrap();
        let found = apps::find(&db, "app_one").await.unwrap().unwrap();
        let first = found.secrets.iter().find(|secret| secret.id == "first").unwrap();
        assert_eq!(first.expires_at, Some(hour));
    }

    async fn to_18_secrets_before_are_stopped_and_at_most_one_goes_on(db: TestDb) {
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        let secret = |id: &str| NewSecret { id: id.into(), hash: format!("hash-of-{id}").as_str().into(), sealed: None };
        let valid = async |at| {
            let found = apps::find(&db, "app_one").await.unwrap().unwrap();
            let valid = found.secrets.into_iter().filter(|secret| secret.valid(at));
            valid.map(|secret| secret.id).collect::<Vec<_>>()
        };
        for (minute, id) in (1..).zip(["second", "third"]) {
            let at = later(Seconds::minutes(minute));
            let before = Before::ValidUntil(at.plus(Seconds::days(1)));
            db.commit(app_secrets::rotate("app_one", &secret(id), before, at)).await.unwrap();
        }
        let at = later(Seconds::minutes(2));
        assert_eq!(valid(at).await, ["second", "third"], "the first one has ended with the second rotation");
        let again = app_secrets::rotate("app_one", &secret("third"), Before::EndNow, at);
        assert_eq!(conflict(db.commit(again).await.unwrap_err()), MADE_BEFORE);
        assert_eq!(valid(at).await, ["second", "third"], "the same secret again is undone whole");
        for others in [&["sec_one_0"][..], &["third"], &["second", "third"], &["unknown"]] {
            let stale = app_secrets::stop_former("app_one", others, at);
            assert!(db.commit(stale).await.unwrap_err().is_conflict(), "{others:?}");
            assert_eq!(valid(at).await, ["second", "third"], "{others:?} are not those that go on");
        }
        db.commit(apps::insert(&new_app("two"), at)).await.unwrap();
        let foreign = app_secrets::stop_former("app_two", &["second"], at);
        assert!(db.commit(foreign).await.unwrap_err().is_conflict(), "it is another app's");
        db.commit(app_secrets::stop_former("app_one", &["second"], at)).await.unwrap();
        assert_eq!(valid(at).await, ["third"]);
        db.commit(Unit::from(app_secrets::remove_all("app_one"))).await.unwrap();
        assert!(valid(at).await.is_empty());
        db.commit(Unit::from(app_secrets::insert("app_one", &secret("new"), at))).await.unwrap();
        assert_eq!(valid(at).await, ["new"]);
    }

    async fn to_18_what_ends_now_has_ended_by_every_clock(db: TestDb) {
        let secret = |id: String| NewSecret { hash: format!("hash-of-{id}").as_str().into(), id, sealed: None };
        let ahead = later(Seconds::minutes(4));
        let (soon, day) = (later(Seconds::minutes(2)), ahead.plus(Seconds::days(1)));
        for (name, end, before) in [
            // Over by the clock that is ahead, and not yet by the others.
            ("stolen", soon, Before::Stolen),
            ("replaced", soon, Before::EndNow),
            ("rotated", day, Before::ValidUntil(day)),
        ] {
            let (app, next) = (format!("app_{name}"), |n: u32| secret(format!("{name}-{n}")));
            db.commit(apps::insert(&new_app(name), NOW)).await.unwrap();
            db.commit(app_secrets::rotate(&app, &next(1), Before::ValidUntil(end), NOW)).await.unwrap();
            db.commit(app_secrets::rotate(&app, &next(2), before, ahead)).await.unwrap();
            let valid = async || {
                let found = apps::find(&db, &app).await.unwrap().unwrap();
                let valid = found.secrets.into_iter().filter(|secret| secret.valid(NOW));
                valid.map(|secret| secret.id).collect::<Vec<_>>()
            };
            let (former, present) = (format!("{name}-1"), format!("{name}-2"));
            if name == "rotated" {
                assert_eq!(valid().await, [former.clone(), present.clone()], "{name}");
                db.commit(app_secrets::stop_former(&app, &[former.as_str()], ahead)).await.unwrap();
            }
            assert_eq!(valid().await, [present], "{name}");
        }
    }
}
