//! Accounts of a service whose front end has JWTs.

use mapae_client::{AccountError, Error, LoginRequest, ServiceTokenError, ServiceTokens};

use super::{passwords::vouch, stage::Stage};
use crate::{service_tokens::claims, website::Browser};

async fn start() -> Stage {
    Stage::with(|builder| builder.service_tokens(ServiceTokens::new())).await
}

async fn signed_in(stage: &Stage, which: usize, subject: &str) -> Browser {
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, which, subject).await.unwrap();
    browser.hand_over(&stage.client).await.unwrap();
    browser
}

#[tokio::test]
async fn one_account_is_one_subject_by_whichever_way_in() {
    let stage = start().await;
    stage.mail("alice", "alice@example.test", true);
    let first = signed_in(&stage, 0, "alice").await;
    let mut second = Browser::default();
    assert_eq!(stage.sign_in(&mut second, 1, "alice").await.unwrap(), "/sign-up");
    let proof = stage.client.prove_account(&LoginRequest::new(), &second.headers()).await;
    stage.go(&mut second, proof, 0, "alice").await.unwrap();
    second.hand_over(&stage.client).await.unwrap();
    let sub = |browser: &Browser| claims(browser.access_token.as_ref().unwrap())["sub"].clone();
    assert_eq!(sub(&first), sub(&second));
    assert_ne!(sub(&first), sub(&signed_in(&stage, 0, "bob").await));
    assert_eq!(stage.account(&second).await, Some(stage.person(0, "alice")));
}

#[tokio::test]
async fn a_closed_account_gets_no_more_tokens() {
    let stage = start().await;
    let mut browser = signed_in(&stage, 0, "alice").await;
    stage.members.edit(&stage.person(0, "alice"), |member| member.closed = true);
    assert_eq!(stage.account(&browser).await, None);
    let refused = browser.renew(&stage.client).await;
    assert!(matches!(refused, Err(ServiceTokenError::InvalidGrant)), "{refused:?}");
}

#[tokio::test]
async fn lk_03_a_stolen_access_token_beside_a_session_of_ones_own_changes_nothing() {
    let stage = start().await;
    let victim = signed_in(&stage, 0, "victim").await;
    let mut thief = signed_in(&stage, 0, "thief").await;
    thief.access_token.clone_from(&victim.access_token);
    let request = LoginRequest::new().with_provider("two");
    for refused in [
        stage.client.prove_again(&request, &thief.headers(), &thief.form()).await,
        stage.client.add_sign_in_method(&request, &thief.headers(), &thief.form()).await,
    ] {
        assert!(
            matches!(refused, Err(Error::Account(AccountError::NotSignedIn | AccountError::NotFresh))),
            "{refused:?}"
        );
    }
    let own = vouch(&stage, &stage.person(0, "thief"), &thief).await.unwrap();
    thief.take(&own.cookies);
    thief.hand_over(&stage.client).await.unwrap();
    assert!(stage.client.sign_in_methods(&thief.headers()).await.unwrap().fresh, "in their own");
    thief.access_token.clone_from(&victim.access_token);
    let seen = stage.client.sign_in_methods(&thief.headers()).await.unwrap();
    assert!(!seen.fresh, "a proof of one session is none in another");
    let removed =
        stage.client.remove_sign_in_method(&seen.methods[0].id, &thief.headers(), &thief.form()).await;
    assert!(matches!(removed, Err(Error::Account(AccountError::NotSignedIn))), "{removed:?}");
}
