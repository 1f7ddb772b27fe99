//! From the service to the server and back — RFC 6749 §4.1.

use std::{fs, path::Path};

use mapae_e2e::chromium::Screen;
use serde_json::{Value, json};

use super::stage::{PASSWORD, Stage};

const SIGN_UPS: &str = "SELECT id_hash FROM sign_ups";
const SESSIONS: &str = "SELECT subject FROM sessions";
const USERS: &str = "SELECT issuer, subject, nickname FROM users";

/// Whether any file in a folder has this text in it.
fn is_anywhere_in(folder: &Path, text: &str) -> bool {
    let files = fs::read_dir(folder).expect("it is a folder").flatten();
    let mut contents = files.map(|file| fs::read(file.path()).unwrap_or_default());
    contents.any(|content| content.windows(text.len()).any(|part| part == text.as_bytes()))
}

/// The scopes of a text, in order.
fn scopes(text: &Value) -> Vec<&str> {
    let mut scopes: Vec<&str> = text.as_str().unwrap_or_default().split(' ').collect();
    scopes.sort_unstable();
    scopes
}

#[tokio::test]
async fn the_service_never_sees_the_persons_password() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in Screen::ALL {
        let email = stage.hand_over(screen).await;
        let mark = stage.mark_here().await;
        stage.chromium.goto(&stage.client("/")).await;
        stage.chromium.wait_for("login").await;
        assert!(!stage.chromium.has("password").await, "the service has no field for it");
        stage.chromium.shot("demo-welcome").await;
        stage.go_to_sign_in().await;
        assert!(stage.chromium.address().await.starts_with(&stage.server("/sign-in")));
        stage.sign_in(&email).await;
        stage.chromium.wait_for("consent-approve").await;
        stage.chromium.shot("demo-consent").await;
        stage.agree().await;
        stage.chromium.wait_for("sign-up-submit").await;
        assert!(!stage.chromium.has("password").await, "nor has its sign-up form");
        stage.chromium.shot("demo-sign-up").await;
        stage.sign_up("길동").await;
        stage.chromium.shot("demo-calendar").await;

        let (sent, answered) = stage.diagram.exchange("sign_in").await;
        assert_eq!(sent.way(), ("browser", "authorization_server"));
        assert_eq!((sent.parameter("password"), sent.parameter("email")), ("•••", email.as_str()));
        assert_eq!(answered.status(), 303, "RFC 9700 §4.12");
        let (_, home) = stage.diagram.exchange("home").await;
        for message in stage.diagram.between(&mark, &home) {
            assert!(!message.has(PASSWORD), "{message:?}");
            let carries = message.has("\"password\"");
            assert!(!carries || message.way() == ("browser", "authorization_server"), "{message:?}");
        }
        let details = stage.opened(&sent).await;
        let said = screen.says(
            "비밀번호는 브라우저에서 인가 서버로 곧장 가요.",
            "The password goes straight from the browser to the authorization server.",
        );
        assert!(details.contains(said) && details.contains("•••") && !details.contains(PASSWORD));
        stage.chromium.glimpse("demo-flow-password").await;
    }
    assert!(!is_anywhere_in(&stage.demo.file("service"), PASSWORD), "the service keeps nothing of it");
    assert!(!is_anywhere_in(&stage.demo.file("server"), PASSWORD), "and the server only its hash");
    stage.clear().await;
}

#[tokio::test]
async fn the_app_and_its_redirect_uri_are_checked_before_any_page_and_consent_is_asked_for_no_more() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        let email = stage.hand_over(screen).await;
        wrong_requests_get_a_page(&mut stage).await;
        stage.go_to_sign_in().await;
        let (_, sent) = stage.diagram.exchange("login").await;
        let (asked, onward) = stage.diagram.exchange("authorize").await;
        for message in [&sent, &asked] {
            assert!(message.parameter("client_id").starts_with("app_"), "{message:?}");
            assert_eq!(message.parameter("redirect_uri"), stage.client("/callback"));
            assert_eq!(message.parameter("scope"), asked.parameter("scope"));
        }
        assert_eq!((onward.status(), onward.header("location").split('?').next()), (303, Some("/sign-in")));
        let details = stage.opened(&asked).await;
        let unsafe_order =
            screen.says("로그인한 뒤에 확인하는 책이 많지만", "Many textbooks check after the sign-in");
        assert!(details.contains(unsafe_order), "the diagram says so: {details}");
        stage.chromium.glimpse("demo-flow-authorize").await;

        stage.look_at_service().await;
        stage.sign_in(&email).await;
        stage.chromium.wait_for("consent-approve").await;
        let optional =
            "return [...document.querySelectorAll('input[name=item]')].map((e) => e.value).sort();";
        let optional = stage.chromium.ask(optional, Vec::new()).await;
        assert_eq!(optional, json!(["calendar.write", "email", "offline_access", "profile"]));
        let required = "return document.querySelectorAll('section.items .item').length;";
        assert_eq!(stage.chromium.ask(required, Vec::new()).await, json!(2), "openid and calendar.read");
        assert_eq!(scopes(&asked.parameter("scope").into()).len(), 2 + 4, "what was asked for, no more");
        stage.chromium.click_first("input[value='calendar.write']").await;
        stage.chromium.click("consent-approve").await;
        stage.sign_up("길동").await;
        let (_, tokens) = stage.diagram.exchange("redemption").await;
        assert_eq!(scopes(tokens.body("scope")), ["calendar.read", "calendar.write", "openid"]);
        let granted =
            "return [...document.querySelectorAll('#granted .yes code')].map((e) => e.textContent);";
        let granted = stage.chromium.ask(granted, Vec::new()).await;
        assert_eq!(granted, json!(["openid", "calendar.read", "calendar.write"]));
        stage.chromium.shot("demo-calendar-without-profile").await;
    }
    let consents = stage.server_rows("SELECT scopes FROM consents");
    assert_eq!(consents, vec![vec!["calendar.read calendar.write openid"]; 2]);
    stage.clear().await;
}

/// Another redirect URI, then an unknown app: nobody is signed in anywhere, and still no sign-in page comes first.
async fn wrong_requests_get_a_page(stage: &mut Stage) {
    let mark = stage.mark_here().await;
    stage.look_at_flow().await;
    stage.chromium.click("experiment-changed_redirect_uri").await;
    let window = stage.look_at_another().await;
    refused_with_a_page(stage).await;
    let (_, refused) = stage.diagram.exchange("authorize").await;
    assert_eq!((refused.status(), refused.header("location")), (400, ""));
    // A window that a page opens knows nothing yet of this screen.
    stage.chromium.show_on(stage.chromium.screen()).await;
    stage.chromium.goto(&stage.chromium.address().await).await;
    stage.chromium.shot("demo-wrong-redirect-uri").await;
    stage.diagram.exchange("authorize").await;
    stage.close_this(&window).await;
    stage.is_drawn(&refused).await;
    stage.look_at_service().await;
    stage.chromium.goto(&stage.server("/authorize?client_id=app_unknown&response_type=code")).await;
    refused_with_a_page(stage).await;
    let (_, refused) = stage.diagram.exchange("authorize").await;
    assert_eq!((refused.status(), refused.header("location")), (400, ""));
    assert!(!stage.diagram.has_between(&mark, &refused, "sign_in_page"));
}

/// The server's own page, where the browser asked; it leads nowhere.
async fn refused_with_a_page(stage: &Stage) {
    stage.chromium.wait_for("support-id").await;
    assert!(stage.chromium.address().await.starts_with(&stage.server("/authorize")));
}

#[tokio::test]
async fn consent_is_remembered() {
    let mut stage = Stage::set(Screen::desk("ko")).await;
    let email = stage.somebody().await;
    stage.join(&email).await;
    let consents = "SELECT id, scopes, epoch FROM consents";
    let agreed = stage.server_rows(consents);
    assert_eq!(agreed.len(), 1);

    let mark = stage.mark_here().await;
    stage.chromium.click("sign-out").await;
    stage.chromium.click("login").await;
    stage.chromium.wait_for("me-heading").await;
    let (_, sent_back) = stage.diagram.exchange("authorize").await;
    assert_eq!(sent_back.status(), 303);
    assert!(sent_back.parameter("code").starts_with("***"), "at once: {sent_back:?}");
    let (_, home) = stage.diagram.exchange("home").await;
    for page in ["sign_in_page", "consent_page"] {
        assert!(!stage.diagram.has_between(&mark, &home, page), "{page}");
    }
    let details = stage.opened(&sent_back).await;
    assert!(details.contains("동의도 기억하고 있어서"), "{details}");
    stage.chromium.glimpse("demo-flow-consent-remembered").await;

    // On another computer the person must sign in, and is not asked again either.
    stage.look_at_service().await;
    stage.chromium.hand_over(Screen::phone("en")).await;
    let mark = stage.mark_here().await;
    stage.go_to_sign_in().await;
    stage.sign_in(&email).await;
    stage.chromium.wait_for("me-heading").await;
    stage.diagram.exchange("sign_in").await;
    let sent_back = stage.diagram.next("a code for the browser", |message| {
        message.way() == ("authorization_server", "browser") && !message.parameter("code").is_empty()
    });
    sent_back.await;
    let (_, home) = stage.diagram.exchange("home").await;
    assert!(!stage.diagram.has_between(&mark, &home, "consent_page"));
    assert_eq!(stage.server_rows(consents), agreed);
    stage.clear().await;
}

#[tokio::test]
async fn who_cancels_is_told_so_and_nothing_is_kept() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        let email = stage.hand_over(screen).await;
        stage.mark_here().await;
        stage.go_to_sign_in().await;
        stage.sign_in(&email).await;
        stage.chromium.click("consent-deny").await;
        stage.chromium.wait_for("login").await;
        let heading = stage.chromium.text("h1").await;
        assert_eq!(heading, screen.says("로그인을 취소했어요", "You cancelled the sign-in"));
        stage.chromium.shot("demo-cancelled").await;
        let (brought, answered) = stage.diagram.exchange("callback").await;
        assert_eq!((brought.parameter("error"), brought.parameter("code")), ("access_denied", ""));
        assert_eq!(brought.number("number"), None, "no step of the textbook: there is no code");
        assert_eq!(answered.text("verdict"), "refused");
        stage.is_drawn(&answered).await;
    }
    assert!(stage.user_rows(USERS).is_empty() && stage.vault_rows(SESSIONS).is_empty());
    assert!(stage.server_rows("SELECT scopes FROM consents WHERE scopes <> ''").is_empty());
    stage.clear().await;
}

#[tokio::test]
async fn somebody_new_passes_the_sign_up_step_and_somebody_known_is_in_at_once() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for (known, screen) in [Screen::phone("ko"), Screen::desk("en")].into_iter().enumerate() {
        let email = stage.hand_over(screen).await;
        stage.mark_here().await;
        stage.go_to_sign_in().await;
        stage.sign_in(&email).await;
        stage.agree().await;
        stage.chromium.wait_for("sign-up-submit").await;
        let (_, answered) = stage.diagram.exchange("callback").await;
        assert!(answered.header("location").ends_with("/sign-up"), "{answered:?}");
        let waiting = (stage.user_rows(USERS).len(), stage.vault_rows(SIGN_UPS).len());
        assert_eq!(waiting, (known, 1), "no account yet");
        assert_eq!(stage.vault_rows(SESSIONS).len(), known, "and no session");

        stage.chromium.fill("birthday", "1999-13-40").await;
        stage.chromium.click("terms").await;
        stage.chromium.click("sign-up-submit").await;
        stage.chromium.wait_for("birthday-wrong").await;
        stage.chromium.shot("demo-sign-up-problem").await;
        let (_, answered) = stage.diagram.exchange("sign_up").await;
        assert_eq!(answered.text("verdict"), "refused");
        assert_eq!(stage.user_rows(USERS).len(), known);
        stage.chromium.fill("nickname", "홍길동전").await;
        stage.chromium.fill("birthday", "1999-12-31").await;
        stage.chromium.click("sign-up-submit").await;
        stage.chromium.wait_for("me-heading").await;
        let (_, answered) = stage.diagram.exchange("sign_up").await;
        assert_eq!((answered.status(), answered.text("verdict")), (303, "ok"));
        let users = stage.user_rows(USERS);
        let issuer = stage.server("");
        assert!(users.len() == known + 1 && users.iter().all(|user| user[0] == issuer), "{users:?}");
        assert!(stage.vault_rows(SIGN_UPS).is_empty());
        assert_eq!(stage.vault_rows(SESSIONS).len(), known + 1);

        let mark = stage.mark_here().await;
        stage.chromium.click("sign-out").await;
        stage.chromium.click("login").await;
        stage.chromium.wait_for("me-heading").await;
        assert!(stage.chromium.text("#me-heading").await.contains("홍길동전"));
        let (_, answered) = stage.diagram.exchange("callback").await;
        stage.is_drawn(&answered).await;
        let (_, home) = stage.diagram.exchange("home").await;
        assert!(!stage.diagram.has_between(&mark, &home, "sign_up_form"), "in at once");
        assert_eq!(stage.user_rows(USERS), users);
    }
    stage.clear().await;
}
