//! What an app may ask for — RFC 6749 §3.3, OIDC Core §11.

use mapae::store::consents;
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppSpec, Authorization, Browser, Engine, TestServer};

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

/// RFC 6749 §4.1.2.1.
#[tokio::test]
async fn se_07_who_leaves_out_all_that_is_asked_has_not_agreed_and_is_asked_again() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(AppSpec::default()).await;
        let (user, browser) = (server.user("hong@example.com").await, Browser::default());
        let with_openid = Authorization::of(&app, "openid email");
        let consent = to_consent(&server, &browser, &user, &with_openid).await;
        let back = browser.submit(&consent, "consent-approve", &[]).await;
        assert!(back.answered("code").is_some(), "without the address, as before: {}", back.body);
        let alone = Authorization::of(&app, "email");
        let kept = async || consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap();
        let before = kept().await;
        // What is written from here on bears another time.
        server.advance(Seconds::seconds(1));
        for _ in 0..2 {
            let consent = browser.visit(&alone.address(&server)).await;
            assert_eq!(
                consent.values("input[name=item]", "value"),
                ["email"],
                "{engine:?}: {}",
                consent.body
            );
            let back = browser.submit(&consent, "consent-approve", &[]).await;
            assert_eq!(back.answered("error").as_deref(), Some("access_denied"), "{engine:?}: {}", back.body);
            assert_eq!(kept().await, before, "{engine:?}");
        }
        let consent = browser.visit(&alone.address(&server)).await;
        let back = browser.submit(&consent, "consent-approve", &[("item", "email")]).await;
        let tokens = server.redeem(&app, &back.answered("code").unwrap(), &alone.verifier).await;
        assert_eq!((tokens.status.as_u16(), tokens.text("scope")), (200, "email".to_owned()), "{engine:?}");
    }
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
