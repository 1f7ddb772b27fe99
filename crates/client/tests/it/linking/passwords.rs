//! An application with passwords of its own, which proves its people itself.

use futures_util::{FutureExt, future::BoxFuture};
use mapae_client::{
    AccountError, BeforeProof, Client, EndUser, Error, Redirect, ReturnTo, ServiceTokens, linking::Rule,
};

use super::stage::{Member, Moment, Stage};
use crate::website::Browser;

const ADDRESS: &str = "owner@example.test";

/// The session of whoever has just given the right password.
pub(super) async fn vouch(stage: &Stage, account: &EndUser, browser: &Browser) -> Result<Redirect, Error> {
    let before = stage.client.before_proof(account).await?;
    stage.client.vouch(&before, &ReturnTo::default(), &browser.headers()).await
}

/// Somebody who waits to sign up has given the right password of an account.
async fn prove(stage: &Stage, account: &EndUser, browser: &Browser) -> Result<Redirect, Error> {
    let before = stage.client.before_proof(account).await?;
    stage.client.account_proved(&before, &browser.headers()).await
}

fn is(result: &Result<impl Sized, Error>, expected: AccountError) -> bool {
    matches!(result, Err(Error::Account(error)) if *error == expected)
}

/// An account that the service made itself, with a password.
fn with_password(stage: &Stage) -> EndUser {
    let own = EndUser::new("http://localhost:3000", "42");
    stage.members.edit(&own, |member| {
        (member.address, member.proved, member.password) = (Some(ADDRESS.to_owned()), true, true);
    });
    own
}

/// Somebody came from a provider with the address of that account.
async fn waiting(stage: &Stage, subject: &str) -> Browser {
    stage.mail(subject, ADDRESS, true);
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 0, subject).await.unwrap(), "/sign-up");
    browser
}

/// What the service does when it has set a new password.
fn reset(stage: &Stage, account: &EndUser) -> BoxFuture<'static, ()> {
    let (client, account): (Client<Member>, _) = (stage.client.clone(), account.clone());
    async move { client.sign_out_everywhere(&account).await.unwrap() }.boxed()
}

/// When the password is replaced that somebody else knew.
#[derive(Clone, Copy, Debug)]
enum Reset {
    /// While the application compares hashes.
    WhileChecked,
    /// While the client looks for the account.
    At(Moment, usize),
}

impl Reset {
    async fn during<T>(self, stage: &Stage, account: &EndUser, proof: impl Future<Output = T>) -> T {
        match self {
            Self::WhileChecked => reset(stage, account).await,
            Self::At(moment, passes) => stage.members.interrupt(moment, passes, reset(stage, account)),
        }
        let result = proof.await;
        assert!(stage.members.was_interrupted(), "{self:?}");
        result
    }
}

#[tokio::test]
async fn a_password_proves_an_account_too() {
    let stage = Stage::start().await;
    let own = with_password(&stage);
    let mut browser = waiting(&stage, "alice").await;
    assert_eq!(stage.members.rule(), "verified_and_taken");
    let wrong = prove(&stage, &stage.person(0, "somebody"), &browser).await;
    assert!(is(&wrong, AccountError::Refused(Rule::ConnectOfAnother)), "{wrong:?}");
    let proved = prove(&stage, &own, &browser).await.unwrap();
    browser.take(&proved.cookies);
    assert_eq!(stage.account(&browser).await, Some(own.clone()));
    let gone = EndUser::new("http://localhost:3000", "43");
    assert!(vouch(&stage, &gone, &browser).await.is_err());
}

/// A password that somebody else knew is replaced, and everything ends, while it proves the account for who waits.
#[tokio::test]
async fn lk_02_lk_03_a_password_that_is_replaced_in_the_same_moment_links_nothing() {
    for when in [Reset::WhileChecked, Reset::At(Moment::Holder, 0), Reset::At(Moment::Holder, 1)] {
        let stage = Stage::start().await;
        let (own, thief) = (with_password(&stage), stage.person(0, "thief"));
        let browser = waiting(&stage, "thief").await;
        let before = stage.client.before_proof(&own).await.unwrap();
        let refused = async { stage.client.account_proved(&before, &browser.headers()).await };
        let refused = when.during(&stage, &own, refused).await;
        assert!(is(&refused, AccountError::NotFresh), "{when:?}: {refused:?}");
        assert_eq!(stage.client.account_of(&thief).await.unwrap(), None, "{when:?}");
        assert!(stage.members.changes.lock().unwrap().is_empty());
        // Whoever proves it after that knows the new one.
        prove(&stage, &own, &browser).await.unwrap();
        assert_eq!(stage.client.account_of(&thief).await.unwrap(), Some(own));
    }
}

/// The same while it begins a session, which would be fresh, and so could add a way in that outlives the password.
async fn begins_no_session(stage: &Stage) {
    let own = with_password(stage);
    for when in [Reset::WhileChecked, Reset::At(Moment::Find, 0)] {
        let before = stage.client.before_proof(&own).await.unwrap();
        let thief = Browser::default();
        let vouched = async { stage.client.vouch(&before, &ReturnTo::default(), &thief.headers()).await };
        let refused = when.during(stage, &own, vouched).await;
        assert!(is(&refused, AccountError::NotFresh), "{when:?}: {refused:?}");
    }
}

#[tokio::test]
async fn lk_02_lk_03_a_password_that_is_replaced_in_the_same_moment_begins_no_session() {
    let stage = Stage::start().await;
    begins_no_session(&stage).await;
    let (own, mut browser) = (with_password(&stage), Browser::default());
    browser.take(&vouch(&stage, &own, &browser).await.unwrap().cookies);
    assert_eq!(stage.account(&browser).await, Some(own.clone()), "by the new one");
    // And what it had begun by then has ended.
    reset(&stage, &own).await;
    assert_eq!(stage.account(&browser).await, None);
}

#[tokio::test]
async fn lk_02_lk_03_a_password_that_is_replaced_in_the_same_moment_begins_no_session_with_tokens_either() {
    let stage = Stage::with(|builder| builder.service_tokens(ServiceTokens::new())).await;
    begins_no_session(&stage).await;
    let (own, mut browser) = (with_password(&stage), Browser::default());
    browser.take(&vouch(&stage, &own, &browser).await.unwrap().cookies);
    browser.hand_over(&stage.client).await.unwrap();
    assert_eq!(stage.account(&browser).await, Some(own));
}

/// What else ends a proof to the application, and that the same for another account does not.
#[tokio::test]
async fn lk_03_lk_10_a_proof_to_the_application_is_of_the_account_as_it_was() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("alice").await;
    let (alice, bob) = (stage.person(0, "alice"), stage.person(0, "bob"));
    stage.browser_of(0, "bob").await;
    let vouched = async |before: &BeforeProof| {
        stage.client.vouch(before, &ReturnTo::default(), &Browser::default().headers()).await
    };
    let of_bob = stage.client.before_proof(&bob).await.unwrap();
    let before = stage.client.before_proof(&alice).await.unwrap();
    vouched(&before).await.unwrap();
    stage.remove(&mut browser, 1, "alice").await.unwrap();
    let refused = vouched(&before).await;
    assert!(is(&refused, AccountError::NotFresh), "{refused:?}");
    let before = stage.client.before_proof(&alice).await.unwrap();
    stage.client.account_deleted(&alice, None).await.unwrap();
    let refused = vouched(&before).await;
    assert!(is(&refused, AccountError::NotFresh), "{refused:?}");
    vouched(&of_bob).await.unwrap();
    assert_eq!(of_bob.account(), &bob);
}
