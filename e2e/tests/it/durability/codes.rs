//! A code is redeemed once, whoever asks how often and where — RFC 6749 §4.1.2, §10.5.

use futures_util::future::join_all;
use tokio::task::JoinSet;

use super::{
    CONTENDERS, WINDOW, races, report,
    scene::{Lane, SET_UPS, Scene},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_01_co_02_of_eight_simultaneous_redemptions_one_succeeds_and_its_tokens_are_revoked() {
    for set_up in SET_UPS {
        let scene = Scene::open(set_up, 10).await;
        let lanes = scene.lanes().await;
        let share = races().div_ceil(lanes.len());
        let raced = share * lanes.len();
        let mut running = JoinSet::new();
        for mut lane in lanes {
            running.spawn(async move {
                for _ in 0..share {
                    race(&mut lane).await;
                }
            });
        }
        running.join_all().await;
        let name = scene.name();
        let (verdict, details) = scene.close(WINDOW);
        assert!(verdict.sights >= raced * (CONTENDERS + 1), "every attempt was judged");
        report(&format!("codes × {CONTENDERS} ({name})"), raced, "codes", &details);
    }
}

async fn race(lane: &mut Lane) {
    let code = lane.code().await;
    let (app, journal, code) = (&lane.app, &lane.journal, &code);
    let attempts = lane.wires.iter_mut().map(|wire| app.redeem(wire, journal, code));
    let answers = join_all(attempts).await;
    let mut given = answers.into_iter().filter_map(|answer| answer.unwrap());
    let won = given.next().expect("one of them succeeds");
    assert_eq!(given.next(), None, "two successes of one code");
    assert!(!lane.is_active(&won.access).await, "the losers have shown that the code has leaked");
}
