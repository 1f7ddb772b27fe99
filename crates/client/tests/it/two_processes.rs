//! Two processes that share one vault.

use std::sync::Arc;

use mapae_client::{
    AccessToken, CallbackError, Class, ClientRegistration, Error, Provider, ProviderSettings, Setting,
};
use tokio::sync::Semaphore;

use crate::{
    issuer::Issuer,
    website::{Browser, PATIENCE, SECRET, Website, provider},
};

#[tokio::test]
async fn a_hundred_in_each_of_two_processes_refresh_once() {
    let (website, issuer) = Website::start().await;
    let other = website.second_process(&issuer).await;
    let person = website.signed_in_person(&issuer).await;
    for round in 1..=3 {
        website.clock.advance(60);
        let callers: Vec<_> = (0..200)
            .map(|n| {
                let client = if n % 2 == 0 { website.client.clone() } else { other.client.clone() };
                let person = person.clone();
                tokio::spawn(async move { client.access_token(&person).await.unwrap() })
            })
            .collect();
        let mut tokens: Vec<AccessToken> = Vec::new();
        for caller in callers {
            tokens.push(caller.await.unwrap());
        }
        assert_eq!(issuer.refreshes(), round);
        assert!(tokens.iter().all(|token| token.is(&tokens[0])));
    }
}

#[tokio::test]
async fn a_process_that_dies_while_it_refreshes_is_stood_in_for() {
    let (website, issuer) = Website::start().await;
    let other = website.second_process(&issuer).await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    let gate = Arc::new(Semaphore::new(0));
    issuer.behave().gate = Some(Arc::clone(&gate));

    let process = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(1).build().unwrap();
    let (client, owner) = (other.client.clone(), person.clone());
    process.spawn(async move { client.access_token(&owner).await });
    issuer.refresh_arrives().await;
    process.shutdown_background();

    issuer.behave().gate = None;
    let mut waiting = tokio::spawn({
        let (client, person) = (website.client.clone(), person.clone());
        async move { client.access_token(&person).await }
    });
    let waits = tokio::time::timeout(PATIENCE, &mut waiting).await;
    assert!(waits.is_err(), "the lease of the dead process is respected: {waits:?}");
    assert_eq!(issuer.refreshes(), 1);
    website.clock.advance(6);
    // Again and again: who is slow may look at the lease for the first time only now.
    let token = loop {
        website.clock.advance(1);
        if let Ok(token) = tokio::time::timeout(PATIENCE, &mut waiting).await {
            break token.unwrap();
        }
    };
    token.unwrap();
    let sent: Vec<String> =
        issuer.hits("/token").into_iter().filter_map(|hit| hit.form.get("refresh_token").cloned()).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1], "the provider gives the same successor once more");
    website.clock.advance(60);
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn sessions_and_states_are_shared() {
    let (website, issuer) = Website::start().await;
    let other = website.second_process(&issuer).await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert!(browser.user(&other).await.is_some());
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let replaying = browser.clone();
    browser.come_back(&other, &query).await.unwrap();
    assert!(replaying.clone().come_back(&website, &query).await.is_err(), "used in the other process");
    other.client.sign_out(&browser.headers(), &browser.form()).await.unwrap();
    assert!(browser.user(&website).await.is_none());
}

#[tokio::test]
async fn lk_07_a_refresh_token_never_goes_to_another_issuer_of_the_same_name() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let stranger = Issuer::start(&website.clock).await;
    let changed = website.second_process(&stranger).await;
    website.clock.advance(60);
    let refused = changed.client.access_token(&person).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::Providers));
    assert_eq!(stranger.hits("/token").len(), 0);
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn lk_07_a_refresh_token_never_goes_to_another_registration_at_the_same_issuer() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let changed = website.second_process_with(provider("other", &issuer)).await;
    website.clock.advance(60);
    let refused = changed.client.access_token(&person).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::Providers));
    assert_eq!(issuer.refreshes(), 0);
    website.client.access_token(&person).await.unwrap();
}

/// The same provider by the same name, to which the operator gave another client id: of a deployment that rolls, the new process.
async fn with_another_client_id(website: &Website, issuer: &Issuer) -> Website {
    let registration = ClientRegistration::new("client-2", "http://localhost:3000/callback/op");
    let settings = ProviderSettings::new("op").for_development();
    let provider = Provider::discover(issuer.url(), registration.with_secret(SECRET), settings).unwrap();
    website.second_process_with(provider).await
}

#[tokio::test]
async fn lk_07_a_refresh_token_never_goes_out_as_another_client_of_the_same_name() {
    let (website, issuer) = Website::start().await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let person = browser.person(&website).await.unwrap();
    let changed = with_another_client_id(&website, &issuer).await;
    website.clock.advance(60);
    for _ in 0..2 {
        let refused = changed.client.access_token(&person).await.unwrap_err();
        assert_eq!(refused.class(), Class::Configuration(Setting::ClientId), "{refused:?}");
    }
    assert_eq!(issuer.refreshes(), 0);
    assert!(browser.user(&changed).await.is_some(), "nobody is signed out for it");
    website.client.access_token(&person).await.unwrap();
    // Whoever signs in by the new one brings what is the new one's.
    issuer.edit_claims(|claims| claims["aud"] = "client-2".into());
    changed.sign_in(&issuer, "alice").await.unwrap();
    website.clock.advance(60);
    let refused = website.client.access_token(&person).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientId), "{refused:?}");
    changed.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn lk_07_unlinking_tells_nothing_of_what_another_client_was_given() {
    let (website, issuer) = Website::start().await;
    let revocation = format!("{}/revoke", issuer.url());
    issuer.behave().metadata =
        Some(Arc::new(move |document| document["revocation_endpoint"] = revocation.clone().into()));
    let person = website.signed_in_person(&issuer).await;
    let changed = with_another_client_id(&website, &issuer).await;
    let refused = changed.client.unlink(&person).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientId), "{refused:?}");
    assert_eq!(issuer.hits("/revoke").len(), 0);
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn lk_07_unlinking_tells_nobody_but_the_issuer_that_gave_the_token() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let stranger = Issuer::start(&website.clock).await;
    let revocation = format!("{}/token", stranger.url());
    stranger.behave().metadata =
        Some(Arc::new(move |document| document["revocation_endpoint"] = revocation.clone().into()));
    let changed = website.second_process(&stranger).await;
    // The token is not due: nothing but the name says whose it is.
    let refused = changed.client.unlink(&person).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::Providers));
    assert_eq!(stranger.hits("/token").len(), 0, "a token of one issuer is no business of another");
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn rp_03_lk_07_a_code_never_goes_to_another_provider_that_was_given_the_name_meanwhile() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let stranger = Issuer::start(&website.clock).await;
    let changed = website.second_process(&stranger).await;
    // Who asked promised its issuer; one who does not is the worse case.
    let without_issuer = query.split("&iss=").next().unwrap().to_owned();
    let refused = browser.come_back(&changed, &without_issuer).await.unwrap_err();
    assert!(matches!(refused, Error::Callback(CallbackError::ProviderMismatch)), "{refused:?}");
    assert_eq!(stranger.hits("/token").len(), 0, "neither the code nor the verifier");
}
