//! The sweep removes what is over and nothing else, however wrong the clock of its node is — DB-06.

use mapae::store::{
    Db,
    app_secrets::{self, Before, NewSecret},
    apps, codes,
    db::Engine,
    grants, keys,
    keys::{Life, SealKey, SigningKey},
    links::{self, Link, Purpose},
    revocations, sessions,
    steps::{self, NewStep},
    sweep, tokens, upstream_notices,
};
use mapae_protocol::time::{Seconds, Timestamp};
use tokio_postgres::NoTls;

use super::{
    backend::{TestDb, for_each_backend, shared},
    seed::{NOW, Seed, later},
};

/// Everything planted here is over one minute from now.
const END: Timestamp = later(Seconds::minutes(1));
const FEED_KEPT: Seconds = Seconds::hours(3);

/// One row of everything that expires, all of them at [`END`].
async fn plant(db: &TestDb) -> Seed {
    let seed = Seed::plant(db, "one").await;
    let mut grant = seed.grant("one");
    (grant.given.code_expires_at, grant.idle_expires_at, grant.given.expires_at) = (END, END, END);
    db.commit(grants::insert(&grant, NOW)).await.unwrap();
    let mut session = super::seed::new_session("ses_short", &seed.user);
    (session.expires_at, session.idle_expires_at) = (END, END);
    db.commit(sessions::insert(&session, NOW)).await.unwrap();
    let secret = NewSecret { id: "sec_next".into(), hash: "next".into(), sealed: None };
    db.commit(app_secrets::rotate(&seed.app, &secret, Before::ValidUntil(END), NOW)).await.unwrap();
    db.commit(codes::put("code", &"details".into(), END)).await.unwrap();
    let step = NewStep {
        id: "step".into(),
        kind: steps::Kind::Request,
        browser: "b".into(),
        payload: "p".into(),
        expires_at: END,
    };
    db.commit(steps::put(&step, NOW)).await.unwrap();
    let link = Link { email: "a@b".into(), user_id: None, user_epoch: None, payload: None, expires_at: END };
    db.commit(links::insert(&"link".into(), Purpose::Reset, &link, NOW)).await.unwrap();
    db.commit(tokens::revoke("jti", END, NOW)).await.unwrap();
    let life = Life { created_at: NOW, active_at: NOW, retired_at: None, expires_at: None };
    let signing = SigningKey {
        kid: "kid".into(),
        alg: "ES256".into(),
        private_wrapped: "w".into(),
        public_jwk: "{}".into(),
        life,
    };
    let seal = SealKey { id: "seal".into(), secret_wrapped: "w".into(), life };
    db.commit(keys::add_signing(&signing).with(keys::retire_signing("kid", END, NOW))).await.unwrap();
    db.commit(keys::add_seal(&seal).with(keys::retire_seal("seal", END, NOW))).await.unwrap();
    seed
}

/// Which of the planted rows are there, each asked for at the true time [`NOW`].
async fn present(db: &TestDb, seed: &Seed) -> Vec<&'static str> {
    let app = apps::find(db, &seed.app).await.unwrap().unwrap();
    let origin = "code:one";
    let rows = [
        ("grant", grants::redemption_facts(db, &seed.redemption(origin)).await.unwrap().earlier.is_some()),
        ("session", sessions::by_secret(db, "hash-of-ses_short", NOW).await.unwrap().is_some()),
        ("secret", app.secrets.len() == 2),
        ("code", codes::find(db, "code", NOW).await.unwrap().is_some()),
        ("step", steps::find(db, "step", "b", NOW).await.unwrap().is_some()),
        ("link", links::find(db, "link", Purpose::Reset, NOW).await.unwrap().is_some()),
        ("token", tokens::facts(db, &[], "jti").await.unwrap().revoked),
        ("signing key", keys::signing(db, NOW).await.unwrap().len() == 1),
        ("seal key", keys::seals(db, NOW).await.unwrap().len() == 1),
        ("event", revocations::bounds(db).await.unwrap().oldest.is_some()),
    ];
    rows.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
}

for_each_backend! {
    async fn db_06_a_clock_that_is_an_hour_wrong_removes_nothing_alive(db: TestDb) {
        let seed = plant(&db).await;
        let all = present(&db, &seed).await;
        assert_eq!(all.len(), 10, "{all:?}");
        for clock in [NOW.minus(Seconds::hours(1)), NOW, later(Seconds::hours(1))] {
            sweep::run(&db, FEED_KEPT, clock).await.unwrap();
            assert_eq!(present(&db, &seed).await, all, "swept with the clock at {clock:?}");
        }
    }

    async fn db_06_what_is_long_over_is_removed(db: TestDb) {
        let seed = plant(&db).await;
        let over = END.plus(sweep::SLACK);
        sweep::run(&db, FEED_KEPT, over.minus(Seconds::seconds(1))).await.unwrap();
        assert_eq!(present(&db, &seed).await.len(), 10, "one second before");
        sweep::run(&db, FEED_KEPT, over).await.unwrap();
        assert_eq!(present(&db, &seed).await, ["event"], "the feed is kept longer");
        sweep::run(&db, FEED_KEPT, NOW.plus(FEED_KEPT)).await.unwrap();
        assert_eq!(present(&db, &seed).await, Vec::<&str>::new());
        let bounds = revocations::bounds(&db).await.unwrap();
        assert_eq!((bounds.oldest, bounds.last), (None, 1), "numbers never start again");
    }

    /// By its name a form that is sent again is known for what it is.
    async fn db_06_a_secret_that_was_ended_is_no_longer_gone_than_one_that_came_to_its_end(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let secret = NewSecret { id: "sec_next".into(), hash: "next".into(), sealed: None };
        db.commit(app_secrets::rotate(&seed.app, &secret, Before::Stolen, NOW)).await.unwrap();
        let over = later(sweep::SLACK);
        for (clock, left) in [(over.minus(Seconds::seconds(1)), 2), (over, 1)] {
            sweep::run(&db, FEED_KEPT, clock).await.unwrap();
            assert_eq!(apps::find(&db, &seed.app).await.unwrap().unwrap().secrets.len(), left, "{clock:?}");
        }
    }

    async fn db_06_co_02_a_grant_stays_while_its_code_could_be_replayed(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let mut grant = seed.grant("one");
        (grant.idle_expires_at, grant.given.expires_at) = (NOW, NOW);
        grant.given.code_expires_at = later(Seconds::hours(1));
        db.commit(grants::insert(&grant, NOW)).await.unwrap();
        db.commit(grants::revoke(&grant.given.id, NOW)).await.unwrap();
        sweep::run(&db, FEED_KEPT, grant.given.code_expires_at.plus(sweep::SLACK).minus(Seconds::seconds(1))).await.unwrap();
        let mut replay = seed.grant("one");
        replay.given.id = "gra_replay".into();
        assert!(db.commit(grants::insert(&replay, NOW)).await.unwrap_err().is_conflict(), "revoked and expired, yet known");
        sweep::run(&db, FEED_KEPT, grant.given.code_expires_at.plus(sweep::SLACK)).await.unwrap();
        assert!(grants::facts(&db, &grant.given.id).await.unwrap().is_none());
    }

    async fn db_06_a_revoked_grant_is_removed_before_its_own_end(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let (revoked, living) = (seed.redeem(&db, "revoked").await, seed.redeem(&db, "living").await);
        db.commit(grants::revoke(&revoked, NOW)).await.unwrap();
        sweep::run(&db, FEED_KEPT, later(Seconds::days(1))).await.unwrap();
        assert!(grants::facts(&db, &revoked).await.unwrap().is_none());
        assert!(grants::facts(&db, &living).await.unwrap().is_some());
    }

    async fn db_06_a_session_stays_for_the_grants_that_name_it(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let mut grant = seed.grant("offline");
        (grant.given.offline, grant.given.expires_at) = (true, later(Seconds::days(90)));
        db.commit(grants::insert(&grant, NOW)).await.unwrap();
        sweep::run(&db, FEED_KEPT, later(Seconds::days(40))).await.unwrap();
        let facts = grants::facts(&db, &grant.given.id).await.unwrap().unwrap();
        assert!(facts.states.session.is_some(), "its sid is still in ID tokens");
        sweep::run(&db, FEED_KEPT, later(Seconds::days(100))).await.unwrap();
        sweep::run(&db, FEED_KEPT, later(Seconds::days(100))).await.unwrap();
        assert!(grants::facts(&db, &grant.given.id).await.unwrap().is_none());
    }

    async fn db_06_many_rows_are_removed_in_small_commits(db: TestDb) {
        let count = usize::try_from(sweep::BATCH).unwrap() * 2 + 7;
        let mut units = tokio::task::JoinSet::new();
        for n in 0..count {
            let db = Db::clone(&db);
            units.spawn(async move { db.commit(codes::put(&n.to_string(), &"p".into(), END)).await.unwrap() });
        }
        while let Some(unit) = units.join_next().await {
            unit.unwrap();
        }
        sweep::run(&db, FEED_KEPT, later(Seconds::days(1))).await.unwrap();
        for n in [0, count / 2, count - 1] {
            assert!(codes::find(&db, &n.to_string(), NOW).await.unwrap().is_none(), "{n}");
        }
    }

    async fn db_06_the_feed_is_swept_from_its_old_end_only(db: TestDb) {
        // The clocks of two nodes differ: the second event is dated before the first.
        for (jti, at) in [("a", later(Seconds::minutes(5))), ("b", NOW), ("c", later(Seconds::minutes(9)))] {
            db.commit(tokens::revoke(jti, END, at)).await.unwrap();
        }
        sweep::run(&db, FEED_KEPT, later(Seconds::minutes(1)).plus(FEED_KEPT)).await.unwrap();
        assert_eq!(revocations::bounds(&db).await.unwrap().oldest, Some(1), "no gap where the second was");
        sweep::run(&db, FEED_KEPT, later(Seconds::minutes(5)).plus(FEED_KEPT)).await.unwrap();
        let bounds = revocations::bounds(&db).await.unwrap();
        assert_eq!((bounds.oldest, bounds.last), (Some(3), 3));
        assert!(bounds.reach_back_to(2) && !bounds.reach_back_to(1));
    }
}

/// SQLite has one writer at a time: nothing waits there that has chosen already.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_06_what_is_prolonged_while_the_sweep_waits_for_it_stays() {
    let db = TestDb::new(Engine::Postgres).await;
    db.commit(upstream_notices::stood("known", END)).await.unwrap();
    let (client, connection) = tokio_postgres::connect(db.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let until = later(Seconds::days(30)).unix();
    let prolong = format!("BEGIN; UPDATE upstream_notices SET expires_at = {until} WHERE id = 'known'");
    client.batch_execute(&prolong).await.unwrap();
    let over = END.plus(sweep::SLACK);
    let sweeping = tokio::spawn({
        let db = Db::clone(&db);
        async move { sweep::run(&db, FEED_KEPT, over).await }
    });
    // Divides by zero until the sweep has chosen the row and waits for it.
    let waits = "SELECT 1 / count(*) FROM pg_stat_activity \
                 WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while !sweeping.is_finished() && shared().execute(db.url(), waits).await.is_err() {}
    assert!(!sweeping.is_finished(), "it had to wait");
    client.batch_execute("COMMIT").await.unwrap();
    sweeping.await.unwrap().unwrap();
    assert!(upstream_notices::is_known(&db, "known", over).await.unwrap(), "it lives for a month");
}
