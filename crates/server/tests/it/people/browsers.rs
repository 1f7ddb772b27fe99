//! Signing out: here, there, everywhere else — threats SE-27.

use mapae::store::sessions;
use mapae_testkit::{AppSpec, Authorization, Browser, Page, TestServer};

use super::{account, for_each_engine, is_in};

for_each_engine! {
    async fn se_27_another_browser_is_signed_out_from_here(server: TestServer) {
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = vec!["calendar.read".to_owned()];
        let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
        let user = server.user("hong@example.com").await;
        let (here, there, third) = (Browser::default(), Browser::default(), Browser::default());
        account(&server, &third, &user).await;
        let third_id = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap().remove(0).id;
        let authorization = Authorization::of(&app, "openid calendar.read");
        let code = server.code(&there, &user, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let living = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
        let there_id = living.into_iter().find(|session| session.id != third_id).unwrap().id;
        let page = account(&server, &here, &user).await;
        assert_eq!(page.values("#browsers form", "action").len(), 3, "two others, and all of them");
        let done = end(&here, &page, &there_id).await;
        assert!(done.has("notice") && done.values("#browsers form", "action").len() == 2, "{}", done.body);
        assert!(is_in(&server, &here).await && is_in(&server, &third).await && !is_in(&server, &there).await);
        assert!(!server.is_active(&api, &tokens.text("access_token")).await, "what hung on the session is dead");
        assert_eq!(server.refresh(&app, &tokens.text("refresh_token")).await.error(), "invalid_grant");
        assert_eq!(end(&here, &page, &there_id).await.status, 404);
    }

    async fn se_27_all_other_browsers_are_signed_out_at_once(server: TestServer) {
        let user = server.user("hong@example.com").await;
        let browsers = [Browser::default(), Browser::default(), Browser::default()];
        for browser in &browsers {
            account(&server, browser, &user).await;
        }
        let page = account(&server, &browsers[0], &user).await;
        let done = browsers[0].follow(browsers[0].submit(&page, "end-other-browsers", &[]).await).await;
        assert!(done.has("notice") && !done.has("end-other-browsers"), "{}", done.body);
        for (n, browser) in browsers.iter().enumerate() {
            assert_eq!(is_in(&server, browser).await, n == 0, "{n}");
        }
    }

    async fn se_27_signing_out_ends_the_session_and_what_hangs_on_it(server: TestServer) {
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = ["offline_access", "calendar.read"].map(str::to_owned).to_vec();
        let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let bound = Authorization::of(&app, "openid calendar.read");
        let code = server.code(&browser, &user, &bound).await;
        let bound = server.redeem(&app, &code, &bound.verifier).await;
        let offline = Authorization::of(&app, "openid offline_access calendar.read");
        let code = server.code(&browser, &user, &offline).await;
        let offline = server.redeem(&app, &code, &offline.verifier).await;
        let confirm = browser.visit(&server.at("/sign-out")).await;
        assert!(is_in(&server, &browser).await, "a link alone signs nobody out");
        let done = browser.submit(&confirm, "logout-confirm", &[]).await;
        assert_eq!(done.status, 200);
        let removed = done.headers["set-cookie"].to_str().unwrap();
        assert!(removed.contains("=; Max-Age=0; "), "{removed}");
        assert!(!is_in(&server, &browser).await);
        assert!(!server.is_active(&api, &bound.text("access_token")).await);
        assert_eq!(server.refresh(&app, &bound.text("refresh_token")).await.error(), "invalid_grant");
        assert!(server.is_active(&api, &offline.text("access_token")).await, "what was agreed offline stays");
        assert_eq!(server.refresh(&app, &offline.text("refresh_token")).await.status, 200);
    }
}

/// Presses "sign out there" beside a browser and follows.
async fn end(browser: &Browser, page: &Page, session_id: &str) -> Page {
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let action = format!("/account/browsers/{session_id}/end");
    browser.follow(browser.post(&action, page, &[("csrf".to_owned(), csrf)]).await).await
}

#[tokio::test]
async fn se_28_signing_out_without_a_session_is_no_error() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let page = browser.visit(&server.at("/sign-out")).await;
    assert_eq!(page.status, 200);
    assert!(!page.has("logout-confirm"));
    let posted = browser.post("/sign-out", &page, &[]).await;
    assert_eq!(posted.status, 200);
}

#[tokio::test]
async fn who_is_not_signed_in_does_that_first_and_comes_back() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    server.code(&Browser::default(), &user, &Authorization::of(&app, "openid")).await;
    let consent =
        mapae::store::consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
    for path in [
        "/account".to_owned(),
        format!("/account/services/{}", consent.id),
        format!("/account/services/{}/disconnect", consent.id),
    ] {
        let browser = Browser::default();
        let first = browser.open(&server.at(&path)).await;
        assert_eq!(first.status, 303);
        assert_eq!(first.location().unwrap().path(), "/sign-in");
        let page = browser.follow(first).await;
        let back = super::sign_in(&browser, &page, &user.email, &user.password).await;
        assert_eq!((back.status.as_u16(), back.address.path()), (200, path.as_str()));
    }
}

#[tokio::test]
async fn se_11_what_stands_behind_the_path_leads_nowhere() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    for address in [
        "//evil.example/account",
        "/account?step=//evil.example",
        "/account/services//evil.example",
        "/account?done=//evil.example&next=https://evil.example",
        "/sign-out?post_logout_redirect_uri=https://evil.example&next=//evil.example",
    ] {
        let browser = Browser::default();
        let page = browser.visit(&server.at(address)).await;
        let page = if page.has("login-submit") {
            super::sign_in(&browser, &page, &user.email, &user.password).await
        } else {
            page
        };
        assert_eq!(page.address.origin().ascii_serialization(), server.issuer(), "{address}");
        assert!(page.location().is_none() && !page.body.contains("evil.example"), "{address} {}", page.body);
    }
}

#[tokio::test]
async fn a_notice_is_one_of_a_fixed_set() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    account(&server, &browser, &user).await;
    for (word, shown) in [
        ("disconnected", true),
        ("browser-ended", true),
        ("browsers-ended", true),
        ("password-changed", true),
        ("dropped", false),
        ("Your+account+is+blocked", false),
        ("", false),
    ] {
        let page = browser.visit(&server.at(&format!("/account?done={word}"))).await;
        assert_eq!(page.has("notice"), shown, "{word}");
        assert!(!page.body.contains("blocked"));
    }
}
