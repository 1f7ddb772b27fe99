//! The end of a link that the provider takes its time to confirm; threat RP-29.

use std::sync::Arc;

use mapae_client::{AccessError, EndUser};
use mapae_testkit::until;
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{
    issuer::Issuer,
    website::{Browser, Website},
};

/// An issuer that takes revocations from now on, each when there is a permit.
pub(crate) fn slow_to_revoke(issuer: &Issuer) -> Arc<Semaphore> {
    let (revocation, gate) = (format!("{}/revoke", issuer.url()), Arc::new(Semaphore::new(0)));
    let mut behaviour = issuer.behave();
    behaviour.metadata =
        Some(Arc::new(move |document| document["revocation_endpoint"] = revocation.clone().into()));
    behaviour.held.insert("/revoke", Arc::clone(&gate));
    gate
}

/// Alice's link, which ends as soon as the issuer has answered.
struct Ending {
    alice: EndUser,
    browser: Browser,
    unlinking: JoinHandle<Result<bool, AccessError>>,
}

impl Ending {
    async fn begin(website: &Website, issuer: &Issuer) -> Self {
        let (browser, _) = website.sign_in(issuer, "alice").await.unwrap();
        let alice = browser.person(website).await.unwrap();
        let (client, person) = (website.client.clone(), alice.clone());
        let unlinking = tokio::spawn(async move { client.unlink(&person).await });
        until("the issuer is told", async || !issuer.hits("/revoke").is_empty()).await;
        Self { alice, browser, unlinking }
    }

    /// The issuer answers. Whoever was there before is out.
    async fn end(self, website: &Website, gate: &Semaphore) {
        gate.add_permits(1);
        assert!(self.unlinking.await.unwrap().unwrap(), "it was told");
        assert!(self.browser.user(website).await.is_none());
    }
}

#[tokio::test]
async fn rp_29_an_unlinking_that_is_answered_late_ends_nothing_of_the_next_login() {
    let (website, issuer) = Website::start().await;
    let gate = slow_to_revoke(&issuer);
    let ending = Ending::begin(&website, &issuer).await;
    let alice = ending.alice.clone();
    let (next, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let token = website.client.access_token(&alice).await.unwrap();
    ending.end(&website, &gate).await;
    assert!(next.user(&website).await.is_some());
    assert!(website.client.access_token(&alice).await.unwrap().is(&token));
    // And ends it in its turn.
    gate.add_permits(1);
    assert!(website.client.unlink(&alice).await.unwrap());
    assert!(next.user(&website).await.is_none());
    let refused = website.client.access_token(&alice).await;
    assert!(matches!(refused, Err(AccessError::SignInAgain)), "{refused:?}");
}

#[tokio::test]
async fn rp_29_an_unlinking_forgets_what_the_tokens_were_refreshed_to_meanwhile() {
    let (website, issuer) = Website::start().await;
    let gate = slow_to_revoke(&issuer);
    let ending = Ending::begin(&website, &issuer).await;
    let alice = ending.alice.clone();
    let other = website.second_process(&issuer).await;
    for _ in 0..2 {
        website.clock.advance(60);
        other.client.access_token(&alice).await.unwrap();
    }
    assert_eq!(issuer.refreshes(), 2);
    ending.end(&website, &gate).await;
    let refused = website.client.access_token(&alice).await;
    assert!(matches!(refused, Err(AccessError::SignInAgain)), "{refused:?}");
    assert_eq!(issuer.refreshes(), 2, "they are gone, and nobody asks the issuer");
}

#[tokio::test]
async fn lo_10_who_set_out_before_an_unlinking_does_not_arrive_while_the_provider_is_told() {
    let (website, issuer) = Website::start().await;
    let gate = slow_to_revoke(&issuer);
    let mut before = Browser::default();
    let query = before.go_to_provider(&website, &issuer, "alice").await.unwrap();
    website.clock.advance(1);
    let ending = Ending::begin(&website, &issuer).await;
    assert!(before.come_back(&website, &query).await.is_err());
    assert!(before.user(&website).await.is_none());
    ending.end(&website, &gate).await;
}
