//! What is over, and goes: sign-ups that nobody finishes, methods that were removed.

use futures_util::FutureExt;
use mapae_client::{AccessError, Error, Field, SignUpError, SignUpOutcome};

use super::stage::{Moment, Stage};
use crate::website::Browser;

const DAY: i64 = 86_400;

async fn begun(stage: &Stage, subject: &str) -> Browser {
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 0, subject).await.unwrap(), "/sign-up");
    browser
}

#[tokio::test]
async fn an_unfinished_sign_up_is_there_for_a_day_and_then_gone() {
    let stage = Stage::with(|builder| builder.sign_up([Field::required("nickname")])).await;
    let (in_time, late) = (begun(&stage, "in-time").await, begun(&stage, "late").await);
    for n in 0..150 {
        begun(&stage, &format!("visitor-{n}")).await;
    }
    stage.clock.advance(DAY - 1);
    assert_eq!(stage.client.clean_up().await.unwrap(), 0);
    let done = stage.client.sign_up(&in_time.headers(), b"nickname=a").await.unwrap();
    assert!(matches!(done, SignUpOutcome::Done(_)));
    stage.clock.advance(1);
    let refused = stage.client.sign_up(&late.headers(), b"nickname=b").await.unwrap_err();
    assert!(matches!(refused, Error::SignUp(SignUpError::NotWaiting)), "over before anything was cleaned up");
    // Two processes at once, and once more.
    let other = stage.again(&[("one", 0)], |builder| builder).await;
    let (first, second) = tokio::join!(stage.client.clean_up(), other.clean_up());
    assert_eq!(first.unwrap() + second.unwrap(), 151);
    assert_eq!(stage.client.clean_up().await.unwrap(), 0);
    assert_eq!(stage.members.count(), 1);
}

#[tokio::test]
async fn an_interrupted_clean_up_is_taken_up_by_the_next_one() {
    let stage = Stage::with(|builder| builder.sign_up([Field::required("nickname")])).await;
    for n in 0..150 {
        begun(&stage, &format!("visitor-{n}")).await;
    }
    stage.clock.advance(DAY);
    // Dropped where it first waits, as a process that dies; a quick machine may have come to the end by then.
    drop(tokio::time::timeout(std::time::Duration::ZERO, stage.client.clean_up()).await);
    let another = stage.again(&[("one", 0)], |builder| builder).await;
    another.clean_up().await.unwrap();
    assert_eq!(stage.client.clean_up().await.unwrap(), 0);
}

#[tokio::test]
async fn lk_10_cleaning_up_forgets_no_founder_and_nothing_that_was_removed_lately() {
    let stage = Stage::start().await;
    for (removed, last_day, rule) in
        [(1, 29, "removed_lately"), (1, 30, "no_address"), (0, 400, "removed_lately")]
    {
        let subject = format!("alice-{removed}-{last_day}");
        let mut browser = stage.with_two_methods(&subject).await;
        stage.remove(&mut browser, removed, &subject).await.unwrap();
        stage.clock.advance(last_day * DAY);
        stage.client.clean_up().await.unwrap();
        stage.sign_in(&mut Browser::default(), removed, &subject).await.unwrap();
        assert_eq!(stage.members.rule(), rule, "{subject}");
    }
}

#[tokio::test]
async fn lk_10_what_was_removed_lately_is_so_for_thirty_days_whether_or_not_anybody_cleans_up() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("alice").await;
    stage.remove(&mut browser, 1, "alice").await.unwrap();
    // Logins clean up once an hour: this one does, and those after it do not.
    stage.clock.advance(30 * DAY - 2);
    stage.browser_of(0, "somebody").await;
    stage.clock.advance(1);
    stage.sign_in(&mut Browser::default(), 1, "alice").await.unwrap();
    assert_eq!(stage.members.rule(), "removed_lately");
    stage.clock.advance(1);
    stage.sign_in(&mut Browser::default(), 1, "alice").await.unwrap();
    assert_eq!(stage.members.rule(), "no_address");
}

#[tokio::test]
async fn lk_10_a_cleaning_up_in_the_middle_of_a_removal_leaves_the_provider_something_to_be_told_by() {
    let stage = Stage::start().await;
    stage.issuers[1].takes_revocations();
    let mut browser = stage.with_two_methods("alice").await;
    let clean_up = {
        let (client, clock) = (stage.client.clone(), stage.clock.clone());
        async move {
            clock.advance(30);
            client.clean_up().await.unwrap();
        }
    };
    stage.members.interrupt(Moment::Tell, 0, clean_up.boxed());
    stage.remove(&mut browser, 1, "alice").await.unwrap();
    assert!(stage.members.was_interrupted());
    assert_eq!(stage.issuers[1].hits("/revoke").len(), 1);
    let refused = stage.client.access_token(&stage.person(1, "alice")).await;
    assert!(matches!(refused, Err(AccessError::SignInAgain)), "{refused:?}");
}

#[tokio::test]
async fn lk_10_the_tokens_of_a_removal_that_died_on_its_way_go_ten_minutes_later() {
    let stage = Stage::start().await;
    stage.with_two_methods("alice").await;
    let way = stage.person(1, "alice");
    let (now, issuer) = (stage.clock.unix(), way.issuer());
    let removed = format!("UPDATE sign_in_methods SET removed_at = {now} WHERE issuer = '{issuer}'");
    stage.place.execute(&removed).await;
    for (seconds, is_there) in [(599, true), (1, false)] {
        stage.clock.advance(seconds);
        stage.client.clean_up().await.unwrap();
        let token = stage.client.access_token(&way).await;
        assert_eq!(token.is_ok(), is_there, "{seconds}: {token:?}");
    }
}

#[tokio::test]
async fn logins_clean_up_by_the_way() {
    let stage = Stage::with(|builder| builder.sign_up([Field::required("nickname")])).await;
    begun(&stage, "somebody").await;
    stage.clock.advance(DAY);
    begun(&stage, "somebody-else").await;
    assert_eq!(stage.client.clean_up().await.unwrap(), 0, "it was done");
}

#[tokio::test]
async fn lk_05_who_died_between_the_account_and_the_end_of_the_form_finishes_it_later() {
    let stage = Stage::with(|builder| builder.sign_up([Field::required("nickname")])).await;
    let mut browser = begun(&stage, "alice").await;
    *stage.members.dies.lock().unwrap() = true;
    assert!(stage.client.sign_up(&browser.headers(), b"nickname=a").await.is_err());
    assert_eq!((stage.members.count(), stage.account(&browser).await), (1, None));
    let SignUpOutcome::Done(done) = stage.client.sign_up(&browser.headers(), b"nickname=a").await.unwrap()
    else {
        panic!("asked again")
    };
    browser.take(&done.cookies);
    assert_eq!((stage.members.count(), stage.account(&browser).await), (1, Some(stage.person(0, "alice"))));
    stage.clock.advance(DAY);
    assert_eq!(stage.client.clean_up().await.unwrap(), 0);
}
