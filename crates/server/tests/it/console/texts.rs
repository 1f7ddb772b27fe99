//! What developers write stays text wherever people read it — AD-07, SE-09.

use mapae_testkit::{Authorization, Browser, Page, TestServer};
use scraper::{Html, Selector};

use super::{developer, kept, led_to};

const ATTACKS: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "</title></textarea><svg/onload=alert(1)>",
    "{{7*7}}${7*7}<%= 7 %>",
    "&lt;script&gt;alert(1)",
];

/// Nothing on the page runs, loads from elsewhere, or breaks out of its place.
fn assert_tame(page: &Page, attack: &str) {
    assert!(page.status.is_success() || page.status == 422, "{} {attack}: {}", page.address, page.status);
    let document = Html::parse_document(&page.body);
    let count = |css: &str| document.select(&Selector::parse(css).unwrap()).count();
    let hostile = "script:not([src]), svg[onload], [onerror], [onfocus], [onload], iframe, object, base";
    assert_eq!(count(hostile), 0, "{} {attack}", page.address);
    assert_eq!(count("main"), 1, "{} {attack}", page.address);
    for source in page.values("[src]", "src") {
        assert!(source.starts_with("/assets/") || source.starts_with("/icons/"), "{} {source}", page.address);
    }
    assert!(!page.body.contains("49${") && !page.body.contains("<%= 7"), "{} {attack}", page.address);
}

#[tokio::test]
async fn ad_07_names_and_purposes_stay_text_everywhere() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    for (number, attack) in (0..).zip(ATTACKS) {
        let app = developer.register(&server, attack).await;
        assert_eq!(kept(&server, &app.client_id).await.app.settings.name, attack, "kept as it was written");
        let purposes =
            [("level.profile", "required"), ("purpose_ko.profile", attack), ("purpose_en.profile", attack)];
        led_to(&developer.save(&server, &app.client_id, "save-items", &purposes).await);
        for path in ["", "/delete"] {
            let address = server.at(&format!("/console/apps/{}{path}", app.client_id));
            assert_tame(&developer.browser.open(&address).await, attack);
        }
        assert_tame(&developer.browser.open(&server.at("/console")).await, attack);
        let refused = [("name", attack), ("homepage", attack), ("kind", "confidential")];
        assert_tame(&developer.save(&server, &app.client_id, "save-general", &refused).await, attack);
        let refused = [("redirect_uris", attack), ("origins", attack)];
        assert_tame(&developer.save(&server, &app.client_id, "save-addresses", &refused).await, attack);
        let person = server.user(&format!("hong{number}@example.com")).await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid profile");
        let sign_in = browser.visit(&authorization.address(&server)).await;
        assert_tame(&sign_in, attack);
        let fields = [("email", person.email.as_str()), ("password", person.password.as_str())];
        let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
        assert!(consent.has("consent-approve"));
        assert_tame(&consent, attack);
        browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        assert_tame(&browser.open(&server.at("/account")).await, attack);
    }
}

#[tokio::test]
async fn se_09_a_name_that_deceives_is_refused() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    for name in
        ["Goo\u{202e}elg", "\u{200b}\u{2060}", "\u{3164}", "a\u{2066}b", "line\r\nline", &"x".repeat(5_000)]
    {
        let page =
            developer.try_register(&server, &[("name", name), ("redirect_uris", super::REDIRECT)]).await;
        assert_eq!(page.status, 422, "{name:?}");
        assert!(page.has("name-wrong"), "{name:?}");
    }
}
