//! Pages for everybody: with a keyboard, with a screen reader, on a narrow screen — WCAG 2.2.

use mapae_e2e::{
    accessible::{sane, walk},
    chromium::Screen,
};

use super::stage::Stage;

/// The narrowest screen on which nothing may have to be moved sideways (WCAG 2.2, reflow).
const NARROWEST: u32 = 320;

/// A page: its name, its address, and what is on no other.
type Shown<'p> = (&'p str, String, &'p str);

/// Opens pages one after the other on each screen, and looks at them.
async fn all_sane(stage: &mut Stage, language: &'static str, pages: &[Shown<'_>]) {
    for width in [NARROWEST, 390, 1280] {
        stage.chromium.show_on(Screen::phone(language).wide(width)).await;
        for (page, address, mark) in pages {
            stage.chromium.goto(address).await;
            stage.chromium.wait_for(mark).await;
            sane(&stage.chromium, page).await;
            if width != NARROWEST {
                stage.chromium.shot(page).await;
            }
        }
    }
}

#[tokio::test]
async fn pages_before_signing_in_are_for_everybody() {
    let mut stage = Stage::set().await;
    let unknown = stage.asked(&[("client_id", "app_unknown")]).address;
    let wrong = stage.asked(&[("redirect_uri", "https://evil.example/")]).address;
    let pages = [
        ("app-sign-in", stage.asked(&[]).address, "sign-up"),
        ("own-sign-in", stage.at("/sign-in"), "sign-up"),
        ("sign-up", stage.at("/sign-up"), "sign-in"),
        ("forgot-password", stage.at("/password/forgot"), "sign-in"),
        ("unknown-app", unknown, "support-id"),
        ("wrong-redirect-uri", wrong, "support-id"),
        ("dead-link", stage.at("/sign-up/finish?token=none"), "link-again"),
    ];
    for language in ["ko", "en"] {
        stage.chromium.hand_over(Screen::phone(language)).await;
        all_sane(&mut stage, language, &pages).await;
    }
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        stage.chromium.show_on(screen).await;
        stage.chromium.goto(&stage.at("/sign-in")).await;
        walk(&stage.chromium, "sign-in").await;
    }
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn pages_after_signing_in_are_for_everybody() {
    let mut stage = Stage::set().await;
    for language in ["ko", "en"] {
        let email = stage.hand_over(Screen::phone(language)).await;
        stage.connect(&email).await;
        stage.chromium.goto(&stage.at("/account")).await;
        let service = stage.chromium.read("return document.querySelector('#services a').href;").await;
        let pages = [
            ("consent-again", stage.asked(&[("prompt", "consent")]).address, "consent-approve"),
            ("select-account", stage.asked(&[("prompt", "select_account")]).address, "other-account"),
            ("sign-in-again", stage.asked(&[("prompt", "login")]).address, "again"),
            ("account", stage.at("/account"), "services"),
            ("service", service.clone(), "disconnect"),
            ("disconnect", format!("{service}/disconnect"), "disconnect-confirm"),
            ("sign-out", stage.at("/sign-out"), "logout-confirm"),
            ("console", stage.at("/console"), "new-app"),
            ("console-new", stage.at("/console/apps/new"), "app-create"),
        ];
        all_sane(&mut stage, language, &pages).await;
        let screen = if language == "ko" { Screen::phone(language) } else { Screen::desk(language) };
        stage.chromium.show_on(screen).await;
        for page in ["/account", "/console/apps/new"] {
            stage.chromium.goto(&stage.at(page)).await;
            walk(&stage.chromium, page).await;
        }
    }
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn the_consent_page_is_for_everybody() {
    let mut stage = Stage::set().await;
    for language in ["ko", "en"] {
        let email = stage.hand_over(Screen::phone(language)).await;
        stage.sign_in_to_account(&email).await;
        let pages = [("consent-fresh", stage.asked(&[]).address, "consent-approve")];
        all_sane(&mut stage, language, &pages).await;
    }
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        stage.chromium.show_on(screen).await;
        stage.chromium.goto(&stage.asked(&[]).address).await;
        walk(&stage.chromium, "consent").await;
    }
    stage.was_clean().await;
    stage.clear().await;
}
