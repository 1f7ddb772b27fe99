//! Revocation — RFC 7009.

use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, TestServer};

use super::{browser_attacks::count, calendar, sign_in};

async fn revoke(server: &TestServer, app: &AppFixture, token: &str) -> mapae_testkit::Answer {
    let secret = app.client_secret.as_deref().unwrap();
    server
        .post("/revoke", Some((&app.client_id, secret)), &[("token", token), ("token_type_hint", "nonsense")])
        .await
}

#[tokio::test]
async fn in_11_in_12_in_13_a_revoked_access_token_dies_alone_a_refresh_token_takes_all_with_it() {
    for opaque in [false, true] {
        let server = TestServer::start().await;
        let (api, app) = calendar(&server, opaque).await;
        let tokens = sign_in(&server, &app, "openid calendar.read").await.tokens;
        let next = server.refresh(&app, &tokens.text("refresh_token")).await;
        let (first, second) = (tokens.text("access_token"), next.text("access_token"));
        assert_eq!(revoke(&server, &app, &first).await.status, 200);
        assert!(!server.is_active(&api, &first).await);
        assert_eq!(server.userinfo(&first).await.status, 401);
        assert!(server.is_active(&api, &second).await);
        assert_eq!(revoke(&server, &app, &next.text("refresh_token")).await.status, 200);
        assert!(!server.is_active(&api, &second).await);
        assert_eq!(server.refresh(&app, &next.text("refresh_token")).await.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn in_07_in_08_in_10_only_the_owner_revokes_and_an_unknown_token_is_a_success() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    let thief = server.register(AppSpec::default()).await;
    let tokens = sign_in(&server, &app, "openid calendar.read").await.tokens;
    for token in [tokens.text("access_token"), tokens.text("refresh_token")] {
        let refused = revoke(&server, &thief, &token).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "unauthorized_client"));
        let anonymous =
            server.post("/revoke", None, &[("token", &token), ("client_id", &app.client_id)]).await;
        assert_eq!(anonymous.status, 401);
    }
    assert!(server.is_active(&api, &tokens.text("access_token")).await);
    assert_eq!(revoke(&server, &app, "unknown").await.status, 200);
    for _ in 0..2 {
        assert_eq!(revoke(&server, &app, &tokens.text("refresh_token")).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_dead_writes_and_announces_nothing_however_often_it_is_presented() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid calendar.read");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let old = tokens.text("refresh_token");
    let next = server.refresh(&app, &old).await.text("refresh_token");
    server.refresh(&app, &next).await;
    let rows = || {
        let events = count(&server, "revocations");
        (events, count(&server, "revoked_tokens"))
    };
    assert_eq!(rows(), (0, 0));
    for _ in 0..5 {
        assert_eq!(server.refresh(&app, &old).await.error(), "invalid_grant");
        assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.error(), "invalid_grant");
        assert_eq!(revoke(&server, &app, &old).await.status, 200);
        assert_eq!(revoke(&server, &app, &tokens.text("access_token")).await.status, 200);
    }
    assert_eq!(rows(), (2, 1), "the grant ended once, and the access token once");
}
