//! The ways into an account, changed by its owner and by nobody else.

use mapae_client::{AccessError, AccountError, CallbackError, Error, LoginRequest, linking::Rule};
use serde_json::json;

use super::{
    passwords::vouch,
    stage::{PROVIDERS, Stage},
};
use crate::{issuer::Reply, website::Browser};

/// Ten minutes and a second.
const STALE: i64 = 601;

fn is(result: &Result<impl Sized, Error>, expected: AccountError) -> bool {
    matches!(result, Err(Error::Account(error)) if *error == expected)
}

async fn methods(stage: &Stage, browser: &Browser) -> Vec<(String, bool, bool)> {
    let seen = stage.client.sign_in_methods(&browser.headers()).await.unwrap();
    seen.methods.into_iter().map(|method| (method.provider, method.current, method.removable)).collect()
}

#[tokio::test]
async fn an_owner_sees_adds_and_removes_ways_in_and_is_told_by_another_road() {
    let stage = Stage::start().await;
    stage.mail("alice", "alice@example.test", true);
    let mut browser = stage.browser_of(0, "alice").await;
    let account = stage.account(&browser).await.unwrap();
    assert_eq!(methods(&stage, &browser).await, [("one".into(), true, false)]);
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    stage.clock.advance(1);
    assert_eq!(stage.add(&mut browser, 1, "alice").await.unwrap(), "/");
    assert_eq!(methods(&stage, &browser).await, [("one".into(), true, true), ("two".into(), false, true)]);
    let hints = stage.client.sign_in_methods(&browser.headers()).await.unwrap().methods;
    assert_eq!(hints[1].hint.as_deref(), Some("al***@example.test"));

    let other = stage.browser_of(1, "alice").await;
    assert_eq!(stage.account(&other).await, Some(account.clone()), "one account, two ways in");
    assert_eq!(stage.members.count(), 1);
    stage.remove(&mut browser, 1, "alice").await.unwrap();
    assert_eq!(stage.account(&other).await, None, "who came by it is out");
    let tokens = stage.client.access_token(&stage.person(1, "alice")).await;
    assert!(matches!(tokens, Err(AccessError::SignInAgain)), "its tokens are gone");
    assert_eq!(stage.account(&browser).await, Some(account.clone()), "who came by another stays");
    let told = stage.members.changes.lock().unwrap().clone();
    let told: Vec<_> = told.iter().map(|change| (change.provider.as_str(), change.added)).collect();
    assert_eq!(told, [("two", true), ("two", false)]);
}

#[tokio::test]
async fn the_way_in_that_founded_the_account_can_go_and_the_account_stays() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("alice").await;
    let account = stage.account(&browser).await.unwrap();
    stage.remove(&mut browser, 0, "alice").await.unwrap();
    assert_eq!(stage.account(&browser).await, None, "signed in by what was removed");
    let browser = stage.browser_of(1, "alice").await;
    assert_eq!(stage.account(&browser).await, Some(account));
    assert_eq!(stage.members.count(), 1);
}

#[tokio::test]
async fn lk_03_nothing_is_changed_without_a_session_or_without_a_fresh_proof() {
    let stage = Stage::start().await;
    let mut nobody = Browser::default();
    assert!(is(&stage.prove(&mut nobody, 0, "alice").await, AccountError::NotSignedIn));
    assert!(is(&stage.add(&mut nobody, 1, "alice").await, AccountError::NotSignedIn));
    assert!(is(&stage.remove(&mut nobody, 0, "alice").await, AccountError::NotSignedIn));

    let mut browser = stage.browser_of(0, "alice").await;
    assert!(
        is(&stage.add(&mut browser, 1, "alice").await, AccountError::NotFresh),
        "a sign-in is no fresh proof"
    );
    assert!(is(&stage.remove(&mut browser, 0, "alice").await, AccountError::NotFresh));
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    stage.clock.advance(STALE);
    assert!(is(&stage.add(&mut browser, 1, "alice").await, AccountError::NotFresh), "it was too long ago");
    assert!(is(&stage.remove(&mut browser, 0, "alice").await, AccountError::NotFresh));
    assert!(!stage.client.sign_in_methods(&browser.headers()).await.unwrap().fresh);
}

#[tokio::test]
async fn lk_03_a_proof_is_the_accounts_own_and_the_providers_sign_in_a_new_one() {
    let stage = Stage::start().await;
    let mut browser = stage.browser_of(0, "alice").await;
    stage.browser_of(0, "mallory").await;
    for stranger in ["mallory", "nobody"] {
        assert!(
            is(&stage.prove(&mut browser, 0, stranger).await, AccountError::AnotherAccount),
            "{stranger}"
        );
    }
    assert_eq!(stage.account(&browser).await, Some(stage.person(0, "alice")), "and the session is as it was");
    let began = stage.clock.unix();
    stage.issuers[0].edit_claims(move |claims| claims["auth_time"] = (began - 3_600).into());
    let refused = stage.prove(&mut browser, 0, "alice").await;
    assert!(matches!(refused, Err(Error::IdToken(_))), "{refused:?}");
    assert!(!stage.client.sign_in_methods(&browser.headers()).await.unwrap().fresh);
}

#[tokio::test]
async fn lk_03_a_proof_belongs_to_one_session() {
    let stage = Stage::start().await;
    let (mut browser, mut other) = (stage.browser_of(0, "alice").await, stage.browser_of(0, "alice").await);
    let before = browser.clone();
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    assert_eq!(stage.account(&before).await, None, "the session before is over");
    assert!(
        is(&stage.add(&mut other, 1, "alice").await, AccountError::NotFresh),
        "another browser is not fresh"
    );
    // Begun in one session, finished in another one of the same person.
    let request = LoginRequest::new().with_provider("two");
    let started =
        stage.client.add_sign_in_method(&request, &browser.headers(), &browser.form()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 1, "alice");
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    let refused = stage.come_back(&mut browser, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectNeedsFreshSignIn)), "{refused:?}");
    // Signed out in between.
    let started =
        stage.client.prove_again(&LoginRequest::new(), &browser.headers(), &browser.form()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 0, "alice");
    let out = stage.client.sign_out(&browser.headers(), &browser.form()).await.unwrap();
    browser.take(&out.cookies);
    assert!(is(&stage.come_back(&mut browser, 0, &back).await, AccountError::AnotherSession));
}

#[tokio::test]
async fn lk_03_who_is_at_the_provider_for_long_began_in_time() {
    let stage = Stage::start().await;
    let mut browser = stage.browser_of(0, "alice").await;
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    stage.clock.advance(STALE - 2);
    let request = LoginRequest::new().with_provider("two");
    let started =
        stage.client.add_sign_in_method(&request, &browser.headers(), &browser.form()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 1, "alice");
    stage.clock.advance(599);
    stage.come_back(&mut browser, 1, &back).await.unwrap();
    assert_eq!(methods(&stage, &browser).await.len(), 2);
}

#[tokio::test]
async fn rp_04_lk_04_what_one_person_began_another_does_not_finish() {
    let stage = Stage::start().await;
    let (mut victim, mut attacker) =
        (stage.browser_of(0, "victim").await, stage.browser_of(0, "attacker").await);
    stage.prove(&mut victim, 0, "victim").await.unwrap();
    stage.prove(&mut attacker, 0, "attacker").await.unwrap();
    let request = LoginRequest::new().with_provider("two");
    // The attacker's own identity, in the hope that it opens the victim's account.
    let started =
        stage.client.add_sign_in_method(&request, &attacker.headers(), &attacker.form()).await.unwrap();
    let cookies = started.cookies.clone();
    let back = stage.depart(&mut attacker, &started, 1, "attackers-other");
    let refused = stage.come_back(&mut victim, 1, &back).await;
    assert!(matches!(refused, Err(Error::Callback(CallbackError::StateUnknown))), "{refused:?}");
    let mut tossed = victim.clone();
    tossed.take(&cookies);
    let refused = stage.come_back(&mut tossed, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectOfAnother)), "{refused:?}");
    assert_eq!(
        (refused.unwrap_err().status(), stage.members.rule()),
        (http::StatusCode::FORBIDDEN, "connect_of_another")
    );
    // The victim begins, and somebody else is signed in when it comes back.
    let started = stage.client.add_sign_in_method(&request, &victim.headers(), &victim.form()).await.unwrap();
    let back = stage.depart(&mut victim, &started, 1, "victims-other");
    stage.sign_in(&mut victim, 0, "attacker").await.unwrap();
    let refused = stage.come_back(&mut victim, 1, &back).await;
    assert!(is(&refused, AccountError::Refused(Rule::ConnectOfAnother)), "{refused:?}");
    for subject in ["attackers-other", "victims-other"] {
        assert_eq!(stage.client.account_of(&stage.person(1, subject)).await.unwrap(), None, "{subject}");
    }
    assert!(stage.members.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn lk_05_an_identity_is_added_to_one_account_however_many_want_it_at_once() {
    let stage = Stage::start().await;
    let mut browsers = Vec::new();
    for n in 0..4 {
        let subject = format!("owner-{n}");
        let mut browser = stage.browser_of(0, &subject).await;
        stage.prove(&mut browser, 0, &subject).await.unwrap();
        browsers.push(browser);
    }
    // A fifth one signs up with it at the same time.
    let adding =
        futures_util::future::join_all(browsers.iter_mut().map(|browser| stage.add(browser, 1, "shared")));
    let mut new = Browser::default();
    let (added, signed_up) = tokio::join!(adding, stage.sign_in(&mut new, 1, "shared"));
    signed_up.unwrap();
    let owner = stage.client.account_of(&stage.person(1, "shared")).await.unwrap().unwrap();
    let winners = added.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(winners, usize::from(owner != stage.person(1, "shared")), "{added:?}");
    for lost in added.iter().filter(|outcome| outcome.is_err()) {
        assert!(is(lost, AccountError::Refused(Rule::BelongsToAnother)), "{lost:?}");
        assert_eq!(lost.as_ref().unwrap_err().status(), http::StatusCode::CONFLICT);
    }
    assert_eq!(stage.account(&new).await, Some(owner), "all see the same account");
}

#[tokio::test]
async fn lk_06_what_one_provider_was_asked_another_does_not_answer() {
    let stage = Stage::start().await;
    let mut browser = stage.browser_of(0, "alice").await;
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    let request = LoginRequest::new().with_provider("two");
    for started in [
        stage.client.prove_again(&request, &browser.headers(), &browser.form()).await.unwrap(),
        stage.client.add_sign_in_method(&request, &browser.headers(), &browser.form()).await.unwrap(),
        stage.client.login(&request, &browser.headers()).await.unwrap(),
    ] {
        let back = stage.depart(&mut browser, &started, 1, "alice");
        let refused = stage.come_back(&mut browser, 0, &back).await;
        assert!(matches!(refused, Err(Error::Callback(CallbackError::ProviderMismatch))), "{refused:?}");
    }
    assert_eq!(methods(&stage, &browser).await.len(), 1);
}

#[tokio::test]
async fn lk_10_the_last_way_in_is_never_removed_whatever_is_pressed_at_once() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("alice").await;
    let seen = stage.client.sign_in_methods(&browser.headers()).await.unwrap().methods;
    let other = stage.again(&[("one", 0), ("two", 1)], |builder| builder).await;
    let headers = browser.headers();
    let (first, second) = tokio::join!(
        stage.client.remove_sign_in_method(&seen[0].id, &headers, b""),
        other.remove_sign_in_method(&seen[1].id, &headers, b"")
    );
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1, "{first:?} {second:?}");
    let left = usize::from(first.is_ok());
    let mut browser_of_left = stage.browser_of(left, "alice").await;
    stage.prove(&mut browser_of_left, left, "alice").await.unwrap();
    assert!(is(&stage.remove(&mut browser_of_left, left, "alice").await, AccountError::LastMethod));
    assert!(is(&stage.remove(&mut browser_of_left, left, "nobody").await, AccountError::UnknownMethod));
    assert_eq!(methods(&stage, &browser_of_left).await, [(PROVIDERS[left].into(), true, false)]);
    // With a password it is not the last.
    stage.members.edit(&stage.person(0, "alice"), |member| member.password = true);
    stage.remove(&mut browser_of_left, left, "alice").await.unwrap();
    let account = stage.person(0, "alice");
    let vouched = vouch(&stage, &account, &browser).await.unwrap();
    browser.take(&vouched.cookies);
    assert_eq!(stage.account(&browser).await, Some(account), "by the password");
    assert_eq!(methods(&stage, &browser).await, []);
    stage.add(&mut browser, 1, "alice").await.unwrap();
    assert_eq!(methods(&stage, &browser).await, [("two".into(), false, true)]);
}

#[tokio::test]
async fn lk_10_a_way_in_goes_though_its_provider_refuses_to_hear_of_it() {
    let stage = Stage::start().await;
    stage.issuers[1].takes_revocations();
    let mut browser = stage.with_two_methods("alice").await;
    stage.issuers[1].reply("/revoke", Reply::Json(401, json!({ "error": "invalid_client" })));
    stage.remove(&mut browser, 1, "alice").await.unwrap();
    assert_eq!(stage.issuers[1].hits("/revoke").len(), 1);
    let tokens = stage.client.access_token(&stage.person(1, "alice")).await;
    assert!(matches!(tokens, Err(AccessError::SignInAgain)), "{tokens:?}");
    assert_eq!(methods(&stage, &browser).await, [("one".into(), true, false)]);
}

#[tokio::test]
async fn lk_10_what_was_removed_comes_back_by_its_owners_hand_only() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("alice").await;
    let account = stage.account(&browser).await.unwrap();
    stage.remove(&mut browser, 1, "alice").await.unwrap();
    let mut thief = Browser::default();
    assert_eq!(stage.sign_in(&mut thief, 1, "alice").await.unwrap(), "/sign-up");
    assert_eq!((stage.members.rule(), stage.account(&thief).await), ("removed_lately", None));
    let proof = stage.client.prove_account(&LoginRequest::new(), &thief.headers()).await;
    stage.go(&mut thief, proof, 0, "alice").await.unwrap();
    assert_eq!(stage.account(&thief).await, Some(account.clone()), "the owner it was");
    // Removed once more, and a month later: an account of its own.
    stage.prove(&mut thief, 0, "alice").await.unwrap();
    stage.remove(&mut thief, 1, "alice").await.unwrap();
    stage.clock.advance(30 * 86_400);
    let later = stage.browser_of(1, "alice").await;
    assert_eq!(stage.account(&later).await, Some(stage.person(1, "alice")));
    assert_eq!(stage.members.count(), 2);
    // The founder's name is the account's: it never founds another one beside it.
    let mut owner = stage.browser_of(0, "alice").await;
    stage.prove(&mut owner, 0, "alice").await.unwrap();
    stage.add(&mut owner, 1, "spare").await.unwrap();
    stage.remove(&mut owner, 0, "alice").await.unwrap();
    stage.clock.advance(365 * 86_400);
    assert_eq!(stage.sign_in(&mut Browser::default(), 0, "alice").await.unwrap(), "/sign-up");
    assert_eq!(stage.members.rule(), "removed_lately");
}

#[tokio::test]
async fn lk_12_what_opened_a_deleted_account_does_not_open_its_successor() {
    let stage = Stage::start().await;
    let mut browser = stage.with_two_methods("alice").await;
    let account = stage.account(&browser).await.unwrap();
    let thief = stage.browser_of(1, "alice").await;
    // Deleted behind the client's back, and founded again.
    stage.members.rows.lock().unwrap().remove(&account);
    assert_eq!((stage.account(&browser).await, stage.account(&thief).await), (None, None));
    let successor = stage.browser_of(0, "alice").await;
    assert_eq!(stage.account(&successor).await, Some(account.clone()));
    assert_eq!(stage.account(&browser).await, None, "sessions of before are over");
    assert_eq!(stage.account(&thief).await, None);
    assert_eq!(stage.client.account_of(&stage.person(1, "alice")).await.unwrap(), None);
    stage.sign_in(&mut browser, 1, "alice").await.unwrap();
    assert_eq!(stage.account(&browser).await, Some(stage.person(1, "alice")), "an account of its own");
    assert_eq!(stage.account(&thief).await, None, "a session of the account that is gone opens no other");
    assert_eq!(stage.client.sign_in_methods(&successor.headers()).await.unwrap().methods.len(), 1);
}

#[tokio::test]
async fn lk_12_a_session_of_a_deleted_account_does_not_follow_its_identity_into_another() {
    let stage = Stage::start().await;
    let stolen = stage.browser_of(1, "alice").await;
    stage.members.rows.lock().unwrap().clear();
    let mut browser = stage.browser_of(0, "alice").await;
    stage.prove(&mut browser, 0, "alice").await.unwrap();
    stage.add(&mut browser, 1, "alice").await.unwrap();
    assert_eq!(stage.account(&stolen).await, None);
}

#[tokio::test]
async fn sign_out_everywhere_means_every_way_in() {
    let stage = Stage::start().await;
    let browser = stage.with_two_methods("alice").await;
    let other = stage.browser_of(1, "alice").await;
    stage.client.sign_out_everywhere(&stage.person(1, "alice")).await.unwrap();
    assert_eq!((stage.account(&browser).await, stage.account(&other).await), (None, None));
}
