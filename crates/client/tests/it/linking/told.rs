//! Whoever owns an account hears of what was changed about it, whatever fails after that; threat LK-04.

use mapae_client::{Error, LoginRequest, MethodChange};

use super::stage::{PROVIDERS, Stage};
use crate::website::Browser;

/// What the owner was told, and that the database failed for who made the change.
fn told(stage: &Stage, result: &Result<impl Sized, Error>) -> Vec<MethodChange> {
    assert!(matches!(result, Err(Error::Store(_))), "the database fails");
    stage.members.changes.lock().unwrap().clone()
}

#[tokio::test]
async fn lk_04_an_owner_hears_of_a_way_that_was_added_when_the_database_fails_after_it() {
    for (what, table) in [("DELETE", "leases"), ("INSERT", "tokens")] {
        let stage = Stage::start().await;
        let mut browser = stage.browser_of(0, "owner").await;
        stage.prove(&mut browser, 0, "owner").await.unwrap();
        stage.place.refuse(what, table).await;
        let added = stage.add(&mut browser, 1, "way").await;
        let (account, person) = (stage.person(0, "owner"), stage.person(1, "way"));
        let change = MethodChange { account, person, provider: "two".to_owned(), added: true };
        assert_eq!(told(&stage, &added), [change], "{what} {table}");
    }
}

#[tokio::test]
async fn lk_04_an_owner_hears_of_a_way_that_was_added_by_a_proof_when_the_database_fails_after_it() {
    let stage = Stage::start().await;
    for subject in ["owner", "other"] {
        stage.mail(subject, "owner@example.test", true);
    }
    stage.browser_of(0, "owner").await;
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 1, "other").await.unwrap(), "/sign-up");
    let request = LoginRequest::new().with_provider(PROVIDERS[0]);
    let started = stage.client.prove_account(&request, &browser.headers()).await;
    stage.place.refuse("DELETE", "leases").await;
    let proved = stage.go(&mut browser, started, 0, "owner").await;
    let (account, person) = (stage.person(0, "owner"), stage.person(1, "other"));
    let change = MethodChange { account, person, provider: "two".to_owned(), added: true };
    assert_eq!(told(&stage, &proved), [change]);
}

#[tokio::test]
async fn lk_04_lk_10_an_owner_hears_of_a_way_that_was_removed_when_the_database_fails_after_it() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("owner").await;
    stage.members.changes.lock().unwrap().clear();
    stage.place.refuse("DELETE", "tokens").await;
    let removed = stage.remove(&mut browser, 1, "owner").await;
    let (account, person) = (stage.person(0, "owner"), stage.person(1, "owner"));
    let change = MethodChange { account, person, provider: "two".to_owned(), added: false };
    assert_eq!(told(&stage, &removed), [change]);
}
