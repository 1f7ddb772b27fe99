//! What an app may ask for — RFC 6749 §3.3, OIDC Core §11.

use mapae_testkit::{AppSpec, Authorization, Browser, TestServer};

use super::{calendar, to_consent};

#[tokio::test]
async fn rfc6749_3_3_a_request_without_scope_asks_for_the_required_items_and_no_more() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "");
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    assert_eq!(consent.values("input[name=item]", "value"), Vec::<String>::new(), "nothing optional");
    let back = browser.submit(&consent, "consent-approve", &[]).await;
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!(tokens.text("scope"), "openid");
}

#[tokio::test]
async fn oidc_core_11_an_app_stays_after_sign_out_only_where_it_is_registered() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let browser = Browser::default();
    let asked = Authorization::of(&app, "openid offline_access");
    let refused = browser.open(&asked.address(&server)).await;
    assert_eq!(refused.answered("error").as_deref(), Some("invalid_scope"));
    let tokens = super::sign_in(&server, &app, "openid").await.tokens;
    assert_eq!(
        server.refresh(&app, &tokens.text("refresh_token")).await.status,
        200,
        "while the session lasts"
    );
}
