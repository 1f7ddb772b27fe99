//! What was begun in one state of things and comes back in another.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::FutureExt;
use mapae_client::{
    AccountError, ClientBuilder, Error, Field, LoginRequest, ServiceTokens, SignUpError, SignUpOutcome, Term,
    linking::Rule,
};
use mapae_testkit::until;

use super::{
    passwords::vouch,
    stage::{CONFIRM, Member, Moment, PROVIDERS, Stage},
};
use crate::{service_tokens::claims, unlinking::slow_to_revoke, website::Browser};

const ADDRESS: &str = "owner@example.test";

fn with(which: usize) -> LoginRequest {
    LoginRequest::new().with_provider(PROVIDERS[which])
}

fn is(result: &Result<impl Sized, Error>, expected: AccountError) -> bool {
    matches!(result, Err(Error::Account(error)) if *error == expected)
}

/// Somebody with an account, and somebody who came from the other provider with the same address and must prove it.
async fn waiting(stage: &Stage, subject: &str) -> Browser {
    stage.mail("owner", ADDRESS, true);
    stage.mail(subject, ADDRESS, true);
    stage.browser_of(0, "owner").await;
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 1, subject).await.unwrap(), "/sign-up");
    browser
}

#[tokio::test]
async fn lk_04_rp_04_a_proof_connects_who_waited_when_it_began_and_nobody_else() {
    let stage = Stage::start().await;
    let mut browser = waiting(&stage, "first").await;
    let started = stage.client.prove_account(&with(0), &browser.headers()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 0, "owner");
    // A stranger's identity waits in this browser when the owner's proof comes back.
    stage.mail("stranger", ADDRESS, true);
    stage.sign_in(&mut browser, 1, "stranger").await.unwrap();
    let refused = stage.come_back(&mut browser, 0, &back).await;
    assert!(matches!(refused, Err(Error::SignUp(SignUpError::NotWaiting))), "{refused:?}");
    for subject in ["first", "stranger"] {
        assert_eq!(stage.client.account_of(&stage.person(1, subject)).await.unwrap(), None, "{subject}");
    }
    assert!(stage.members.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn lk_03_a_closed_account_is_no_proof_and_gets_no_way_in() {
    let stage = Stage::start().await;
    let mut browser = waiting(&stage, "other").await;
    let owner = stage.person(0, "owner");
    stage.members.edit(&owner, |member| member.closed = true);
    let started = stage.client.prove_account(&with(0), &browser.headers()).await;
    let refused = stage.go(&mut browser, started, 0, "owner").await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectOfAnother)), "{refused:?}");
    assert_eq!(stage.client.account_of(&stage.person(1, "other")).await.unwrap(), None);
    let vouched = vouch(&stage, &owner, &browser).await;
    assert!(is(&vouched, AccountError::Refused(Rule::AccountClosed)), "{vouched:?}");
}

#[tokio::test]
async fn lk_12_a_session_of_an_account_without_a_row_is_over_when_it_is_founded_anew() {
    let stage = Stage::start().await;
    // The process died before it had written which identity opens the account, which opens all the same.
    *stage.members.dies.lock().unwrap() = true;
    assert!(stage.sign_in(&mut Browser::default(), 0, "alice").await.is_err());
    let former = stage.browser_of(0, "alice").await;
    stage.members.rows.lock().unwrap().clear();
    let founder = stage.browser_of(0, "alice").await;
    assert_eq!(stage.account(&founder).await, Some(stage.person(0, "alice")));
    assert_eq!(stage.account(&former).await, None);
}

#[tokio::test]
async fn lk_03_a_proof_that_began_in_one_session_makes_no_other_fresh() {
    let stage = Stage::start().await;
    let mut browser = stage.browser_of(0, "alice").await;
    let started = stage.client.prove_again(&with(0), &browser.headers(), &browser.form()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 0, "alice");
    // The same person, on the same browser, in another session.
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    let refused = stage.come_back(&mut browser, 0, &back).await;
    assert!(is(&refused, AccountError::AnotherSession), "{refused:?}");
    assert!(!stage.client.sign_in_methods(&browser.headers()).await.unwrap().fresh);
}

#[tokio::test]
async fn lk_03_what_began_in_one_fresh_session_is_not_finished_in_another() {
    let stage = Stage::start().await;
    let mut browser = stage.browser_of(0, "alice").await;
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    let started =
        stage.client.add_sign_in_method(&with(1), &browser.headers(), &browser.form()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 1, "alice");
    stage.clock.advance(1);
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    let refused = stage.come_back(&mut browser, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectNeedsFreshSignIn)), "{refused:?}");
    assert_eq!(stage.client.sign_in_methods(&browser.headers()).await.unwrap().methods.len(), 1);
}

#[tokio::test]
async fn lk_05_a_form_that_is_posted_twice_at_once_is_taken_once() {
    let stage = Stage::with(|builder| builder.sign_up([Field::required("nickname")])).await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    let headers = browser.headers();
    let post = || stage.client.sign_up(&headers, b"nickname=a");
    let (first, second) = tokio::join!(post(), post());
    let done = |outcome: &Result<SignUpOutcome, Error>| matches!(outcome, Ok(SignUpOutcome::Done(_)));
    let over = |outcome: &Result<_, Error>| matches!(outcome, Err(Error::SignUp(SignUpError::NotWaiting)));
    assert!(done(&first) && over(&second) || over(&first) && done(&second), "{first:?} {second:?}");
    assert_eq!(stage.members.count(), 1);
}

/// A process is stopped after it has found no account. Another one finds it dead and founds the account; then it goes on.
#[tokio::test]
async fn lk_05_lk_12_who_has_lost_the_turn_to_found_an_account_takes_nothing_from_who_had_it() {
    fn with_tokens(builder: ClientBuilder<Member>) -> ClientBuilder<Member> {
        builder.service_tokens(ServiceTokens::new())
    }
    let stage = Stage::with(with_tokens).await;
    let other = stage.again(&[("one", 0), ("two", 1)], with_tokens).await;
    let mut second = Browser::default();
    let started = other.login(&with(0), &second.headers()).await.unwrap();
    let back = stage.depart(&mut second, &started, 0, "alice");
    let founder = Arc::new(Mutex::new(None));
    let (clock, founds) = (stage.clock.clone(), Arc::clone(&founder));
    let comes = async move {
        let mut arriving = tokio::spawn(async move {
            let arrived = other.callback("one", Some(&back), &second.cookie_headers()).await.unwrap();
            second.take(&arrived.cookies);
            second.hand_over(&other).await.unwrap();
            second
        });
        // Their clock goes on until whoever waits has seen the lease stand still for long enough.
        let arrived = loop {
            tokio::select! {
                arrived = &mut arriving => break arrived.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(50)) => clock.advance(1),
            }
        };
        *founds.lock().unwrap() = Some(arrived);
    };
    stage.members.interrupt(Moment::Find, 1, comes.boxed());
    let mut first = Browser::default();
    assert_eq!(stage.sign_in(&mut first, 0, "alice").await.unwrap(), "/");
    assert!(stage.members.was_interrupted());
    first.hand_over(&stage.client).await.unwrap();
    assert_eq!(*stage.members.made.lock().unwrap(), 1);
    let mut second = founder.lock().unwrap().take().unwrap();
    let sub = |browser: &Browser| claims(browser.access_token.as_ref().unwrap())["sub"].clone();
    let named = sub(&second);
    second.renew(&stage.client).await.unwrap();
    assert_eq!((&sub(&first), &sub(&second)), (&named, &named), "the name that the founder gave");
    assert_eq!(stage.client.sign_in_methods(&second.headers()).await.unwrap().methods.len(), 1);
}

#[tokio::test]
async fn lk_12_an_account_that_goes_while_its_owner_agrees_to_terms_is_not_founded_unasked() {
    let stage = Stage::with(|builder| {
        builder.sign_up([Field::required("nickname")]).terms([Term::required("service", "2")])
    })
    .await;
    stage.members.edit(&stage.person(0, "alice"), |_| {});
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 0, "alice").await.unwrap(), "/sign-up");
    // The page asks for the terms alone, and when they are agreed to there is nobody who could.
    *stage.members.gone_after.lock().unwrap() = Some(1);
    let refused = stage.client.sign_up(&browser.headers(), b"term.service=2").await;
    assert!(matches!(refused, Err(Error::SignUp(SignUpError::NotWaiting))), "{refused:?}");
    assert_eq!(stage.members.count(), 0);
}

#[tokio::test]
async fn lk_12_se_32_an_account_that_goes_is_not_founded_without_terms_that_nobody_was_asked_for() {
    let mut stage = Stage::with(|builder| {
        builder.terms([Term::required("service", "1"), Term::required("privacy", "1")])
    })
    .await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    let body = b"term.service=1&term.privacy=1";
    let outcome = stage.client.sign_up(&browser.headers(), body).await.unwrap();
    assert!(matches!(outcome, SignUpOutcome::Done(_)));
    let providers = [(PROVIDERS[0], 0), (PROVIDERS[1], 1)];
    stage.client = stage
        .again(&providers, |builder| {
            builder.terms([Term::required("service", "2"), Term::required("privacy", "1")])
        })
        .await;
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 0, "alice").await.unwrap(), "/sign-up");
    // Asked for the new term alone, by a service without other questions.
    *stage.members.gone_after.lock().unwrap() = Some(1);
    let refused = stage.client.sign_up(&browser.headers(), b"term.service=2").await;
    assert!(matches!(refused, Err(Error::SignUp(SignUpError::NotWaiting))), "{refused:?}");
    assert_eq!(stage.members.count(), 0);
}

/// On a computer that people share, whoever used the provider last is who comes back.
#[tokio::test]
async fn lk_04_whom_a_provider_sends_back_is_named_before_they_are_added() {
    let stage = Stage::start().await;
    stage.mail("stranger", "stranger@example.test", true);
    let mut browser = stage.browser_of(0, "owner").await;
    stage.prove(&mut browser, 0, "owner").await.unwrap();
    let stranger = stage.person(1, "stranger");
    let arrive = async |browser: &mut Browser| {
        let started =
            stage.client.add_sign_in_method(&with(1), &browser.headers(), &browser.form()).await.unwrap();
        let back = stage.depart(browser, &started, 1, "stranger");
        let arrived =
            stage.client.callback(PROVIDERS[1], Some(&back), &browser.cookie_headers()).await.unwrap();
        browser.take(&arrived.cookies);
        assert_eq!(arrived.location, CONFIRM);
    };
    arrive(&mut browser).await;
    let shown = stage.client.sign_in_method_to_add(&browser.headers()).await.unwrap();
    assert_eq!((shown.provider.as_str(), shown.hint.as_deref()), ("two", Some("st***@example.test")));
    let is_nobodys = async || stage.client.account_of(&stranger).await.unwrap().is_none();
    assert!(
        is_nobodys().await && stage.client.access_token(&stranger).await.is_err(),
        "nothing is written yet"
    );
    // Nor does who waits to be added sign up, or come in.
    let mut other = Browser::default();
    let waits = browser.cookies.iter().find(|(name, _)| name.ends_with("-adding")).unwrap().1;
    other.cookies.insert("shop-3000-sign-up".to_owned(), waits.clone());
    let refused = stage.client.sign_up_form(&other.headers()).await;
    assert!(matches!(refused, Err(Error::SignUp(SignUpError::NotWaiting))), "{refused:?}");
    // What is pressed is what was shown.
    let earlier = format!("mark={}", shown.mark);
    arrive(&mut browser).await;
    let refused = stage.client.confirm_sign_in_method(&browser.headers(), earlier.as_bytes()).await;
    assert!(is(&refused, AccountError::NothingToAdd), "{refused:?}");
    // In the session in which it began, and while that lives.
    let mut signed_out = browser.clone();
    let out = stage.client.sign_out(&browser.headers(), &browser.form()).await.unwrap();
    signed_out.take(&out.cookies);
    let refused = stage.confirm(&mut signed_out).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectWithoutSession)), "{refused:?}");
    assert!(is_nobodys().await);
    let mut browser = stage.browser_of(0, "owner").await;
    stage.prove(&mut browser, 0, "owner").await.unwrap();
    arrive(&mut browser).await;
    stage.confirm(&mut browser).await.unwrap();
    assert_eq!(stage.client.account_of(&stranger).await.unwrap(), Some(stage.person(0, "owner")));
}

#[tokio::test]
async fn lk_10_rp_29_a_way_in_that_is_added_again_while_its_provider_hears_of_the_removal_keeps_its_tokens() {
    let stage = Stage::start().await;
    let gate = slow_to_revoke(&stage.issuers[1]);
    let mut browser = stage.with_two_methods("alice").await;
    let way = stage.person(1, "alice");
    let listed = stage.client.sign_in_methods(&browser.headers()).await.unwrap().methods;
    let id = listed.into_iter().find(|method| method.person == way).unwrap().id;
    let removing = tokio::spawn({
        let (client, headers, form) = (stage.client.clone(), browser.headers(), browser.form());
        async move { client.remove_sign_in_method(&id, &headers, &form).await }
    });
    until("the provider is told", async || !stage.issuers[1].hits("/revoke").is_empty()).await;
    stage.add(&mut browser, 1, "alice").await.unwrap();
    let token = stage.client.access_token(&way).await.unwrap();
    gate.add_permits(1);
    removing.await.unwrap().unwrap();
    assert!(stage.client.access_token(&way).await.unwrap().is(&token));
    assert_eq!(stage.client.account_of(&way).await.unwrap(), Some(stage.person(0, "alice")));
}
