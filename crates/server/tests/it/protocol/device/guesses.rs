//! Guessing user codes — RFC 8628 §5.1.

use mapae_protocol::time::Seconds;
use mapae_testkit::{Browser, Options, TestServer};

use super::{begin, sign_in_at, television, type_code};

/// Codes that no device shows: there are 2^34 of them.
const WRONG: [&str; 5] = ["BBBB-BBBB", "cccc cccc", "A", "DDDD-DDDD", "not a code"];

#[tokio::test]
async fn de_01_after_five_wrong_codes_even_a_right_one_waits() {
    let server = TestServer::start().await;
    let app = server.register(television()).await;
    let device = begin(&server, &app, "openid").await;
    let browser = Browser::default();
    for code in WRONG {
        let page = type_code(&server, &browser, code).await;
        assert_eq!((page.status.as_u16(), page.has("user_code-wrong")), (422, true), "{code}: {}", page.body);
    }
    // Another browser of the same network is no way around it.
    for browser in [&browser, &Browser::default()] {
        let page = type_code(&server, browser, &device.user_code).await;
        assert_eq!((page.status.as_u16(), page.has("problem")), (429, true), "{}", page.body);
        assert_eq!(page.headers["retry-after"], "120");
    }
    server.advance(Seconds::minutes(2));
    let page = type_code(&server, &browser, &device.user_code).await;
    assert!(page.has("password"), "{} {}", page.status, page.body);
}

#[tokio::test]
async fn de_01_a_code_of_ones_own_buys_no_guesses_and_an_empty_one_costs_none() {
    let server = TestServer::start().await;
    let app = server.register(television()).await;
    let device = begin(&server, &app, "openid").await;
    let browser = Browser::default();
    for code in &WRONG[..4] {
        assert_eq!(type_code(&server, &browser, code).await.status, 422);
        assert_eq!(type_code(&server, &browser, "  ").await.status, 422);
        assert!(type_code(&server, &browser, &device.user_code).await.has("password"));
    }
    assert_eq!(type_code(&server, &browser, WRONG[4]).await.status, 422);
    assert_eq!(type_code(&server, &browser, &device.user_code).await.status, 429);
}

#[tokio::test]
async fn de_01_a_person_takes_the_budget_along_from_network_to_network() {
    let settings = vec![("MAPAE_TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
    let server = TestServer::start_with(Options { settings, ..Options::default() }).await;
    let app = server.register(television()).await;
    let user = server.user("hong@example.com").await;
    let device = begin(&server, &app, "openid").await;
    let browser = Browser::default();
    let page = type_code(&server, &browser, &device.user_code).await;
    assert!(sign_in_at(&browser, page, &user).await.has("device-allow"));
    let mut told = Vec::new();
    let form = browser.visit(&server.at("/device")).await;
    for network in 1..=7 {
        told.push(guess(&server, &form, &browser, &format!("198.51.100.{network}")).await);
    }
    assert_eq!(told, [422, 422, 422, 422, 422, 429, 429]);
}

/// A wrong code, from this address.
async fn guess(server: &TestServer, form: &mapae_testkit::Page, browser: &Browser, from: &str) -> u16 {
    let (_, fields) = form.form("device-continue");
    let csrf = &fields.iter().find(|(name, _)| name == "csrf").unwrap().1;
    let body = mapae_protocol::params::encode([("csrf", csrf.as_str()), ("user_code", "BBBB-BBBB")]);
    let origin = server.at("");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", origin.trim_end_matches('/')),
        ("sec-fetch-site", "same-origin"),
        ("x-forwarded-for", from),
    ];
    browser.send("POST", &server.at("/device"), &headers, body.into_bytes()).await.status.as_u16()
}

#[tokio::test]
async fn de_01_a_network_of_many_networks_guesses_no_more_than_one_company_mistypes() {
    let settings = vec![("MAPAE_TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
    let server = TestServer::start_with(Options { settings, ..Options::default() }).await;
    let browser = Browser::default();
    let form = browser.visit(&server.at("/device")).await;
    for network in [|n: u32| format!("2001:db8:7:{n:x}::1"), |n: u32| format!("203.0.113.{n}")] {
        let mut guesses = 0;
        for n in 0..120 {
            guesses += u32::from(guess(&server, &form, &browser, &network(n)).await == 422);
        }
        assert_eq!(guesses, 100);
    }
    for neighbour in ["2001:db8:8::1", "203.0.114.1"] {
        assert_eq!(guess(&server, &form, &browser, neighbour).await, 422, "{neighbour}");
    }
}

#[tokio::test]
async fn de_01_a_public_app_begins_as_often_as_one_source_may() {
    let server = TestServer::start().await;
    let app = server.register(television()).await;
    let mut last = 200;
    for _ in 0..310 {
        last = super::ask(&server, &app, &[("scope", "openid")]).await.status.as_u16();
        if last != 200 {
            break;
        }
    }
    assert_eq!(last, 429);
}
