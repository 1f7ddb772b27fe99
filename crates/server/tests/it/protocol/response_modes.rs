//! How an answer comes to the app: in the query, in the fragment, by a form — OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0
//! Form Post Response Mode §2. Signed answers are in `signed_responses`.

use mapae_testkit::{AppSpec, Authorization, Browser, TestServer};

use super::{calendar, sign_in, signed_responses::sent};

/// OAuth 2.0 Form Post Response Mode §2.
#[tokio::test]
async fn form_post_answers_by_a_page_that_posts() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid");
    server.code(&browser, &user, &authorization).await;
    let page =
        browser.visit(&authorization.clone().with("response_mode", "form_post").address(&server)).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.values("form", "action"), std::slice::from_ref(&app.redirect_uri));
    let code = page.values("input[name=code]", "value").remove(0);
    assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.status, 200);
    let csp = page.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!csp.contains("form-action"), "the app may send the browser on: {csp}");
}

#[tokio::test]
async fn a_fragment_stays_in_the_browser() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let signed_in = sign_in(&server, &app, "openid").await;
    let asked = Authorization::of(&app, "openid").with("response_mode", "fragment");
    let page = signed_in.browser.visit(&asked.address(&server)).await;
    let address = page.location().unwrap();
    assert_eq!(address.query(), None);
    let names: Vec<_> = sent(&page).into_iter().map(|(name, _)| name).collect();
    assert!(names.iter().any(|name| name == "code") && names.iter().any(|name| name == "iss"), "{names:?}");
}
