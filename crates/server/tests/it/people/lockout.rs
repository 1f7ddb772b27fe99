//! Guessing is bounded, and locks nobody out — NIST SP 800-63B-4 §3.2.2, threat SE-12.

use mapae_protocol::time::Seconds;
use mapae_testkit::{Browser, Options, Page, TestServer};
use reqwest::StatusCode;

use super::{NEW_PASSWORD, account};

/// A server behind a proxy, so that requests can come from many addresses.
async fn behind_a_proxy() -> TestServer {
    let settings = vec![("MAPAE_TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
    TestServer::start_with(Options { settings, ..Options::default() }).await
}

/// An attempt to sign in at a page that is open, as if from another address.
async fn attempt(browser: &Browser, page: &Page, from: &str, email: &str, password: &str) -> StatusCode {
    let (action, mut fields) = page.form("login-submit");
    fields.retain(|(name, _)| name != "email" && name != "password");
    fields.extend([("email", email), ("password", password)].map(|(n, v)| (n.to_owned(), v.to_owned())));
    let address = page.address.join(&action).unwrap();
    let request = browser.client().post(address).header("x-forwarded-for", from).form(&fields);
    request.send().await.unwrap().status()
}

async fn sign_out(server: &TestServer, browser: &Browser) -> Page {
    let confirm = browser.visit(&server.at("/sign-out")).await;
    browser.submit(&confirm, "logout-confirm", &[]).await;
    browser.visit(&server.at("/sign-in")).await
}

#[tokio::test]
async fn se_12_one_network_cannot_spend_what_others_may_try() {
    let server = behind_a_proxy().await;
    let user = server.user("hong@example.com").await;
    let attacker = Browser::default();
    let page = attacker.visit(&server.at("/sign-in")).await;
    for n in 0..30 {
        let status = attempt(&attacker, &page, "203.0.113.9", &user.email, "a wrong guess").await;
        assert_eq!(status, if n < 10 { 422 } else { 429 }, "{n}");
    }
    let owner = Browser::default();
    let page = owner.visit(&server.at("/sign-in")).await;
    assert_eq!(attempt(&owner, &page, "192.0.2.1", &user.email, &user.password).await, 303);
}

#[tokio::test]
async fn se_12_many_networks_are_bounded_and_the_owner_gets_in_all_the_same() {
    let server = behind_a_proxy().await;
    let user = server.user("hong@example.com").await;
    let (known, other) = (Browser::default(), Browser::default());
    account(&server, &known, &user).await;
    account(&server, &other, &user).await;
    let attacker = Browser::default();
    let page = attacker.visit(&server.at("/sign-in")).await;
    let mut checked = 0;
    for network in 0..12 {
        for _ in 0..10 {
            let from = format!("203.0.113.{network}");
            let status = attempt(&attacker, &page, &from, &user.email, "a wrong guess").await;
            checked += i32::from(status == 422);
        }
    }
    assert_eq!(checked, 100, "no more than a hundred in a row");
    // With the right password, too: who guesses it must not learn that.
    assert_eq!(attempt(&attacker, &page, "198.51.100.1", &user.email, &user.password).await, 429);
    let page = sign_out(&server, &known).await;
    assert_eq!(attempt(&known, &page, "198.51.100.2", &user.email, &user.password).await, 303);
    // A new password makes strangers of all browsers but the one in which it was chosen.
    let page = account(&server, &other, &user).await;
    let fields = [("present_password", user.password.as_str()), ("new_password", NEW_PASSWORD)];
    assert_eq!(other.submit(&page, "change-password", &fields).await.status, 303);
    let page = known.visit(&server.at("/sign-in")).await;
    assert_eq!(attempt(&known, &page, "198.51.100.2", &user.email, NEW_PASSWORD).await, 429);
    let page = sign_out(&server, &other).await;
    assert_eq!(attempt(&other, &page, "198.51.100.3", &user.email, NEW_PASSWORD).await, 303);
}

#[tokio::test]
async fn se_12_a_known_browser_is_bounded_too_and_known_for_nobody_else() {
    let server = behind_a_proxy().await;
    let (user, evil) = (server.user("hong@example.com").await, server.user("evil@example.com").await);
    let browser = Browser::default();
    account(&server, &browser, &evil).await;
    let page = sign_out(&server, &browser).await;
    // Known for its owner's account: one more budget there, and none for another account.
    for (email, right) in [(&evil.email, &evil.password), (&user.email, &user.password)] {
        for _ in 0..10 {
            assert_eq!(attempt(&browser, &page, "203.0.113.9", email, "a wrong guess").await, 422);
        }
        assert_eq!(attempt(&browser, &page, "203.0.113.9", email, right).await, 429);
    }
}

#[tokio::test]
async fn whoever_tries_too_often_is_told_when_to_come_back() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let page = browser.visit(&server.at("/sign-in")).await;
    let fields = [("email", user.email.as_str()), ("password", "a wrong guess")];
    for _ in 0..10 {
        let refused = browser.submit(&page, "login-submit", &fields).await;
        assert_eq!((refused.status.as_u16(), refused.headers.get("retry-after")), (422, None));
    }
    let right = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let mut answer = browser.submit(&page, "login-submit", &right).await;
    assert_eq!(answer.status, 429);
    // Once for the network, once for the account.
    for _ in 0..2 {
        let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(seconds >= 60 && seconds.is_multiple_of(60), "{seconds}");
        server.advance(Seconds::seconds(seconds));
        answer = browser.submit(&page, "login-submit", &right).await;
    }
    assert_eq!(answer.status, 303, "whoever heeds it gets in");
}
