//! Commands that are killed at any moment: what was acknowledged is there, and nothing is half done.

use std::{collections::BTreeSet, process::Child, sync::mpsc, thread, time::Duration};

use mapae::store::{db::Engine, users};
use serde_json::Value;

use super::{
    installation::{Installation, on_each_engine, text},
    server::PATIENCE,
};
use crate::store::sqlite_file;

/// Lets a command run for at most so long; what it said if it was done.
fn run_at_most(mut child: Child, time: Duration) -> Option<Value> {
    let mut output = child.stdout.take().expect("an output");
    let (sender, said) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut line = String::new();
        std::io::Read::read_to_string(&mut output, &mut line).expect("UTF-8");
        let _ = sender.send(());
        line
    });
    // It ended, or its time is over: whatever comes first.
    let _ = said.recv_timeout(time);
    child.kill().expect("it can be killed");
    child.wait().expect("it ended");
    let line = reader.join().expect("what it said");
    serde_json::from_str(&line).ok()
}

on_each_engine! {
    async fn a_kill_9_during_user_create_leaves_a_good_database(mapae: Installation) {
        mapae.json(&["migrate"]);
        let mut acknowledged = BTreeSet::new();
        let mut killed = 0;
        // From "before it began" to "long done"; the last ones always finish.
        for step in 0..40_u64 {
            let email = format!("person-{step}@example.com");
            let words = ["user", "create", "--email", &email, "--name", "P", "--password-stdin", "--json"];
            let time = if step < 36 { Duration::from_millis(step * 6) } else { PATIENCE };
            match run_at_most(mapae.start(&words, "correct horse\n"), time) {
                Some(made) => drop(acknowledged.insert(text(&made, "id"))),
                None => killed += 1,
            }
        }
        assert!(acknowledged.len() >= 4 && killed >= 1, "{} done, {killed} killed", acknowledged.len());
        let kept: BTreeSet<String> =
            users::list(&mapae.db(), 100).await.unwrap().into_iter().map(|account| account.user.id).collect();
        assert!(acknowledged.is_subset(&kept), "what was acknowledged is there");
        assert!(kept.len() <= 40);
        assert_eq!(mapae.json(&["check"])["ok"], true);
        if mapae.engine() == Engine::Sqlite {
            assert_eq!(sqlite_file::integrity(&mapae.sqlite_file()), "ok");
        }
    }
}

#[tokio::test]
async fn a_killed_first_command_leaves_nothing_that_stops_the_second() {
    for step in 0..20_u64 {
        let mapae = Installation::new(Engine::Sqlite).await;
        run_at_most(mapae.start(&["migrate", "--json"], ""), Duration::from_millis(step * 2));
        assert!(mapae.json(&["app", "list"])["apps"].is_array(), "after {step}");
    }
}
