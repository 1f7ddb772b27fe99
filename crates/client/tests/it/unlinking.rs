//! The end of a link: one that the provider takes its time to confirm (threat RP-29), and one that it refuses.

use std::sync::Arc;

use mapae_client::{AccessError, Class, EndUser, Setting};
use mapae_testkit::until;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::{
    issuer::{Issuer, Reply},
    website::{Browser, Website},
};

/// An issuer that takes revocations from now on, each when there is a permit.
pub(crate) fn slow_to_revoke(issuer: &Issuer) -> Arc<Semaphore> {
    let gate = Arc::new(Semaphore::new(0));
    issuer.takes_revocations();
    issuer.behave().held.insert("/revoke", Arc::clone(&gate));
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

/// RFC 7009 §2.2.1: as after the client's secret was changed at the issuer.
#[tokio::test]
async fn rfc7009_2_2_1_a_refusal_of_the_client_ends_nothing_and_is_told() {
    let (website, issuer) = Website::start().await;
    issuer.takes_revocations();
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let alice = browser.person(&website).await.unwrap();
    let token = website.client.access_token(&alice).await.unwrap();
    for (status, error, class) in [
        (401, "invalid_client", Class::Configuration(Setting::ClientSecret)),
        (400, "invalid_client", Class::Configuration(Setting::ClientSecret)),
        (403, "unauthorized_client", Class::Configuration(Setting::Registration)),
        (400, "invalid_request", Class::Configuration(Setting::Registration)),
        (400, "of_this_issuer_alone", Class::Unavailable),
        (429, "slow_down", Class::Unavailable),
    ] {
        issuer.reply("/revoke", Reply::Json(status, json!({ "error": error })));
        let refused = website.client.unlink(&alice).await.unwrap_err();
        let is_told = matches!(refused, AccessError::Configuration(..));
        assert_eq!((refused.class(), is_told), (class, class != Class::Unavailable), "{status} {error}");
        assert!(website.client.access_token(&alice).await.unwrap().is(&token), "{status} {error}");
        assert!(browser.user(&website).await.is_some(), "{status} {error}");
    }
    issuer.behave().replies.clear();
    assert!(website.client.unlink(&alice).await.unwrap());
    assert!(browser.user(&website).await.is_none());
}

/// RFC 7009 §2.2.1.
#[tokio::test]
async fn rfc7009_2_2_1_a_token_that_the_issuer_does_not_know_leaves_nothing_to_end() {
    for error in ["invalid_token", "unsupported_token_type"] {
        let (website, issuer) = Website::start().await;
        issuer.takes_revocations();
        let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let alice = browser.person(&website).await.unwrap();
        issuer.reply("/revoke", Reply::Json(400, json!({ "error": error })));
        assert!(!website.client.unlink(&alice).await.unwrap(), "{error}");
        assert!(browser.user(&website).await.is_none(), "{error}");
        let refused = website.client.access_token(&alice).await;
        assert!(matches!(refused, Err(AccessError::SignInAgain)), "{error} {refused:?}");
    }
}
