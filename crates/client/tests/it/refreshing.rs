//! Access tokens that work: refreshed in time, once, and not lost on the way.

use std::{sync::Arc, time::Duration};

use mapae_client::{
    AccessError, CallbackResponse, Class, Error, HttpError, LoginRequest, Provider, ProviderError,
    ProviderSettings, Setting, observe::Purpose,
};
use mapae_testkit::until;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    issuer::{Behaviour, Issuer, Reply, UnderWay},
    website::{Browser, SECRET, Setup, TestClock, Website, registration},
};

#[tokio::test]
async fn a_token_is_refreshed_before_it_is_used_and_not_sooner() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let first = website.client.access_token(&person).await.unwrap();
    website.clock.advance(50);
    assert!(website.client.access_token(&person).await.unwrap().is(&first), "ten seconds are left");
    website.clock.advance(1);
    let second = website.client.access_token(&person).await.unwrap();
    assert!(!second.is(&first));
    assert_eq!(second.expires_at().unwrap().unix(), website.clock.unix() + 60);
    assert_eq!(issuer.refreshes(), 1);
    website.clock.advance(3_600);
    assert!(
        !website.client.access_token(&person).await.unwrap().is(&second),
        "with the rotated refresh token"
    );
    assert_eq!(issuer.refreshes(), 2);
}

#[tokio::test]
async fn a_hundred_at_once_refresh_once() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    let gate = Arc::new(Semaphore::new(0));
    issuer.behave().gate = Some(Arc::clone(&gate));
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (client, person) = (website.client.clone(), person.clone());
            tokio::spawn(async move { client.access_token(&person).await.unwrap() })
        })
        .collect();
    issuer.refresh_arrives().await;
    gate.add_permits(100);
    let mut tokens = Vec::new();
    for caller in callers {
        tokens.push(caller.await.unwrap());
    }
    assert_eq!(issuer.refreshes(), 1);
    assert!(tokens.iter().all(|token| token.is(&tokens[0])));
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_take_the_refresh_down() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    let mut refresh = UnderWay::begin((&website, &issuer), &person, |_| {}).await;
    refresh.caller.abort();
    assert!((&mut refresh.caller).await.unwrap_err().is_cancelled());
    refresh.answers();
    website.client.access_token(&person).await.unwrap();
    assert_eq!(issuer.refreshes(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_refresh_token() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    for seconds in [60, 60] {
        website.clock.advance(seconds);
        issuer.behave().lost_answers = 1;
        website.client.access_token(&person).await.unwrap();
    }
    let sent: Vec<String> =
        issuer.hits("/token").into_iter().filter_map(|hit| hit.form.get("refresh_token").cloned()).collect();
    assert_eq!(sent.len(), 4);
    assert!(sent[0] == sent[1] && sent[2] == sent[3] && sent[0] != sent[2], "each twice, then its successor");
}

#[tokio::test]
async fn a_provider_that_is_down_costs_no_tokens() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let first = website.client.access_token(&person).await.unwrap();
    for reply in [
        Reply::Json(503, json!({})),
        Reply::Html,
        Reply::Stall,
        Reply::Json(200, json!({"token_type": "mac"})),
    ] {
        issuer.reply("/token", reply.clone());
        website.clock.advance(12);
        let refused = website.client.after_unauthorized(&person, &first).await.unwrap_err();
        assert!(matches!(refused, AccessError::Unavailable(_)), "{reply:?} {refused:?}");
    }
    website.clock.advance(4);
    assert!(website.client.access_token(&person).await.unwrap().is(&first), "due, but it still works");
    website.clock.advance(8);
    assert_eq!(website.client.access_token(&person).await.unwrap_err().class(), Class::Unavailable);
    issuer.obey();
    website.clock.advance(10);
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn a_wrong_secret_costs_no_tokens_and_names_the_setting() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    issuer.reply("/token", Reply::Json(401, json!({"error": "invalid_client"})));
    let refused = website.client.access_token(&person).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::TokenEndpointAuthMethod));
    issuer.obey();
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn rp_23_a_dead_refresh_token_means_sign_in_again() {
    let (website, issuer) = Website::start().await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let person = browser.person(&website).await.unwrap();
    let (bob, _) = website.sign_in(&issuer, "bob").await.unwrap();
    website.clock.advance(60);
    issuer.behave().refreshes_are_dead = true;
    assert!(matches!(website.client.access_token(&person).await, Err(AccessError::SignInAgain)));
    assert!(matches!(website.client.access_token(&person).await, Err(AccessError::SignInAgain)));
    assert_eq!(issuer.refreshes(), 1, "dead tokens are gone and not tried again");
    assert!(browser.user(&website).await.is_none(), "the session went with the grant");
    assert!(bob.user(&website).await.is_some(), "and nobody else's");
    issuer.obey();
    website.sign_in(&issuer, "alice").await.unwrap();
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn rp_23_sessions_outlive_the_grant_where_the_application_wants_it() {
    let (website, issuer) = Website::start_with(Setup { keep_sessions: true, ..Setup::default() }).await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    website.clock.advance(60);
    issuer.behave().refreshes_are_dead = true;
    let person = browser.person(&website).await.unwrap();
    assert!(matches!(website.client.access_token(&person).await, Err(AccessError::SignInAgain)));
    assert!(browser.user(&website).await.is_some());
}

/// A refresh that is on its way while the person signs in again: dead or alive, its outcome comes too late.
async fn overtaken_by_a_login(dead: bool) {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    let how = |behaviour: &mut Behaviour| behaviour.refreshes_are_dead = dead;
    let refresh = UnderWay::begin((&website, &issuer), &person, how).await;
    let (again, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let new = website.client.access_token(&person).await.unwrap();
    assert!(refresh.answered().await.unwrap().is(&new), "that of the new login");
    assert!(website.client.access_token(&person).await.unwrap().is(&new));
    assert!(again.user(&website).await.is_some());
}

#[tokio::test]
async fn a_new_login_wins_over_the_death_of_the_old_grant() {
    overtaken_by_a_login(true).await;
}

#[tokio::test]
async fn a_new_login_wins_over_the_successor_of_the_old_grant() {
    overtaken_by_a_login(false).await;
}

#[tokio::test]
async fn without_a_refresh_token_a_token_is_used_to_its_end() {
    let (website, issuer) = Website::start().await;
    issuer.behave().tokens =
        Some(Arc::new(|tokens| drop(tokens.as_object_mut().unwrap().remove("refresh_token"))));
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(59);
    website.client.access_token(&person).await.unwrap();
    website.clock.advance(1);
    assert!(matches!(website.client.access_token(&person).await, Err(AccessError::SignInAgain)));
    assert_eq!(issuer.refreshes(), 0);
    let stranger = mapae_client::EndUser::new(issuer.url(), "nobody");
    assert!(matches!(website.client.access_token(&stranger).await, Err(AccessError::SignInAgain)));
}

#[tokio::test]
async fn what_a_refresh_does_not_bring_stays() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    issuer.behave().tokens = Some(Arc::new(|tokens| {
        for name in ["refresh_token", "scope"] {
            tokens.as_object_mut().unwrap().remove(name);
        }
    }));
    website.clock.advance(60);
    let token = website.client.access_token(&person).await.unwrap();
    assert_eq!(token.scopes().to_string(), "openid profile");
    website.clock.advance(5);
    let again = website.client.after_unauthorized(&person, &token).await;
    assert!(again.is_ok(), "the refresh token is still the old one: {again:?}");
}

#[tokio::test]
async fn a_refresh_must_be_about_the_same_person() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    issuer.behave().refreshes_bring_id_tokens = true;
    website.clock.advance(60);
    website.client.access_token(&person).await.unwrap();
    issuer.edit_claims(|claims| claims["sub"] = json!("mallory"));
    website.clock.advance(60);
    assert!(matches!(website.client.access_token(&person).await, Err(AccessError::SignInAgain)));
}

#[tokio::test]
async fn the_nonce_of_a_refreshed_id_token_is_none_or_that_of_the_login() {
    let (website, issuer) = Website::start().await;
    let nonce = Arc::new(std::sync::Mutex::new(None));
    let memory = Arc::clone(&nonce);
    issuer.edit_claims(move |claims| {
        let first = memory.lock().unwrap().get_or_insert_with(|| claims["nonce"].clone()).clone();
        claims["nonce"] = first;
    });
    let person = website.signed_in_person(&issuer).await;
    issuer.behave().refreshes_bring_id_tokens = true;
    website.clock.advance(60);
    website.client.access_token(&person).await.unwrap();
    *nonce.lock().unwrap() = Some(json!("of-another-login"));
    website.clock.advance(60);
    assert!(matches!(website.client.access_token(&person).await, Err(AccessError::SignInAgain)));
}

#[tokio::test]
async fn an_id_token_with_a_key_that_is_not_at_hand_costs_no_tokens() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    issuer.behave().refreshes_bring_id_tokens = true;
    issuer.rotate_key();
    issuer.reply("/jwks", Reply::Stall);
    website.clock.advance(60);
    website.client.access_token(&person).await.unwrap();
    assert_eq!(issuer.hits("/jwks").len(), 1, "nobody is asked while a successor waits to be kept");
}

#[tokio::test]
async fn a_refresh_waits_for_nobody_who_waits_for_keys() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    issuer.behave().refreshes_bring_id_tokens = true;
    // The login of somebody else meets a key that nobody knows, and the provider's key set does not come.
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "bob").await.unwrap();
    issuer.rotate_key();
    issuer.reply("/jwks", Reply::Stall);
    let known = issuer.hits("/jwks").len();
    let mut login = tokio::spawn({
        let client = website.client.clone();
        async move { client.callback("op", Some(&query), &browser.headers()).await }
    });
    until("the keys are asked for", async || issuer.hits("/jwks").len() > known).await;
    website.clock.advance(60);
    tokio::select! {
        biased;
        ended = &mut login => panic!("it waits for the keys: {ended:?}"),
        token = website.client.access_token(&person) => assert!(token.is_ok(), "{token:?}"),
    }
    assert_eq!(issuer.refreshes(), 1);
    login.abort();
}

#[tokio::test]
async fn mx_02_a_refresh_for_which_a_nonce_is_wanted_takes_no_longer_than_another() {
    let clock = TestClock::new();
    let issuer = Issuer::start(&clock).await;
    issuer.behave().tokens = Some(Arc::new(|tokens| tokens["token_type"] = json!("DPoP")));
    let settings = ProviderSettings::new("op").for_development();
    let registration = registration("op").with_secret(SECRET).with_bound_tokens();
    let provider = Provider::discover(issuer.url(), registration, settings).unwrap();
    let started = provider.start(&LoginRequest::new(), clock.now()).await.unwrap();
    let query = issuer.approve(&started.authorization_url, "alice");
    let response = CallbackResponse::parse(Some(&query)).unwrap();
    let login = provider.finish(started.pending, &response, clock.now()).await.unwrap();
    // Each answer is in time, which is five seconds, and both together are not: a lease would be over before they are.
    issuer.behave().slow_nonces = Some(Duration::from_secs(3));
    let person = login.identity.person();
    let late = provider.refresh(person, &login.tokens, clock.now()).await.unwrap_err();
    let timeout = ProviderError::NoAnswer(Purpose::Refresh, HttpError::Timeout);
    assert!(matches!(&late, Error::Provider(error) if *error == timeout), "{late:?}");
    // The nonce is known now.
    issuer.behave().slow_nonces = Some(Duration::ZERO);
    provider.refresh(person, &login.tokens, clock.now()).await.unwrap();
    assert_eq!(issuer.refreshes(), 3);
}
