//! A refresh token has one successor — RFC 9700 §4.14.2.

use futures_util::future::join_all;
use mapae_e2e::app::Tokens;
use tokio::task::JoinSet;

use super::{
    CONTENDERS, STRICT, WINDOW, races, report,
    scene::{Lane, SET_UPS, Scene},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn re_02_re_09_eight_simultaneous_refreshes_get_one_successor_and_never_a_fork() {
    for set_up in SET_UPS {
        let scene = Scene::open(set_up, 10).await;
        let lanes = scene.lanes().await;
        let share = races().div_ceil(lanes.len());
        let raced = share * lanes.len();
        let mut running = JoinSet::new();
        for mut lane in lanes {
            running.spawn(async move {
                let mut tokens = grant(&mut lane).await;
                for _ in 0..share {
                    tokens = next_generation(&mut lane, &tokens).await;
                }
                assert!(lane.is_active(&tokens.access).await, "nothing was taken for a replay");
            });
        }
        running.join_all().await;
        let name = scene.name();
        let (_, details) = scene.close(WINDOW);
        report(&format!("refresh × {CONTENDERS} ({name})"), raced, "generations", &details);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn re_01_re_02_without_a_window_one_of_eight_refreshes_succeeds_and_the_grant_ends() {
    for set_up in SET_UPS {
        let scene = Scene::open(set_up, 0).await;
        let lanes = scene.lanes().await;
        let share = races().div_ceil(lanes.len());
        let raced = share * lanes.len();
        let mut running = JoinSet::new();
        for mut lane in lanes {
            running.spawn(async move {
                for _ in 0..share {
                    last_generation(&mut lane).await;
                }
            });
        }
        running.join_all().await;
        let name = scene.name();
        let (_, details) = scene.close(STRICT);
        report(&format!("refresh × {CONTENDERS}, no window ({name})"), raced, "generations", &details);
    }
}

async fn grant(lane: &mut Lane) -> Tokens {
    let code = lane.code().await;
    let tokens = lane.app.redeem(&mut lane.wires[0], &lane.journal, &code).await.unwrap();
    tokens.expect("a new code is good")
}

/// What those got who succeeded, of all contenders.
async fn contend(lane: &mut Lane, token: &str) -> Vec<Tokens> {
    let (app, journal) = (&lane.app, &lane.journal);
    let attempts = lane.wires.iter_mut().map(|wire| app.refresh(wire, journal, token));
    let answers = join_all(attempts).await;
    answers.into_iter().filter_map(|answer| answer.unwrap()).collect()
}

async fn next_generation(lane: &mut Lane, tokens: &Tokens) -> Tokens {
    let given = contend(lane, &tokens.refresh).await;
    assert_eq!(given.len(), CONTENDERS, "whoever lost the answer gets it again");
    assert!(given.iter().all(|other| other.refresh == given[0].refresh), "a fork");
    given[0].clone()
}

async fn last_generation(lane: &mut Lane) {
    let first = grant(lane).await;
    let given = contend(lane, &first.refresh).await;
    assert_eq!(given.len(), 1, "exactly one success");
    let next = lane.app.refresh(&mut lane.wires[0], &lane.journal, &given[0].refresh).await.unwrap();
    assert_eq!(next, None, "the losers have shown that the token has leaked");
}
