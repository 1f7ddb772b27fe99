//! Refresh tokens — RFC 6749 §6, RFC 9700 §4.14.

use mapae_protocol::time::Seconds;
use mapae_testkit::{AppFixture, AppSpec, TestServer};

use super::sign_in;

#[tokio::test]
async fn re_09_a_client_that_lost_the_answer_gets_the_same_successor() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let tokens = sign_in(&server, &app, "openid").await.tokens;
    let first = tokens.text("refresh_token");
    let second = server.refresh(&app, &first).await.text("refresh_token");
    assert_ne!(first, second);
    server.advance(Seconds::seconds(9));
    assert_eq!(server.refresh(&app, &first).await.text("refresh_token"), second);
    let third = server.refresh(&app, &second).await.text("refresh_token");
    assert_eq!(server.refresh(&app, &first).await.error(), "invalid_grant", "the successor was used");
    assert_eq!(server.refresh(&app, &third).await.error(), "invalid_grant", "a replay ends the grant");
}

#[tokio::test]
async fn re_01_after_the_window_a_replay_ends_the_grant() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let tokens = sign_in(&server, &app, "openid").await.tokens;
    let first = tokens.text("refresh_token");
    let second = server.refresh(&app, &first).await.text("refresh_token");
    server.advance(Seconds::seconds(10));
    assert_eq!(server.refresh(&app, &first).await.error(), "invalid_grant");
    assert_eq!(server.refresh(&app, &second).await.error(), "invalid_grant");
    assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn re_05_scope_can_shrink_and_never_grows() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let tokens = sign_in(&server, &app, "openid email").await.tokens;
    let ask = |token: String, scope: &'static str| {
        let (server, app) = (&server, &app);
        async move {
            let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
            server.token(app, &form).await
        }
    };
    assert_eq!(ask(tokens.text("refresh_token"), "openid profile").await.error(), "invalid_scope");
    let narrow = ask(tokens.text("refresh_token"), "openid").await;
    assert_eq!(narrow.text("scope"), "openid");
    assert_eq!(ask(narrow.text("refresh_token"), "openid email").await.text("scope"), "email openid");
}

#[tokio::test]
async fn re_04_a_refresh_token_is_of_one_client() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let other = server.register(AppSpec::default()).await;
    let tokens = sign_in(&server, &app, "openid").await.tokens;
    let token = tokens.text("refresh_token");
    assert_eq!(server.refresh(&other, &token).await.error(), "invalid_grant");
    let anonymous = AppFixture { client_secret: None, ..app.clone() };
    assert_eq!(server.refresh(&anonymous, &token).await.status, 401);
    assert_eq!(server.refresh(&app, &token).await.status, 200);
}

#[tokio::test]
async fn re_07_idle_and_absolute_ends_hold() {
    let server = TestServer::start().await;
    let optional = vec!["offline_access".to_owned()];
    let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
    let tokens = sign_in(&server, &app, "openid offline_access").await.tokens;
    let mut token = tokens.text("refresh_token");
    for _ in 0..4 {
        server.advance(Seconds::seconds(7 * 86_400 - 1));
        token = server.refresh(&app, &token).await.text("refresh_token");
    }
    server.advance(Seconds::days(3));
    assert_eq!(server.refresh(&app, &token).await.error(), "invalid_grant", "thirty days are over");
}
