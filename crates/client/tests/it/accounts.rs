//! From an identity to an account.

use mapae_client::{EndUser, Error, Field, ProblemKind, SignUpError, SignUpOutcome};
use serde_json::json;

use crate::website::{Browser, Setup, Website};

fn with_form() -> Setup {
    let sign_up = vec![Field::required("nickname").max_chars(5), Field::agreement("terms")];
    Setup { sign_up, ..Setup::default() }
}

#[tokio::test]
async fn a_new_person_passes_the_sign_up_step_and_a_known_one_is_in_at_once() {
    let (website, issuer) = Website::start_with(with_form()).await;
    let (mut browser, location) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(location, "/sign-up");
    assert!(browser.user(&website).await.is_none(), "no session before there is an account");
    assert_eq!(website.users.count(), 0);
    let form = website.client.sign_up_form(&browser.headers()).await.unwrap();
    assert_eq!((form.identity.name(), form.fields.len()), (Some("김마패"), 2));

    for (body, field, kind) in [
        ("nickname=ali", "terms", ProblemKind::Missing),
        ("nickname=far-too-long&terms=on", "nickname", ProblemKind::TooLong),
        ("nickname=taken&terms=on", "nickname", ProblemKind::Refused("이미 있는 별명".into())),
    ] {
        let SignUpOutcome::Again(form) = browser.sign_up(&website, body).await.unwrap() else {
            panic!("{body}")
        };
        assert_eq!((form.problems[0].field.as_str(), &form.problems[0].kind), (field, &kind));
        assert!(form.answers.text("nickname").is_some(), "what was answered is filled in again");
        assert_eq!(website.users.count(), 0);
    }
    let SignUpOutcome::Done(redirect) = browser.sign_up(&website, "nickname=ali&terms=on").await.unwrap()
    else {
        panic!()
    };
    assert_eq!(redirect.location, "/");
    assert_eq!(browser.user(&website).await.unwrap().nickname, "ali");
    assert!(website.client.access_token(&browser.person(&website).await.unwrap()).await.is_ok());

    let (again, location) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!((location.as_str(), again.user(&website).await.unwrap().number), ("/", 0));
}

#[tokio::test]
async fn a_sign_up_belongs_to_one_browser_works_once_and_ends() {
    let (website, issuer) = Website::start_with(with_form()).await;
    let not_waiting = |refused: Result<SignUpOutcome, Error>| {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::SignUp(SignUpError::NotWaiting)), "{refused:?}");
    };
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    not_waiting(Browser::default().sign_up(&website, "nickname=a&terms=on").await);
    let mut guessing = Browser::default();
    guessing.cookies.insert("shop-3000-sign-up".to_owned(), "A".repeat(43));
    not_waiting(guessing.sign_up(&website, "nickname=a&terms=on").await);
    let mut again = browser.clone();
    browser.sign_up(&website, "nickname=a&terms=on").await.unwrap();
    not_waiting(again.sign_up(&website, "nickname=b&terms=on").await);
    let (mut late, _) = website.sign_in(&issuer, "bob").await.unwrap();
    website.clock.advance(86_400);
    not_waiting(late.sign_up(&website, "nickname=b&terms=on").await);
    assert_eq!(website.users.count(), 1);
}

#[tokio::test]
async fn lk_01_rp_11_the_same_address_is_not_the_same_person() {
    let (website, issuer) = Website::start().await;
    let (alice, _) = website.sign_in(&issuer, "alice").await.unwrap();
    for claim in ["email", "preferred_username", "name", "phone_number"] {
        issuer.edit_claims(move |claims| {
            claims[claim] = json!("same@example.com");
            claims["email_verified"] = json!(true);
        });
        let (other, _) = website.sign_in(&issuer, &format!("other-{claim}")).await.unwrap();
        let (alice, other) = (alice.user(&website).await.unwrap(), other.user(&website).await.unwrap());
        assert_eq!(alice.email, other.email);
        assert_ne!(alice.number, other.number, "two people");
    }
}

#[tokio::test]
async fn rp_11_an_account_survives_a_change_of_everything_but_the_subject() {
    let (website, issuer) = Website::start().await;
    let (first, _) = website.sign_in(&issuer, "alice").await.unwrap();
    issuer.behave().user_info = Some(std::sync::Arc::new(|claims| {
        claims["email"] = json!("new@example.com");
        claims["email_verified"] = json!("true");
        claims["name"] = json!("다른 이름");
    }));
    let (second, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(first.user(&website).await, second.user(&website).await);
    let (case, _) = website.sign_in(&issuer, "Alice").await.unwrap();
    assert_ne!(first.user(&website).await, case.user(&website).await, "byte for byte");
    assert_ne!(EndUser::new("https://a", "x"), EndUser::new("https://a/", "x"));
}

#[tokio::test]
async fn lk_05_two_sign_ups_of_one_person_make_one_account() {
    let (website, issuer) = Website::start_with(with_form()).await;
    let mut browsers = Vec::new();
    for _ in 0..8 {
        browsers.push(website.sign_in(&issuer, "alice").await.unwrap().0);
    }
    let posts = browsers.iter_mut().enumerate().map(|(n, browser)| {
        let (website, body) = (&website, format!("nickname=n{n}&terms=on"));
        async move { browser.sign_up(website, &body).await }
    });
    for outcome in futures_util::future::join_all(posts).await {
        assert!(matches!(outcome, Ok(SignUpOutcome::Done(_))), "{outcome:?}");
    }
    assert_eq!(website.users.created.load(std::sync::atomic::Ordering::SeqCst), 1);
    for browser in &browsers {
        assert_eq!(browser.user(&website).await.unwrap().number, 0);
    }
}

#[tokio::test]
async fn lk_05_two_first_logins_at_once_make_one_account() {
    let (website, issuer) = Website::start().await;
    let logins = (0..8).map(|_| website.sign_in(&issuer, "alice"));
    for login in futures_util::future::join_all(logins).await {
        login.unwrap();
    }
    assert_eq!(website.users.created.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn lk_05_in_two_processes_as_well() {
    let (website, issuer) = Website::start().await;
    let other = website.second_process(&issuer).await;
    let logins = (0..8).map(|n| {
        if n % 2 == 0 { website.sign_in(&issuer, "alice") } else { other.sign_in(&issuer, "alice") }
    });
    for login in futures_util::future::join_all(logins).await {
        login.unwrap();
    }
    assert_eq!(website.users.created.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn rp_01_a_form_left_open_lets_nobody_into_the_account_that_was_made_elsewhere() {
    let (website, issuer) = Website::start_with(with_form()).await;
    let body = "nickname=alice&terms=on";
    let (mut left_open, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (mut at_home, _) = website.sign_in(&issuer, "alice").await.unwrap();
    at_home.sign_up(&website, body).await.unwrap();
    assert!(at_home.user(&website).await.is_some());
    website.clock.advance(30 * 60);
    let late = left_open.sign_up(&website, body).await.unwrap_err();
    assert!(matches!(late, Error::SignUp(SignUpError::NotWaiting)), "{late:?}");
    assert!(left_open.user(&website).await.is_none());
}

#[tokio::test]
async fn rp_01_what_ends_everything_ends_the_forms_too() {
    let (website, issuer) = Website::start_with(with_form()).await;
    let body = "nickname=alice&terms=on";
    let (mut thief, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (mut owner, _) = website.sign_in(&issuer, "alice").await.unwrap();
    owner.sign_up(&website, body).await.unwrap();
    let person = owner.person(&website).await.unwrap();
    website.client.sign_out_everywhere(&person).await.unwrap();
    let late = thief.sign_up(&website, body).await.unwrap_err();
    assert!(matches!(late, Error::SignUp(SignUpError::NotWaiting)), "{late:?}");
}

#[tokio::test]
async fn rp_01_who_signs_out_leaves_no_form_behind() {
    let (website, issuer) = Website::start_with(with_form()).await;
    let (waiting, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let mut next = waiting.clone();
    website.client.sign_out(&waiting.headers(), &waiting.form()).await.unwrap();
    let refused = next.sign_up(&website, "nickname=next&terms=on").await.unwrap_err();
    assert!(matches!(refused, Error::SignUp(SignUpError::NotWaiting)), "{refused:?}");
    assert_eq!(website.users.count(), 0);
}
