//! Transactions that the engine asks to start again — DB-02.

use mapae::store::{
    CommitError, Db, Unit,
    db::{Engine, Obstacle},
    users,
};

use super::{
    backend::{TestDb, shared},
    seed::{NOW, new_user},
};

/// Makes inserts of users fail with `state`: at once, or (`DEFERRED`) when they are committed. Only those
/// whose id says so, and of these the first `times` ones; a sequence counts them, because it forgets nothing
/// when a transaction is undone.
async fn fail(db: &TestDb, when: &str, state: &str, times: u32) {
    let trigger = match when {
        "at once" => "CREATE TRIGGER failing AFTER INSERT ON users",
        _ => "CREATE CONSTRAINT TRIGGER failing AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED",
    };
    let statements = format!(
        "CREATE SEQUENCE tries;
         CREATE FUNCTION failing() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF nextval('tries') <= {times} THEN
                 RAISE EXCEPTION 'again' USING ERRCODE = '{state}';
             END IF;
             RETURN NEW;
         END $$;
         {trigger} FOR EACH ROW WHEN (NEW.id LIKE 'usr_failing%') EXECUTE FUNCTION failing()"
    );
    shared().execute(db.url(), &statements).await.unwrap();
}

fn single() -> Unit {
    Unit::from(users::insert(&new_user("failing"), NOW))
}

fn double() -> Unit {
    Unit::from(users::insert(&new_user("before"), NOW)).with(single())
}

async fn there(db: &Db, id: &str) -> bool {
    users::by_id(db, id).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_02_a_serialization_failure_is_tried_again() {
    for when in ["at once", "at commit"] {
        for state in ["40001", "40P01"] {
            for unit in [single(), double()] {
                let db = TestDb::new(Engine::Postgres).await;
                fail(&db, when, state, 3).await;
                db.commit(unit).await.unwrap_or_else(|error| panic!("{state} {when}: {error:?}"));
                assert!(there(&db, "usr_failing").await);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_02_it_is_not_tried_for_ever() {
    for when in ["at once", "at commit"] {
        for unit in [single(), double()] {
            let db = TestDb::new(Engine::Postgres).await;
            fail(&db, when, "40001", 1_000).await;
            let outcome = db.commit(unit).await;
            assert!(matches!(outcome, Err(CommitError::Busy(Obstacle::Locked))), "{when}: {outcome:?}");
            assert!(!there(&db, "usr_failing").await && !there(&db, "usr_before").await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_10_another_error_undoes_the_unit_and_is_reported() {
    for unit in [single(), double()] {
        let db = TestDb::new(Engine::Postgres).await;
        fail(&db, "at once", "P0001", 1).await;
        let outcome = db.commit(unit.clone()).await;
        assert!(matches!(outcome, Err(CommitError::Fault(_))), "{outcome:?}");
        assert!(!there(&db, "usr_before").await, "not half of it");
        db.commit(unit).await.unwrap();
    }
}

/// What an engine says at COMMIT, other than that it undid everything, is no proof that it did.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_05_an_error_at_commit_is_unknown() {
    let db = TestDb::new(Engine::Postgres).await;
    fail(&db, "at commit", "P0001", 1).await;
    let outcome = db.commit(double()).await;
    assert!(matches!(outcome, Err(CommitError::Unknown)), "{outcome:?}");
    db.commit(double()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_02_a_deadlock_costs_time_and_nothing_else() {
    let db = TestDb::new(Engine::Postgres).await;
    for tag in ["a", "b"] {
        db.commit(users::insert(&new_user(tag), NOW)).await.unwrap();
    }
    let write = |tag: &str| users::verify_email(&format!("usr_{tag}"), &format!("{tag}@example.com"), NOW);
    let mut units = tokio::task::JoinSet::new();
    for n in 0..8 {
        // The store orders tables, not rows: these lock the same two rows in opposite order.
        let tags = if n % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
        let unit = Unit::new().with_all(tags.map(write)).within(std::time::Duration::from_secs(20));
        let db = Db::clone(&db);
        units.spawn(async move { db.commit(unit).await });
    }
    while let Some(unit) = units.join_next().await {
        let outcome = unit.unwrap();
        let slow = matches!(outcome, Err(CommitError::Busy(Obstacle::Deadline | Obstacle::Locked)));
        assert!(outcome.is_ok() || slow, "{outcome:?}");
    }
    db.commit(write("a")).await.expect("nothing is left locked");
}
