//! What a provider gave is refreshed when it is due: once, whoever asks, whatever happens to them or to the answer.

use mapae::{
    clock::Clock,
    store::identities::{self, Turn},
};
use mapae_protocol::time::Seconds;
use mapae_testkit::{Browser, Engine, Options, TestServer, client, postgres::PostgresServer};

use super::{
    stage::{Stage, for_each_engine},
    tokens::{ASKS, Given, agreed, fetched, permitted, signed_in, works},
};

for_each_engine! {
    /// RFC 6749 §6.
    async fn a_lost_answer_is_asked_for_again_with_the_same_refresh_token(stage: Stage of []) {
        let Given { stranger, app, user, browser } = Given::by_a_stranger(&stage).await;
        for (lost, asked, status) in [(1, 2, 200), (2, 2, 503), (0, 1, 200)] {
            stage.advance(3_700);
            let token = agreed(&stage, &app, &browser, (ASKS, "", &["all", "of them"])).await.text("access_token");
            stranger.forget();
            stranger.loses_refreshes(lost);
            let answer = fetched(&stage, &token).await;
            assert_eq!((answer.status.as_u16(), stranger.refreshes()), (status, asked), "{lost} {}", answer.json);
            let sent = stranger.heard();
            assert!(sent.iter().all(|said| said.contains("refresh_token=r")), "{sent:?}");
            let way = identities::of_user(stage.server.app().db(), &user.id).await.unwrap().remove(0);
            assert!(way.tokens.is_some() && way.refreshing.is_none(), "nothing is lost, and the turn is given back");
        }
    }

    async fn it_is_refreshed_when_due_and_once_for_all_who_ask(stage: Stage of ["kakao"]) {
        let app = permitted(&stage).await;
        let browser = Browser::default();
        let before = fetched(&stage, &signed_in(&stage, &app, &browser).await).await.text("access_token");
        stage.advance(6 * 3_600 + 60);
        // The browser is signed in here still; nobody goes to the provider.
        let access_token = signed_in(&stage, &app, &browser).await;
        let tasks = (0..20).map(|_| {
            let (server, token) = (stage.server.at("/upstream/kakao/token"), access_token.clone());
            tokio::spawn(async move { client::send(mapae_testkit::http().get(server).bearer_auth(token)).await })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut given = std::collections::BTreeSet::new();
        for task in tasks {
            let answer = task.await.unwrap();
            given.insert(answer.text("access_token"));
        }
        assert_eq!(given.len(), 1, "one refresh, and everybody has what it brought");
        let given = given.first().unwrap();
        assert!(*given != before && works(&stage, given).await);
    }

    /// Counted where they arrive. The second node's clock is far ahead: the lease of the first is over there, if clocks count.
    async fn mx_02_two_nodes_whose_clocks_differ_refresh_once(stage: Stage of []) {
        let Given { stranger, app, user, browser } = Given::by_a_stranger(&stage).await;
        let ahead = Clock::manual(stage.server.now().plus(Seconds::minutes(2)));
        let node = TestServer::start_with(Options {
            issuer: Some(stage.server.issuer().to_owned()),
            database: Some(stage.server.database().to_owned()),
            beside: Some(stage.server.data().to_owned()),
            clock: Some(ahead.clone()),
            ..Options::default()
        });
        let node = node.await;
        let here = stage.server.at("/upstream/kakao/token");
        let host = stage.server.issuer().trim_start_matches("http://").to_owned();
        let there = format!("http://{}/upstream/kakao/token", node.address());
        for round in 1..=3 {
            stage.advance(3_700);
            ahead.advance(Seconds::seconds(3_700));
            let token = agreed(&stage, &app, &browser, (ASKS, "", &["all", "of them"])).await.text("access_token");
            let ask = |address: &str| {
                let request = mapae_testkit::http().get(address).header("host", &host).bearer_auth(&token);
                tokio::spawn(client::send(request))
            };
            let held = stranger.hold_refreshes().await;
            let first = ask(&here);
            stranger.is_asked_to_refresh().await;
            let others: Vec<_> = (0..20).map(|n| ask(if n % 2 == 0 { &here } else { &there })).collect();
            // Long enough for all of them to find the turn taken; whoever would not wait is heard of.
            for _ in 0..50 {
                identities::of_user(node.app().db(), &user.id).await.unwrap();
                tokio::task::yield_now().await;
            }
            drop(held);
            for answer in others.into_iter().chain([first]) {
                let answer = answer.await.unwrap();
                assert_eq!(answer.status, 200, "{}", answer.json);
            }
            assert_eq!(stranger.refreshes(), 1, "round {round}");
            stranger.forget();
        }
    }

    async fn mx_02_a_node_that_died_while_it_refreshed_is_stood_in_for(stage: Stage of []) {
        let Given { stranger, app, user, browser } = Given::by_a_stranger(&stage).await;
        stage.advance(3_700);
        let token = agreed(&stage, &app, &browser, (ASKS, "", &["all", "of them"])).await.text("access_token");
        let db = stage.server.app().db();
        let way = identities::of_user(db, &user.id).await.unwrap().remove(0);
        let dead = Turn { id: &way.id, version: way.tokens_version, holder: "who died" };
        db.commit(identities::claim_refresh(dead, None)).await.unwrap();
        let request = mapae_testkit::http().get(stage.server.at("/upstream/kakao/token")).bearer_auth(&token);
        let mut waiting = tokio::spawn(client::send(request));
        let waits = tokio::time::timeout(std::time::Duration::from_millis(500), &mut waiting).await;
        assert!(waits.is_err() && stranger.refreshes() == 0, "who gave a sign a moment ago is alive");
        // Again and again: a node that is slow may look at the mark for the first time only now.
        let answer = loop {
            stage.advance(7);
            let answered = tokio::time::timeout(std::time::Duration::from_millis(500), &mut waiting).await;
            if let Ok(answer) = answered {
                break answer.unwrap();
            }
        };
        assert_eq!((answer.status.as_u16(), stranger.refreshes()), (200, 1), "{}", answer.json);
    }

    /// The provider has given the refresh token away: what comes for it is kept, whether somebody waits for it or not.
    async fn mx_02_a_refresh_whose_asker_hangs_up_loses_nothing(stage: Stage of []) {
        let Given { stranger, app, user, browser } = Given::by_a_stranger(&stage).await;
        stage.advance(3_700);
        let token = agreed(&stage, &app, &browser, (ASKS, "", &["all", "of them"])).await.text("access_token");
        let before = identities::of_user(stage.server.app().db(), &user.id).await.unwrap().remove(0);
        let held = stranger.hold_refreshes().await;
        let request = mapae_testkit::http().get(stage.server.at("/upstream/kakao/token")).bearer_auth(&token);
        let fetching = tokio::spawn(client::send(request));
        stranger.is_asked_to_refresh().await;
        fetching.abort();
        assert!(fetching.await.unwrap_err().is_cancelled());
        drop(held);
        let kept = async {
            loop {
                let way = identities::of_user(stage.server.app().db(), &user.id).await.unwrap().remove(0);
                if way.tokens_version > before.tokens_version {
                    return way;
                }
                tokio::task::yield_now().await;
            }
        };
        let way = tokio::time::timeout(std::time::Duration::from_secs(30), kept).await.expect("it is kept");
        assert!(way.tokens.is_some() && way.tokens != before.tokens);
    }

    async fn lk_10_mx_02_a_way_that_is_removed_while_its_tokens_are_refreshed_gives_none(stage: Stage of []) {
        let Given { stranger, app, user, browser } = Given::by_a_stranger(&stage).await;
        for ends in [false, true] {
            stage.advance(3_700);
            let token = agreed(&stage, &app, &browser, (ASKS, "", &["all", "of them"])).await.text("access_token");
            let held = stranger.hold_refreshes().await;
            let request = mapae_testkit::http().get(stage.server.at("/upstream/kakao/token")).bearer_auth(&token);
            let fetching = tokio::spawn(client::send(request));
            stranger.is_asked_to_refresh().await;
            let db = stage.server.app().db();
            let way = identities::of_user(db, &user.id).await.unwrap().remove(0);
            if ends {
                db.commit(identities::remove(&way.id, &user.id, None, stage.server.now())).await.unwrap();
            }
            drop(held);
            let answer = fetching.await.unwrap();
            if !ends {
                assert_eq!(answer.text("access_token"), "a");
                stranger.forget();
                continue;
            }
            assert_eq!((answer.status.as_u16(), answer.text("error").as_str()), (400, "login_required"));
            let left = identities::find(db, &way.issuer, &way.subject).await.unwrap().unwrap();
            assert!(left.removed_at.is_some() && left.tokens.is_none(), "{left:?}");
        }
    }
}

/// The connection is lost while the successor is being kept, as when a database is restarted or fails over to another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mx_02_rp_23_a_database_that_goes_away_at_the_wrong_moment_loses_no_successor() {
    const GOES_AWAY_ONCE: &str = "CREATE SEQUENCE written; \
        CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
            IF nextval('written') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; \
            RETURN NEW; END $$; \
        CREATE TRIGGER go_away BEFORE UPDATE OF tokens_wrapped ON identities FOR EACH ROW EXECUTE FUNCTION go_away()";
    let stage = Stage::of(Engine::Postgres, &[]).await;
    let Given { stranger, app, user, browser } = Given::by_a_stranger(&stage).await;
    stage.advance(3_700);
    let token = agreed(&stage, &app, &browser, (ASKS, "", &["all", "of them"])).await.text("access_token");
    let before = identities::of_user(stage.server.app().db(), &user.id).await.unwrap().remove(0);
    stranger.forget();
    let database = stage.server.database().rsplit('/').next().unwrap();
    PostgresServer::shared().unwrap().execute(database, GOES_AWAY_ONCE).await.unwrap();
    let answer = fetched(&stage, &token).await;
    assert_eq!((answer.status.as_u16(), stranger.refreshes()), (200, 1), "{}", answer.json);
    let after = identities::of_user(stage.server.app().db(), &user.id).await.unwrap().remove(0);
    assert_eq!(after.tokens_version, before.tokens_version + 1);
    assert!(after.tokens.is_some() && after.tokens != before.tokens, "the successor is kept");
}
