//! What ends a session ends its tokens.

use mapae_client::{AccountError, Class, Error, ServiceTokens};

use super::{REFRESH, is_dead, signed_in, start, start_with};
use crate::website::Browser;

#[tokio::test]
async fn re_08_rp_26_signing_out_ends_both_tokens() {
    let (website, issuer) = start().await;
    let mut browser = signed_in(&website, &issuer).await;
    let mut elsewhere = signed_in(&website, &issuer).await;
    let before = browser.clone();
    let redirect = website.client.sign_out(&browser.headers(), &browser.form()).await.unwrap();
    browser.take(&redirect.cookies);
    assert!(browser.cookies.is_empty());
    assert!(before.user(&website).await.is_none(), "the JWT opens nothing here");
    is_dead(before.clone().renew(&website.client).await);
    elsewhere.renew(&website.client).await.expect("another browser stays signed in");

    // A front end without cookies signs out with its access token alone.
    let bearer = Browser { access_token: elsewhere.access_token.clone(), ..Browser::default() };
    website.client.sign_out(&bearer.headers(), &bearer.form()).await.unwrap();
    is_dead(elsewhere.renew(&website.client).await);
    // And one whose access token is over, with its cookie alone.
    let mut third = signed_in(&website, &issuer).await;
    website.clock.advance(331);
    website.client.sign_out(&third.headers(), &third.form()).await.unwrap();
    is_dead(third.renew(&website.client).await);
}

#[tokio::test]
async fn re_08_rp_26_a_front_end_that_keeps_its_refresh_token_signs_out_with_it() {
    let (website, issuer) = start_with(|| ServiceTokens::new().refresh_token_in_body()).await;
    let mut browser = signed_in(&website, &issuer).await;
    website.clock.advance(331);
    for nothing in [&b""[..], b"refresh_token=", b"refresh_token=a.b", b"refresh_token=a&refresh_token=b"] {
        let refused = website.client.sign_out(&browser.headers(), nothing).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Account(error) if *error == AccountError::NotSignedIn),
            "{refused:?}"
        );
    }
    browser.renew(&website.client).await.expect("nothing has ended");
    website.clock.advance(331);
    website.client.sign_out(&browser.headers(), &browser.form()).await.unwrap();
    is_dead(browser.renew(&website.client).await);
}

#[tokio::test]
async fn re_08_rp_26_a_code_that_nobody_has_posted_yet_ends_with_the_sign_out() {
    for tokens in [ServiceTokens::new, || ServiceTokens::new().refresh_token_in_body()] {
        let (website, issuer) = start_with(tokens).await;
        let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let mut next = browser.clone();
        let redirect = website.client.sign_out(&browser.headers(), b"").await.unwrap();
        browser.take(&redirect.cookies);
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
        is_dead(next.hand_over(&website.client).await);
    }
}

#[tokio::test]
async fn re_08_rp_26_what_ends_all_sessions_ends_all_tokens_even_those_not_handed_over_yet() {
    let (website, issuer) = start().await;
    let other = website.second_process(&issuer).await;
    let person = website.client.signed_in(&signed_in(&website, &issuer).await.headers()).await.unwrap();
    let person = person.unwrap().0.person;
    for way in ["everywhere", "dead grant", "unlink", "removed"] {
        let mut browser = signed_in(&website, &issuer).await;
        let (mut waiting, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let (mut bystander, _) = website.sign_in(&issuer, "bob").await.unwrap();
        match way {
            "everywhere" => other.client.sign_out_everywhere(&person).await.unwrap(),
            "dead grant" => {
                website.clock.advance(55);
                issuer.behave().refreshes_are_dead = true;
                assert_eq!(other.client.access_token(&person).await.unwrap_err().class(), Class::SignInAgain);
                issuer.obey();
            }
            "unlink" => drop(other.client.unlink(&person).await.unwrap()),
            _ => website.users.remove(&person),
        }
        assert!(browser.user(&website).await.is_none(), "{way}");
        is_dead(browser.renew(&website.client).await);
        is_dead(waiting.hand_over(&website.client).await);
        bystander.hand_over(&website.client).await.expect(way);
    }
}

#[tokio::test]
async fn mx_02_a_renewal_that_races_with_the_end_leaves_nothing_alive() {
    let (website, issuer) = start().await;
    let other = website.second_process(&issuer).await;
    for _ in 0..10 {
        let mut browser = signed_in(&website, &issuer).await;
        let person = browser.person(&website).await.unwrap();
        let racing = tokio::spawn({
            let (mut browser, client) = (browser.clone(), website.client.clone());
            async move {
                let renewed = browser.renew(&client).await;
                (browser, renewed)
            }
        });
        other.client.sign_out_everywhere(&person).await.unwrap();
        let (mut raced, _) = racing.await.unwrap();
        assert!(raced.user(&website).await.is_none());
        is_dead(raced.renew(&website.client).await);
        is_dead(browser.renew(&other.client).await);
    }
}

#[tokio::test]
async fn without_the_accounts_or_the_settings_there_are_no_tokens() {
    let (website, issuer) = crate::website::Website::start().await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert!(browser.cookies.contains_key("shop-3000-session") && !browser.cookies.contains_key(REFRESH));
    for outcome in [
        website.client.hand_over(&browser.headers(), b"code=x").await.map(drop),
        website.client.renew(&browser.headers(), b"").await.map(drop),
        website.client.service_keys().await.map(drop),
    ] {
        assert_eq!(outcome.unwrap_err().status(), 404);
    }
    // Nothing of a provider is in the way of one's own tokens.
    let (website, issuer) = start().await;
    let mut browser = signed_in(&website, &issuer).await;
    issuer.behave().refreshes_are_dead = true;
    browser.renew(&website.client).await.unwrap();
}

#[tokio::test]
async fn lk_12_the_successor_of_a_deleted_account_has_another_sub() {
    let (website, issuer) = start().await;
    let mut subjects = std::collections::BTreeSet::new();
    for told in [true, false, true] {
        let mut browser = signed_in(&website, &issuer).await;
        let person = browser.person(&website).await.unwrap();
        let subject = |browser: &Browser| {
            super::claims(browser.access_token.as_ref().unwrap())["sub"].as_str().unwrap().to_owned()
        };
        let first = subject(&browser);
        browser.renew(&website.client).await.unwrap();
        let elsewhere = signed_in(&website, &issuer).await;
        assert_eq!(
            (subject(&browser), subject(&elsewhere)),
            (first.clone(), first.clone()),
            "as long as it lives"
        );
        assert!(subjects.insert(first), "never used again");
        website.users.remove(&person);
        if told {
            website.client.account_deleted(&person, None).await.unwrap();
        }
        website.clock.advance(1);
    }
}
