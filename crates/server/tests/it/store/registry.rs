//! Apps and APIs.

use std::slice;

use mapae::store::{
    Unit,
    apis::{self, ApiScope, NewApi, TokenFormat},
    app_secrets::{self, Before, NewSecret},
    apps::{self, AppLists, OffBy},
    counters,
    db::Engine,
    users,
};
use mapae_protocol::time::Seconds;
use tokio::task::JoinSet;

use super::{
    backend::{TestDb, for_each_backend},
    seed::{NOW, later, lists, new_app, new_user, settings},
};

fn secret(id: &str) -> NewSecret {
    NewSecret { id: id.into(), hash: format!("hash-of-{id}").as_str().into(), sealed: None }
}

fn calendar() -> NewApi {
    let scope = |scope: &str, ko: &str, en: &str| ApiScope {
        scope: scope.into(),
        title_ko: ko.into(),
        title_en: en.into(),
    };
    NewApi {
        id: "api_calendar".into(),
        identifier: "https://calendar.example.com".into(),
        name: "캘린더".into(),
        token_format: TokenFormat::Opaque,
        secret_hash: "hash".into(),
        scopes: vec![
            scope("calendar.write", "일정 쓰기", "Change your calendar"),
            scope("calendar.read", "일정 보기", "See your calendar"),
        ],
    }
}

async fn catalog(db: &TestDb) -> i64 {
    counters::read(db).await.unwrap().catalog
}

for_each_backend! {
    async fn an_app_comes_back_with_all_its_parts_in_order(db: TestDb) {
        let mut new = new_app("one");
        db.commit(users::insert(&new_user("dev"), NOW)).await.unwrap();
        new.owner_id = Some("usr_dev".into());
        db.commit(apps::insert(&new, NOW)).await.unwrap();
        let found = apps::find(&db, "app_one").await.unwrap().unwrap();
        assert_eq!((&found.app.settings, &found.lists), (&settings(), &lists()));
        assert_eq!((found.app.owner_id.as_deref(), found.app.epoch), (Some("usr_dev"), 0));
        assert_eq!((found.app.created_at, found.app.disabled_at, found.app.deleted_at), (NOW, None, None));
        assert_eq!(found.app.off_by(), None);
        let [secret] = found.secrets.as_slice() else { panic!("{:?}", found.secrets) };
        assert!(secret.hash.matches("hash-of-secret-0") && secret.valid(later(Seconds::days(9_999))));
        assert_eq!((secret.created_at, secret.expires_at), (NOW, None));
        assert_eq!(apps::list_by_owner(&db, "usr_dev", 10).await.unwrap(), slice::from_ref(&found.app));
        assert_eq!(apps::list(&db, 10).await.unwrap(), [found.app]);
        assert!(apps::list_by_owner(&db, "usr_other", 10).await.unwrap().is_empty());
        assert!(apps::find(&db, "app_none").await.unwrap().is_none());
        assert!(db.commit(apps::insert(&new, NOW)).await.unwrap_err().is_conflict(), "the id is taken");
    }

    async fn an_app_without_parts_is_an_app(db: TestDb) {
        let mut new = new_app("bare");
        (new.lists, new.secret) = (AppLists::default(), None);
        (new.settings.public, new.settings.homepage) = (true, None);
        db.commit(apps::insert(&new, NOW)).await.unwrap();
        let found = apps::find(&db, "app_bare").await.unwrap().unwrap();
        assert_eq!((found.lists, found.secrets.len()), (AppLists::default(), 0));
        assert!(found.app.settings.public);
    }

    async fn an_update_replaces_settings_and_lists(db: TestDb) {
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        let (mut settings, mut lists) = (settings(), lists());
        (settings.name, settings.icon, settings.rotate_refresh) = ("새 이름".into(), Some("icon.png".into()), false);
        settings.token_endpoint_auth_method = Some("client_secret_basic".into());
        lists.redirect_uris = vec!["https://app.example.com/a".into(), "http://127.0.0.1/cb".into()];
        lists.scopes.reverse();
        lists.origins.clear();
        let at = later(Seconds::minutes(1));
        db.commit(apps::update("app_one", &settings, &lists, at)).await.unwrap();
        let found = apps::find(&db, "app_one").await.unwrap().unwrap();
        assert_eq!((&found.app.settings, &found.lists, found.app.updated_at), (&settings, &lists, at));
        assert_eq!((found.secrets.len(), found.app.epoch), (1, 0), "the secret stays, nothing ends");
        lists.redirect_uris.push("https://app.example.com/a".into());
        let twice = apps::update("app_one", &settings, &lists, at);
        assert!(db.commit(twice).await.unwrap_err().is_conflict(), "the same address twice");
        assert_eq!(apps::find(&db, "app_one").await.unwrap().unwrap().lists.redirect_uris.len(), 2, "undone");
        assert!(db.commit(apps::update("app_none", &settings, &lists, at)).await.unwrap_err().is_conflict());
    }

    async fn to_secrets_are_replaced_at_once_or_step_by_step(db: TestDb) {
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        let valid = async |now| {
            let found = apps::find(&db, "app_one").await.unwrap().unwrap();
            let valid = found.secrets.iter().filter(|secret| secret.valid(now));
            (valid.map(|secret| secret.id.clone()).collect::<Vec<_>>(), found.app.epoch)
        };
        let day = later(Seconds::days(1));
        let rotate = app_secrets::rotate("app_one", &secret("second"), Before::ValidUntil(day), later(Seconds::seconds(1)));
        db.commit(rotate).await.unwrap();
        assert_eq!(valid(NOW).await, (vec!["sec_one_0".to_owned(), "second".to_owned()], 0));
        assert_eq!(valid(day).await.0, ["second"], "the overlap is over");
        let at = later(Seconds::seconds(2));
        db.commit(app_secrets::rotate("app_one", &secret("third"), Before::EndNow, at)).await.unwrap();
        assert_eq!(valid(at).await, (vec!["third".to_owned()], 0), "also the one in overlap ends");
        let at = later(Seconds::seconds(3));
        db.commit(app_secrets::rotate("app_one", &secret("fourth"), Before::Stolen, at)).await.unwrap();
        assert_eq!(valid(at).await, (vec!["fourth".to_owned()], 1), "and with it all that was made");
        let missing = app_secrets::rotate("app_none", &secret("x"), Before::EndNow, at);
        assert!(db.commit(missing).await.unwrap_err().is_conflict());
    }

    async fn ad_an_app_is_disabled_enabled_and_deleted(db: TestDb) {
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        let find = async || apps::find(&db, "app_one").await.unwrap().unwrap();
        db.commit(apps::disable("app_one", NOW)).await.unwrap();
        assert_eq!((find().await.app.disabled_at, find().await.app.epoch), (Some(NOW), 1));
        assert!(db.commit(apps::disable("app_one", NOW)).await.unwrap_err().is_conflict());
        db.commit(apps::enable("app_one", NOW)).await.unwrap();
        assert_eq!((find().await.app.disabled_at, find().await.app.epoch), (None, 1), "what had ended stays dead");
        db.commit(apps::revoke("app_one", NOW)).await.unwrap();
        db.commit(apps::delete("app_one", NOW)).await.unwrap();
        let gone = find().await;
        assert_eq!((gone.app.deleted_at, gone.app.epoch), (Some(NOW), 3));
        assert_eq!((gone.lists, gone.secrets.len()), (AppLists::default(), 0));
        assert!(apps::list(&db, 10).await.unwrap().is_empty());
        let late = [apps::delete("app_one", NOW), apps::enable("app_one", NOW), apps::revoke("app_one", NOW)];
        for unit in late {
            assert!(db.commit(unit).await.unwrap_err().is_conflict(), "it is gone");
        }
    }

    async fn ad_neither_the_owner_nor_the_operator_undoes_what_the_other_switched(db: TestDb) {
        let at = later(Seconds::minutes(1));
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        let app = async || apps::find(&db, "app_one").await.unwrap().unwrap().app;
        let state = async || (app().await.off_by(), app().await.epoch);

        db.commit(apps::block("app_one", NOW)).await.unwrap();
        assert_eq!(state().await, (Some(OffBy::Operator), 1));
        assert!(db.commit(apps::block("app_one", at)).await.unwrap_err().is_conflict(), "blocked already");
        assert!(db.commit(apps::enable("app_one", at)).await.unwrap_err().is_conflict(), "the owner cannot lift it");
        assert_eq!(state().await, (Some(OffBy::Operator), 1));
        db.commit(apps::unblock("app_one", at)).await.unwrap();
        assert_eq!(state().await, (None, 1), "what had ended stays dead");
        assert!(db.commit(apps::unblock("app_one", at)).await.unwrap_err().is_conflict(), "not blocked");

        db.commit(apps::disable("app_one", NOW)).await.unwrap();
        db.commit(apps::block("app_one", at)).await.unwrap();
        assert_eq!(state().await, (Some(OffBy::Operator), 3));
        db.commit(apps::unblock("app_one", at)).await.unwrap();
        assert_eq!(state().await, (Some(OffBy::Owner), 3), "the operator does not switch it on for the owner");
        db.commit(apps::enable("app_one", at)).await.unwrap();
        assert_eq!(state().await, (None, 3));

        db.commit(apps::delete("app_one", at)).await.unwrap();
        for unit in [apps::block("app_one", at), apps::unblock("app_one", at)] {
            assert!(db.commit(unit).await.unwrap_err().is_conflict(), "it is gone");
        }
    }

    async fn an_api_owns_its_scopes(db: TestDb) {
        db.commit(apis::insert(&calendar(), NOW)).await.unwrap();
        let api = apis::by_identifier(&db, "https://calendar.example.com").await.unwrap().unwrap();
        assert_eq!((api.id.as_str(), api.token_format, &api.scopes), ("api_calendar", TokenFormat::Opaque, &calendar().scopes));
        assert_eq!((api.disabled_at, api.created_at), (None, NOW));
        let mut mail = calendar();
        (mail.id, mail.identifier) = ("api_mail".into(), "https://mail.example.com".into());
        let taken = db.commit(apis::insert(&mail, NOW)).await.unwrap_err();
        assert_eq!(taken.to_string(), "conflict at mapae::store::apis::ADD_SCOPE", "its first scope");
        (mail.scopes, mail.token_format) = (vec![], TokenFormat::Jwt);
        db.commit(apis::insert(&mail, later(Seconds::seconds(1)))).await.unwrap();
        let all = apis::all(&db).await.unwrap();
        assert_eq!(all.iter().map(|api| api.scopes.len()).collect::<Vec<_>>(), [2, 0]);
        assert_eq!(apis::by_id(&db, "api_mail").await.unwrap().as_ref(), all.last());
        assert!(apis::by_id(&db, "api_none").await.unwrap().is_none());
        let again = NewApi { id: "api_again".into(), scopes: vec![], ..calendar() };
        assert!(db.commit(apis::insert(&again, NOW)).await.unwrap_err().is_conflict(), "the URI is taken");
    }

    async fn an_api_is_renamed_gets_other_scopes_and_is_deleted(db: TestDb) {
        db.commit(apis::insert(&calendar(), NOW)).await.unwrap();
        let scope = |name: &str| ApiScope { scope: name.into(), title_ko: "가".into(), title_en: "a".into() };
        let scopes = [scope("calendar.share"), scope("calendar.read")];
        db.commit(apis::update("api_calendar", "달력", &scopes)).await.unwrap();
        let api = apis::by_id(&db, "api_calendar").await.unwrap().unwrap();
        assert_eq!((api.name.as_str(), api.scopes.as_slice()), ("달력", &scopes[..]));
        let mut mail = calendar();
        (mail.id, mail.identifier) = ("api_mail".into(), "https://mail.example.com".into());
        mail.scopes = vec![scope("mail.read")];
        db.commit(apis::insert(&mail, NOW)).await.unwrap();
        let taken = apis::update("api_calendar", "달력", &[scope("mail.read")]);
        assert!(db.commit(taken).await.unwrap_err().is_conflict(), "it belongs to another");
        assert_eq!(apis::by_id(&db, "api_calendar").await.unwrap().unwrap().scopes, scopes, "nothing was changed");
        assert!(db.commit(apis::update("api_none", "x", &[])).await.unwrap_err().is_conflict());
        db.commit(apis::delete("api_calendar")).await.unwrap();
        assert!(apis::by_id(&db, "api_calendar").await.unwrap().is_none());
        assert!(db.commit(apis::delete("api_calendar")).await.unwrap_err().is_conflict());
        db.commit(apis::insert(&calendar(), NOW)).await.unwrap();
        assert_eq!(apis::all(&db).await.unwrap().len(), 2, "its scopes are free again");
    }

    async fn ad_01_what_rests_on_who_owns_an_app_is_not_written_when_it_was_given_away(db: TestDb) {
        db.commit(users::insert(&new_user("dev"), NOW)).await.unwrap();
        db.commit(users::insert(&new_user("other"), NOW)).await.unwrap();
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        let find = async || apps::find(&db, "app_one").await.unwrap().unwrap().app;
        for owner in ["usr_dev", "usr_other"] {
            let seen = find().await;
            db.commit(apps::give_to("app_one", owner, NOW)).await.unwrap();
            let off = Unit::from(apps::guard_owner(&seen)).with(apps::disable("app_one", NOW));
            assert!(db.commit(off).await.unwrap_err().is_conflict(), "it is {owner}'s by now");
            assert_eq!(find().await.disabled_at, None);
        }
        let off = Unit::from(apps::guard_owner(&find().await)).with(apps::disable("app_one", NOW));
        db.commit(off).await.unwrap();
        assert_eq!(find().await.disabled_at, Some(NOW));
    }

    async fn an_api_is_disabled_and_gets_another_secret(db: TestDb) {
        db.commit(apis::insert(&calendar(), NOW)).await.unwrap();
        let api = async || apis::by_id(&db, "api_calendar").await.unwrap().unwrap();
        db.commit(apis::rotate_secret("api_calendar", &"next".into())).await.unwrap();
        assert!(api().await.secret_hash.matches("next"));
        db.commit(apis::disable("api_calendar", NOW)).await.unwrap();
        assert_eq!(api().await.disabled_at, Some(NOW));
        assert!(db.commit(apis::disable("api_calendar", NOW)).await.unwrap_err().is_conflict());
        db.commit(apis::enable("api_calendar")).await.unwrap();
        assert_eq!(api().await.disabled_at, None);
        assert!(db.commit(apis::enable("api_none")).await.unwrap_err().is_conflict());
    }

    async fn db_04_every_change_of_the_catalogue_is_noticed_by_other_processes(db: TestDb) {
        let other = db.another();
        let changes = [
            apps::insert(&new_app("one"), NOW),
            apps::update("app_one", &settings(), &lists(), NOW),
            app_secrets::rotate("app_one", &secret("x"), Before::EndNow, NOW),
            apps::disable("app_one", NOW),
            apps::enable("app_one", NOW),
            apps::block("app_one", NOW),
            apps::unblock("app_one", NOW),
            apps::revoke("app_one", NOW),
            apps::delete("app_one", NOW),
            apis::insert(&calendar(), NOW),
            apis::rotate_secret("api_calendar", &"x".into()),
            apis::update("api_calendar", "달력", &[]),
            apis::disable("api_calendar", NOW),
            apis::enable("api_calendar"),
        ];
        for (before, change) in (0..).zip(changes) {
            assert_eq!(counters::read(&other).await.unwrap().catalog, before);
            db.commit(change).await.unwrap();
            assert_eq!(counters::read(&other).await.unwrap().catalog, before + 1);
        }
        db.commit(users::insert(&new_user("one"), NOW)).await.unwrap();
        assert_eq!(catalog(&db).await, 14, "people are no part of it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn to_of_two_rotations_at_once_one_secret_is_left() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let db = TestDb::new(engine).await;
        db.commit(apps::insert(&new_app("one"), NOW)).await.unwrap();
        for round in 0..20 {
            let mut rotations = JoinSet::new();
            for contender in 0..4 {
                let db = mapae::store::Db::clone(&db);
                let secret = secret(&format!("{round}-{contender}"));
                let rotate = app_secrets::rotate("app_one", &secret, Before::EndNow, NOW);
                rotations.spawn(async move { db.commit(rotate).await.unwrap() });
            }
            while let Some(rotation) = rotations.join_next().await {
                rotation.unwrap();
            }
            let found = apps::find(&db, "app_one").await.unwrap().unwrap();
            let valid = found.secrets.iter().filter(|secret| secret.valid(NOW)).count();
            assert_eq!(valid, 1, "{engine:?}, round {round}: a secret that was to end is still good");
        }
    }
}
