//! A native program: no cookies, no vault, a public client on a loopback address — RFC 8252 §7.3.

use mapae_client::{
    CallbackError, CallbackResponse, Class, ClientRegistration, CompletedLogin, Error, LoginRequest,
    Provider, ProviderSettings, Setting, Tokens,
};

use crate::{issuer::Issuer, website::TestClock};

fn provider(name: &str, issuer: &Issuer) -> Provider {
    registered(name, "client-1", issuer)
}

fn registered(name: &str, client_id: &str, issuer: &Issuer) -> Provider {
    let registration = ClientRegistration::new(client_id, "http://127.0.0.1:51004/callback");
    Provider::discover(issuer.url(), registration, ProviderSettings::new(name).for_development()).unwrap()
}

/// Alice signs in.
async fn login(provider: &Provider, issuer: &Issuer, clock: &TestClock) -> CompletedLogin {
    let started = provider.start(&LoginRequest::new(), clock.now()).await.unwrap();
    let query = issuer.approve(&started.authorization_url, "alice");
    let response = CallbackResponse::parse(Some(&query)).unwrap();
    provider.finish(started.pending, &response, clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_login_without_a_web_service() {
    let clock = TestClock::new();
    let issuer = Issuer::start(&clock).await;
    let provider = provider("op", &issuer);
    let completed = login(&provider, &issuer, &clock).await;
    assert_eq!(completed.identity.person().subject(), "alice");
    assert_eq!(completed.identity.amr(), ["pwd"]);
    assert_eq!(completed.identity.auth_time(), Some(clock.now()));
    assert!(completed.tokens.can_be_refreshed());
    assert_eq!(issuer.hits("/token")[0].form["redirect_uri"], "http://127.0.0.1:51004/callback");
}

#[tokio::test]
async fn rp_01_rp_03_a_native_program_checks_state_and_provider_too() {
    let clock = TestClock::new();
    let issuer = Issuer::start(&clock).await;
    let (one, other) = (provider("one", &issuer), provider("other", &issuer));
    let (first, second) = (
        one.start(&LoginRequest::new(), clock.now()).await.unwrap(),
        one.start(&LoginRequest::new(), clock.now()).await.unwrap(),
    );
    let query = issuer.approve(&first.authorization_url, "alice");
    let response = CallbackResponse::parse(Some(&query)).unwrap();
    let refused = one.finish(second.pending, &response, clock.now()).await.unwrap_err();
    assert!(matches!(refused, Error::Callback(CallbackError::StateMismatch)), "{refused:?}");
    let refused = other.finish(first.pending, &response, clock.now()).await.unwrap_err();
    assert!(matches!(refused, Error::Callback(CallbackError::ProviderMismatch)), "{refused:?}");
    assert_eq!(issuer.hits("/token").len(), 0);
}

/// Of tokens that were kept before it was noted to whom they were given, the first refresh notes it.
#[tokio::test]
async fn lk_07_a_refresh_notes_to_whom_the_tokens_were_given() {
    let clock = TestClock::new();
    let issuer = Issuer::start(&clock).await;
    let provider = provider("op", &issuer);
    let CompletedLogin { identity, tokens, .. } = login(&provider, &issuer, &clock).await;
    let mut kept: serde_json::Value = serde_json::from_slice(&tokens.to_bytes()).unwrap();
    assert!(kept.as_object_mut().unwrap().remove("given_to").is_some());
    let kept = Tokens::from_bytes(kept.to_string().as_bytes()).unwrap();
    let other = registered("op", "client-2", &issuer);
    assert!(provider.gave(&kept) && other.gave(&kept), "nothing is known of them");
    let refreshed = provider.refresh(identity.person(), &kept, clock.now()).await.unwrap();
    assert!(provider.gave(&refreshed) && !other.gave(&refreshed));
    let refused = other.refresh(identity.person(), &refreshed, clock.now()).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientId));
    assert_eq!(issuer.refreshes(), 1);
}
