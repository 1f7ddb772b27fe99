//! What is taken from an app while something of it is on its way — RFC 6749 §4.1.3, §6.

use mapae::store::apps::{self, AppLists};
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, TestServer};

use super::{calendar, sign_in, to_consent};

/// Registers an app with other lists.
async fn change(server: &TestServer, app: &AppFixture, change: impl FnOnce(&mut AppLists)) {
    let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
    let mut lists = kept.lists;
    change(&mut lists);
    server.write(apps::update(&app.client_id, &kept.app.settings, &lists, server.now())).await;
}

fn without(scopes: &'static [&'static str]) -> impl FnOnce(&mut AppLists) {
    |lists| lists.scopes.retain(|item| !scopes.contains(&item.scope.as_str()))
}

#[tokio::test]
async fn co_12_a_code_is_worth_nothing_once_its_redirect_uri_is_removed() {
    let server = TestServer::start().await;
    let (given_up, kept) = ("https://old.example.com/cb", "https://app.example.com/cb");
    let uris = [given_up, kept].map(str::to_owned).to_vec();
    let app = server.register(AppSpec { redirect_uris: uris, ..AppSpec::default() }).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&browser, &user, &authorization).await;
    let to_kept = authorization.clone().with("redirect_uri", kept);
    let code_to_kept = server.code(&browser, &user, &to_kept).await;
    change(&server, &app, |lists| lists.redirect_uris.retain(|uri| uri != given_up)).await;
    assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.error(), "invalid_grant");
    let app = AppFixture { redirect_uri: kept.to_owned(), ..app };
    assert_eq!(server.redeem(&app, &code_to_kept, &to_kept.verifier).await.status, 200);
}

#[tokio::test]
async fn co_12_a_code_sent_to_the_sole_redirect_uri_dies_with_it() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "calendar.read").with("redirect_uri", "");
    let browser = Browser::default();
    let redeem = async |code: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("code_verifier", &authorization.verifier),
        ];
        server.token(&app, &form).await
    };
    let code = server.code(&browser, &user, &authorization).await;
    assert_eq!(redeem(&code).await.status, 200);
    let code = server.code(&browser, &user, &authorization).await;
    change(&server, &app, |lists| lists.redirect_uris = vec!["https://new.example.com/cb".to_owned()]).await;
    assert_eq!(redeem(&code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn re_05_scopes_taken_from_an_app_are_taken_from_its_grants() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let tokens = sign_in(&server, &app, "openid email calendar.read calendar.write").await.tokens;
    let ask = async |token: &str, scope: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        server.token(&app, &form).await
    };
    change(&server, &app, without(&["calendar.write", "email"])).await;
    let token = tokens.text("refresh_token");
    assert_eq!(ask(&token, "openid email").await.error(), "invalid_scope");
    let refreshed = server.refresh(&app, &token).await;
    assert_eq!(refreshed.text("scope"), "calendar.read openid");
    let claims = super::claims(&refreshed.text("access_token"));
    assert_eq!(claims["scope"], "calendar.read openid");
}

#[tokio::test]
async fn re_05_of_a_grant_of_which_nothing_is_left_nothing_comes() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let tokens = sign_in(&server, &app, "calendar.read").await.tokens;
    change(&server, &app, without(&["calendar.read"])).await;
    let token = tokens.text("refresh_token");
    assert_eq!(server.refresh(&app, &token).await.error(), "invalid_grant");
}

#[tokio::test]
async fn co_13_scopes_taken_from_an_app_are_taken_from_codes_and_pages_on_their_way() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid calendar.read calendar.write");
    let code = server.code(&browser, &user, &authorization).await;
    let last = Authorization::of(&app, "calendar.write");
    let last_code = server.code(&browser, &user, &last).await;
    let other = server.user("kim@example.com").await;
    let elsewhere = Browser::default();
    let page = to_consent(&server, &elsewhere, &other, &last).await;
    change(&server, &app, without(&["calendar.write"])).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    assert_eq!(tokens.text("scope"), "calendar.read openid");
    assert_eq!(server.redeem(&app, &last_code, &last.verifier).await.error(), "invalid_grant");
    let answer = elsewhere.submit(&page, "consent-approve", &[("all", "1")]).await;
    assert_eq!(answer.answered("error").as_deref(), Some("invalid_scope"), "{}", answer.body);
}
