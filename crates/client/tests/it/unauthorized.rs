//! Calls that an API answers with 401 (RFC 6750 §3.1).

use std::{cell::Cell, sync::Arc};

use http::StatusCode;
use mapae_client::{AccessToken, Attempt, CallError};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::website::Website;

#[tokio::test]
async fn after_a_401_everybody_gets_the_same_other_token() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let rejected = website.client.access_token(&person).await.unwrap();
    let callers = (0..50).map(|_| website.client.after_unauthorized(&person, &rejected));
    let tokens: Vec<AccessToken> =
        futures_util::future::join_all(callers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(issuer.refreshes(), 1);
    assert!(tokens.iter().all(|token| token.is(&tokens[0]) && !token.is(&rejected)));
}

#[tokio::test]
async fn a_call_is_made_once_more_after_a_401_and_never_a_third_time() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let statuses = |answers: &'static [u16]| {
        let calls = Cell::new(0);
        let (website, person) = (&website, &person);
        async move {
            let answer = website.client.call_with_token(person, |token| {
                let status = StatusCode::from_u16(answers[calls.replace(calls.get() + 1)]).unwrap();
                async move { Ok::<_, CallError<()>>(Attempt::of(status, (status.as_u16(), token))) }
            });
            let (status, _) = answer.await.unwrap();
            (status, calls.get())
        }
    };
    assert_eq!(statuses(&[200]).await, (200, 1));
    assert_eq!(statuses(&[403]).await, (403, 1), "a scope too few is not mended by a refresh");
    assert_eq!(statuses(&[401, 200]).await, (200, 2));
    website.clock.advance(30);
    assert_eq!(statuses(&[401, 401, 200]).await, (401, 2));
    assert_eq!(issuer.refreshes(), 2);
}

#[tokio::test]
async fn rp_24_rp_29_an_api_that_says_401_to_everything_does_not_storm_the_provider() {
    let (website, issuer) = Website::start().await;
    issuer.behave().tokens = Some(Arc::new(|tokens| tokens["expires_in"] = json!(3_600)));
    let person = website.signed_in_person(&issuer).await;
    let calls = Cell::new(0);
    let call = async |website: &Website| {
        let answer = website.client.call_with_token(&person, |_| {
            calls.set(calls.get() + 1);
            async { Ok::<_, CallError<()>>(Attempt::of(StatusCode::UNAUTHORIZED, 401)) }
        });
        assert_eq!(answer.await.unwrap(), 401, "what the API says is the answer");
    };
    for _ in 0..20 {
        call(&website).await;
    }
    assert_eq!(
        (issuer.refreshes(), calls.get()),
        (1, 21),
        "one refresh, and no second call with the same token"
    );
    website.clock.advance(29);
    call(&website.second_process(&issuer).await).await;
    assert_eq!(issuer.refreshes(), 1, "in other processes, too");
    website.clock.advance(1);
    call(&website).await;
    assert_eq!(issuer.refreshes(), 2);
}

#[tokio::test]
async fn rp_24_a_token_that_an_api_has_taken_may_be_rejected_in_its_turn() {
    let (website, issuer) = Website::start().await;
    issuer.behave().tokens = Some(Arc::new(|tokens| tokens["expires_in"] = json!(3_600)));
    let person = website.signed_in_person(&issuer).await;
    // The API withdraws the token at each of these calls, and takes the next one.
    let withdrawn = async |website: &Website| {
        let calls = Cell::new(0);
        let answer = website.client.call_with_token(&person, |_| {
            let status = if calls.replace(calls.get() + 1) == 0 { 401 } else { 200 };
            async move { Ok::<_, CallError<()>>(Attempt::of(StatusCode::from_u16(status).unwrap(), status)) }
        });
        answer.await.unwrap()
    };
    for refreshes in 1..=3 {
        assert_eq!((withdrawn(&website).await, issuer.refreshes()), (200, refreshes), "in one second");
    }
    assert_eq!(
        withdrawn(&website.second_process(&issuer).await).await,
        200,
        "every process knows that it was taken"
    );
    assert_eq!(issuer.refreshes(), 4);
}

#[tokio::test]
async fn rp_24_a_clock_that_was_set_back_holds_no_refresh_that_is_needed() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let first = website.client.access_token(&person).await.unwrap();
    let second = website.client.after_unauthorized(&person, &first).await.unwrap();
    website.clock.advance(-3_600);
    let third = website.client.after_unauthorized(&person, &second).await.unwrap();
    assert!(!third.is(&second) && issuer.refreshes() == 2, "it was rejected an hour from now");
}

#[tokio::test]
async fn rp_29_what_is_noted_of_a_token_takes_nothing_from_a_refresh_that_is_under_way() {
    let (website, issuer) = Website::start().await;
    issuer.behave().tokens = Some(Arc::new(|tokens| tokens["expires_in"] = json!(3_600)));
    let person = website.signed_in_person(&issuer).await;
    let first = website.client.access_token(&person).await.unwrap();
    let second = website.client.after_unauthorized(&person, &first).await.unwrap();
    issuer.refresh_arrives().await;
    website.clock.advance(31);
    let gate = Arc::new(Semaphore::new(0));
    issuer.behave().gate = Some(Arc::clone(&gate));
    let other = website.second_process(&issuer).await;
    let refreshing = other.client.after_unauthorized(&person, &second);
    let called = async {
        issuer.refresh_arrives().await;
        let taken = website.client.call_with_token(&person, |token| {
            let is_second = token.is(&second);
            async move { Ok::<_, CallError<()>>(Attempt::of(StatusCode::OK, is_second)) }
        });
        assert!(taken.await.unwrap(), "nobody waits for a refresh that is not needed");
        gate.add_permits(1);
    };
    let (third, ()) = tokio::join!(refreshing, called);
    let third = third.unwrap();
    assert!(
        !third.is(&second) && website.client.access_token(&person).await.unwrap().is(&third),
        "it is kept"
    );
    issuer.behave().gate = None;
    website.clock.advance(3_600);
    website.client.access_token(&person).await.expect("with its refresh token");
}
