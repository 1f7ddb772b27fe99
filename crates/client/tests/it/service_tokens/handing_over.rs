//! The one-time code: from the callback to the first tokens.

use mapae_client::ServiceTokens;

use super::{BINDING, CODE, REFRESH, claims, is_dead, signed_in, start, start_with};
use crate::website::Browser;

#[tokio::test]
async fn rp_25_from_the_login_to_a_jwt_without_a_secret_in_any_address() {
    let (website, issuer) = start().await;
    let (mut browser, location) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(location, "/", "a clean address");
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [CODE, BINDING], "and no session cookie");
    assert!(browser.user(&website).await.is_none(), "the code alone opens nothing");
    let tokens = browser.hand_over(&website.client).await.unwrap();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &300.into()));
    assert!(tokens.get("refresh_token").is_none(), "it is where no script can read it");
    assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), [REFRESH]);
    assert_eq!(browser.user(&website).await.unwrap().number, 0);

    let claims = claims(tokens["access_token"].as_str().unwrap());
    let now = website.clock.unix();
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&"http://localhost:3000".into(), &"http://localhost:3000".into())
    );
    assert_eq!((&claims["iat"], &claims["exp"]), (&now.into(), &(now + 300).into()));
    assert_eq!((&claims["client_id"], &claims["auth_time"]), (&"shop".into(), &now.into()));
    let text = claims.to_string();
    assert!(
        !text.contains("alice") && !text.contains(issuer.url()),
        "whose account it is, is nobody's business: {text}"
    );
    for (_, secret) in browser.cookies {
        assert!(!text.contains(&secret));
    }
}

#[tokio::test]
async fn rp_25_a_code_works_once_for_a_minute_in_the_browser_that_logged_in() {
    let (website, issuer) = start().await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (mut other, _) = website.sign_in(&issuer, "mallory").await.unwrap();
    let code = browser.cookies[CODE].clone();
    is_dead(other.post_code(&website.client, &code).await);
    is_dead(Browser::default().post_code(&website.client, &code).await);
    is_dead(browser.post_code(&website.client, &other.cookies[CODE].clone()).await);
    for wrong in ["x", "v1.AAAA", &code[..code.len() - 1], &format!("{code}A")] {
        is_dead(browser.post_code(&website.client, wrong).await);
    }
    let before = browser.clone();
    browser.hand_over(&website.client).await.unwrap();
    is_dead(before.clone().hand_over(&website.client).await);
    browser.renew(&website.client).await.expect("a code that is posted again ends nothing");

    let (mut late, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let mut in_time = website.sign_in(&issuer, "bob").await.unwrap().0;
    website.clock.advance(59);
    in_time.hand_over(&website.client).await.unwrap();
    website.clock.advance(1);
    is_dead(late.hand_over(&website.client).await);
}

#[tokio::test]
async fn mx_02_rp_25_a_code_that_is_raced_in_two_processes_works_once() {
    let (website, issuer) = start().await;
    let other = website.second_process(&issuer).await;
    for _ in 0..5 {
        let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let posts = (0..32).map(|n| {
            let (mut browser, client) = (browser.clone(), [&website, &other][n % 2].client.clone());
            tokio::spawn(async move { browser.hand_over(&client).await })
        });
        let mut won = 0;
        for post in posts.collect::<Vec<_>>() {
            match post.await.unwrap() {
                Ok(_) => won += 1,
                refused => is_dead(refused),
            }
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn mx_02_no_secret_is_taken_for_another() {
    let (website, issuer) = start_with(|| ServiceTokens::new().refresh_token_in_body()).await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (code, binding) = (browser.cookies[CODE].clone(), browser.cookies[BINDING].clone());
    let tokens = browser.hand_over(&website.client).await.unwrap();
    let refresh_token = tokens["refresh_token"].as_str().unwrap().to_owned();
    let access_token = browser.access_token.take().unwrap();
    for secret in [&code, &binding, &access_token] {
        let body = format!("refresh_token={secret}");
        is_dead(website.client.renew(&browser.headers(), body.as_bytes()).await);
    }
    let (mut again, _) = website.sign_in(&issuer, "alice").await.unwrap();
    for secret in [&binding, &refresh_token, &access_token] {
        is_dead(again.post_code(&website.client, secret).await);
    }
    for secret in [&code, &binding, &refresh_token, &access_token] {
        for name in ["shop-3000-session", REFRESH, "shop-3000-sign-up"] {
            let mut thief = Browser::default();
            thief.cookies.insert(name.to_owned(), secret.clone());
            assert!(thief.user(&website).await.is_none(), "{name}");
        }
    }
    for secret in [&code, &binding, &refresh_token] {
        let mut thief = Browser { access_token: Some(secret.clone()), ..Browser::default() };
        assert!(thief.user(&website).await.is_none());
        is_dead(thief.post_code(&website.client, secret).await);
    }
}

#[tokio::test]
async fn se_01_a_login_ends_what_the_browser_had_before() {
    let (website, issuer) = start().await;
    let before = signed_in(&website, &issuer).await;
    let mut browser = before.clone();
    let query = browser.go_to_provider(&website, &issuer, "bob").await.unwrap();
    browser.come_back(&website, &query).await.unwrap();
    assert!(before.user(&website).await.is_none());
    is_dead(before.clone().renew(&website.client).await);
    browser.hand_over(&website.client).await.unwrap();
    assert_eq!(browser.user(&website).await.unwrap().number, 1);
}
