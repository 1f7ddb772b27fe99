//! The live diagram itself: what an arrow opens to, the buttons, and that everybody can use it.

use mapae_e2e::{
    accessible::{sane, walk},
    chromium::Screen,
    diagram::Message,
};
use serde_json::{Value, json};
use thirtyfour::Key;

use super::stage::{PASSWORD, Stage};

/// The narrowest screen on which nothing may have to be moved sideways (WCAG 2.2, reflow).
const NARROWEST: u32 = 320;

/// The buttons that do something wrong, or take something back.
const BUTTONS: [&str; 9] = [
    "expired_access_token",
    "forged_access_token",
    "revoked_access_token",
    "dead_refresh_token",
    "replayed_code",
    "changed_redirect_uri",
    "wrong_secret",
    "dropped_scope",
    "disconnected",
];

/// Opens every arrow that is to be seen, and reads all that they open to, by their ids.
const OPEN_ALL: &str = "
    const texts = {};
    for (const row of document.querySelectorAll('.message:not(.event)')) {
        const button = row.querySelector('button');
        if (button.offsetParent === null) continue;
        button.click();
        texts[row.id] = row.querySelector('.details').innerText;
    }
    return texts;";

/// What must be in the text that an arrow opens to.
fn expected(message: &Message, language: &str) -> Vec<String> {
    let mut texts = vec![message.text(&format!("sentence_{language}")).to_owned()];
    match message.text("kind") {
        "request" => {
            let path = message.text("address").split('?').next().unwrap_or_default();
            texts.extend([message.text("method"), path, "curl "].map(str::to_owned));
        }
        _ => texts.push(format!("HTTP {}", message.status())),
    }
    texts.extend(message.names().map(str::to_owned));
    texts
}

#[tokio::test]
async fn every_arrow_opens_to_what_was_said_masked_with_a_curl_line_and_a_sentence() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        let email = stage.hand_over(screen).await;
        let mark = stage.mark_here().await;
        stage.join(&email).await;
        let last = stage.mark_here().await;
        stage.look_at_flow().await;
        stage.chromium.wait_for(last.text("id")).await;
        let cookies = stage.chromium.cookies().await;
        let addresses = stage.chromium.exchanges().await;
        let code = addresses.iter().find_map(|exchange| exchange.address.split("callback?code=").nth(1));
        let code = code.and_then(|rest| rest.split('&').next()).expect("the browser carried a code");
        let shown = stage.chromium.ask(OPEN_ALL, Vec::new()).await;
        let mut seen = 0;
        for message in stage.diagram.between(&mark, &last).filter(|message| !message.is_noise()) {
            let text = shown.get(message.text("id")).and_then(Value::as_str).unwrap_or_default();
            for expected in expected(message, screen.language) {
                assert!(text.contains(&expected), "“{expected}” is missing from {message:?}: {text}");
            }
            for secret in cookies.iter().map(String::as_str).chain([code, PASSWORD]) {
                assert!(!text.contains(secret) && !message.has(secret), "{secret} is shown: {text}");
            }
            seen += 1;
        }
        assert!(seen > 25, "a whole login: {seen}");
        // As a person sees it: the last one alone.
        stage.open("/flow").await;
        let (redeemed, _) = stage.diagram.last_exchange("redemption");
        stage.opened(&redeemed).await;
        stage.chromium.glimpse("demo-flow-arrow").await;
    }
    stage.clear().await;
}

#[tokio::test]
async fn all_buttons_are_there_and_say_what_is_missing_when_nobody_is_signed_in() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in Screen::ALL {
        stage.hand_over(screen).await;
        stage.look_at_flow().await;
        for button in BUTTONS {
            stage.chromium.wait_for(&format!("experiment-{button}")).await;
        }
        let found = stage.press("forged_access_token").await;
        assert_eq!(found.name, "not_signed_in");
        assert!(
            found.text.contains(screen.says("먼저 로그인해 주세요", "Please sign in first")),
            "{found:?}"
        );
        stage.chromium.glimpse("demo-flow-nobody").await;
    }
    stage.clear().await;
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_burns_nothing() {
    let mut stage = Stage::set(Screen::desk("en")).await;
    let email = stage.somebody().await;
    stage.join(&email).await;
    stage.mark_here().await;
    let found = stage.press("wrong_secret").await;
    assert_eq!(found.name, "as_expected", "{found:?}");
    let (sent, refused) = stage.diagram.exchange("refresh").await;
    assert_eq!((refused.status(), refused.body("error")), (401, &"invalid_client".into()));
    let (again, renewed) = stage.diagram.exchange("refresh").await;
    assert_eq!(again.parameter("refresh_token"), sent.parameter("refresh_token"), "the same one");
    assert_eq!(renewed.status(), 200);
    for message in [&refused, &renewed] {
        stage.is_drawn(message).await;
    }
    stage.chromium.glimpse("demo-flow-wrong-secret").await;
    stage.clear().await;
}

#[tokio::test]
async fn the_demos_pages_are_for_everybody() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for language in ["ko", "en"] {
        let email = stage.hand_over(Screen::phone(language)).await;
        look_at_all(&mut stage, "demo-out", &["/", "/flow", "/no-such-page"]).await;
        stage.chromium.show_on(Screen::phone(language)).await;
        stage.go_to_sign_in().await;
        stage.sign_in(&email).await;
        stage.agree().await;
        stage.chromium.wait_for("sign-up-submit").await;
        look_at_all(&mut stage, "demo-joining", &["/sign-up"]).await;
        stage.chromium.show_on(Screen::phone(language)).await;
        stage.sign_up("길동").await;
        look_at_all(&mut stage, "demo-in", &["/", "/flow"]).await;
    }
    for (screen, path) in
        [(Screen::desk("ko"), "/"), (Screen::phone("en"), "/"), (Screen::desk("en"), "/flow")]
    {
        stage.chromium.show_on(screen).await;
        stage.open(path).await;
        walk(&stage.chromium, path).await;
    }
    stage.clear().await;
}

/// Looks at pages of the service on every width.
async fn look_at_all(stage: &mut Stage, name: &str, paths: &[&str]) {
    stage.look_at_service().await;
    let language = stage.chromium.screen().language;
    for width in [NARROWEST, 390, 1280] {
        stage.chromium.show_on(Screen::phone(language).wide(width)).await;
        for path in paths {
            stage.open(path).await;
            stage.chromium.wait_for("main").await;
            sane(&stage.chromium, path).await;
            if width != NARROWEST {
                let page = path.trim_start_matches('/').replace('/', "-");
                stage
                    .chromium
                    .shot(&format!("{name}-{}", if page.is_empty() { "home" } else { &page }))
                    .await;
            }
        }
    }
}

#[tokio::test]
async fn the_whole_demo_can_be_used_with_the_keyboard_alone() {
    let mut stage = Stage::set(Screen::desk("ko")).await;
    let email = stage.somebody().await;
    let chromium = &stage.chromium;
    chromium.goto(&stage.client("/")).await;
    chromium.tab_to("login").await;
    chromium.press(Key::Enter).await;
    chromium.wait_for("login-submit").await;
    chromium.keys(&email).await;
    chromium.tab_to("password").await;
    chromium.keys(PASSWORD).await;
    chromium.press(Key::Enter).await;
    chromium.wait_for("consent-approve").await;
    chromium.tab_to("agree-all").await;
    chromium.keys(" ").await;
    chromium.tab_to("consent-approve").await;
    chromium.press(Key::Enter).await;
    chromium.wait_for("sign-up-submit").await;
    chromium.tab_to("terms").await;
    chromium.keys(" ").await;
    chromium.tab_to("sign-up-submit").await;
    chromium.press(Key::Enter).await;
    chromium.wait_for("me-heading").await;

    stage.look_at_flow().await;
    stage.open("/flow").await;
    let (redeemed, _) = stage.diagram.exchange("redemption").await;
    let arrow = format!("#{} > button", redeemed.text("id"));
    stage.chromium.wait_for(redeemed.text("id")).await;
    all_arrows_are_one_stop(&stage).await;
    let mut steps = 0;
    let here = "return document.activeElement === document.querySelector(arguments[0]);";
    while stage.chromium.ask(here, vec![json!(arrow)]).await != true {
        stage.chromium.press(Key::Down).await;
        steps += 1;
        assert!(steps < 100, "the arrow keys lead to every arrow");
    }
    stage.chromium.press(Key::Enter).await;
    let details = format!("#{} .details", redeemed.text("id"));
    assert!(stage.chromium.text(&details).await.contains("code_verifier"));
    stage.chromium.press(Key::Escape).await;
    assert_eq!(stage.chromium.text(&details).await, "", "it closes again");
    // Where one was is where one comes back to.
    stage.chromium.press(Key::Tab).await;
    stage.chromium.press_shift_tab().await;
    assert_eq!(stage.chromium.ask(here, vec![json!(arrow)]).await, true);
    a_hidden_arrow_is_no_stop(&stage).await;
    stage.chromium.ask("document.getElementById('clear').focus();", Vec::new()).await;
    stage.chromium.tab_to("experiment-call_api").await;
    stage.chromium.press(Key::Enter).await;
    let done = "return document.querySelector('#outcome .as_expected') !== null;";
    stage.chromium.wait_until(done).await;
    stage.clear().await;
}

/// Whether the focus is on one of the arrows.
const ON_ARROWS: &str = "return document.activeElement.matches('.message > button');";

/// The next stop behind the tools is an arrow, and the one after it is none: the arrow keys lead along.
async fn all_arrows_are_one_stop(stage: &Stage) {
    stage.chromium.ask("document.getElementById('clear').focus();", Vec::new()).await;
    stage.chromium.press(Key::Tab).await;
    assert_eq!(stage.chromium.ask(ON_ARROWS, Vec::new()).await, true, "the first stop behind the tools");
    stage.chromium.press(Key::Tab).await;
    assert_eq!(stage.chromium.ask(ON_ARROWS, Vec::new()).await, false, "and the next is not another arrow");
    stage.chromium.press_shift_tab().await;
    assert_eq!(stage.chromium.ask(ON_ARROWS, Vec::new()).await, true);
    stage.chromium.press(Key::End).await;
    stage.chromium.press(Key::Home).await;
}

/// Where a switch hides the arrow on which one was, there is another one to stop at.
async fn a_hidden_arrow_is_no_stop(stage: &Stage) {
    let unnumbered = ".message:not(.has-number, .is-refused, .noise) > button";
    let goes = format!(
        "const e = document.querySelector('{unnumbered}'); e.focus(); return document.activeElement === e;"
    );
    assert_eq!(stage.chromium.ask(&goes, Vec::new()).await, true);
    stage.chromium.click("numbered").await;
    stage.chromium.tab_to("clear").await;
    stage.chromium.press(Key::Tab).await;
    assert_eq!(stage.chromium.ask(ON_ARROWS, Vec::new()).await, true, "another one is");
}
