//! What a person does with their account, in a browser, against the whole server.

mod browsers;
mod caches;
mod change_password;
mod cookies;
mod forms;
mod hostile_names;
mod links;
mod lockout;
mod log;
mod mails;
mod rehash;
mod reset;
mod services;
mod setup;
mod sign_in;
mod sign_out;
mod sign_up;

use mapae::store::users::{self, Account};
use mapae_testkit::{Browser, Page, TestServer, UserFixture};

use crate::engines::for_each_engine;

/// Good enough for everybody.
const PASSWORD: &str = "correct horse battery";
/// Another one.
const NEW_PASSWORD: &str = "staple of the stable";

/// Opens one's account, signing in on the way if need be.
async fn account(server: &TestServer, browser: &Browser, user: &UserFixture) -> Page {
    let page = browser.visit(&server.at("/account")).await;
    if !page.has("login-submit") {
        return page;
    }
    let page = sign_in(browser, &page, &user.email, &user.password).await;
    assert!(page.has("change-password"), "{} {}", page.status, page.body);
    page
}

/// Fills in a sign-in page and follows.
async fn sign_in(browser: &Browser, page: &Page, email: &str, password: &str) -> Page {
    let fields = [("email", email), ("password", password)];
    browser.follow(browser.submit(page, "login-submit", &fields).await).await
}

/// Whether a fresh browser gets in with these.
pub(crate) async fn gets_in(server: &TestServer, email: &str, password: &str) -> bool {
    let browser = Browser::default();
    let page = browser.visit(&server.at("/sign-in")).await;
    sign_in(&browser, &page, email, password).await.has("change-password")
}

/// Whether a browser is signed in.
async fn is_in(server: &TestServer, browser: &Browser) -> bool {
    browser.open(&server.at("/account")).await.status == 200
}

/// Asks for a mail on a page with a field for the address.
async fn ask(server: &TestServer, browser: &Browser, path: &str, email: &str) -> Page {
    let page = browser.visit(&server.at(path)).await;
    browser.submit(&page, "login-submit", &[("email", email)]).await
}

/// Asks for a link and returns it.
pub(crate) async fn link(server: &TestServer, browser: &Browser, path: &str, email: &str) -> String {
    let page = ask(server, browser, path, email).await;
    assert!(page.has("mail-again"), "{} {}", page.status, page.body);
    server.link_to(email).await
}

/// Browsers that have a page open in front of them.
async fn all_open(links: impl IntoIterator<Item = String>) -> Vec<(Browser, Page)> {
    let mut open = Vec::new();
    for link in links {
        let browser = Browser::default();
        let page = browser.visit(&link).await;
        open.push((browser, page));
    }
    open
}

/// Sends a form from all browsers at once, each with fields of its own; what they were answered.
async fn all_submit(
    open: &[(Browser, Page)],
    button: &'static str,
    fields: impl Fn(usize) -> Vec<(&'static str, String)>,
) -> Vec<Page> {
    let tasks = open.iter().enumerate().map(|(n, (browser, page))| {
        let (browser, page, fields) = (browser.clone(), page.clone(), fields(n));
        tokio::spawn(async move {
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.submit(&page, button, &fields).await
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

/// Which of the browsers succeeded: they, and no others, are signed in.
async fn winners(server: &TestServer, open: &[(Browser, Page)], answers: &[Page]) -> Vec<usize> {
    let mut won = Vec::new();
    for (n, ((browser, _), answer)) in open.iter().zip(answers).enumerate() {
        assert!(matches!(answer.status.as_u16(), 303 | 410), "{}", answer.status);
        assert_eq!(is_in(server, browser).await, answer.status == 303, "{n}");
        won.extend((answer.status == 303).then_some(n));
    }
    won
}

/// What the store knows of a person.
async fn stored(server: &TestServer, email: &str) -> Option<Account> {
    users::by_email(server.app().db(), email).await.unwrap()
}
