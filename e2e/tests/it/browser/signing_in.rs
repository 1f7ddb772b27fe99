//! From the app to the server and back: sign in, agree, arrive — OIDC Core §3.1.2.

use http::Method;
use mapae_e2e::chromium::Screen;
use thirtyfour::Key;

use super::{
    site::{Site, Visit},
    stage::{Asked, CALLBACK, PASSWORD, Stage},
};

/// What every answer to the app is like, and that its code is good for what was agreed.
async fn arrived(stage: &Stage, asked: &Asked, landing: &Visit) {
    assert_eq!(landing.field("state"), Some("af0ifjsldkj"));
    assert_eq!(landing.field("iss"), Some(stage.process.node().issuer.as_str()), "RFC 9207 §2");
    assert_eq!(landing.headers.get("referer"), None, "az_40: pages name themselves to nobody");
    let tokens = stage.redeem(asked, landing.field("code").expect("there is a code")).await;
    let scope = tokens.get("scope").and_then(serde_json::Value::as_str).unwrap_or_default();
    let mut scopes: Vec<&str> = scope.split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["calendar.read", "email", "openid", "profile"], "{tokens}");
}

/// The person's password went nowhere but to the server.
fn never_saw_the_password(stage: &mut Stage, landing: &Visit) {
    for visit in stage.site.others().iter().chain([landing]) {
        assert!(visit.fields.iter().all(|(_, value)| !value.contains(PASSWORD)), "{visit:?}");
    }
}

#[tokio::test]
async fn a_person_signs_in_agrees_and_is_back_at_the_app_which_never_saw_the_password() {
    let mut stage = Stage::set().await;
    for screen in Screen::ALL {
        let email = stage.hand_over(screen).await;
        let asked = stage.asked(&[]);
        stage.visit_app(&asked).await;
        stage.chromium.click("sign-in").await;
        stage.chromium.wait_for("login-submit").await;
        let heading = stage.chromium.text("h1").await;
        assert!(heading.contains(stage.app.name), "whom one signs in for: {heading}");
        assert_eq!(stage.chromium.read("return document.documentElement.lang;").await, screen.language);
        stage.chromium.shot("sign-in").await;
        stage.sign_in(&email).await;
        stage.chromium.wait_for("consent-approve").await;
        stage.chromium.shot("consent").await;
        stage.chromium.click("agree-all").await;
        stage.chromium.shot("consent-all").await;
        stage.chromium.click("consent-approve").await;
        let landing = stage.site.visit(CALLBACK).await;
        assert_eq!(landing.method, Method::GET);
        arrived(&stage, &asked, &landing).await;
        never_saw_the_password(&mut stage, &landing);
        stage.was_clean().await;
    }
    stage.clear().await;
}

#[tokio::test]
async fn consent_is_remembered_and_who_is_signed_in_is_back_at_once() {
    let mut stage = Stage::set().await;
    let email = stage.hand_over(Screen::desk("ko")).await;
    stage.connect(&email).await;
    let asked = stage.asked(&[]);
    stage.visit_app(&asked).await;
    stage.chromium.click("sign-in").await;
    let landing = stage.site.visit(CALLBACK).await;
    arrived(&stage, &asked, &landing).await;
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn the_whole_way_can_be_gone_with_the_keyboard_alone() {
    let mut stage = Stage::set().await;
    for (screen, mode) in [(Screen::phone("ko"), "query"), (Screen::desk("en"), "form_post")] {
        let email = stage.hand_over(screen).await;
        let asked = stage.asked(&[("response_mode", mode)]);
        stage.visit_app(&asked).await;
        let chromium = &stage.chromium;
        chromium.tab_to("sign-in").await;
        chromium.press(Key::Enter).await;
        chromium.wait_for("login-submit").await;
        assert_eq!(chromium.focused().await, "email", "one can begin to type at once");
        chromium.keys(&email).await;
        chromium.tab_to("password").await;
        chromium.keys(PASSWORD).await;
        chromium.tab_to("login-submit").await;
        chromium.press(Key::Enter).await;
        chromium.wait_for("consent-approve").await;
        chromium.tab_to("agree-all").await;
        chromium.keys(" ").await;
        assert!(chromium.is_ticked("item-1").await && chromium.is_ticked("item-2").await, "the items follow");
        chromium.tab_to("consent-approve").await;
        chromium.shot("consent-keyboard").await;
        chromium.press(Key::Enter).await;
        let landing = stage.site.visit(CALLBACK).await;
        assert_eq!(landing.method, if mode == "query" { Method::GET } else { Method::POST });
        arrived(&stage, &asked, &landing).await;
        stage.was_clean().await;
    }
    stage.clear().await;
}

#[tokio::test]
async fn the_whole_way_can_be_gone_without_scripts() {
    let mut stage = Stage::set().await;
    for (screen, mode) in [(Screen::desk("ko"), "query"), (Screen::phone("en"), "form_post")] {
        let email = stage.hand_over(screen).await;
        stage.chromium.run_scripts(false).await;
        let asked = stage.asked(&[("response_mode", mode)]);
        stage.visit_app(&asked).await;
        stage.chromium.click("sign-in").await;
        stage.sign_in(&email).await;
        stage.chromium.click("agree-all").await;
        assert!(!stage.chromium.is_ticked("item-1").await, "no script of ours has run");
        stage.chromium.shot("consent-without-scripts").await;
        stage.chromium.click("consent-approve").await;
        if mode == "form_post" {
            stage.chromium.wait_for("form-post-submit").await;
            stage.chromium.shot("form-post").await;
            stage.chromium.click("form-post-submit").await;
        }
        let landing = stage.site.visit(CALLBACK).await;
        assert_eq!(landing.method, if mode == "query" { Method::GET } else { Method::POST });
        arrived(&stage, &asked, &landing).await;
        stage.was_clean().await;
        stage.chromium.run_scripts(true).await;
    }
    stage.clear().await;
}

#[tokio::test]
async fn with_form_post_the_code_is_in_no_address_and_scripts_send_it_on() {
    let mut stage = Stage::set().await;
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        let email = stage.hand_over(screen).await;
        let asked = stage.asked(&[("response_mode", "form_post")]);
        stage.visit_app(&asked).await;
        stage.chromium.click("sign-in").await;
        stage.sign_in(&email).await;
        stage.chromium.click("agree-all").await;
        stage.chromium.click("consent-approve").await;
        let landing = stage.site.visit(CALLBACK).await;
        assert_eq!(landing.method, Method::POST);
        arrived(&stage, &asked, &landing).await;
        stage.chromium.wait_for("arrived").await;
        let code = landing.field("code").unwrap_or_default();
        for exchange in stage.chromium.exchanges().await {
            assert!(!exchange.address.contains(code), "{exchange:?}");
        }
        stage.was_clean().await;
    }
    stage.clear().await;
}

/// Browsers apply `form-action` to every redirect that follows a form (CSP3 §6.4.1).
#[tokio::test]
async fn az_20_an_app_may_send_people_on_from_its_callback_to_another_site() {
    let mut stage = Stage::set().await;
    let mut elsewhere = Site::open().await;
    stage.site.lead_on(CALLBACK, &elsewhere.at("/welcome"));
    for (screen, mode) in [(Screen::phone("ko"), "query"), (Screen::desk("en"), "form_post")] {
        let email = stage.hand_over(screen).await;
        stage.chromium.goto(&stage.asked(&[("response_mode", mode)]).address).await;
        stage.sign_in(&email).await;
        stage.chromium.wait_for("consent-approve").await;
        stage.chromium.click("agree-all").await;
        stage.chromium.click("consent-approve").await;
        elsewhere.visit("/welcome").await;
        // The form of the sign-in page leads there, too, once the app is known.
        stage.chromium.goto(&stage.asked(&[("response_mode", mode), ("prompt", "login")]).address).await;
        stage.chromium.fill("password", PASSWORD).await;
        stage.chromium.click("login-submit").await;
        elsewhere.visit("/welcome").await;
        stage.chromium.wait_for("arrived").await;
        assert_eq!(stage.chromium.complaints().await, Vec::<String>::new(), "{mode}");
    }
    stage.clear().await;
}
