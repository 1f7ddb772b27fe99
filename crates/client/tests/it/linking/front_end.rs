//! The ways into an account in the hands of a front end with JWTs: the provider sends the browser back without one.

use mapae_client::{AccountError, CallbackError, Error, LoginRequest, ServiceTokens, linking::Rule};

use super::stage::{PROVIDERS, Stage};
use crate::website::Browser;

fn with(which: usize) -> LoginRequest {
    LoginRequest::new().with_provider(PROVIDERS[which])
}

fn is(result: &Result<impl Sized, Error>, expected: AccountError) -> bool {
    matches!(result, Err(Error::Account(error)) if *error == expected)
}

/// A service whose front end has the refresh token in a cookie, and one whose front end keeps it itself.
async fn both() -> [Stage; 2] {
    let in_cookie = Stage::with(|builder| builder.service_tokens(ServiceTokens::new())).await;
    let in_body =
        Stage::with(|builder| builder.service_tokens(ServiceTokens::new().refresh_token_in_body())).await;
    [in_cookie, in_body]
}

/// Somebody whose front end has its tokens.
async fn front_end_of(stage: &Stage, which: usize, subject: &str) -> Browser {
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, which, subject).await.unwrap();
    browser.hand_over(&stage.client).await.unwrap();
    browser
}

/// The same, just proved.
async fn fresh_front_end_of(stage: &Stage, which: usize, subject: &str) -> Browser {
    let mut browser = front_end_of(stage, which, subject).await;
    stage.prove(&mut browser, which, subject).await.unwrap();
    browser.hand_over(&stage.client).await.unwrap();
    browser
}

/// Starts to add an identity: the query to come back with.
async fn started(stage: &Stage, browser: &mut Browser, subject: &str) -> String {
    let started =
        stage.client.add_sign_in_method(&with(1), &browser.headers(), &browser.form()).await.unwrap();
    stage.depart(browser, &started, 1, subject)
}

async fn nothing_was_added(stage: &Stage, subject: &str) {
    assert_eq!(stage.client.account_of(&stage.person(1, subject)).await.unwrap(), None, "{subject}");
    assert!(stage.members.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_front_end_with_jwts_proves_adds_and_removes() {
    for stage in both().await {
        let mut browser = front_end_of(&stage, 0, "alice").await;
        let before = browser.clone();
        assert!(is(&stage.add(&mut browser, 1, "alice").await, AccountError::NotFresh));
        stage.prove(&mut browser, 0, "alice").await.unwrap();
        assert_eq!(stage.account(&before).await, None, "the session before is over");
        browser.hand_over(&stage.client).await.unwrap();
        stage.clock.advance(1);
        assert_eq!(stage.add(&mut browser, 1, "alice").await.unwrap(), "/");
        let seen = stage.client.sign_in_methods(&browser.headers()).await.unwrap();
        assert_eq!((seen.methods.len(), seen.fresh), (2, true), "and the tokens are what they were");
        let other = front_end_of(&stage, 1, "alice").await;
        assert_eq!(stage.account(&other).await, Some(stage.person(0, "alice")), "one account, two ways in");
        stage.remove(&mut browser, 1, "alice").await.unwrap();
        assert_eq!(stage.account(&other).await, None);
        let told = stage.members.changes.lock().unwrap().clone();
        assert_eq!(told.iter().map(|change| change.added).collect::<Vec<_>>(), [true, false]);
    }
}

#[tokio::test]
async fn rp_01_lk_04_a_stolen_address_is_of_no_use_in_another_browser() {
    for stage in both().await {
        let mut attacker = fresh_front_end_of(&stage, 0, "attacker").await;
        let mut victim = fresh_front_end_of(&stage, 0, "victim").await;
        // The victim's identity for the attacker's account, and the attacker's for the victim's.
        let back = started(&stage, &mut attacker, "victims-other").await;
        for browser in [&mut victim, &mut Browser::default()] {
            let refused = stage.come_back(browser, 1, &back).await;
            assert!(matches!(refused, Err(Error::Callback(CallbackError::StateUnknown))), "{refused:?}");
        }
        let back = started(&stage, &mut victim, "attackers-other").await;
        let refused = stage.come_back(&mut attacker, 1, &back).await;
        assert!(matches!(refused, Err(Error::Callback(CallbackError::StateUnknown))), "{refused:?}");
        nothing_was_added(&stage, "victims-other").await;
        nothing_was_added(&stage, "attackers-other").await;
    }
}

#[tokio::test]
async fn rp_04_lk_04_what_was_planted_in_another_session_is_refused() {
    let [stage, _] = both().await;
    let mut attacker = fresh_front_end_of(&stage, 0, "attacker").await;
    let victim = fresh_front_end_of(&stage, 0, "victim").await;
    let began =
        stage.client.add_sign_in_method(&with(1), &attacker.headers(), &attacker.form()).await.unwrap();
    let back = stage.depart(&mut attacker, &began, 1, "victims-other");
    let mut planted = victim.clone();
    planted.take(&began.cookies);
    let refused = stage.come_back(&mut planted, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectOfAnother)), "{refused:?}");
    // Where nobody is signed in, nothing is added either.
    let mut nobody = Browser::default();
    let began =
        stage.client.add_sign_in_method(&with(1), &attacker.headers(), &attacker.form()).await.unwrap();
    let back = stage.depart(&mut attacker, &began, 1, "victims-other");
    nobody.take(&began.cookies);
    let refused = stage.come_back(&mut nobody, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectWithoutSession)), "{refused:?}");
    nothing_was_added(&stage, "victims-other").await;
}

#[tokio::test]
async fn rp_04_whoever_signs_in_between_does_not_finish() {
    let [stage, _] = both().await;
    let mut browser = fresh_front_end_of(&stage, 0, "alice").await;
    let back = started(&stage, &mut browser, "alice").await;
    stage.sign_in(&mut browser, 0, "mallory").await.unwrap();
    let mut too_early = browser.clone();
    let refused = stage.come_back(&mut too_early, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectWithoutSession)), "{refused:?}");
    // The same person in another session, whose front end has its tokens.
    let mut browser = fresh_front_end_of(&stage, 0, "alice").await;
    let back = started(&stage, &mut browser, "alice").await;
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    browser.hand_over(&stage.client).await.unwrap();
    let refused = stage.come_back(&mut browser, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectNeedsFreshSignIn)), "{refused:?}");
    nothing_was_added(&stage, "alice").await;
}

#[tokio::test]
async fn lk_03_rp_27_an_access_token_that_was_taken_elsewhere_changes_nothing() {
    for stage in both().await {
        let mut browser = fresh_front_end_of(&stage, 0, "alice").await;
        let thief = Browser { access_token: browser.access_token.clone(), ..Browser::default() };
        let mut mixed = fresh_front_end_of(&stage, 0, "mallory").await;
        mixed.access_token.clone_from(&browser.access_token);
        let guessed = Browser { refresh_token: Some("a.b.c".to_owned()), ..thief.clone() };
        for mut browser in [thief, mixed, guessed] {
            assert!(is(&stage.add(&mut browser, 1, "mallory").await, AccountError::NotSignedIn));
            assert!(is(&stage.prove(&mut browser, 0, "alice").await, AccountError::NotSignedIn));
            assert!(is(&stage.remove(&mut browser, 0, "alice").await, AccountError::NotSignedIn));
        }
        nothing_was_added(&stage, "mallory").await;
        stage.add(&mut browser, 1, "alice").await.expect("its owner");
    }
}

#[tokio::test]
async fn mx_02_lk_03_rp_26_what_ends_the_session_between_start_and_callback_ends_the_adding() {
    for stage in both().await {
        let alice = stage.person(0, "alice");
        for way in ["signed out", "everywhere", "reused", "removed", "closed", "deleted", "a way gone"] {
            stage.members.edit(&alice, |member| member.closed = false);
            let mut browser = fresh_front_end_of(&stage, 0, "alice").await;
            let back = started(&stage, &mut browser, "alice").await;
            let headers = browser.headers();
            match way {
                "signed out" => drop(stage.client.sign_out(&headers, &browser.form()).await.unwrap()),
                "everywhere" => stage.client.sign_out_everywhere(&alice).await.unwrap(),
                "reused" => {
                    let Some(token) = browser.cookies.get("shop-3000-refresh").cloned() else { continue };
                    let mut owner = browser.clone();
                    for _ in 0..2 {
                        owner.renew(&stage.client).await.unwrap();
                    }
                    stage.clock.advance(11);
                    let mut thief = browser.clone();
                    thief.cookies.insert("shop-3000-refresh".into(), token);
                    thief.renew(&stage.client).await.unwrap_err();
                }
                "removed" => drop(stage.client.unlink(&alice).await.unwrap()),
                "closed" => stage.members.edit(&alice, |member| member.closed = true),
                "deleted" => {
                    let member = stage.members.rows.lock().unwrap().remove(&alice).unwrap();
                    stage.client.account_deleted(&alice, None).await.unwrap();
                    stage.members.edit(&alice, |new| *new = member);
                }
                _ => {
                    // Another device adds a spare way in and takes away the one by which this session was begun.
                    let mut other = fresh_front_end_of(&stage, 0, "alice").await;
                    stage.add(&mut other, 1, "spare").await.unwrap();
                    stage.remove(&mut other, 0, "alice").await.unwrap();
                    stage.members.changes.lock().unwrap().clear();
                }
            }
            let refused = stage.come_back(&mut browser, 1, &back).await;
            assert!(is(&refused, AccountError::Refused(Rule::ConnectWithoutSession)), "{way} {refused:?}");
            nothing_was_added(&stage, "alice").await;
        }
    }
}

#[tokio::test]
async fn mx_02_lk_03_an_end_that_races_with_the_callback_comes_before_or_after_it_and_never_between() {
    for stage in both().await {
        for round in 0..8 {
            let subject = format!("alice-{round}");
            let mut browser = fresh_front_end_of(&stage, 0, &subject).await;
            let back = started(&stage, &mut browser, &subject).await;
            let other = stage
                .again(&[("one", 0), ("two", 1)], |builder| builder.service_tokens(ServiceTokens::new()));
            let other = other.await;
            let person = stage.person(0, &subject);
            let (finished, ended) =
                tokio::join!(stage.come_back(&mut browser, 1, &back), other.sign_out_everywhere(&person));
            ended.unwrap();
            let added = stage.client.account_of(&stage.person(1, &subject)).await.unwrap();
            assert_eq!(added.is_some(), finished.is_ok(), "{finished:?}");
            assert!(added.is_none_or(|account| account == person));
            assert_eq!(stage.account(&browser).await, None, "either way the session is over");
        }
    }
}

#[tokio::test]
async fn rp_01_lk_05_two_callbacks_of_one_login_add_once() {
    for stage in both().await {
        let mut browser = fresh_front_end_of(&stage, 0, "alice").await;
        let back = started(&stage, &mut browser, "alice").await;
        let (mut first, mut second) = (browser.clone(), browser.clone());
        let (first, second) =
            tokio::join!(stage.come_back(&mut first, 1, &back), stage.come_back(&mut second, 1, &back));
        let used = |outcome: &Result<String, Error>| {
            matches!(outcome, Err(Error::Callback(CallbackError::StateUsed)))
        };
        assert!(first.is_ok() && used(&second) || used(&first) && second.is_ok(), "{first:?} {second:?}");
        assert_eq!(stage.members.changes.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn lk_03_the_login_lives_ten_minutes_and_its_proof_must_have_been_fresh_when_it_began() {
    for stage in both().await {
        let mut browser = fresh_front_end_of(&stage, 0, "alice").await;
        stage.clock.advance(599);
        browser.renew(&stage.client).await.unwrap();
        let back = started(&stage, &mut browser, "alice").await;
        stage.clock.advance(600);
        let refused = stage.come_back(&mut browser, 1, &back).await;
        assert!(matches!(refused, Err(Error::Callback(CallbackError::StateExpired))), "{refused:?}");
        browser.renew(&stage.client).await.unwrap();
        let stale = stage.client.add_sign_in_method(&with(1), &browser.headers(), &browser.form()).await;
        assert!(is(&stale, AccountError::NotFresh), "{stale:?}");
        nothing_was_added(&stage, "alice").await;
    }
}

#[tokio::test]
async fn lk_03_a_proof_that_comes_back_to_another_session_proves_nothing() {
    for (n, stage) in both().await.into_iter().enumerate() {
        let mut browser = front_end_of(&stage, 0, "alice").await;
        let started = stage.client.prove_again(&with(0), &browser.headers(), &browser.form()).await.unwrap();
        let back = stage.depart(&mut browser, &started, 0, "alice");
        if n == 0 {
            stage.sign_in(&mut browser, 0, "alice").await.unwrap();
        } else {
            stage.client.sign_out(&browser.headers(), &browser.form()).await.unwrap();
        }
        let refused = stage.come_back(&mut browser, 0, &back).await;
        assert!(is(&refused, AccountError::AnotherSession), "{refused:?}");
        // And somebody else's proof is none.
        let mut browser = front_end_of(&stage, 0, "alice").await;
        front_end_of(&stage, 0, "mallory").await;
        let refused = stage.prove(&mut browser, 0, "mallory").await;
        assert!(is(&refused, AccountError::AnotherAccount), "{refused:?}");
    }
}
