//! Signing in tells nobody who has an account.

use mapae::store::{Unit, users};
use mapae_protocol::time::Seconds;
use mapae_testkit::{Browser, Page, TestServer};

/// Everything of an answer but what the browser itself had sent, and what chance or the clock put there.
fn shape(page: &Page, email: &str) -> (u16, Vec<(String, String)>, String) {
    let step = page.values("input[name=step]", "value").pop().unwrap_or_default();
    let mut headers: Vec<_> = page
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    let body = page.body.replace(&step, "(step)").replace(email, "(email)");
    (page.status.as_u16(), headers, body)
}

async fn people(server: &TestServer) {
    server.user("hong@example.com").await;
    let disabled = server.user("kim1@example.com").await;
    server.write(users::disable(&disabled.id, server.now())).await;
    let without_password = users::NewUser {
        id: "usr_lee".to_owned(),
        email: Some("lee1@example.com".to_owned()),
        email_verified: true,
        name: "이몽룡".to_owned(),
        locale: None,
        password_hash: None,
        operator: false,
        claims: None,
    };
    server.write(Unit::from(users::insert(&without_password, server.now()))).await;
}

/// All of the same length, which the answer has in it.
const ADDRESSES: [&str; 5] =
    ["hong@example.com", "kim1@example.com", "lee1@example.com", "none@example.com", "not-an-address-!"];

async fn attempt(server: &TestServer, email: &str, password: &str) -> (Page, u64) {
    let browser = Browser::default();
    let sign_in = browser.visit(&server.at("/sign-in")).await;
    let before = server.app().password_hashes();
    let fields = [("email", email), ("password", password)];
    let answer = browser.submit(&sign_in, "login-submit", &fields).await;
    (answer, server.app().password_hashes() - before)
}

#[tokio::test]
async fn se_15_se_16_a_refused_sign_in_looks_and_costs_the_same_for_every_address() {
    let server = TestServer::start().await;
    people(&server).await;
    // The right password of somebody who may not sign in, a wrong one, none, and one too long to be hashed at all.
    for (password, hashes) in
        [("correct horse battery", 1), ("wrong", 1), ("", 1), ("x".repeat(129).as_str(), 0)]
    {
        let mut shapes = Vec::new();
        for email in ADDRESSES {
            if (email, password) == ("hong@example.com", "correct horse battery") {
                continue;
            }
            let (answer, work) = attempt(&server, email, password).await;
            assert_eq!(answer.status, 422, "{email}");
            assert_eq!(work, hashes, "{email}: Argon2 was run for {password:?}");
            shapes.push(shape(&answer, email));
            server.advance(Seconds::seconds(60));
        }
        assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:#?}");
    }
    let (answer, work) = attempt(&server, "hong@example.com", "correct horse battery").await;
    assert_eq!((answer.status.as_u16(), work), (303, 1), "who may sign in costs as much");
}

#[tokio::test]
async fn se_15_se_16_patience_ends_for_every_address_alike() {
    let server = TestServer::start().await;
    people(&server).await;
    let mut ends = Vec::new();
    for email in ADDRESSES {
        let mut attempts = 0;
        let refused = loop {
            attempts += 1;
            let (answer, work) = attempt(&server, email, "wrong").await;
            if answer.status == 429 {
                assert_eq!(work, 0, "{email}: nobody's password is looked at any more");
                break answer;
            }
            assert!(attempts < 100, "{email}: never");
        };
        ends.push((attempts, shape(&refused, email)));
        server.advance(Seconds::hours(1));
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
}

#[tokio::test]
async fn the_name_of_the_server_alone_leads_to_the_account() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let first = browser.open(&server.at("/")).await;
    assert_eq!((first.status.as_u16(), first.location().unwrap().path()), (303, "/account"));
    let sign_in = browser.visit(&server.at("/")).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let account = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    assert!(account.has("change-password"), "{}", account.body);
}
