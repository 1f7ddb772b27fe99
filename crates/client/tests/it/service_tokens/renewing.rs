//! Refresh tokens: each works once, a used one ends the family.

use std::collections::BTreeSet;

use mapae_client::ServiceTokens;

use super::{REFRESH, claims, is_dead, signed_in, start, start_with};

#[tokio::test]
async fn re_01_rp_26_a_used_refresh_token_ends_the_family() {
    let (website, issuer) = start().await;
    let mut browser = signed_in(&website, &issuer).await;
    let stolen = browser.clone();
    browser.renew(&website.client).await.unwrap();
    website.clock.advance(10);
    assert!(browser.user(&website).await.is_some());
    is_dead(stolen.clone().renew(&website.client).await);
    assert!(browser.user(&website).await.is_none(), "the session has ended");
    is_dead(browser.renew(&website.client).await);
}

#[tokio::test]
async fn re_01_rp_26_the_window_closes_when_the_successor_is_used() {
    let (website, issuer) = start().await;
    let mut browser = signed_in(&website, &issuer).await;
    let stolen = browser.clone();
    browser.renew(&website.client).await.unwrap();
    browser.renew(&website.client).await.unwrap();
    is_dead(stolen.clone().renew(&website.client).await);
    is_dead(browser.renew(&website.client).await);
}

#[tokio::test]
async fn re_09_a_lost_answer_is_given_again_for_ten_seconds() {
    let (website, issuer) = start().await;
    let mut browser = signed_in(&website, &issuer).await;
    let mut lost = browser.clone();
    browser.renew(&website.client).await.unwrap();
    website.clock.advance(9);
    lost.renew(&website.client).await.unwrap();
    // Both have the same generation now: either may go on, and the other has its window again.
    lost.renew(&website.client).await.unwrap();
    browser.renew(&website.client).await.unwrap();
    assert!(browser.user(&website).await.is_some() && lost.user(&website).await.is_some());
}

#[tokio::test]
async fn re_02_mx_02_a_refresh_token_that_is_raced_in_two_processes_makes_one_successor() {
    let (website, issuer) = start().await;
    let other = website.second_process(&issuer).await;
    let mut browser = signed_in(&website, &issuer).await;
    for _ in 0..5 {
        let renewals: Vec<_> = (0..40)
            .map(|n| {
                let (mut browser, client) = (browser.clone(), [&website, &other][n % 2].client.clone());
                tokio::spawn(async move {
                    browser.renew(&client).await.unwrap();
                    browser
                })
            })
            .collect();
        let mut tabs = Vec::new();
        for renewal in renewals {
            tabs.push(renewal.await.unwrap());
        }
        let distinct: BTreeSet<_> = tabs.iter().map(|tab| tab.cookies[REFRESH].clone()).collect();
        assert_eq!(distinct.len(), 40, "sealed anew each time");
        // Were there two successors, the second of these would be the use of an old one after its successor's use.
        browser = tabs.pop().unwrap();
        browser.renew(&website.client).await.unwrap();
        tabs.pop().unwrap().renew(&other.client).await.expect("the same generation, a moment later");
    }
    assert!(browser.user(&website).await.is_some());
}

#[tokio::test]
async fn re_03_a_used_token_is_known_in_every_process() {
    let (website, issuer) = start().await;
    let mut browser = signed_in(&website, &issuer).await;
    let used = browser.clone();
    browser.renew(&website.client).await.unwrap();
    website.clock.advance(10);
    let restarted = website.second_process(&issuer).await;
    is_dead(used.clone().renew(&restarted.client).await);
    is_dead(browser.renew(&website.client).await);
}

#[tokio::test]
async fn re_07_rotation_never_outlives_the_session() {
    let (website, issuer) = start().await;
    let mut browser = signed_in(&website, &issuer).await;
    let end = website.clock.unix() + 14 * 86_400;
    for _ in 0..14 {
        website.clock.advance(86_400 - 20);
        browser.renew(&website.client).await.unwrap();
    }
    website.clock.advance(end - website.clock.unix() - 30);
    let tokens = browser.renew(&website.client).await.unwrap();
    assert_eq!(tokens["expires_in"], 30, "nor does an access token");
    assert_eq!(claims(tokens["access_token"].as_str().unwrap())["exp"], end);
    website.clock.advance(30);
    is_dead(browser.renew(&website.client).await);
}

#[tokio::test]
async fn re_10_rp_28_a_copy_of_the_vault_renews_nothing() {
    let (website, issuer) = start_with(|| ServiceTokens::new().refresh_token_in_body()).await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let mut secrets: Vec<String> = browser.cookies.values().cloned().collect();
    let tokens = browser.hand_over(&website.client).await.unwrap();
    secrets.extend(["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned()));
    let copy = website.place.copy().await;
    let contains = |wanted: &[u8]| copy.windows(wanted.len()).any(|window| window == wanted);
    assert!(contains(b"alice"), "it is the right vault");
    for secret in secrets {
        assert!(!contains(secret.as_bytes()), "{secret}");
        assert!(!contains(secret.rsplit('.').next().unwrap().as_bytes()), "{secret}");
    }
    // PKCS #8 of P-256, in base64url: what an unsealed private key begins with.
    assert!(!contains(b"MIGHAgEAMBMG") && !contains(b"BgcqhkjOPQMBB"));
}
