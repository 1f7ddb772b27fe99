//! What happens when the database is away, slow, damaged, or lost in the middle — DB-05, DB-10, TO-18.

use std::{
    io::{Seek, SeekFrom, Write},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use mapae::store::{
    CommitError, Db, Options, StoreError, Unit, apps,
    db::{Engine, Obstacle},
    grants, users,
};
use mapae_testkit::{AppSpec, Options as Start, TestServer, postgres::PostgresServer, until};

use super::{
    backend::{TestDb, patient, shared},
    cutter::{Cut, Cutter},
    seed::{NOW, Seed, new_user},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_10_a_database_that_is_away_is_said_to_be_away_and_is_found_again() {
    let server = PostgresServer::start().unwrap();
    let db = Db::connect_postgres(&server.fresh_database().await.unwrap(), Options::default()).unwrap();
    db.migrate(NOW).await.unwrap();
    let seed = Seed::plant(&db, "one").await;
    server.stop().unwrap();
    let begun = Instant::now();
    let read = users::by_id(&db, &seed.user).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    for unit in [
        Unit::from(users::insert(&new_user("single"), NOW)),
        Unit::from(users::insert(&new_user("double"), NOW)).with(users::guard(&seed.user, 0)),
    ] {
        let write = db.commit(unit).await;
        assert!(matches!(write, Err(CommitError::Busy(Obstacle::Unreachable))), "{write:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(6), "each within its budget: {:?}", begun.elapsed());
    server.start_again().unwrap();
    assert!(users::by_id(&db, &seed.user).await.unwrap().is_some(), "without a restart of ours");
    db.commit(users::insert(&new_user("after"), NOW)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_10_connections_that_were_closed_meanwhile_are_replaced() {
    let server = PostgresServer::start().unwrap();
    let url = server.fresh_database().await.unwrap();
    let db = Db::connect_postgres(&url, Options { connections: 4, ..patient() }).unwrap();
    db.migrate(NOW).await.unwrap();
    let seed = Seed::plant(&db, "one").await;
    for round in 0..20 {
        let end_all =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mapae'";
        server.execute("postgres", end_all).await.unwrap();
        assert!(users::by_id(&db, &seed.user).await.unwrap().is_some(), "round {round}: a read is repeated");
        let unit =
            Unit::from(users::insert(&new_user(&round.to_string()), NOW)).with(users::guard(&seed.user, 0));
        db.commit(unit).await.unwrap();
    }
}

/// The connection breaks while a unit of several statements is being committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_05_a_commit_without_an_answer_is_unknown_and_whole() {
    let db = TestDb::new(Engine::Postgres).await;
    let seed = Seed::plant(&db, "one").await;
    let wire = Cutter::new(shared().socket(), b"COMMIT").await;
    let far = Db::connect_postgres(&wire.url(db.url()), patient()).unwrap();
    for (n, cut) in [Cut::Before, Cut::After, Cut::After, Cut::Before].into_iter().enumerate() {
        let grant = seed.grant(&format!("cut-{n}"));
        let unit = || {
            Unit::from(users::insert(&new_user(&format!("cut-{n}")), NOW)).with(grants::insert(&grant, NOW))
        };
        assert!(users::by_id(&far, &seed.user).await.unwrap().is_some());
        wire.arm(cut);
        let outcome = far.commit(unit()).await;
        assert!(wire.was_cut());
        assert!(matches!(outcome, Err(CommitError::Unknown)), "{outcome:?}");
        let there = cut == Cut::After;
        assert_eq!(users::by_id(&db, &format!("usr_cut-{n}")).await.unwrap().is_some(), there);
        assert_eq!(grants::facts(&db, &grant.given.id).await.unwrap().is_some(), there, "both or neither");
        let again = far.commit(unit()).await;
        assert_eq!(again.is_ok(), !there, "the same again is done once: {again:?}");
        assert!(there || again.is_ok());
        if there {
            assert!(again.unwrap_err().is_conflict());
        }
    }
}

/// The connection breaks while a single statement is being executed, or before anything could be committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_05_a_statement_without_an_answer_is_unknown_and_never_repeated() {
    let db = TestDb::new(Engine::Postgres).await;
    let seed = Seed::plant(&db, "one").await;
    let wire = Cutter::new(shared().socket(), b"usr_cut").await;
    let far = Db::connect_postgres(&wire.url(db.url()), patient()).unwrap();
    for (n, cut) in [Cut::After, Cut::Before].into_iter().enumerate() {
        let id = format!("cut-{n}");
        wire.arm(cut);
        let outcome = far.commit(users::insert(&new_user(&id), NOW)).await;
        assert!(wire.was_cut());
        assert!(matches!(outcome, Err(CommitError::Unknown)), "{outcome:?}");
        let there = users::by_id(&db, &format!("usr_{id}")).await.unwrap().is_some();
        assert_eq!(there, cut == Cut::After);
        let again = far.commit(users::insert(&new_user(&id), NOW)).await;
        assert_eq!(again.is_ok(), !there);
    }
    // With BEGIN in front nothing can have been committed: the unit is tried again and succeeds.
    wire.arm(Cut::Before);
    let unit = Unit::from(users::insert(&new_user("cut-unit"), NOW)).with(users::guard(&seed.user, 0));
    far.commit(unit).await.unwrap();
    assert!(wire.was_cut());
    assert!(users::by_id(&db, "usr_cut-unit").await.unwrap().is_some());
    // A read is repeated.
    wire.arm(Cut::Before);
    assert!(users::by_id(&far, "usr_cut-unit").await.unwrap().is_some());
    assert!(wire.was_cut());
}

/// A machine's token needs nothing of the database, so that a node that has lost it would go on giving them, also to an app
/// that was blocked meanwhile, and long after every API has forgotten that it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn to_18_a_node_that_has_lost_the_database_gives_no_machine_a_token() {
    let server = TestServer::on(mapae_testkit::Engine::Postgres).await;
    let wire = Cutter::new(shared().socket(), b"COMMIT").await;
    let far = TestServer::start_with(Start {
        database: Some(wire.url(server.database())),
        beside: Some(server.data().to_owned()),
        ..Start::default()
    })
    .await;
    server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let machine = AppSpec {
        redirect_uris: Vec::new(),
        grant_types: "client_credentials".to_owned(),
        required: vec!["calendar.read".to_owned()],
        optional: Vec::new(),
        ..AppSpec::default()
    };
    let machine = server.register(machine).await;
    far.app().catch_up().await.unwrap();
    let ask = async || far.token(&machine, &[("grant_type", "client_credentials")]).await;
    assert_eq!(ask().await.status, 200);

    wire.set_down(true);
    server.write(apps::block(&machine.client_id, server.now())).await;
    until("it no longer relies on its memory", async || ask().await.status != 200).await;
    let refused = ask().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (503, "temporarily_unavailable"));
    assert!(refused.headers.contains_key("retry-after"));

    wire.set_down(false);
    let mut answers = Vec::new();
    until("it is there again", async || {
        answers.push(ask().await.status.as_u16());
        answers.last() != Some(&503)
    })
    .await;
    assert_eq!(answers.last(), Some(&401), "the first thing that it knows is that the app is blocked");
    server.write(apps::unblock(&machine.client_id, server.now())).await;
    until("it may again", async || ask().await.status == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_10_a_read_only_database_takes_no_writes_and_says_so() {
    let db = TestDb::new(Engine::Postgres).await;
    let seed = Seed::plant(&db, "one").await;
    let name = db.url().rsplit('/').next().unwrap();
    let alter = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    shared().execute("postgres", &alter).await.unwrap();
    let standby = db.another();
    assert!(users::by_id(&standby, &seed.user).await.unwrap().is_some(), "reads go on");
    for unit in [
        Unit::from(users::insert(&new_user("single"), NOW)),
        Unit::from(users::insert(&new_user("double"), NOW)).with(users::guard(&seed.user, 0)),
    ] {
        let write = standby.commit(unit).await;
        assert!(matches!(write, Err(CommitError::Busy(Obstacle::ReadOnly))), "{write:?}");
    }
}

/// A request whose client has gone is dropped wherever it is. If that were in the middle of a transaction, the
/// next user of the connection would find himself in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn op_a_caller_that_goes_away_leaves_no_open_transaction() {
    let db = TestDb::new(Engine::Postgres).await;
    let small = db.another_with(Options { connections: 1, ..patient() });
    let seed = Seed::plant(&small, "one").await;
    let waits = "SELECT 1 / count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    for round in 0..5 {
        let lock = db.lock().await;
        let unit = Unit::from(users::insert(&new_user(&format!("gone-{round}")), NOW));
        let unit = unit.with(users::guard(&seed.user, 0));
        let caller = tokio::spawn({
            let small = small.clone();
            async move { small.commit(unit).await }
        });
        // Divides by zero until the unit is in its transaction and waits for the lock.
        while shared().execute(db.url(), waits).await.is_err() {}
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        lock.release().await;
        let next = format!("next-{round}");
        small.commit(users::insert(&new_user(&next), NOW)).await.unwrap();
        let there = users::by_id(&db, &format!("usr_{next}")).await.unwrap();
        assert!(there.is_some(), "committed, not left in a transaction that somebody else had begun");
    }
}

/// A certificate counts only if it is verified and names the host, `require` or not; on this machine TLS is spoken only where
/// the address says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn op_18_the_certificate_of_the_database_is_checked_as_asked_for() {
    let server = PostgresServer::start_with_tls().unwrap();
    let file = server.certificate();
    let trusted = format!("sslrootcert={}", file.display());
    for (host, parameters, works) in [
        ("localhost", "", true),
        ("localhost", "sslmode=disable", true),
        ("localhost", "sslmode=require", false),
        ("127.0.0.1", "sslmode=require", false),
        ("localhost", &trusted, true),
        ("127.0.0.1", &trusted, false),
        ("localhost", &format!("sslmode=verify-full&{trusted}"), true),
        ("localhost", &format!("sslmode=require&{trusted}"), true),
        ("127.0.0.1", &format!("sslmode=verify-full&{trusted}"), false),
        ("127.0.0.1", &format!("sslmode=require&{trusted}"), false),
        ("localhost", "sslmode=verify-full&sslrootcert=system", false),
    ] {
        let url = format!("{}?{parameters}", server.tcp_url(host, "postgres"));
        let db = Db::connect_postgres(&url, patient()).unwrap();
        let outcome = db.schema().await;
        assert_eq!(outcome.is_ok(), works, "{host} {parameters}: {outcome:?}");
    }
    let encrypted =
        "DO $$ BEGIN IF (SELECT count(*) FROM pg_stat_ssl WHERE ssl) = 0 THEN RAISE 'plain'; END IF; END $$";
    let url = format!("{}?{trusted}", server.tcp_url("localhost", "postgres"));
    let db = Db::connect_postgres(&url, patient()).unwrap();
    db.migrate(NOW).await.unwrap();
    server.execute("postgres", encrypted).await.expect("the open connection is encrypted");
    let half = format!("{}?sslmode=prefer", server.tcp_url("localhost", "postgres"));
    let refused = Db::connect_postgres(&half, patient()).unwrap_err().to_string();
    assert!(refused.contains("sslmode=verify-full") && refused.contains("sslmode=disable"), "{refused}");
    let plain = PostgresServer::start_on_a_port().unwrap();
    for (parameters, works) in [("", true), ("sslmode=verify-full", false)] {
        let url = format!("{}?{parameters}", plain.tcp_url("localhost", "postgres"));
        let outcome = Db::connect_postgres(&url, patient()).unwrap().schema().await;
        assert_eq!(outcome.is_ok(), works, "nothing falls back to a connection without TLS: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn g_03_after_damage_nothing_is_acknowledged_any_more() {
    let db = TestDb::new(Engine::Sqlite).await;
    let alarms = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&alarms);
    let on_fatal = Arc::new(move |reason: &str| heard.lock().unwrap().push(reason.to_owned()));
    let damaged = db.another_with(Options { on_fatal, ..Options::default() });
    damaged.commit(users::insert(&new_user("well"), NOW)).await.unwrap();
    // Another process writes, so that the writer must look at the file again.
    db.commit(users::insert(&new_user("other"), NOW)).await.unwrap();
    db.close().await;
    checkpoint(&db);
    overwrite_all_but_the_first_page(&db);
    let first = damaged.commit(users::insert(&new_user("lost"), NOW)).await;
    assert!(matches!(first, Err(CommitError::Unknown)), "{first:?}");
    let next = damaged.commit(users::insert(&new_user("next"), NOW)).await;
    assert!(matches!(next, Err(CommitError::Fault(StoreError::Stopped(_)))), "{next:?}");
    assert_eq!(alarms.lock().unwrap().len(), 1, "told once: {alarms:?}");
    damaged.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_10_a_file_that_is_no_database_is_refused() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("mapae.db");
    std::fs::write(&path, "this is not a database, it is a text of some length".repeat(100)).unwrap();
    let refused = Db::open_sqlite(&path, Options::default()).unwrap_err().to_string();
    assert!(refused.contains("mapae.db"), "it names the file: {refused}");
    let missing = folder.path().join("no such folder").join("mapae.db");
    assert!(Db::open_sqlite(&missing, Options::default()).is_err());
}

fn checkpoint(db: &TestDb) {
    let connection = rusqlite::Connection::open(db.file()).unwrap();
    let mut checkpoint = connection.prepare("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert!(checkpoint.query([]).unwrap().next().unwrap().is_some());
}

fn overwrite_all_but_the_first_page(db: &TestDb) {
    let mut file = std::fs::OpenOptions::new().write(true).open(db.file()).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(4_096)).unwrap();
    file.write_all(&vec![0xA5; usize::try_from(length - 4_096).unwrap()]).unwrap();
}
