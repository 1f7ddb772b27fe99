//! Secrets: shown once, rotated with or without an overlap — RFC 6749 §2.3.1, TO-08, AD-05.

use mapae_protocol::{base64url, time::Seconds};
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, TestServer};

use super::{developer, fixture, kept, led_to};

#[tokio::test]
async fn to_08_a_secret_is_256_random_bits_and_shown_once() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let secret = app.client_secret.clone().unwrap();
    assert_eq!(base64url::decode(&secret).unwrap().len(), 32);
    assert!(server.takes_secret(&app).await);
    let page = developer.page(&server, &app.client_id).await;
    assert!(!page.body.contains(&secret) && !page.has("client-secret"));
    let other = developer.register(&server, "다른 서비스").await;
    assert_ne!(other.client_secret, app.client_secret);
    assert!(!server.takes_secret(&AppFixture { client_secret: other.client_secret, ..app.clone() }).await);
}

#[tokio::test]
async fn to_18_a_rotated_secret_goes_on_for_a_day_or_is_stopped_before() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let first = developer.register(&server, "나의 서비스").await;
        let second = fixture(&developer.save(&server, &first.client_id, "secret-rotate", &[]).await);
        assert!(
            server.takes_secret(&first).await && server.takes_secret(&second).await,
            "{engine:?}: both for now"
        );
        server.advance(Seconds::hours(24));
        assert!(
            !server.takes_secret(&first).await && server.takes_secret(&second).await,
            "{engine:?}: a day later"
        );
        let developer = super::Developer { browser: sign_in_again(&server, &developer).await, ..developer };
        let third = fixture(&developer.save(&server, &first.client_id, "secret-rotate", &[]).await);
        assert!(server.takes_secret(&second).await, "{engine:?}");
        let page = developer.page(&server, &first.client_id).await;
        let ended = developer.browser.submit(&page, "secret-end", &[]).await;
        assert!(led_to(&ended).ends_with("?done=secret-ended"), "{engine:?}");
        assert!(
            !server.takes_secret(&second).await && server.takes_secret(&third).await,
            "{engine:?}: stopped"
        );
        assert!(!developer.page(&server, &first.client_id).await.has("secret-end"), "{engine:?}");
    }
}

#[tokio::test]
async fn to_18_a_page_from_before_a_rotation_stops_no_secret_that_was_in_use_on_it() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let first = developer.register(&server, "나의 서비스").await;
        let rotate = async || fixture(&developer.save(&server, &first.client_id, "secret-rotate", &[]).await);
        let second = rotate().await;
        let old = developer.page(&server, &first.client_id).await;
        let third = rotate().await;
        assert!(!server.takes_secret(&first).await, "{engine:?}: that ended it");
        let told = developer.browser.submit(&old, "secret-end", &[]).await;
        assert!(led_to(&told).ends_with("?done=secrets-changed"), "{engine:?}");
        assert!(developer.browser.follow(told).await.has("notice"), "{engine:?}");
        assert!(server.takes_secret(&second).await && server.takes_secret(&third).await, "{engine:?}");
        let page = developer.page(&server, &first.client_id).await;
        for _ in 0..2 {
            let ended = developer.browser.submit(&page, "secret-end", &[]).await;
            assert!(led_to(&ended).ends_with("?done=secret-ended"), "{engine:?}: or has already");
        }
        assert!(!server.takes_secret(&second).await && server.takes_secret(&third).await, "{engine:?}");
    }
}

/// The session has not outlived the day.
async fn sign_in_again(server: &TestServer, developer: &super::Developer) -> Browser {
    let browser = Browser::speaking("en");
    let page = browser.visit(&server.at("/console")).await;
    let fields = [("email", developer.user.email.as_str()), ("password", developer.user.password.as_str())];
    browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    browser
}

#[tokio::test]
async fn a_stolen_secret_is_replaced_and_everything_made_with_it_dies() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let stolen = developer.register(&server, "나의 서비스").await;
        let person = server.user("hong@example.com").await;
        let authorization = Authorization::of(&stolen, "openid");
        let code = server.code(&Browser::default(), &person, &authorization).await;
        let tokens = server.redeem(&stolen, &code, &authorization.verifier).await;
        let replaced = fixture(&developer.save(&server, &stolen.client_id, "secret-replace", &[]).await);
        assert!(!server.takes_secret(&stolen).await && server.takes_secret(&replaced).await, "{engine:?}");
        let refused = server.refresh(&replaced, &tokens.text("refresh_token")).await;
        assert_eq!(refused.error(), "invalid_grant", "{engine:?}");
        assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 401, "{engine:?}");
    }
}

#[tokio::test]
async fn a_rotation_sent_again_shows_nothing_and_ends_nothing() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let first = developer.register(&server, "나의 서비스").await;
    let page = developer.page(&server, &first.client_id).await;
    let second = fixture(&developer.browser.submit(&page, "secret-rotate", &[]).await);
    let again = developer.browser.submit(&page, "secret-rotate", &[]).await;
    assert_eq!(led_to(&again), format!("/console/apps/{}?done=secret-shown", first.client_id));
    assert!(server.takes_secret(&first).await && server.takes_secret(&second).await, "a reload harms nobody");
    assert_eq!(kept(&server, &first.client_id).await.secrets.len(), 2);
}

#[tokio::test]
async fn at_most_two_secrets_live_at_once() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let first = developer.register(&server, "나의 서비스").await;
    let mut apps = vec![first.clone()];
    for _ in 0..4 {
        server.advance(Seconds::seconds(60));
        apps.push(fixture(&developer.save(&server, &first.client_id, "secret-rotate", &[]).await));
    }
    let mut known = Vec::new();
    for app in &apps {
        known.push(server.takes_secret(app).await);
    }
    assert_eq!(known, [false, false, false, true, true]);
}

#[tokio::test]
async fn a_public_app_gets_no_secret_by_a_made_up_form() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register_public(&server, "App", "https://spa.example/cb").await;
    let page = developer.page(&server, &app.client_id).await;
    let (_, fields) = page.form("save-general");
    let csrf = fields.into_iter().find(|(name, _)| name == "csrf").unwrap();
    for decision in ["rotate", "replace", "end-former"] {
        let fields = [csrf.clone(), ("decision".to_owned(), decision.to_owned())];
        let action = format!("/console/apps/{}/secrets", app.client_id);
        let answer = developer.browser.post(&action, &page, &fields).await;
        assert_eq!(answer.status, 400, "{decision}");
    }
    assert!(kept(&server, &app.client_id).await.secrets.is_empty());
}
