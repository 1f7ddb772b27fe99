//! What people and developers do with what is theirs, in the browser.

use mapae_e2e::{chromium::Screen, wire::Wire};
use serde_json::Value;

use super::stage::{PASSWORD, Stage, run};

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {value}"))
}

/// Whether userinfo answers to a token.
async fn is_alive(stage: &Stage, access_token: &str) -> bool {
    let bearer = (http::header::AUTHORIZATION, format!("Bearer {access_token}"));
    let reply = Wire::to(stage.process.node()).get("/userinfo", &[bearer]).await.expect("the server answers");
    reply.status.is_success()
}

#[tokio::test]
async fn a_person_disconnects_a_service_and_all_its_tokens_are_dead() {
    let mut stage = Stage::set().await;
    for screen in Screen::ALL {
        let email = stage.hand_over(screen).await;
        let tokens = stage.connect(&email).await;
        assert!(is_alive(&stage, text(&tokens, "access_token")).await);
        stage.chromium.goto(&stage.at("/account")).await;
        let services = stage.chromium.text("#services").await;
        assert!(services.contains(stage.app.name), "{services}");
        stage.chromium.shot("account-connected").await;
        let link = stage.chromium.read("return document.querySelector('#services a').href;").await;
        stage.chromium.goto(&link).await;
        stage.chromium.click("disconnect").await;
        stage.chromium.wait_for("disconnect-confirm").await;
        stage.chromium.shot("account-disconnect").await;
        stage.chromium.click("disconnect-confirm").await;
        let done = stage.chromium.wait_for("notice").await.text().await.unwrap_or_default();
        let said = screen.says("연결을 끊었어요", "Disconnected.");
        assert!(done.contains(said), "{done}");
        stage.chromium.shot("account-disconnected").await;
        assert!(!is_alive(&stage, text(&tokens, "access_token")).await);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
        assert_eq!(text(&stage.token(&refresh).await, "error"), "invalid_grant");
        let asked = stage.asked(&[]);
        stage.chromium.goto(&asked.address).await;
        stage.chromium.wait_for("consent-approve").await;
    }
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn a_changed_password_signs_out_all_other_browsers() {
    let mut stage = Stage::set().await;
    let email = stage.hand_over(Screen::desk("ko")).await;
    let elsewhere = mapae_testkit::Browser::speaking("ko");
    let page = elsewhere.visit(&stage.at("/account")).await;
    let fields = [("email", email.as_str()), ("password", PASSWORD)];
    let page = elsewhere.follow(elsewhere.submit(&page, "login-submit", &fields).await).await;
    assert!(page.has("services"), "{}", page.body);
    stage.sign_in_to_account(&email).await;
    stage.chromium.shot("account-two-browsers").await;
    stage.chromium.fill("present_password", PASSWORD).await;
    stage.chromium.fill("new_password", "another horse battery").await;
    stage.chromium.click("change-password").await;
    stage.chromium.wait_for("notice").await;
    stage.chromium.shot("account-password-changed").await;
    assert!(elsewhere.visit(&stage.at("/account")).await.has("login-submit"), "signed out elsewhere");
    stage.chromium.goto(&stage.at("/account")).await;
    stage.chromium.wait_for("services").await;
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn a_developer_registers_an_app_and_sees_its_secret_once() {
    let mut stage = Stage::set().await;
    for screen in Screen::ALL {
        let email = stage.hand_over(screen).await;
        stage.sign_in_to_account(&email).await;
        stage.chromium.goto(&stage.at("/console")).await;
        stage.chromium.click("new-app").await;
        stage.chromium.fill("name", "하루 노트").await;
        stage.chromium.fill("redirect_uris", "http://localhost:3000/callback").await;
        stage.chromium.click("app-create").await;
        stage.chromium.wait_for("client-secret").await;
        stage.chromium.shot("console-secret").await;
        let secret = stage.chromium.text("#client-secret").await;
        let client_id = stage.chromium.text("#client-id").await;
        assert!(secret.len() >= 43, "it cannot be guessed");
        let shown = run(&stage.installation, &["app", "show", &client_id]).await;
        assert_eq!(text(&shown, "client_id"), client_id);
        stage.chromium.click("secret-kept").await;
        stage.chromium.wait_for("quick-start").await;
        stage.chromium.shot("console-app").await;
        let source = stage.chromium.read("return document.documentElement.outerHTML;").await;
        assert!(!source.contains(&secret) && source.contains(&client_id));
        stage.chromium.goto(&stage.at("/console")).await;
        stage.chromium.shot("console-home").await;
    }
    stage.was_clean().await;
    stage.clear().await;
}
