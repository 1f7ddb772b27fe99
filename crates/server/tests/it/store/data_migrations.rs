//! Migrations of a database in which people have lived — DB-12.

use mapae::store::{
    db::Engine,
    mail_orders::{self, Matter},
    term_agreements,
};
use mapae_protocol::time::Seconds;

use super::{
    backend::TestDb,
    seed::{NOW, later},
};

/// Two people, and two apps of theirs.
const PEOPLE_AND_APPS: &str = "
    INSERT INTO users (id, email, email_verified, name, operator, epoch, created_at, updated_at)
        VALUES ('usr_1', 'one@example.com', TRUE, 'one', FALSE, 0, 1, 1), ('usr_2', 'two@example.com', TRUE, 'two', FALSE, 0, 1, 1);
    INSERT INTO apps (id, owner_id, name, public, grant_types, id_token_alg, subject_type, pkce_required, rotate_refresh,
            epoch, created_at, updated_at)
        VALUES ('app_1', 'usr_1', 'one', FALSE, 'authorization_code', 'RS256', 'pairwise', TRUE, TRUE, 0, 1, 1),
            ('app_2', NULL, 'two', TRUE, 'authorization_code', 'RS256', 'pairwise', TRUE, TRUE, 0, 1, 1);
    INSERT INTO app_scopes (app_id, scope, required, purpose_ko, purpose_en, position)
        VALUES ('app_1', 'openid', TRUE, '', '', 0), ('app_1', 'profile', FALSE, '프로필', 'profile', 1),
            ('app_1', 'upstream:naver', TRUE, '네이버', 'Naver', 2);
";

async fn db_12_apps_that_were_permitted_may_ask_the_person(engine: Engine) {
    let db = TestDb::left_at(engine, 13).await;
    db.execute(PEOPLE_AND_APPS).await;
    db.execute(
        "INSERT INTO upstream_permissions (upstream, app_id, created_at)
            VALUES ('kakao', 'app_1', 1), ('naver', 'app_1', 1), ('kakao', 'app_2', 1)",
    )
    .await;
    assert!(db.migrate(NOW).await.unwrap().is_current());
    let items = db
        .ask("SELECT app_id, scope, required, purpose_en FROM app_scopes ORDER BY app_id, position, scope")
        .await;
    let yes = |word: &str| word == "1" || word == "t";
    let items: Vec<_> =
        items.iter().map(|row| (row[0].as_str(), row[1].as_str(), yes(&row[2]), row[3].as_str())).collect();
    assert_eq!(
        items,
        [
            ("app_1", "openid", true, ""),
            ("app_1", "profile", false, "profile"),
            ("app_1", "upstream:naver", true, "Naver"),
            ("app_1", "upstream:kakao", false, ""),
            ("app_2", "upstream:kakao", false, ""),
        ],
        "what an app asked for already stays as it was, and nobody is asked who was not permitted"
    );
    assert_eq!(db.ask("SELECT COUNT(*) FROM upstream_permissions").await, [["3"]]);
    assert!(db.migrate(NOW).await.unwrap().is_current(), "once");
    assert_eq!(db.ask("SELECT COUNT(*) FROM app_scopes").await, [["5"]]);
}

async fn db_12_mails_that_were_promised_are_still_promised(engine: Engine) {
    let db = TestDb::left_at(engine, 21).await;
    let (late, now) = (later(Seconds::hours(1)).unix(), NOW.unix());
    for (n, matter) in ["sign_up", "reset", "password_changed"].into_iter().enumerate() {
        db.execute(&format!(
            "INSERT INTO mail_orders (id, matter, email, locale, step, leased_until, created_at, expires_at, app_id)
                VALUES ('mail_{n}', '{matter}', '{n}@example.com', 'en', 'step-{n}', {now}, {n}, {late}, 'app_{n}')"
        ))
        .await;
    }
    assert!(db.migrate(NOW).await.unwrap().is_current());
    let kept = db.ask("SELECT id, matter, email, locale, step, leased_until, created_at, expires_at, app_id, upstream FROM mail_orders ORDER BY id").await;
    assert_eq!(kept.len(), 3);
    for (n, (row, matter)) in kept.iter().zip(["sign_up", "reset", "password_changed"]).enumerate() {
        let expected = [
            format!("mail_{n}"),
            matter.to_owned(),
            format!("{n}@example.com"),
            "en".to_owned(),
            format!("step-{n}"),
            now.to_string(),
            n.to_string(),
            late.to_string(),
            format!("app_{n}"),
            "-".to_owned(),
        ];
        assert_eq!(*row, expected);
    }
    let waiting = mail_orders::waiting(&db, 10, later(Seconds::seconds(1))).await.unwrap();
    assert_eq!(waiting.len(), 3, "and they are written: {waiting:?}");
    db.execute(&format!(
        "INSERT INTO mail_orders (id, matter, email, locale, leased_until, created_at, expires_at, upstream)
            VALUES ('mail_9', 'way_added', '9@example.com', 'ko', {now}, 9, {late}, 'kakao')"
    ))
    .await;
    let waiting = mail_orders::waiting(&db, 10, later(Seconds::seconds(1))).await.unwrap();
    assert!(waiting.iter().any(|order| order.matter == Matter::WayAdded), "{waiting:?}");
    let indexes = match engine {
        Engine::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'mail_orders' ORDER BY name"
        }
        Engine::Postgres => {
            "SELECT indexname FROM pg_indexes WHERE tablename = 'mail_orders' ORDER BY indexname"
        }
    };
    let indexes = db.ask(indexes).await.concat();
    for index in ["mail_orders_by_expiry", "mail_orders_by_lease"] {
        assert!(indexes.iter().any(|name| name == index), "{index} in {indexes:?}");
    }
}

async fn db_12_what_was_agreed_to_is_agreed_to_still_and_can_be_withdrawn(engine: Engine) {
    let db = TestDb::left_at(engine, 23).await;
    db.execute(PEOPLE_AND_APPS).await;
    db.execute(
        "INSERT INTO term_agreements (user_id, term, version, agreed_at)
            VALUES ('usr_1', 'service', '1', 5), ('usr_1', 'news', '1', 6), ('usr_2', 'news', '1', 7)",
    )
    .await;
    assert!(db.migrate(NOW).await.unwrap().is_current());
    let agreed = async |user: &str| {
        let agreed = term_agreements::of_user(&db, user).await.unwrap();
        agreed.iter().map(|one| (one.term.clone(), one.agreed_at.unix())).collect::<Vec<_>>()
    };
    assert_eq!(agreed("usr_1").await, [("service".to_owned(), 5), ("news".to_owned(), 6)]);
    db.commit(term_agreements::withdraw("usr_1", "news", NOW)).await.unwrap();
    assert_eq!(agreed("usr_1").await, [("service".to_owned(), 5)]);
    assert_eq!(agreed("usr_2").await, [("news".to_owned(), 7)]);
    db.commit(term_agreements::agree("usr_2", ("news", "1"), NOW)).await.unwrap();
    assert_eq!(agreed("usr_2").await, [("news".to_owned(), 7)], "what stands is not agreed to again");
}

/// What devices had as their host's ends, and is theirs from then on.
async fn db_12_apps_of_devices_leave_the_sector_of_their_host(engine: Engine) {
    const DEVICES: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let db = TestDb::left_at(engine, 110).await;
    for (id, grant_types, sector) in [
        ("app_tv", DEVICES.to_owned(), Some("tv.example")),
        ("app_both", format!("authorization_code refresh_token {DEVICES}"), Some("tv.example")),
        ("app_alone", DEVICES.to_owned(), Some("")),
        ("app_web", "authorization_code".to_owned(), Some("tv.example")),
        ("app_console", DEVICES.to_owned(), None),
        ("https://tv.example/app.json", DEVICES.to_owned(), Some("tv.example")),
        ("http://127.0.0.1:7/app.json", "authorization_code".to_owned(), Some("127.0.0.1")),
    ] {
        db.execute(&format!(
            "INSERT INTO apps (id, name, public, grant_types, id_token_alg, subject_type, pkce_required, rotate_refresh, epoch,
                    created_at, updated_at)
                VALUES ('{id}', 'one', TRUE, '{grant_types}', 'RS256', 'pairwise', TRUE, TRUE, 7, 1, 1)"
        ))
        .await;
        if let Some(sector) = sector {
            db.execute(&format!(
                "INSERT INTO registrations (app_id, token_hash, sector, created_at, expires_at)
                    VALUES ('{id}', 'x', '{sector}', 1, 9)"
            ))
            .await;
        }
    }
    assert!(db.migrate(NOW).await.unwrap().is_current());
    let kept = db
        .ask(
            "SELECT a.id, a.epoch, COALESCE(r.sector, 'none'), COALESCE(CAST(r.document AS TEXT), 'none') FROM apps a \
             LEFT JOIN registrations r ON r.app_id = a.id ORDER BY a.created_at, a.id",
        )
        .await;
    let kept: Vec<_> = kept
        .iter()
        .map(|row| {
            (row[0].as_str(), row[1].as_str(), row[2].as_str(), ["1", "t", "true"].contains(&row[3].as_str()))
        })
        .collect();
    assert_eq!(
        kept,
        [
            ("app_alone", "7", "", false),
            ("app_both", "8", "", false),
            ("app_console", "7", "none", false),
            ("app_tv", "8", "", false),
            ("app_web", "7", "tv.example", false),
            ("http://127.0.0.1:7/app.json", "7", "127.0.0.1", true),
            ("https://tv.example/app.json", "8", "", true),
        ]
    );
}

/// What a setting had marked could not be told from what the operator had looked at.
async fn db_12_apps_that_registered_themselves_lose_the_mark_that_a_setting_wrote(engine: Engine) {
    let db = TestDb::left_at(engine, 150).await;
    for (id, registered, mark) in [
        ("app_setting", true, "5"),
        ("app_open", true, "NULL"),
        ("app_checked", false, "6"),
        ("app_own", false, "NULL"),
    ] {
        db.execute(&format!(
            "INSERT INTO apps (id, name, public, grant_types, id_token_alg, subject_type, pkce_required, rotate_refresh, epoch,
                    created_at, updated_at, vouched_at)
                VALUES ('{id}', 'one', TRUE, 'authorization_code', 'RS256', 'pairwise', TRUE, TRUE, 7, 1, 1, {mark})"
        ))
        .await;
        if registered {
            db.execute(&format!(
                "INSERT INTO registrations (app_id, token_hash, sector, created_at, expires_at)
                    VALUES ('{id}', 'x', '', 1, 9)"
            ))
            .await;
        }
    }
    assert!(db.migrate(NOW).await.unwrap().is_current());
    let marked = db.ask("SELECT id, vouched_at FROM apps WHERE vouched_at IS NOT NULL").await;
    assert_eq!(marked, [["app_checked", "6"]]);
}

/// Each once for each engine.
macro_rules! on_each_engine {
    ($($name:ident)+) => {
        on_each_engine!(@engine sqlite Sqlite $($name)+);
        on_each_engine!(@engine postgres Postgres $($name)+);
    };
    (@engine $module:ident $engine:ident $($name:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    super::$name(mapae::store::db::Engine::$engine).await;
                }
            )+
        }
    };
}

on_each_engine! {
    db_12_apps_that_registered_themselves_lose_the_mark_that_a_setting_wrote
    db_12_apps_of_devices_leave_the_sector_of_their_host
    db_12_apps_that_were_permitted_may_ask_the_person
    db_12_mails_that_were_promised_are_still_promised
    db_12_what_was_agreed_to_is_agreed_to_still_and_can_be_withdrawn
}
