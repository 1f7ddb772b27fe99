//! What ends in the middle of a login, by the very moment; threats LO-10 and LK-04.

use futures_util::{FutureExt, future::BoxFuture};
use mapae_client::{AccountError, CallbackError, Client, EndUser, Error, LoginRequest};

use super::stage::{Member, Moment, PROVIDERS, Stage};
use crate::website::{Browser, TestClock};

const ADDRESS: &str = "owner@example.test";

fn with(which: usize) -> LoginRequest {
    LoginRequest::new().with_provider(PROVIDERS[which])
}

fn is_over(result: &Result<String, Error>) -> bool {
    matches!(result, Err(Error::Callback(CallbackError::SignedOut)))
}

/// Everything of this person ends, a moment after they set out.
fn end(stage: &Stage, person: EndUser) -> BoxFuture<'static, ()> {
    let (client, clock): (Client<Member>, TestClock) = (stage.client.clone(), stage.clock.clone());
    async move {
        clock.advance(2);
        client.sign_out_everywhere(&person).await.unwrap();
    }
    .boxed()
}

#[tokio::test]
async fn lo_10_who_has_ended_founds_no_account() {
    for (moment, passes) in [(Moment::Holder, 0), (Moment::Holder, 1), (Moment::Create, 0)] {
        let stage = Stage::start().await;
        stage.mail("alice", ADDRESS, true);
        let alice = stage.person(0, "alice");
        stage.members.interrupt(moment, passes, end(&stage, alice.clone()));
        let mut browser = Browser::default();
        let refused = stage.sign_in(&mut browser, 0, "alice").await;
        assert!(is_over(&refused), "{moment:?} {passes}: {refused:?}");
        assert!(stage.members.was_interrupted());
        assert_eq!(stage.account(&browser).await, None);
        assert!(stage.client.access_token(&alice).await.is_err(), "{moment:?} {passes}");
        // What the service makes is its own, once it was asked.
        let made = usize::from(moment == Moment::Create);
        assert_eq!(stage.members.count(), made, "{moment:?} {passes}");
    }
}

#[tokio::test]
async fn lo_10_what_a_provider_gave_is_not_kept_once_everything_has_ended() {
    let stage = Stage::start().await;
    stage.mail("alice", ADDRESS, true);
    stage.browser_of(0, "alice").await;
    let alice = stage.person(0, "alice");
    let unlink = {
        let (client, clock, alice) = (stage.client.clone(), stage.clock.clone(), alice.clone());
        async move {
            clock.advance(2);
            client.unlink(&alice).await.unwrap();
        }
    };
    stage.members.interrupt(Moment::Holder, 0, unlink.boxed());
    let refused = stage.sign_in(&mut Browser::default(), 0, "alice").await;
    assert!(is_over(&refused), "{refused:?}");
    assert!(stage.client.access_token(&alice).await.is_err(), "they are forgotten");
}

#[tokio::test]
async fn lo_10_lk_04_who_has_ended_is_not_added() {
    let stage = Stage::start().await;
    stage.mail("way", "way@example.test", true);
    let mut browser = stage.browser_of(0, "owner").await;
    stage.prove(&mut browser, 0, "owner").await.unwrap();
    let way = stage.person(1, "way");
    // When they come back, and when the owner says yes.
    for passes in [0, 1] {
        stage.members.interrupt(Moment::Holder, passes, end(&stage, way.clone()));
        let refused = stage.add(&mut browser, 1, "way").await;
        assert!(is_over(&refused), "{passes}: {refused:?}");
        assert!(stage.members.was_interrupted());
        assert_eq!(stage.client.account_of(&way).await.unwrap(), None);
        assert!(stage.client.access_token(&way).await.is_err());
        assert!(stage.members.changes.lock().unwrap().is_empty());
    }
}

/// What becomes of a proof while it is used.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// Everything of the owner ends.
    Ended,
    /// Everything of who waits ends.
    WaitingEnded,
    /// The way in that proved the account is removed.
    Removed,
    /// The account is closed.
    Closed,
}

#[tokio::test]
async fn lo_10_lk_04_a_proof_that_dies_before_the_link_links_nothing() {
    for (death, passes) in [
        (Death::Ended, 0),
        (Death::Ended, 1),
        (Death::WaitingEnded, 0),
        (Death::WaitingEnded, 1),
        (Death::Removed, 0),
        (Death::Removed, 1),
        (Death::Closed, 0),
    ] {
        let stage = Stage::start().await;
        stage.mail("owner", ADDRESS, true);
        let owners = stage.with_two_methods("owner").await;
        stage.members.changes.lock().unwrap().clear();
        let (owner, other) = (stage.person(0, "owner"), stage.person(1, "other"));
        stage.mail("other", ADDRESS, true);
        let mut browser = Browser::default();
        assert_eq!(stage.sign_in(&mut browser, 1, "other").await.unwrap(), "/sign-up");
        let started = stage.client.prove_account(&with(0), &browser.headers()).await.unwrap();
        let back = stage.depart(&mut browser, &started, 0, "owner");
        let listed = stage.client.sign_in_methods(&owners.headers()).await.unwrap().methods;
        let id = listed.into_iter().find(|method| method.person == owner).unwrap().id;
        let what = match death {
            Death::Ended => end(&stage, owner.clone()),
            Death::WaitingEnded => end(&stage, other.clone()),
            Death::Removed => {
                let client = stage.client.clone();
                async move {
                    client.remove_sign_in_method(&id, &owners.headers(), &owners.form()).await.unwrap();
                }
                .boxed()
            }
            Death::Closed => {
                let (members, owner) = (stage.members.clone(), owner.clone());
                async move { members.edit(&owner, |member| member.closed = true) }.boxed()
            }
        };
        stage.members.interrupt(Moment::Holder, passes, what);
        let refused = stage.come_back(&mut browser, 0, &back).await;
        assert!(stage.members.was_interrupted());
        assert!(refused.is_err(), "{death:?} {passes}: {refused:?}");
        assert_eq!(stage.client.account_of(&other).await.unwrap(), None, "{death:?} {passes}");
        let changes = stage.members.changes.lock().unwrap().clone();
        assert!(changes.iter().all(|change| !change.added), "{death:?} {passes}: {changes:?}");
    }
}

#[tokio::test]
async fn lk_03_a_session_that_ends_meanwhile_removes_nothing() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("owner").await;
    let (client, headers, form) = (stage.client.clone(), browser.headers(), browser.form());
    let leave = async move {
        client.sign_out(&headers, &form).await.unwrap();
    };
    let listed = stage.client.sign_in_methods(&browser.headers()).await.unwrap().methods;
    let id = listed.into_iter().find(|method| method.person == stage.person(1, "owner")).unwrap().id;
    stage.members.interrupt(Moment::Find, 0, leave.boxed());
    let removed = stage.client.remove_sign_in_method(&id, &browser.headers(), &browser.form()).await;
    assert!(matches!(removed, Err(Error::Account(AccountError::NotSignedIn))), "{removed:?}");
    assert!(stage.members.was_interrupted());
    browser.cookies.clear();
    stage.sign_in(&mut browser, 1, "owner").await.unwrap();
    assert_eq!(stage.account(&browser).await, Some(stage.person(0, "owner")), "it opens the account still");
}
