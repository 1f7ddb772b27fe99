//! What the browser brings back: state, issuer, errors.

use mapae_client::{CallbackError, Class, Client, Error, LoginRequest, ProviderError};
use mapae_protocol::error::{Endpoint, ErrorCode};

use crate::{
    issuer::Issuer,
    place::Place,
    website::{Browser, TestClock, Users, Website, provider},
};

/// Comes back with `query`, which must be refused before the provider is asked for anything.
async fn refusal(website: &Website, issuer: &Issuer, browser: &Browser, query: &str) -> CallbackError {
    let before = issuer.hits("/token").len();
    let refused = browser.clone().come_back(website, query).await.unwrap_err();
    assert_eq!(issuer.hits("/token").len(), before, "nothing is redeemed: {query}");
    match refused {
        Error::Callback(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rp_01_the_state_is_this_browsers_and_works_once() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let (code, rest) = query.split_once("&state=").unwrap();
    let (state, iss) = rest.split_once("&iss=").unwrap();
    let refuse = async |browser: &Browser, query: String| refusal(&website, &issuer, browser, &query).await;

    assert_eq!(refuse(&browser, format!("{code}&iss={iss}")).await, CallbackError::StateMissing);
    assert_eq!(refuse(&browser, format!("{code}&state=&iss={iss}")).await, CallbackError::StateMissing);
    assert_eq!(
        refuse(&browser, format!("{code}&state=x{state}&iss={iss}")).await,
        CallbackError::StateUnknown
    );
    let twice = refuse(&browser, format!("{code}&state={state}&state={state}&iss={iss}")).await;
    assert!(matches!(twice, CallbackError::Response(_)), "{twice:?}");
    assert_eq!(
        refuse(&browser, format!("{code}&state[]={state}&iss={iss}")).await,
        CallbackError::StateMissing
    );
    assert_eq!(refuse(&Browser::default(), query.clone()).await, CallbackError::StateUnknown);

    let replaying = browser.clone();
    assert_eq!(browser.come_back(&website, &query).await.unwrap(), "/");
    assert!(browser.user(&website).await.is_some());
    assert_eq!(refuse(&replaying, query.clone()).await, CallbackError::StateUsed);
    assert_eq!(refuse(&browser, query).await, CallbackError::StateUnknown, "the cookie went with it");
}

#[tokio::test]
async fn rp_01_a_state_of_another_browser_does_not_sign_the_attacker_in_here() {
    let (website, issuer) = Website::start().await;
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    let attackers = attacker.go_to_provider(&website, &issuer, "mallory").await.unwrap();
    victim.go_to_provider(&website, &issuer, "alice").await.unwrap();
    assert_eq!(refusal(&website, &issuer, &victim, &attackers).await, CallbackError::StateUnknown);
    // Even the attacker's cookie under the name of the victim's does not open.
    let (name, _) = victim.cookies.pop_first().unwrap();
    let (_, sealed) = attacker.cookies.pop_first().unwrap();
    victim.cookies.insert(name, sealed);
    let state = victim.cookies.keys().next().unwrap().clone();
    assert!(state.contains("-login-"));
    assert_eq!(refusal(&website, &issuer, &victim, &attackers).await, CallbackError::StateUnknown);
}

#[tokio::test]
async fn rp_01_ten_minutes_and_no_longer() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    website.clock.advance(600);
    assert_eq!(refusal(&website, &issuer, &browser, &query).await, CallbackError::StateExpired);
    website.clock.advance(-1);
    browser.come_back(&website, &query).await.unwrap();
}

#[tokio::test]
async fn rp_01_a_state_works_once_however_many_try_at_once() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let tries = (0..20).map(|_| {
        let (client, headers, query) = (website.client.clone(), browser.headers(), query.clone());
        tokio::spawn(async move { client.callback("op", Some(&query), &headers).await.is_ok() })
    });
    let tried = futures_util::future::join_all(tries).await;
    assert_eq!(tried.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 1);
    assert_eq!(issuer.hits("/token").len(), 1, "the code is sent once");
}

#[tokio::test]
async fn rp_03_another_issuers_answer_is_refused() {
    let (website, issuer) = Website::start().await;
    for (iss, expected) in [
        ("", CallbackError::IssuerMissing),
        ("&iss=", CallbackError::IssuerMissing),
        ("&iss=https://evil.example", CallbackError::IssuerMismatch),
        ("&iss=SLASH/", CallbackError::IssuerMismatch),
    ] {
        let mut browser = Browser::default();
        let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
        let (head, own) = query.split_once("&iss=").unwrap();
        let query = format!("{head}{}", iss.replace("SLASH", own));
        assert_eq!(refusal(&website, &issuer, &browser, &query).await, expected, "{query}");
    }
}

/// RFC 9207 §3.
#[tokio::test]
async fn rp_03_an_issuer_that_promises_nothing_is_still_compared() {
    let (website, issuer) = Website::start().await;
    issuer.behave().metadata = Some(std::sync::Arc::new(|document| {
        document["authorization_response_iss_parameter_supported"] = false.into();
    }));
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let (head, _) = query.split_once("&iss=").unwrap();
    let evil = format!("{head}&iss=https://evil.example");
    assert_eq!(refusal(&website, &issuer, &browser, &evil).await, CallbackError::IssuerMismatch);
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let (head, _) = query.split_once("&iss=").unwrap();
    browser.come_back(&website, head).await.unwrap();
}

#[tokio::test]
async fn rp_03_each_provider_has_a_callback_of_its_own() {
    let clock = TestClock::new();
    let (one, other) = (Issuer::start(&clock).await, Issuer::start(&clock).await);
    let place = Place::fresh().await;
    let vault = place.open().await;
    let builder = Client::builder(vault.clone(), Users::default()).clock(clock.clock());
    let client = builder.provider(provider("one", &one)).provider(provider("other", &other)).build().unwrap();
    let started =
        client.login(&LoginRequest::new().with_provider("one"), &Browser::default().headers()).await.unwrap();
    let mut browser = Browser::default();
    browser.take(&started.cookies);
    let query = one.approve(&started.location, "alice");
    let refused = client.callback("other", Some(&query), &browser.headers()).await.unwrap_err();
    assert!(matches!(refused, Error::Callback(CallbackError::ProviderMismatch)), "{refused:?}");
    assert_eq!(other.hits("/token").len(), 0, "the code does not reach the other provider");
    client.callback("one", Some(&query), &browser.headers()).await.unwrap();

    let twice = Client::builder(vault, Users::default())
        .provider(provider("one", &one))
        .provider(provider("one", &other));
    assert!(twice.build().is_err(), "two providers at one address");
}

#[tokio::test]
async fn rp_09_tokens_in_the_callback_are_not_taken() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let (_, rest) = query.split_once("&state=").unwrap();
    let injected = format!("access_token=foreign&id_token=e.y.J&token_type=Bearer&state={rest}");
    let refused = refusal(&website, &issuer, &browser, &injected).await;
    assert!(matches!(refused, CallbackError::Response(_)), "{refused:?}");
}

/// OIDC Core §3.1.2.5.
#[tokio::test]
async fn rp_14_errors_need_the_state_too_and_destroy_nothing() {
    let (website, issuer) = Website::start().await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    for query in
        ["error=access_denied", "error=server_error&state=made-up", "error=%3Cscript%3E&error_description=x"]
    {
        assert!(browser.come_back(&website, query).await.is_err());
        assert!(browser.user(&website).await.is_some(), "still signed in");
    }
    for (code, class) in [
        ("access_denied", Class::Cancelled),
        ("login_required", Class::InteractionNeeded),
        ("consent_required", Class::InteractionNeeded),
        ("invalid_grant", Class::Restart),
        ("temporarily_unavailable", Class::Unavailable),
        ("something_new", Class::Restart),
    ] {
        let url = browser.begin(&website, &LoginRequest::new()).await.unwrap();
        let query = issuer.approve(&url, "alice");
        let (_, rest) = query.split_once("&state=").unwrap();
        let refused = browser.come_back(&website, &format!("error={code}&state={rest}")).await.unwrap_err();
        assert_eq!(refused.class(), class, "{code}");
        assert!(browser.user(&website).await.is_some());
    }
    let url = browser.begin(&website, &LoginRequest::new()).await.unwrap();
    let query = issuer.approve(&url, "alice");
    let (_, rest) = query.split_once("&state=").unwrap();
    let refused =
        browser.come_back(&website, &format!("error=access_denied&state={rest}")).await.unwrap_err();
    let expected =
        ProviderError::Refused { at: Endpoint::Authorization, code: Some(ErrorCode::AccessDenied) };
    assert!(matches!(refused, Error::Provider(error) if error == expected), "{refused:?}");
}

/// RFC 6749 Appendix A.11.
#[tokio::test]
async fn rp_31_what_cannot_be_a_code_is_not_sent_to_the_provider_and_uses_nothing_up() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let (_, rest) = query.split_once("&state=").unwrap();
    let [longest, too_long] = [4_096, 4_097].map(|length| "a".repeat(length));
    for code in ["x%0D%0Ay", "x%09", "%7F", "%EC%BD%94%EB%93%9C", too_long.as_str()] {
        let refused = refusal(&website, &issuer, &browser, &format!("code={code}&state={rest}")).await;
        assert_eq!(refused, CallbackError::Malformed, "{code}");
    }
    browser.come_back(&website, &query).await.unwrap();
    for code in ["+%21~", longest.as_str()] {
        let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
        let (_, rest) = query.split_once("&state=").unwrap();
        let refused = browser.come_back(&website, &format!("code={code}&state={rest}")).await.unwrap_err();
        let expected = ProviderError::Refused { at: Endpoint::Token, code: Some(ErrorCode::InvalidGrant) };
        assert!(matches!(refused, Error::Provider(error) if error == expected), "{refused:?}");
    }
}
