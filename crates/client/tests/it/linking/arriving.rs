//! Somebody comes from a provider.

use futures_util::FutureExt;
use mapae_client::{
    AccountError, EndUser, Error, LoginRequest, SignUpError,
    linking::{Action, Rule},
    observe::mask,
};

use super::stage::{Moment, PROVIDERS, Stage};
use crate::website::Browser;

const ADDRESS: &str = "victim@example.test";

#[tokio::test]
async fn the_decision_reaches_the_application_and_who_watches_and_names_nobody() {
    let stage = Stage::start().await;
    stage.browser_of(0, "alice-9000000001").await;
    stage.browser_of(0, "alice-9000000001").await;
    let decisions = stage.members.decisions.lock().unwrap().clone();
    let rules: Vec<Rule> = decisions.iter().map(|decision| decision.rule).collect();
    assert_eq!(rules, [Rule::NoAddress, Rule::KnownIdentity]);
    assert_eq!(decisions[1].action, Action::SignIn(stage.person(0, "alice-9000000001")));
    let judged = stage.watcher.0.lock().unwrap().clone();
    let seen: Vec<_> = judged.iter().map(|one| (one.provider.as_str(), one.action, one.rule)).collect();
    assert_eq!(seen, [("one", "create", "no_address"), ("one", "sign_in", "known_identity")]);
    assert_eq!(judged[0].person, mask("alice-9000000001"));
    assert!(!serde_json::to_string(&judged).unwrap().contains("9000000001"));
}

#[tokio::test]
async fn lk_01_an_address_that_the_provider_verified_begins_a_question_and_links_nothing() {
    let stage = Stage::start().await;
    stage.mail("owner", ADDRESS, true);
    let owner = stage.browser_of(0, "owner").await;
    let account = stage.account(&owner).await.unwrap();
    stage.mail("other", ADDRESS, true);
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 1, "other").await.unwrap(), "/sign-up");
    assert_eq!((stage.members.rule(), stage.members.count()), ("verified_and_taken", 1));
    assert_eq!(stage.account(&browser).await, None, "no session");
    let asked = stage.client.sign_up_form(&browser.headers()).await;
    assert!(matches!(asked, Err(Error::SignUp(SignUpError::ProofNeeded))), "{asked:?}");
    let forced = stage.client.sign_up(&browser.headers(), b"").await;
    assert!(matches!(forced, Err(Error::SignUp(SignUpError::ProofNeeded))), "{forced:?}");
    // Somebody else's proof, nobody's, and that of the arriving identity itself.
    stage.browser_of(0, "stranger").await;
    for subject in ["stranger", "nobody"] {
        let refused = prove_account(&stage, &mut browser, 0, subject).await;
        assert!(
            matches!(refused, Err(Error::Account(AccountError::Refused(Rule::ConnectOfAnother)))),
            "{subject}: {refused:?}"
        );
    }
    assert!(prove_account(&stage, &mut browser, 1, "other").await.is_err());
    assert_eq!(stage.account(&browser).await, None);
    assert_eq!(stage.client.account_of(&stage.person(1, "other")).await.unwrap(), None);

    assert_eq!(prove_account(&stage, &mut browser, 0, "owner").await.unwrap(), "/");
    assert_eq!(stage.account(&browser).await, Some(account.clone()));
    assert_eq!((stage.members.rule(), stage.members.count()), ("connected_by_owner", 2));
    let changes = stage.members.changes.lock().unwrap().clone();
    assert_eq!((changes.len(), &changes[0].account, changes[0].added), (1, &account, true));
    assert_eq!(stage.account(&stage.browser_of(1, "other").await).await, Some(account));
}

async fn prove_account(
    stage: &Stage,
    browser: &mut Browser,
    which: usize,
    subject: &str,
) -> Result<String, Error> {
    let request = LoginRequest::new().with_provider(PROVIDERS[which]);
    let started = stage.client.prove_account(&request, &browser.headers()).await;
    stage.go(browser, started, which, subject).await
}

/// The provider says that the owner's account was taken over, while somebody who has it there is on the way with a proof.
#[tokio::test]
async fn lk_03_lo_10_a_proof_that_ended_on_its_way_links_nothing() {
    let stage = Stage::start().await;
    stage.mail("owner", ADDRESS, true);
    stage.browser_of(0, "owner").await;
    stage.mail("thief", ADDRESS, true);
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 1, "thief").await.unwrap(), "/sign-up");
    let request = LoginRequest::new().with_provider(PROVIDERS[0]);
    let started = stage.client.prove_account(&request, &browser.headers()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 0, "owner");
    stage.clock.advance(1);
    stage.client.sign_out_everywhere(&stage.person(0, "owner")).await.unwrap();
    let refused = stage.come_back(&mut browser, 0, &back).await;
    assert!(matches!(refused, Err(Error::Callback(_))), "{refused:?}");
    assert_eq!(stage.account(&browser).await, None);
    assert_eq!(stage.client.account_of(&stage.person(1, "thief")).await.unwrap(), None);
    assert!(stage.members.changes.lock().unwrap().is_empty());
    // Whoever proves it after that does.
    assert_eq!(prove_account(&stage, &mut browser, 0, "owner").await.unwrap(), "/");
}

#[tokio::test]
async fn lk_01_a_sign_in_in_the_same_browser_links_nothing_by_itself() {
    let stage = Stage::start().await;
    stage.mail("owner", ADDRESS, true);
    stage.browser_of(0, "owner").await;
    stage.mail("attacker", ADDRESS, true);
    let mut shared = Browser::default();
    stage.sign_in(&mut shared, 1, "attacker").await.unwrap();
    assert_eq!(stage.sign_in(&mut shared, 0, "owner").await.unwrap(), "/");
    assert_eq!(stage.client.account_of(&stage.person(1, "attacker")).await.unwrap(), None);
    assert!(stage.members.changes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn lk_02_who_registered_the_victims_address_first_gains_nothing() {
    let stage = Stage::start().await;
    // By a provider that verifies nothing, and by a password.
    stage.mail("attacker", ADDRESS, false);
    let attacker = stage.browser_of(0, "attacker").await;
    assert_eq!(stage.members.rule(), "unverified_and_free");
    stage.mail("victim", ADDRESS, true);
    let victim = stage.browser_of(1, "victim").await;
    assert_eq!(stage.members.rule(), "unproved_gives_way");
    let (theirs, ours) = (stage.account(&attacker).await.unwrap(), stage.account(&victim).await.unwrap());
    assert_ne!(theirs, ours);
    let rows = stage.members.rows.lock().unwrap().clone();
    assert_eq!((rows[&theirs].address.as_deref(), rows[&ours].address.as_deref()), (None, Some(ADDRESS)));
    assert!(rows[&ours].proved && rows.len() == 2);
    let methods = stage.client.sign_in_methods(&victim.headers()).await.unwrap().methods;
    assert_eq!(methods.len(), 1, "nobody waits in the victim's account");
}

#[tokio::test]
async fn lk_02_an_unverified_address_is_not_said_to_be_taken() {
    let stage = Stage::start().await;
    stage.mail("owner", ADDRESS, true);
    stage.browser_of(0, "owner").await;
    stage.mail("attacker", ADDRESS, false);
    stage.mail("bystander", "free@example.test", false);
    let mut browsers = [Browser::default(), Browser::default()];
    let taken = stage.sign_in(&mut browsers[0], 1, "attacker").await.unwrap();
    assert_eq!(stage.members.rule(), "unverified_and_taken");
    let free = stage.sign_in(&mut browsers[1], 1, "bystander").await.unwrap();
    assert_eq!(taken, free, "the same answer");
    assert_eq!(stage.members.rows.lock().unwrap()[&stage.person(1, "attacker")].address, None);
}

#[tokio::test]
async fn lk_11_an_address_that_folds_into_another_is_nobodys() {
    let stage = Stage::start().await;
    stage.mail("owner", "VICTIM@Example.test", true);
    stage.browser_of(0, "owner").await;
    stage.members.edit(&stage.person(0, "owner"), |member| member.address = Some(ADDRESS.into()));
    for (n, folded) in
        ["v\u{131}ctim@example.test", "\u{ff56}ictim@example.test", "victim@example.test."].iter().enumerate()
    {
        let subject = format!("attacker-{n}");
        stage.mail(&subject, folded, true);
        stage.browser_of(1, &subject).await;
        assert_eq!(stage.members.rule(), "no_address", "{folded}");
    }
    stage.mail("same", "Victim@EXAMPLE.test", true);
    stage.sign_in(&mut Browser::default(), 1, "same").await.unwrap();
    assert_eq!(stage.members.rule(), "verified_and_taken");
}

#[tokio::test]
async fn lk_12_a_recycled_address_opens_nothing() {
    let stage = Stage::start().await;
    stage.mail("former", ADDRESS, true);
    let former = stage.browser_of(0, "former").await;
    let account = stage.account(&former).await.unwrap();
    // The mailbox is somebody else's now, and the provider says so truly.
    stage.mail("former", "moved@example.test", true);
    stage.mail("new", ADDRESS, true);
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, 1, "new").await.unwrap();
    assert_eq!((stage.members.rule(), stage.account(&browser).await), ("verified_and_taken", None));
    // The account is deleted: its address rests, and then is anybody's.
    stage.members.rows.lock().unwrap().remove(&account);
    stage.client.account_deleted(&account, Some("Victim@example.test")).await.unwrap();
    assert_eq!(stage.account(&former).await, None);
    let browser = stage.browser_of(1, "new").await;
    assert_eq!(stage.members.rule(), "address_rests");
    let new = stage.account(&browser).await.unwrap();
    assert_eq!(stage.members.rows.lock().unwrap()[&new].address, None);
    stage.clock.advance(30 * 86_400);
    stage.mail("later", ADDRESS, true);
    stage.browser_of(1, "later").await;
    assert_eq!(stage.members.rule(), "verified_and_free");
}

#[tokio::test]
async fn a_closed_account_opens_to_nobody_and_is_over_at_once() {
    let stage = Stage::start().await;
    let mut browser = stage.browser_of(0, "alice").await;
    stage.members.edit(&stage.person(0, "alice"), |member| member.closed = true);
    assert_eq!(stage.account(&browser).await, None, "signed out");
    let refused = stage.sign_in(&mut browser, 0, "alice").await.unwrap_err();
    assert!(matches!(refused, Error::Account(AccountError::Refused(Rule::AccountClosed))), "{refused:?}");
    assert_eq!((refused.status(), stage.members.rule()), (http::StatusCode::FORBIDDEN, "account_closed"));
}

#[tokio::test]
async fn lk_05_first_logins_of_one_person_at_once_in_two_processes_make_one_account_and_one_row() {
    let stage = Stage::start().await;
    let other = stage.again(&[("one", 0), ("two", 1)], |builder| builder).await;
    let arrivals = (0..12).map(|n| {
        let (stage, client) = (&stage, if n % 2 == 0 { &stage.client } else { &other });
        async move {
            let mut browser = Browser::default();
            let started = client.login(&LoginRequest::new(), &browser.headers()).await.unwrap();
            let back = stage.depart(&mut browser, &started, 0, "alice");
            let arrived = client.callback("one", Some(&back), &browser.headers()).await.unwrap();
            browser.take(&arrived.cookies);
            browser
        }
    });
    let browsers = futures_util::future::join_all(arrivals).await;
    assert_eq!(*stage.members.made.lock().unwrap(), 1);
    for browser in &browsers {
        assert_eq!(stage.account(browser).await, Some(stage.person(0, "alice")));
    }
    let methods = stage.client.sign_in_methods(&browsers[0].headers()).await.unwrap().methods;
    assert_eq!(methods.len(), 1);
}

#[tokio::test]
async fn lk_05_a_process_that_died_after_the_account_was_made_leaves_one_account() {
    let stage = Stage::start().await;
    *stage.members.dies.lock().unwrap() = true;
    let mut browser = Browser::default();
    let failed = stage.sign_in(&mut browser, 0, "alice").await.unwrap_err();
    assert!(matches!(failed, Error::Accounts(_)), "{failed:?}");
    assert_eq!((stage.account(&browser).await, stage.members.count()), (None, 1));
    let browser = stage.browser_of(0, "alice").await;
    assert_eq!((stage.members.rule(), stage.members.count()), ("known_identity", 1));
    assert_eq!(stage.client.sign_in_methods(&browser.headers()).await.unwrap().methods.len(), 1);
}

#[tokio::test]
async fn lk_05_lk_12_of_two_people_who_come_with_one_address_at_once_one_has_it() {
    let stage = Stage::start().await;
    let other = stage.again(&[("one", 0), ("two", 1)], |builder| builder).await;
    stage.mail("first", ADDRESS, true);
    stage.mail("second", ADDRESS, true);
    // The second one comes and goes while the first one's account is made.
    let mut browser = Browser::default();
    let started = other.login(&LoginRequest::new().with_provider("two"), &browser.headers()).await.unwrap();
    let back = stage.depart(&mut browser, &started, 1, "second");
    let headers = browser.cookie_headers();
    let comes = async move { drop(other.callback("two", Some(&back), &headers).await.unwrap()) };
    stage.members.interrupt(Moment::Create, 0, comes.boxed());
    assert_eq!(stage.sign_in(&mut Browser::default(), 0, "first").await.unwrap(), "/sign-up");
    assert!(stage.members.was_interrupted());
    assert_eq!((stage.members.rule(), stage.members.count()), ("verified_and_taken", 1));
    let opened = async |which, subject| stage.client.account_of(&stage.person(which, subject)).await.unwrap();
    assert_eq!(opened(1, "second").await, Some(stage.person(1, "second")));
    assert_eq!(opened(0, "first").await, None);
}

#[tokio::test]
async fn lk_07_a_provider_removed_and_added_again_has_its_links_and_another_of_its_name_has_none() {
    let stage = Stage::start().await;
    let browser = stage.with_two_methods("alice").await;
    let account = stage.account(&browser).await.unwrap();
    // Without the second provider nobody comes from it, and the link is no way in that one could rely on.
    let without = stage.again(&[("one", 0)], |builder| builder).await;
    let refused = remove_at(&without, &browser, &stage.person(0, "alice")).await.unwrap_err();
    assert!(matches!(refused, Error::Account(AccountError::LastMethod)), "{refused:?}");
    // Another issuer of the same name: its `alice` is somebody else.
    let swapped = stage.again(&[("two", 0), ("one", 1)], |builder| builder).await;
    let (one, two) = (stage.person(0, "alice"), stage.person(1, "alice"));
    assert_eq!(swapped.account_of(&one).await.unwrap(), Some(account.clone()));
    let stranger = EndUser::new(stage.issuers[1].url(), "bob");
    assert_eq!(swapped.account_of(&stranger).await.unwrap(), None);
    // Added again, the same issuer has the same links, whatever it is called.
    let renamed = stage.again(&[("one", 0), ("zwei", 1)], |builder| builder).await;
    assert_eq!(renamed.account_of(&two).await.unwrap(), Some(account));
}

async fn remove_at(
    client: &mapae_client::Client<super::stage::Member>,
    browser: &Browser,
    person: &EndUser,
) -> Result<(), Error> {
    let methods = client.sign_in_methods(&browser.headers()).await.unwrap().methods;
    let method = methods.iter().find(|method| method.person == *person).unwrap();
    assert!(!method.removable);
    client.remove_sign_in_method(&method.id, &browser.headers(), &browser.form()).await.map(drop)
}
