//! The first operator — threats AD-11.

use mapae::store::{
    Unit,
    links::{self, Link, Purpose},
    users,
};
use mapae_protocol::{digest::sha256_base64url, random, time::Seconds};
use mapae_testkit::{Browser, TestServer};

use super::{PASSWORD, all_open, all_submit, for_each_engine, gets_in, stored, winners};

const FIELDS: [(&str, &str); 3] =
    [("name", "김마패"), ("email", "Operator@Example.com"), ("password", PASSWORD)];

/// A link as the terminal prints it.
async fn printed(server: &TestServer) -> String {
    let token = random::token();
    let expires_at = server.now().plus(Seconds::hours(24));
    let link = Link { email: String::new(), user_id: None, user_epoch: None, payload: None, expires_at };
    let hash = sha256_base64url(&token).into();
    server.write(Unit::from(links::insert(&hash, Purpose::Setup, &link, server.now()))).await;
    server.at(&format!("/setup?token={token}"))
}

/// Eight browsers that fill in the form at once, each with an address of its own; how many became operator.
async fn race(server: &TestServer, links: &[String]) -> usize {
    let open = all_open((0..8).map(|n| links[n % links.len()].clone())).await;
    let fields = |n| {
        let email = format!("operator{n}@example.com");
        vec![("name", "김마패".to_owned()), ("email", email), ("password", PASSWORD.to_owned())]
    };
    let answers = all_submit(&open, "login-submit", fields).await;
    winners(server, &open, &answers).await.len()
}

async fn people(server: &TestServer) -> (usize, usize) {
    let all = users::list(server.app().db(), 100).await.unwrap();
    (all.len(), all.iter().filter(|account| account.user.operator).count())
}

for_each_engine! {
    async fn ad_11_of_eight_at_once_by_one_link_one_becomes_operator(server: TestServer) {
        let link = printed(&server).await;
        assert_eq!(race(&server, &[link]).await, 1);
        assert_eq!(people(&server).await, (1, 1));
    }

    async fn ad_11_of_eight_at_once_by_eight_links_one_becomes_operator(server: TestServer) {
        let mut links = Vec::new();
        for _ in 0..8 {
            links.push(printed(&server).await);
        }
        assert_eq!(race(&server, &links).await, 1);
        assert_eq!(people(&server).await, (1, 1));
    }

    async fn ad_11_once_somebody_runs_the_server_no_link_makes_another(server: TestServer) {
        let (link, spare) = (printed(&server).await, printed(&server).await);
        let browser = Browser::default();
        let form = browser.visit(&link).await;
        let spare_form = browser.visit(&spare).await;
        let done = browser.submit(&form, "login-submit", &FIELDS).await;
        assert_eq!(done.location().unwrap().path(), "/account");
        let operator = stored(&server, "operator@example.com").await.unwrap();
        assert!(operator.user.operator && !operator.user.email_verified);
        assert!(gets_in(&server, "operator@example.com", PASSWORD).await);
        let other = [("name", "나"), ("email", "me@example.com"), ("password", PASSWORD)];
        assert_eq!(browser.submit(&spare_form, "login-submit", &other).await.status, 410);
        server.advance(Seconds::days(2));
        for link in [link, spare, printed(&server).await] {
            assert_eq!(browser.visit(&link).await.status, 410);
        }
        assert_eq!(people(&server).await, (1, 1));
    }
}

#[tokio::test]
async fn ad_11_there_is_no_set_up_without_the_printed_link() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    for path in ["/setup", "/setup?token=", "/setup?token=set+up", "/setup?token=x"] {
        assert_eq!(browser.visit(&server.at(path)).await.status, 410, "{path}");
    }
    let form = browser.visit(&printed(&server).await).await;
    let (action, fields) = form.form("login-submit");
    let without = |name: &str| {
        let mut fields: Vec<_> = fields.iter().filter(|(field, _)| field != name).cloned().collect();
        let typed = FIELDS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        fields.retain(|(field, _)| typed.iter().all(|(name, _)| name != field));
        fields.extend(typed);
        fields
    };
    assert_eq!(browser.post(&action, &form, &without("token")).await.status, 410);
    assert_eq!(browser.post(&action, &form, &without("csrf")).await.status, 403);
    let stranger = Browser::default();
    assert_eq!(
        stranger.post(&action, &form, &without("nothing")).await.status,
        403,
        "the form of another browser"
    );
    assert_eq!(people(&server).await, (0, 0));
}

#[tokio::test]
async fn a_person_who_is_there_already_does_not_become_operator() {
    let server = TestServer::start().await;
    let user = server.user("operator@example.com").await;
    let browser = Browser::default();
    let form = browser.visit(&printed(&server).await).await;
    let refused = browser.submit(&form, "login-submit", &FIELDS).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.values("[aria-invalid]", "name"), ["email"]);
    assert!(!stored(&server, &user.email).await.unwrap().user.operator);
    let done = browser
        .submit(&refused, "login-submit", &[("email", "other@example.com"), ("password", PASSWORD)])
        .await;
    assert_eq!(done.status, 303, "the link is still good");
    assert_eq!(people(&server).await, (2, 1));
}

#[tokio::test]
async fn a_set_up_form_says_everything_that_is_wrong_with_it() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let form = browser.visit(&printed(&server).await).await;
    let fields = [("name", ""), ("email", "operator"), ("password", "short")];
    let page = browser.submit(&form, "login-submit", &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.values("[aria-invalid]", "name"), ["name", "email", "password"]);
}
