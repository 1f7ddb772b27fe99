//! What an app may wish of the pages — OIDC Core §3.1.2.1: language, account, freshness; and a request by POST.

use std::collections::BTreeMap;

use mapae_protocol::time::Seconds;
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, Page, TestServer, UserFixture};
use serde_json::json;

use super::claims;

async fn app(server: &TestServer) -> AppFixture {
    server.register(AppSpec::default()).await
}

fn language(page: &Page) -> String {
    page.values("html", "lang").remove(0)
}

/// The code of a page that answers the app.
fn code(page: &Page) -> String {
    page.answered("code").unwrap_or_else(|| panic!("no code: {} {}", page.status, page.body))
}

async fn signed_in(server: &TestServer, app: &AppFixture) -> (UserFixture, Browser) {
    signed_in_as(server, app, server.user("hong@example.com").await).await
}

async fn signed_in_as(server: &TestServer, app: &AppFixture, user: UserFixture) -> (UserFixture, Browser) {
    let browser = Browser::default();
    server.code(&browser, &user, &Authorization::of(app, "openid")).await;
    (user, browser)
}

#[tokio::test]
async fn pages_speak_as_the_app_wishes_else_as_the_person_chose_else_as_the_browser_does() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let plain = Authorization::of(&app, "openid").address(&server);
    let wished =
        |locales: &str| Authorization::of(&app, "openid").with("ui_locales", locales).address(&server);
    for (browser, spoken) in [("ko", "ko"), ("en-GB,ko;q=0.5", "en"), ("fr", "ko")] {
        let open = async |address: &str| language(&Browser::speaking(browser).visit(address).await);
        assert_eq!(open(&plain).await, spoken, "{browser}: as the browser does");
        assert_eq!(open(&wished("en")).await, "en", "{browser}");
        assert_eq!(open(&wished("fr ko-KR en")).await, "ko", "{browser}: the first that there is");
        assert_eq!(open(&wished("fr de")).await, spoken, "{browser}: none of them");
    }
    let browser = Browser::speaking("ko");
    let chosen = browser.visit(&server.at("/sign-in?lang=en")).await;
    assert_eq!(language(&chosen), "en", "a click is obeyed at once");
    assert_eq!(language(&browser.visit(&plain).await), "en", "and remembered");
    let page = browser.visit(&wished("ko")).await;
    assert_eq!(language(&page), "ko", "what the app wishes goes before");
    let mut switched = page.address.clone();
    switched.query_pairs_mut().append_pair("lang", "en");
    assert_eq!(language(&browser.visit(switched.as_str()).await), "en", "and a click before that");
}

#[tokio::test]
async fn the_language_of_an_account_goes_before_that_of_the_browser() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let (_, browser) = signed_in(&server, &app).await;
    assert_eq!(language(&browser.visit(&server.at("/account")).await), "ko");
    let user = server.user_who_speaks("smith@example.com", Some("en")).await;
    let (_, browser) = signed_in_as(&server, &app, user).await;
    assert_eq!(language(&browser.visit(&server.at("/account")).await), "en");
    let asked = Authorization::of(&app, "openid").with("prompt", "consent");
    assert_eq!(language(&browser.visit(&asked.address(&server)).await), "en");
    let wished = asked.with("ui_locales", "ko");
    assert_eq!(language(&browser.visit(&wished.address(&server)).await), "ko");
}

#[tokio::test]
async fn a_login_hint_fills_the_form_in_and_proves_nothing() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let email = |page: &Page| page.values("input[name=email]", "value").join("|");
    let hinted = |hint: &str| Authorization::of(&app, "openid").with("login_hint", hint);
    let stranger = Browser::default();
    let page = stranger.visit(&hinted("kim@example.com").address(&server)).await;
    assert_eq!(email(&page), "kim@example.com");
    let page = stranger.visit(&hinted("\"><script>alert(1)</script>").address(&server)).await;
    assert_eq!(email(&page), "\"><script>alert(1)</script>", "it is text and nothing else");
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let (user, browser) = signed_in(&server, &app).await;
    let again = hinted("kim@example.com").with("prompt", "login");
    let page = browser.visit(&again.address(&server)).await;
    assert_eq!(email(&page), user.email, "who must sign in again is who is there");
    let elsewhere = hinted("kim@example.com").with("prompt", "none");
    code(&browser.visit(&elsewhere.address(&server)).await);
}

#[tokio::test]
async fn rfc6749_3_1_a_request_by_post_is_the_same_request() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let (_, browser) = signed_in(&server, &app).await;
    let authorization = Authorization::of(&app, "openid");
    let post = async |authorization: &Authorization, headers: &[(&str, &str)]| {
        let pairs = authorization.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = mapae_protocol::params::encode(pairs).into_bytes();
        let form = ("content-type", "application/x-www-form-urlencoded");
        browser.send("POST", &server.at("/authorize"), &[&[form][..], headers].concat(), body).await
    };
    // Every app posts from another site: the browser sends no cookies then, and is led to where it does.
    let foreign = [("sec-fetch-site", "cross-site"), ("origin", "https://app.example.com")];
    let led = post(&authorization, &foreign).await;
    assert_eq!(led.status, 303);
    let (location, address) = (led.location().unwrap(), authorization.address(&server));
    assert_eq!(location.as_str(), address);
    let tokens = server.redeem(&app, &code(&browser.follow(led).await), &authorization.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    let wrong = authorization.clone().with("redirect_uri", "https://evil.example/cb");
    let page = browser.follow(post(&wrong, &foreign).await).await;
    assert_eq!((page.status.as_u16(), page.location()), (400, None), "and is judged the same");
    let refused = authorization.with("scope", "calendar.nothing");
    let page = browser.follow(post(&refused, &foreign).await).await;
    assert_eq!(page.answered("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn choosing_an_account_is_one_click_or_signing_in_as_somebody_else() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let (user, browser) = signed_in(&server, &app).await;
    let other = server.user("kim@example.com").await;
    let asked = Authorization::of(&app, "openid").with("prompt", "select_account");
    let page = browser.visit(&asked.address(&server)).await;
    assert_eq!(page.address.path(), "/select-account");
    assert!(page.body.contains(&user.email), "{}", page.body);
    let first = browser.follow(browser.submit(&page, "login-submit", &[]).await).await;
    let first = server.redeem(&app, &code(&first), &asked.verifier).await;
    let elsewhere = page.address.join(&page.values("#other-account", "href")[0]).unwrap();
    let sign_in = browser.visit(elsewhere.as_str()).await;
    assert_eq!(sign_in.values("input[name=email]", "value").join("|"), "", "nobody's address");
    let fields = [("email", other.email.as_str()), ("password", other.password.as_str())];
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    assert!(consent.has("consent-approve"), "the other one has not agreed yet: {}", consent.body);
    let second = browser.submit(&consent, "consent-approve", &[]).await;
    let second = server.redeem(&app, &code(&second), &asked.verifier).await;
    let subject = |tokens: &mapae_testkit::Answer| claims(&tokens.text("id_token"))["sub"].clone();
    assert_ne!(subject(&first), subject(&second));
}

#[tokio::test]
async fn every_prompt_that_is_asked_is_answered_in_order() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let (user, browser) = signed_in(&server, &app).await;
    let all = Authorization::of(&app, "openid").with("prompt", "consent select_account login");
    let sign_in = browser.visit(&all.address(&server)).await;
    assert_eq!(sign_in.address.path(), "/sign-in");
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    // Signing in is choosing, too.
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    assert_eq!(consent.address.path(), "/consent");
    code(&browser.submit(&consent, "consent-approve", &[]).await);
    let two = Authorization::of(&app, "openid").with("prompt", "select_account consent");
    let choose = browser.visit(&two.address(&server)).await;
    assert_eq!(choose.address.path(), "/select-account");
    let consent = browser.follow(browser.submit(&choose, "login-submit", &[]).await).await;
    assert_eq!(consent.address.path(), "/consent");
    code(&browser.submit(&consent, "consent-approve", &[]).await);
    let stranger = Browser::default();
    assert_eq!(stranger.visit(&two.address(&server)).await.address.path(), "/sign-in", "nobody to choose");
}

#[tokio::test]
async fn what_the_app_registered_counts_where_a_request_has_no_max_age() {
    let server = TestServer::start().await;
    let metadata = BTreeMap::from([("default_max_age".to_owned(), json!(60))]);
    let app = server.register(AppSpec { metadata, ..AppSpec::default() }).await;
    let (_, browser) = signed_in(&server, &app).await;
    let asked = Authorization::of(&app, "openid").with("prompt", "none");
    server.advance(Seconds::seconds(60));
    code(&browser.visit(&asked.address(&server)).await);
    server.advance(Seconds::seconds(1));
    let late = browser.visit(&asked.address(&server)).await;
    assert_eq!(late.answered("error").as_deref(), Some("login_required"));
    let own = asked.with("max_age", "100").address(&server);
    code(&browser.visit(&own).await);
}

#[tokio::test]
async fn the_policy_and_the_terms_of_an_app_are_linked_where_people_sign_in_and_agree() {
    let server = TestServer::start().await;
    let links =
        [("policy_uri", "https://app.example.com/privacy"), ("tos_uri", "https://app.example.com/terms")];
    let metadata = links.map(|(member, address)| (member.to_owned(), json!(address))).into();
    let app = server.register(AppSpec { metadata, ..AppSpec::default() }).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let linked =
        |page: &Page| [page.values("#app-policy", "href"), page.values("#app-terms", "href")].concat();
    let addresses = links.map(|(_, address)| address);
    let page = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
    assert_eq!(linked(&page), addresses);
    assert_eq!(page.values("#app-terms", "rel"), ["noopener noreferrer nofollow"]);
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let consent = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    assert!(consent.has("consent-approve"), "{}", consent.body);
    assert_eq!(linked(&consent), addresses);
}

#[tokio::test]
async fn max_age_counts_from_the_sign_in_to_the_second() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let (user, browser) = signed_in(&server, &app).await;
    let signed_in_at = server.now();
    server.advance(Seconds::seconds(100));
    let within = |seconds: &str| Authorization::of(&app, "openid").with("max_age", seconds);
    let silent = |seconds: &str| within(seconds).with("prompt", "none").address(&server);
    for enough in ["100", "101", "999999999"] {
        let authorization = within(enough);
        let answer = browser.visit(&authorization.address(&server)).await;
        let tokens = server.redeem(&app, &code(&answer), &authorization.verifier).await;
        let auth_time = &claims(&tokens.text("id_token"))["auth_time"];
        assert_eq!(auth_time, &json!(signed_in_at.unix()), "{enough}");
        code(&browser.visit(&silent(enough)).await);
    }
    for short in ["99", "1", "0"] {
        let silent = browser.visit(&silent(short)).await;
        assert_eq!(silent.answered("error").as_deref(), Some("login_required"), "{short}");
        assert!(browser.visit(&within(short).address(&server)).await.has("login-submit"), "{short}");
    }
    for wrong in ["-1", "1.5", "1e3", "ten", " 1", "9999999999"] {
        let answer = browser.visit(&within(wrong).address(&server)).await;
        assert_eq!(answer.answered("error").as_deref(), Some("invalid_request"), "{wrong}");
    }
    // However long the person then looks at the next page, the sign-in was fresh.
    let authorization = within("1").with("prompt", "consent");
    let sign_in = browser.visit(&authorization.address(&server)).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    server.advance(Seconds::seconds(600));
    let answer = browser.submit(&consent, "consent-approve", &[]).await;
    let tokens = server.redeem(&app, &code(&answer), &authorization.verifier).await;
    let auth_time = &claims(&tokens.text("id_token"))["auth_time"];
    assert_eq!(auth_time, &json!(server.now().unix() - 600));
}
