//! The revocation feed: its order is the order of commits, without gaps — DB-04, IN.

use std::{collections::BTreeMap, slice};

use mapae::store::{
    Db, Unit, counters,
    db::Engine,
    grants,
    revocations::{self, Event, Kind},
    server_clocks::{self, ServerClock},
    sessions, tokens, users,
};
use mapae_protocol::time::Seconds;
use tokio::task::JoinSet;

use super::{
    backend::{TestDb, for_each_backend},
    seed::{NOW, Seed, later, new_user},
};

const WRITERS: usize = 8;
const EACH: usize = 40;

for_each_backend! {
    async fn db_04_a_reader_of_the_feed_misses_nothing(db: TestDb) {
        follow_while_revoking(&db, slice::from_ref(&*db)).await;
    }

    async fn db_04_every_kind_of_event_names_its_subject_and_epoch(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let grant = seed.redeem(&db, "code").await;
        let unit = Unit::new()
            .with(tokens::revoke("jti", later(Seconds::minutes(5)), NOW))
            .with(grants::revoke(&grant, NOW))
            .with(sessions::end(&seed.session, &seed.user, NOW))
            .with(mapae::store::consents::disconnect(&seed.consent, &seed.user, NOW))
            .with(mapae::store::apps::revoke(&seed.app, NOW))
            .with(users::disable(&seed.user, NOW));
        db.commit(unit).await.unwrap();
        db.commit(users::enable(&seed.user, NOW)).await.unwrap();
        db.commit(users::disable(&seed.user, NOW)).await.unwrap();
        let events = revocations::list_after(&db, 0, 100).await.unwrap();
        let seen: Vec<_> = events.iter().map(|e| (e.seq, e.kind, e.subject_id.as_str(), e.epoch)).collect();
        let expected = [
            (1, Kind::Token, "jti", 0),
            (2, Kind::Grant, grant.as_str(), 0),
            (3, Kind::Session, &seed.session, 0),
            (4, Kind::Consent, &seed.consent, 0),
            (5, Kind::App, &seed.app, 0),
            (6, Kind::User, &seed.user, 0),
            (7, Kind::User, &seed.user, 1),
        ];
        assert_eq!(seen, expected);
        assert!(events.iter().all(|event| event.at == NOW));
        assert_eq!(revocations::list_after(&db, 5, 1).await.unwrap(), events[5..6]);
        let bounds = revocations::bounds(&db).await.unwrap();
        assert_eq!((bounds.oldest, bounds.last), (Some(1), 7));
    }

    async fn re_08_a_subject_that_a_unit_ends_twice_is_named_under_both_epochs(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let revoke = || mapae::store::apps::revoke(&seed.app, NOW);
        db.commit(revoke().with(users::disable(&seed.user, NOW)).with(revoke())).await.unwrap();
        let events = revocations::list_after(&db, 0, 100).await.unwrap();
        let seen: Vec<_> = events.iter().map(|event| (event.seq, event.kind, event.epoch)).collect();
        assert_eq!(seen, [(1, Kind::App, 0), (2, Kind::User, 0), (3, Kind::App, 1)]);
    }

    async fn op_13_an_event_is_dated_by_the_clock_that_is_furthest_ahead(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let minute = |n| later(Seconds::minutes(n));
        let clock = |id: &str, n| {
            let clock = ServerClock { id: id.to_owned(), shows: minute(n), ahead: Seconds::ZERO };
            Unit::from(server_clocks::note(&clock))
        };
        let notes =
            [Unit::new(), Unit::from(counters::raise_clock(minute(5))), clock("a", 3), clock("b", 9), clock("b", 7)];
        for (n, note) in notes.into_iter().enumerate() {
            db.commit(note).await.unwrap();
            let one = tokens::revoke(&n.to_string(), later(Seconds::days(1)), NOW);
            db.commit(one.with(mapae::store::apps::revoke(&seed.app, NOW))).await.unwrap();
        }
        db.commit(mapae::store::apps::revoke(&seed.app, minute(20))).await.unwrap();
        let events = revocations::list_after(&db, 0, 100).await.unwrap();
        let dated: Vec<_> = events.iter().map(|event| event.at).collect();
        assert_eq!(dated, [0, 0, 5, 5, 5, 5, 9, 9, 7, 7, 20].map(minute));
    }

    async fn db_04_a_unit_in_conflict_leaves_no_number_behind(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let grant = seed.redeem(&db, "code").await;
        let unit = grants::revoke(&grant, NOW).with(users::guard(&seed.user, 7));
        assert!(db.commit(unit).await.unwrap_err().is_conflict());
        assert_eq!(revocations::bounds(&db).await.unwrap().last, 0);
        db.commit(grants::revoke(&grant, NOW)).await.unwrap();
        assert_eq!(revocations::list_after(&db, 0, 10).await.unwrap().len(), 1);
        assert_eq!(revocations::bounds(&db).await.unwrap().last, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_04_a_reader_of_the_feed_misses_nothing_on_two_nodes() {
    let db = TestDb::new(Engine::Postgres).await;
    follow_while_revoking(&db, &[db.clone(), db.another()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_04_a_reader_of_the_feed_misses_nothing_of_another_process() {
    let db = TestDb::new(Engine::Sqlite).await;
    follow_while_revoking(&db, &[db.clone(), db.another()]).await;
}

/// Eight writers revoke, each one thing after another, some of them two at a time; a reader follows. It must
/// see every number once, in order, and never one before a smaller one.
async fn follow_while_revoking(db: &TestDb, nodes: &[Db]) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let db = nodes[writer % nodes.len()].clone();
        writers.spawn(async move {
            for n in 0..EACH {
                db.commit(revoke_something(writer, n)).await.unwrap();
            }
        });
    }
    let mut events: Vec<Event> = Vec::new();
    loop {
        while let Some(writer) = writers.try_join_next() {
            writer.unwrap();
        }
        let last_look = writers.is_empty();
        let cursor = i64::try_from(events.len()).unwrap();
        let more = revocations::list_after(db, cursor, 50).await.unwrap();
        for (expected, event) in (cursor + 1..).zip(&more) {
            assert_eq!(event.seq, expected, "a gap: the reader would never come back for it");
        }
        if last_look && more.is_empty() {
            break;
        }
        events.extend(more);
        tokio::task::yield_now().await;
    }
    assert_eq!(events.len(), WRITERS * EACH * 3 / 2, "every event once");
    let mut before = BTreeMap::new();
    for Event { subject_id, .. } in events {
        let (writer, n) = subject_id.split_once('-').unwrap();
        let n: usize = n.split('-').next().unwrap().parse().unwrap();
        let previous = before.insert(writer.to_owned(), n);
        assert!(previous.is_none_or(|previous| previous <= n), "acknowledged before, numbered before");
    }
}

fn revoke_something(writer: usize, n: usize) -> Unit {
    let expires_at = later(Seconds::minutes(5));
    let first = tokens::revoke(&format!("{writer}-{n}"), expires_at, NOW);
    if n.is_multiple_of(2) {
        return first;
    }
    let second = tokens::revoke(&format!("{writer}-{n}-b"), expires_at, NOW);
    first.with(second).with(users::insert(&new_user(&format!("{writer}-{n}")), NOW))
}
