//! What is late, or cannot be read: nothing of the next login is touched by it, and nothing keeps it away.

use mapae_client::AccessError;

use crate::{
    issuer::{Behaviour, UnderWay},
    website::Website,
};

/// A refresh that is on its way while everything of the person ends and they sign in anew: what it brings is of the grant that
/// is over.
#[tokio::test]
async fn rp_29_mx_02_a_refresh_of_an_ended_grant_writes_nothing_into_the_next_login() {
    for dead in [true, false] {
        let (website, issuer) = Website::start().await;
        let person = website.signed_in_person(&issuer).await;
        website.clock.advance(60);
        let how = |behaviour: &mut Behaviour| behaviour.refreshes_are_dead = dead;
        let refresh = UnderWay::begin((&website, &issuer), &person, how).await;
        website.users.remove(&person);
        website.client.account_deleted(&person, None).await.unwrap();
        website.clock.advance(1);
        let (again, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let new = website.client.access_token(&person).await.unwrap();
        assert!(refresh.answered().await.unwrap().is(&new), "that of the new login: {dead}");
        assert!(website.client.access_token(&person).await.unwrap().is(&new), "{dead}");
        assert!(again.user(&website).await.is_some(), "{dead}");
        issuer.obey();
        website.clock.advance(60);
        website.client.access_token(&person).await.expect("its refresh token is still there");
    }
}

/// The answer to a refresh is lost while the grant ends: the old refresh token is not sent again.
#[tokio::test]
async fn rp_29_a_lost_answer_of_an_ended_grant_is_not_asked_for_again() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    let how = |behaviour: &mut Behaviour| behaviour.lost_answers = 1;
    let refresh = UnderWay::begin((&website, &issuer), &person, how).await;
    website.users.remove(&person);
    website.client.account_deleted(&person, None).await.unwrap();
    website.clock.advance(1);
    website.sign_in(&issuer, "alice").await.unwrap();
    let new = website.client.access_token(&person).await.unwrap();
    assert!(refresh.answered().await.unwrap().is(&new));
    assert_eq!(issuer.refreshes(), 1);
}

/// A row that was damaged, or sealed for another provider of the same issuer.
#[tokio::test]
async fn rp_21_an_unreadable_row_is_a_login_and_no_lock_out() {
    let (website, issuer) = Website::start().await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let person = browser.person(&website).await.unwrap();
    website.place.execute("UPDATE tokens SET sealed = 'v1.AAAA'").await;
    for _ in 0..2 {
        let refused = website.client.access_token(&person).await.unwrap_err();
        assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
    }
    website.sign_in(&issuer, "alice").await.unwrap();
    website.client.access_token(&person).await.unwrap();
    website.clock.advance(60);
    // Read when it is due, under the lease.
    website.client.access_token(&person).await.unwrap();
    assert_eq!(issuer.refreshes(), 1);
}
