//! Two servers that do what must not happen: they share their keys and not their database.

use mapae_e2e::{
    app::{Api, App},
    checker::{Breach, judge},
    history::{Digest, Journal},
    person::{Browser, Person},
    process::Installation,
    wire::Wire,
};

use super::{
    WINDOW, long_lived,
    scene::{code, sign_in},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_that_each_let_a_code_and_a_refresh_token_pass_are_found_out() {
    let installation = long_lived(Installation::on_sqlite());
    let journal = Journal::default();
    Api::create(&installation).await;
    let app = App::create(&installation, &journal, "Torn").await;
    let person = Person::create(&installation, &journal, "hong", "correct horse battery staple").await;

    let mut process = installation.start().await;
    let mut browser = Browser::new(process.node(), &journal);
    sign_in(&mut browser, &person, &app).await;
    let first = code(&mut browser, &app).await;
    let held = app.redeem(&mut Wire::to(process.node()), &journal, &first).await.unwrap().unwrap();
    process.kill();

    let twin = installation.twin();
    let (process, other) = (installation.start().await, twin.start_beside().await);
    let mut wires = [Wire::to(process.node()), Wire::to(other.node())];
    let once = code(&mut browser, &app).await;
    for wire in &mut wires {
        app.redeem(wire, &journal, &once).await.unwrap().expect("the other one does not know");
        app.refresh(wire, &journal, &held.refresh).await.unwrap().expect("the other one does not know");
    }
    let verdict = judge(&journal.history(), WINDOW);
    let found: Vec<Breach> = verdict.violations.iter().map(|violation| violation.breach).collect();
    assert!(found.contains(&Breach::Double(Digest::of(&once.text))), "{found:?}");
    assert!(found.contains(&Breach::Fork(Digest::of(&held.refresh))), "{found:?}");
}
