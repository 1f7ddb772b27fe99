//! Names that attack, all the way through the server — threats SE-09.

use mapae_testkit::{AppSpec, Authorization, Browser, Page, TestServer};

use super::{PASSWORD, link};

const SCRIPT: &str = "\"><script src=//evil.example>'";

fn is_harmless(page: &Page, name: &str) {
    let scripts = page.values("script", "src");
    assert!(scripts.iter().all(|source| source.starts_with("/assets/")), "{scripts:?}");
    assert!(page.text("main").unwrap().contains(name), "shown as it is written: {}", page.body);
    for hidden in ['\u{202E}', '\u{200B}', '\u{2066}'] {
        assert!(!page.body.contains(hidden), "{}", page.body);
    }
}

#[tokio::test]
async fn se_09_a_persons_name_stays_text() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    for (n, name) in [SCRIPT, "{{ 7*7 }}{link}%s", "홍\u{200B}길동"].into_iter().enumerate() {
        let browser = Browser::default();
        let email = format!("hong{n}@example.com");
        let link = link(&server, &browser, "/sign-up", &email).await;
        let form = browser.visit(&link).await;
        let page = browser.submit(&form, "login-submit", &[("name", name), ("password", PASSWORD)]).await;
        let shown = name.replace('\u{200B}', "");
        is_harmless(&browser.follow(page).await, &shown);
        is_harmless(&browser.visit(&server.at("/sign-out")).await, &shown);
        is_harmless(&browser.visit(&Authorization::of(&app, "openid").address(&server)).await, &shown);
    }
}

#[tokio::test]
async fn se_09_what_was_typed_comes_back_as_text() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let form = browser.visit(&server.at("/sign-up")).await;
    let page = browser.submit(&form, "login-submit", &[("email", SCRIPT)]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.values("#email", "value"), [SCRIPT]);
    assert!(page.values("script", "src").iter().all(|source| source.starts_with("/assets/")));
    let address = "a'b&c`{d}@example.com";
    let sent = browser.submit(&form, "login-submit", &[("email", address)]).await;
    assert!(sent.text("main").unwrap().contains(address), "{}", sent.body);
    assert_eq!(sent.values("input[name=email]", "value"), [address]);
    assert_eq!(server.mails_to(address).await.len(), 1);
}

#[tokio::test]
async fn se_09_an_apps_name_stays_text_on_the_account() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let app = server.register(AppSpec { name: SCRIPT.to_owned(), ..AppSpec::default() }).await;
    server.code(&browser, &user, &Authorization::of(&app, "openid email")).await;
    let account = super::account(&server, &browser, &user).await;
    is_harmless(&account, SCRIPT);
    let service = account.values("#services a", "href").remove(0);
    is_harmless(&browser.visit(&server.at(&service)).await, SCRIPT);
    is_harmless(&browser.visit(&server.at(&format!("{service}/disconnect"))).await, SCRIPT);
}
