//! Races over HTTP: of any number of simultaneous attempts, on any number of nodes, one succeeds.

use futures_util::future::join_all;
use mapae_testkit::{Answer, Authorization, Browser, Engine, Options, TestServer};

use super::{calendar, sign_in};

fn successes(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 200).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn co_02_a_code_is_redeemed_once_on_two_nodes() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let node = server.second_node().await;
        let (_, app) = calendar(&server, false).await;
        node.app().catch_up().await.unwrap();
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        for _ in 0..25 {
            let authorization = Authorization::of(&app, "openid calendar.read");
            let code = server.code(&browser, &user, &authorization).await;
            let nodes = [&server, &node];
            let attempts = (0..8).map(|i| nodes[i % 2].redeem(&app, &code, &authorization.verifier));
            let answers = join_all(attempts).await;
            assert_eq!(successes(&answers), 1, "{engine:?}");
            assert!(
                answers.iter().all(|answer| answer.status == 200 || answer.error() == "invalid_grant"),
                "{engine:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn re_02_simultaneous_refreshes_make_one_successor_and_never_a_fork() {
    for engine in Engine::ALL {
        for window in ["10", "0"] {
            let options = Options {
                database: TestServer::database_on(engine).await,
                settings: vec![("MAPAE_TOKENS__REFRESH_RETRY_SECONDS".to_owned(), window.to_owned())],
                ..Options::default()
            };
            let server = TestServer::start_with(options).await;
            let (_, app) = calendar(&server, false).await;
            let mut token = sign_in(&server, &app, "openid").await.tokens.text("refresh_token");
            for _ in 0..10 {
                let answers = join_all((0..8).map(|_| server.refresh(&app, &token))).await;
                let good = answers.iter().filter(|answer| answer.status == 200);
                let mut next: Vec<String> = good.map(|answer| answer.text("refresh_token")).collect();
                next.sort();
                next.dedup();
                assert_eq!(next.len(), 1, "{engine:?} {window}: never a fork");
                if window == "0" {
                    assert_eq!(successes(&answers), 1, "{engine:?}");
                    break;
                }
                assert_eq!(successes(&answers), 8, "{engine:?}: all of them get the same successor");
                token = next.remove(0);
            }
        }
    }
}
