//! Races for everything that may succeed once — DB-01, CO-02, RE-02.

use std::{slice, sync::Arc};

use mapae::store::{
    CommitError, Db, Unit,
    db::Engine,
    grants::{self, Rotation},
    links::{self, Link, Purpose},
    steps::{self, Kind, NewStep},
    users,
};
use mapae_protocol::time::Seconds;
use tokio::{sync::Barrier, task::JoinSet};

use super::{
    backend::{TestDb, for_each_backend},
    seed::{NOW, Seed, later, new_user},
};

const CODES: usize = 1_000;
const CONTENDERS: usize = 8;

/// How many codes are raced for at a time.
const WAVE: usize = 25;

for_each_backend! {
    async fn db_01_co_02_a_code_is_redeemed_once(db: TestDb) {
        race_for_codes(&db, slice::from_ref(&*db)).await;
    }

    async fn db_01_a_refresh_token_has_one_successor(db: TestDb) {
        race_for_rotations(&db, slice::from_ref(&*db)).await;
    }

    async fn db_01_a_mailed_link_is_used_once(db: TestDb) {
        for round in 0..50 {
            let hash = format!("link-{round}");
            let link = Link {
                email: "a@example.com".into(),
                user_id: None,
                user_epoch: None,
                payload: None,
                expires_at: later(Seconds::minutes(15)),
            };
            db.commit(links::insert(&hash.as_str().into(), Purpose::Reset, &link, NOW)).await.unwrap();
            let won = race(slice::from_ref(&*db), |_| Unit::from(links::consume(&hash, Purpose::Reset, NOW))).await;
            assert_eq!(won.len(), 1, "round {round}");
        }
    }

    async fn db_01_an_address_is_registered_once(db: TestDb) {
        for round in 0..50 {
            let won = race(slice::from_ref(&*db), |contender| {
                let mut user = new_user(&format!("{round}-{contender}"));
                user.email = Some(format!("{round}@example.com"));
                Unit::from(users::insert(&user, NOW))
            })
            .await;
            assert_eq!(won.len(), 1, "round {round}");
        }
    }

    async fn db_09_a_browser_never_has_more_steps_than_places(db: TestDb) {
        let mut stored = 0;
        for round in 0..6_usize {
            let won = race_of(16, slice::from_ref(&*db), |contender| {
                let id = format!("{round}-{contender}");
                let expires_at = later(Seconds::minutes(10));
                let kind = Kind::Request;
                let step = NewStep { id, kind, browser: "one".into(), payload: "p".into(), expires_at };
                Unit::from(steps::put(&step, NOW))
            })
            .await;
            for contender in won {
                let id = format!("{round}-{contender}");
                assert!(steps::find(&db, &id, "one", NOW).await.unwrap().is_some(), "acknowledged means kept");
                stored += 1;
            }
            assert!(stored <= 16, "{stored} steps of one browser");
        }
        assert_eq!(stored, 16, "all places are taken in the end, and each by one");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_01_co_02_a_code_is_redeemed_once_on_two_nodes() {
    let db = TestDb::new(Engine::Postgres).await;
    race_for_codes(&db, &[db.clone(), db.another()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_01_a_refresh_token_has_one_successor_on_two_nodes() {
    let db = TestDb::new(Engine::Postgres).await;
    race_for_rotations(&db, &[db.clone(), db.another()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_02_two_processes_write_one_sqlite_file() {
    let db = TestDb::new(Engine::Sqlite).await;
    race_for_codes(&db, &[db.clone(), db.another()]).await;
}

/// 1,000 codes, each presented by eight contenders at once.
async fn race_for_codes(db: &TestDb, nodes: &[Db]) {
    let seed = Arc::new(Seed::plant(db, "race").await);
    for wave in 0..CODES / WAVE {
        let mut races = JoinSet::new();
        for code in (0..WAVE).map(|code| format!("{wave}-{code}")) {
            let (seed, nodes) = (Arc::clone(&seed), nodes.to_vec());
            races.spawn(async move {
                let won = race(&nodes, |contender| {
                    let mut grant = seed.grant(&code);
                    grant.given.id = format!("gra_{code}_{contender}");
                    Unit::from(grants::insert(&grant, NOW))
                })
                .await;
                assert_eq!(won.len(), 1, "code {code}");
                (code, won)
            });
        }
        while let Some(raced) = races.join_next().await {
            let (code, won) = raced.unwrap();
            let facts =
                grants::redemption_facts(db, &seed.redemption(&format!("code:{code}"))).await.unwrap();
            let winner = format!("gra_{code}_{}", won[0]);
            assert_eq!(facts.earlier.unwrap().id, winner, "what was acknowledged is what is there");
        }
    }
}

/// 50 grants, twenty generations each, every generation presented by eight contenders at once.
async fn race_for_rotations(db: &TestDb, nodes: &[Db]) {
    let seed = Arc::new(Seed::plant(db, "race").await);
    let mut families = JoinSet::new();
    for family in 0..50 {
        let (seed, nodes, reader) = (Arc::clone(&seed), nodes.to_vec(), Db::clone(db));
        families.spawn(async move {
            let grant_id = seed.redeem(&nodes[0], &format!("family-{family}")).await;
            for generation in 0..20 {
                let won = race(&nodes, |contender| {
                    let refresh_hash = format!("hash-{generation}-{contender}").as_str().into();
                    let rotation = Rotation {
                        grant_id: &grant_id,
                        presented: generation,
                        refresh_hash: &refresh_hash,
                        successor: None,
                        idle_expires_at: later(Seconds::days(7)),
                    };
                    Unit::from(grants::rotate(&rotation, NOW))
                })
                .await;
                assert_eq!(won.len(), 1, "family {family}, generation {generation}");
                let grant = grants::facts(&reader, &grant_id).await.unwrap().unwrap().grant;
                assert_eq!(grant.generation, generation + 1);
                let successor = format!("hash-{generation}-{}", won[0]);
                assert!(
                    grant.refresh_hash.unwrap().matches(&successor),
                    "the winner's token is the current one"
                );
            }
        });
    }
    while let Some(family) = families.join_next().await {
        family.unwrap();
    }
}

/// Lets eight contenders commit at the same moment, on the nodes in turn. Returns who succeeded; everybody
/// else was told of a conflict, and nothing else.
async fn race(nodes: &[Db], unit: impl Fn(usize) -> Unit) -> Vec<usize> {
    race_of(CONTENDERS, nodes, unit).await
}

async fn race_of(contenders: usize, nodes: &[Db], unit: impl Fn(usize) -> Unit) -> Vec<usize> {
    let start = Arc::new(Barrier::new(contenders));
    let mut tasks = JoinSet::new();
    for contender in 0..contenders {
        let (db, unit, start) = (nodes[contender % nodes.len()].clone(), unit(contender), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            (contender, db.commit(unit).await)
        });
    }
    let mut won = Vec::new();
    while let Some(task) = tasks.join_next().await {
        match task.unwrap() {
            (contender, Ok(_)) => won.push(contender),
            (_, Err(CommitError::Conflict { .. })) => {}
            (contender, Err(error)) => panic!("contender {contender}: {error:?}"),
        }
    }
    won
}
