//! Mailed links: one purpose, one use, a short life — threats SE-20, SE-21.

use mapae_protocol::time::Seconds;
use mapae_testkit::{Browser, TestServer};

use super::{NEW_PASSWORD, PASSWORD, for_each_engine, gets_in, link, stored};

const BOTH: [(&str, &str); 2] = [("name", "홍길동"), ("password", NEW_PASSWORD)];

for_each_engine! {
    async fn se_20_a_link_works_once(server: TestServer) {
        let user = server.user("kim@example.com").await;
        for (path, email) in [("/sign-up", "hong@example.com"), ("/password/forgot", user.email.as_str())] {
            let browser = Browser::default();
            let link = link(&server, &browser, path, email).await;
            let form = browser.visit(&link).await;
            let other = Browser::default();
            let other_form = other.visit(&link).await;
            assert_eq!(browser.submit(&form, "login-submit", &BOTH).await.status, 303, "{path}");
            let again = other.submit(&other_form, "login-submit", &[("name", "나"), ("password", "another good one")]).await;
            assert_eq!(again.status, 410, "{path}");
            assert!(again.has("link-again") && again.headers.get("set-cookie").is_none());
            assert_eq!(other.visit(&link).await.status, 410, "{path}");
            assert!(gets_in(&server, email, NEW_PASSWORD).await);
        }
    }

    async fn se_20_a_newer_link_retires_the_older_one(server: TestServer) {
        server.user("kim@example.com").await;
        for (path, email) in [("/sign-up", "hong@example.com"), ("/password/forgot", "kim@example.com")] {
            let browser = Browser::default();
            let older = link(&server, &browser, path, email).await;
            let form = browser.visit(&older).await;
            server.advance(Seconds::seconds(1));
            let newer = link(&server, &browser, path, email).await;
            assert_ne!(older, newer);
            assert_eq!(browser.visit(&older).await.status, 410, "{path}");
            assert_eq!(browser.submit(&form, "login-submit", &BOTH).await.status, 410, "{path}");
            let form = browser.visit(&newer).await;
            assert_eq!(browser.submit(&form, "login-submit", &BOTH).await.status, 303, "{path}");
        }
    }
}

#[tokio::test]
async fn se_20_looking_at_a_link_does_not_use_it_up() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let link = link(&server, &browser, "/sign-up", "hong@example.com").await;
    let scanner = mapae_testkit::http();
    for _ in 0..3 {
        assert_eq!(scanner.get(&link).send().await.unwrap().status(), 200);
        assert_eq!(scanner.head(&link).send().await.unwrap().status(), 200);
    }
    let form = browser.visit(&link).await;
    assert_eq!(browser.submit(&form, "login-submit", &BOTH).await.status, 303);
}

#[tokio::test]
async fn se_20_a_link_has_its_time() {
    let server = TestServer::start().await;
    server.user("kim@example.com").await;
    for (path, email, life) in [
        ("/sign-up", "hong@example.com", Seconds::hours(24)),
        ("/password/forgot", "kim@example.com", Seconds::minutes(15)),
    ] {
        let browser = Browser::default();
        let link = link(&server, &browser, path, email).await;
        server.advance(Seconds::seconds(u32::try_from(life.get()).unwrap() - 1));
        let form = browser.visit(&link).await;
        assert_eq!(form.status, 200, "{path}");
        server.advance(Seconds::seconds(1));
        assert_eq!(browser.visit(&link).await.status, 410, "{path}");
        assert_eq!(browser.submit(&form, "login-submit", &BOTH).await.status, 410, "{path}");
    }
    assert!(stored(&server, "hong@example.com").await.is_none());
    assert!(gets_in(&server, "kim@example.com", PASSWORD).await);
}

#[tokio::test]
async fn se_20_a_link_has_one_purpose() {
    let server = TestServer::start().await;
    server.user("kim@example.com").await;
    let browser = Browser::default();
    let sign_up = link(&server, &browser, "/sign-up", "hong@example.com").await;
    let reset = link(&server, &browser, "/password/forgot", "kim@example.com").await;
    let (sign_up_form, reset_form) = (browser.visit(&sign_up).await, browser.visit(&reset).await);
    let token = |link: &str| link.split_once("token=").unwrap().1.to_owned();
    for (path, link) in [
        ("/password/new", &sign_up),
        ("/setup", &sign_up),
        ("/sign-up/finish", &reset),
        ("/setup", &reset),
        ("/sign-up/finish", &server.at("/x?token=")),
        ("/password/new", &server.at("/x?token=nonsense")),
    ] {
        let address = server.at(&format!("{path}?token={}", token(link)));
        assert_eq!(browser.visit(&address).await.status, 410, "{path} {link}");
    }
    for (form, other) in [(&sign_up_form, token(&reset)), (&reset_form, token(&sign_up))] {
        let fields = [BOTH.as_slice(), &[("token", other.as_str())]].concat();
        assert_eq!(browser.submit(form, "login-submit", &fields).await.status, 410);
    }
    assert!(gets_in(&server, "kim@example.com", PASSWORD).await);
    assert_eq!(browser.submit(&sign_up_form, "login-submit", &BOTH).await.status, 303, "not used up by that");
}

#[tokio::test]
async fn se_21_links_are_under_the_issuer_whatever_host_was_named() {
    let server = TestServer::start().await;
    server.user("kim@example.com").await;
    let poisoned = server.issuer().replace("localhost", "127.0.0.1");
    for (path, email) in [
        ("/sign-up", "hong@example.com"),
        ("/password/forgot", "kim@example.com"),
        ("/sign-up", "kim@example.com"),
    ] {
        let browser = Browser::default();
        let page = browser.visit(&format!("{poisoned}{path}")).await;
        browser.submit(&page, "login-submit", &[("email", email)]).await;
        let link = server.link_to(email).await;
        assert!(link.starts_with(&format!("{}/", server.issuer())), "{link}");
    }
    let foreign = mapae_testkit::http().get(server.at("/sign-up")).header("host", "evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 421);
    let forwarded =
        mapae_testkit::http().get(server.at("/account")).header("x-forwarded-host", "evil.example");
    let answer = forwarded.send().await.unwrap();
    assert!(!answer.url().as_str().contains("evil"), "{}", answer.url());
}
