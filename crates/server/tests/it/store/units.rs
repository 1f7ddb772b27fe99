//! Units: together or not at all, in time or not at all — DB-02, DB-10, DB-11.

use std::time::{Duration, Instant};

use mapae::store::{
    CommitError, Options, StoreError, Unit, codes,
    db::{Engine, Obstacle},
    grants,
    links::{self, Link, Purpose},
    users,
};
use mapae_protocol::time::Seconds;
use tokio::task::JoinSet;

use super::{
    backend::{TestDb, for_each_backend},
    seed::{NOW, Seed, later, new_user},
};

/// What the statement says that inserts a grant.
const REDEEMED_BEFORE: &str = "conflict at mapae::store::grants::INSERT";

for_each_backend! {
    async fn db_02_a_conflict_undoes_what_came_before_it(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        seed.redeem(&db, "spent").await;
        let unit = Unit::new()
            .with(users::insert(&new_user("undone"), NOW))
            .with(grants::insert(&seed.grant("spent"), NOW))
            .with(users::insert(&new_user("never"), NOW));
        let conflict = db.commit(unit).await.unwrap_err();
        assert_eq!(conflict.to_string(), REDEEMED_BEFORE);
        assert!(conflict.is_conflict());
        for id in ["usr_undone", "usr_never"] {
            assert!(users::by_id(&db, id).await.unwrap().is_none(), "{id}");
        }
    }

    async fn db_02_a_conflict_does_not_touch_other_units(db: TestDb) {
        let mut commits = JoinSet::new();
        for n in 0..60 {
            let db = mapae::store::Db::clone(&db);
            // Every third unit meets a missing row after it has written.
            let unit = Unit::from(users::insert(&new_user(&n.to_string()), NOW));
            let unit = if n % 3 == 0 { unit.with(users::guard("usr_none", 0)) } else { unit };
            commits.spawn(async move { (n, db.commit(unit).await) });
        }
        while let Some(commit) = commits.join_next().await {
            let (n, outcome) = commit.unwrap();
            let there = users::by_id(&db, &format!("usr_{n}")).await.unwrap().is_some();
            assert_eq!(outcome.is_ok(), n % 3 != 0, "unit {n}: {outcome:?}");
            assert_eq!(there, n % 3 != 0, "unit {n}");
        }
    }

    async fn db_10_a_missing_parent_is_a_conflict(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let mut grant = seed.grant("orphan");
        grant.given.user_id = "usr_nobody".into();
        let single = db.commit(grants::insert(&grant, NOW)).await.unwrap_err();
        assert_eq!(single.to_string(), REDEEMED_BEFORE);
        let unit = Unit::from(users::insert(&new_user("two"), NOW)).with(grants::insert(&grant, NOW));
        let second = db.commit(unit).await.unwrap_err();
        assert_eq!(second.to_string(), REDEEMED_BEFORE);
        assert!(users::by_id(&db, "usr_two").await.unwrap().is_none());
    }

    async fn db_10_a_taken_unique_value_is_a_conflict(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let id = seed.redeem(&db, "first").await;
        // The same id with another origin: not the target that the statement names, a conflict all the same.
        let mut grant = seed.grant("second");
        grant.given.id = id;
        let conflict = db.commit(grants::insert(&grant, NOW)).await.unwrap_err();
        assert_eq!(conflict.to_string(), REDEEMED_BEFORE);
    }

    async fn results_stand_where_their_statements_were_added(db: TestDb) {
        let link = Link {
            email: "a@example.com".into(),
            user_id: None,
            user_epoch: None,
            payload: Some("p".into()),
            expires_at: later(Seconds::minutes(5)),
        };
        let put = Unit::from(links::insert(&"hash".into(), Purpose::SignUp, &link, NOW))
            .with(codes::put("code", &"details".into(), later(Seconds::seconds(60))));
        db.commit(put).await.unwrap();
        // Executed in the order users, code_details, mailed_links.
        let unit = Unit::from(links::consume("hash", Purpose::SignUp, NOW))
            .with(users::insert(&new_user("new"), NOW))
            .with(codes::take("code"))
            .with(codes::take("no such code"));
        let mut results = db.commit(unit).await.unwrap();
        assert_eq!(results.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 1, 0]);
        assert_eq!(links::consumed(results.swap_remove(0)).unwrap(), link);
    }

    async fn db_10_text_with_a_nul_never_reaches_the_engine(db: TestDb) {
        let mut user = new_user("nul");
        user.name = "a\0b".into();
        let refused = db.commit(users::insert(&user, NOW)).await.unwrap_err();
        assert!(matches!(refused, CommitError::Fault(StoreError::Nul { parameter: 4, .. })), "{refused:?}");
        let refused = users::by_email(&db, "a\0@example.com").await.unwrap_err();
        assert!(matches!(refused, StoreError::Nul { parameter: 1, .. }), "{refused:?}");
    }

    async fn an_empty_unit_is_committed_at_once(db: TestDb) {
        let lock = db.lock().await;
        assert!(db.commit(Unit::new()).await.unwrap().is_empty());
        lock.release().await;
    }

    async fn db_11_a_unit_that_waits_too_long_is_not_executed(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        // What its units say of themselves counts, not this.
        let patient = db.another_with(Options { budget: Duration::from_secs(60), ..Options::default() });
        let lock = db.lock().await;
        let units = [
            Unit::from(users::insert(&new_user("late"), NOW)),
            Unit::from(users::insert(&new_user("later"), NOW)).with(users::guard(&seed.user, 0)),
        ];
        for unit in units {
            let begun = Instant::now();
            let outcome = patient.commit(unit.within(Duration::from_millis(200))).await;
            assert!(matches!(outcome, Err(CommitError::Busy(Obstacle::Deadline))), "{outcome:?}");
            assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        }
        lock.release().await;
        // A write after them on the same rows: were one of them still to come, it would come before it.
        db.commit(users::insert(&new_user("next"), NOW)).await.unwrap();
        for id in ["usr_late", "usr_later"] {
            assert!(users::by_id(&db, id).await.unwrap().is_none(), "{id} was written after the answer");
        }
    }

    async fn db_02_a_unit_waits_for_a_short_lock(db: TestDb) {
        let lock = db.lock().await;
        let waiting = {
            let db = mapae::store::Db::clone(&db);
            tokio::spawn(async move { db.commit(users::insert(&new_user("patient"), NOW)).await })
        };
        // It cannot have been executed: nobody else may write users.
        assert!(users::by_id(&db, "usr_patient").await.unwrap().is_none(), "reads do not wait for the lock");
        lock.release().await;
        waiting.await.unwrap().unwrap();
        assert!(users::by_id(&db, "usr_patient").await.unwrap().is_some());
    }

    async fn a_closed_database_says_so(db: TestDb) {
        db.commit(users::insert(&new_user("before"), NOW)).await.unwrap();
        db.close().await;
        let refused = db.commit(users::insert(&new_user("after"), NOW)).await.unwrap_err();
        assert!(matches!(refused, CommitError::Fault(StoreError::Closed)), "{refused:?}");
        db.close().await;
        let reopened = db.another();
        assert!(users::by_id(&reopened, "usr_before").await.unwrap().is_some());
        assert!(users::by_id(&reopened, "usr_after").await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn op_the_queue_of_writes_is_bounded() {
    let db = TestDb::new(Engine::Sqlite).await;
    let small = db.another_with(Options { queue: 4, ..Options::default() });
    let lock = db.lock().await;
    let mut commits = JoinSet::new();
    // More than one batch and the queue can hold.
    for n in 0..600 {
        let small = small.clone();
        let unit =
            Unit::from(users::insert(&new_user(&n.to_string()), NOW)).within(Duration::from_millis(500));
        commits.spawn(async move { small.commit(unit).await });
    }
    let (mut full, mut late) = (0, 0);
    while let Some(outcome) = commits.join_next().await {
        match outcome.unwrap() {
            Err(CommitError::Busy(Obstacle::QueueFull)) => full += 1,
            Err(CommitError::Busy(Obstacle::Deadline)) => late += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(full > 0 && late > 0, "{full} refused at once, {late} after waiting");
    lock.release().await;
    small.commit(users::insert(&new_user("next"), NOW)).await.unwrap();
    assert_eq!(users::list(&db, 1_000).await.unwrap().len(), 1, "nothing that was refused was written");
}
