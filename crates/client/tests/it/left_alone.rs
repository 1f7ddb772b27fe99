//! Providers that are left alone for a moment, and strangers who would like that.

use std::sync::Arc;

use mapae_client::{AccessError, Class, ClientRegistration, Error, HttpError, LoginRequest, ProviderError};
use serde_json::json;

use crate::{
    issuer::Reply,
    website::{Browser, Setup, Website},
};

#[tokio::test]
async fn rp_18_a_provider_that_does_not_answer_is_left_alone() {
    let (website, issuer) = Website::start().await;
    website.sign_in(&issuer, "alice").await.unwrap();
    issuer.reply("/token", Reply::Stall);
    let logins = (0..5).map(|_| website.sign_in(&issuer, "alice"));
    for refused in futures_util::future::join_all(logins).await {
        let refused = refused.unwrap_err();
        let timeout = |error: &ProviderError| matches!(error, ProviderError::NoAnswer(_, HttpError::Timeout));
        assert!(matches!(&refused, Error::Provider(error) if timeout(error)), "{refused:?}");
    }
    let asked = issuer.hits("/token").len();
    let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
    assert!(matches!(refused, Error::Provider(ProviderError::Resting)), "{refused:?}");
    assert_eq!(issuer.hits("/token").len(), asked);
    issuer.obey();
    website.clock.advance(10);
    website.sign_in(&issuer, "alice").await.unwrap();
}

#[tokio::test]
async fn rp_18_a_provider_that_fails_at_what_no_stranger_wrote_is_left_alone_too() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    issuer.reply("/token", Reply::Json(500, json!({})));
    for _ in 0..5 {
        let refused = website.client.access_token(&person).await.unwrap_err();
        assert_eq!(refused.class(), Class::Unavailable, "{refused:?}");
    }
    let asked = issuer.refreshes();
    let refused = website.client.access_token(&person).await.unwrap_err();
    let AccessError::Unavailable(error) = refused else { panic!("{refused:?}") };
    assert!(matches!(*error, Error::Provider(ProviderError::Resting)), "{error:?}");
    assert_eq!(issuer.refreshes(), asked);
}

/// Whoever comes back with a `state` of their own has written the code, and can write one at which a provider or what stands
/// before it fails.
#[tokio::test]
async fn rp_31_a_stranger_at_whose_codes_the_provider_fails_has_nobody_shut_out() {
    for reply in [Reply::Json(500, json!({})), Reply::Json(503, json!({})), Reply::Broken] {
        let (website, issuer) = Website::start().await;
        issuer.reply("/token", reply.clone());
        for _ in 0..10 {
            let refused = website.sign_in(&issuer, "mallory").await.unwrap_err();
            assert_eq!(refused.class(), Class::Unavailable, "{reply:?} {refused:?}");
        }
        assert_eq!(issuer.hits("/token").len(), 10, "{reply:?}");
        issuer.obey();
        website.sign_in(&issuer, "alice").await.unwrap();
    }
}

/// Whoever sets out has written `login_hint` and its like, which our own request carries where requests are pushed.
#[tokio::test]
async fn rp_31_a_stranger_at_whose_hints_the_provider_fails_has_nobody_shut_out() {
    for reply in [Reply::Json(500, json!({})), Reply::Json(503, json!({})), Reply::Broken] {
        let setup = Setup { registered: ClientRegistration::with_pushed_requests, ..Setup::default() };
        let (website, issuer) = Website::start_with(setup).await;
        let par = format!("{}/par", issuer.url());
        issuer.behave().metadata = Some(Arc::new(move |document| {
            document["pushed_authorization_request_endpoint"] = par.clone().into();
        }));
        issuer.reply("/par", reply.clone());
        let hinted = LoginRequest::from_query(Some("login_hint=%27%20OR%201=1")).unwrap();
        for _ in 0..10 {
            let refused = Browser::default().begin(&website, &hinted).await.unwrap_err();
            assert_eq!(refused.class(), Class::Unavailable, "{reply:?} {refused:?}");
        }
        assert_eq!(issuer.hits("/par").len(), 10, "{reply:?}");
        issuer.behave().replies.clear();
        Browser::default().begin(&website, &LoginRequest::new()).await.unwrap();
    }
}
