//! Social login in the demo by way of Mapae: the service knows of Mapae only, and the provider of Mapae only.

use mapae_e2e::{
    accessible::sane,
    chromium::Screen,
    diagram::{Diagram, Message},
};

use super::stage::Stage;

/// Everybody's password at the simulators.
const PASSWORD: &str = "simulation";
const PROVIDERS: [&str; 5] = ["kakao", "naver", "google", "facebook", "apple"];
/// Milliseconds from the button at the provider to the end of everything at Mapae.
const BOUND: u64 = 1000;

/// From Mapae's sign-in page to the answer of the provider.
async fn through(stage: &Stage, provider: &str, login: &str) {
    stage.chromium.click(&format!("upstream-{provider}")).await;
    stage.chromium.fill("login", login).await;
    stage.chromium.fill("password", PASSWORD).await;
    stage.chromium.click("login-submit").await;
    stage.chromium.wait_for("consent-approve").await;
}

/// From the provider's consent page to the calendar: somebody new at Mapae, and new at the service.
async fn joins(stage: &Stage, screen: Screen) {
    stage.chromium.click("consent-approve").await;
    stage.chromium.wait_for("have-account").await;
    stage.chromium.fill("name", screen.says("길동", "Gildong")).await;
    stage.chromium.click("login-submit").await;
    stage.agree().await;
    stage.sign_up("길동").await;
}

/// What was said between two messages from one party to another, without the noise.
fn said(diagram: &Diagram, (first, last): (&Message, &Message), way: (&str, &str)) -> Vec<String> {
    let between = diagram.between(first, last).filter(|message| !message.is_noise());
    let of_them = between.filter(|message| message.way() == way && message.text("kind") == "request");
    of_them.map(|message| message.text("endpoint").to_owned()).collect()
}

#[tokio::test]
async fn kakao_behind_mapae_signs_in_at_a_service_that_knows_of_mapae_only() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    let people = [("ryan", "ryan"), ("muzi", "01087654321"), ("apeach", "apeach"), ("frodo", "frodo")];
    let mut times = Vec::new();
    for (before, (screen, (person, login))) in Screen::ALL.into_iter().zip(people).enumerate() {
        stage.hand_over(screen).await;
        let mark = stage.mark_here().await;
        stage.chromium.goto(&stage.client("/")).await;
        let line = stage.chromium.text("#through-mapae").await;
        assert!(line.contains(screen.says("카카오", "Kakao")), "{line}");
        stage.chromium.shot("demo-broker-welcome").await;
        stage.chromium.click("login").await;
        for provider in PROVIDERS {
            stage.chromium.wait_for(&format!("upstream-{provider}")).await;
        }
        stage.chromium.shot("demo-broker-sign-in").await;
        through(&stage, "kakao", login).await;
        let asked = stage.chromium.text("body").await;
        assert!(asked.contains("마패"), "the app that is known there is Mapae: {asked}");
        stage.chromium.shot("demo-broker-consent-at-kakao").await;
        joins(&stage, screen).await;
        sane(&stage.chromium, "the calendar").await;
        stage.chromium.shot("demo-broker-calendar").await;

        let (_, answer) = stage.diagram.exchange("sign_up").await;
        let of = |way| said(&stage.diagram, (&mark, &answer), way);
        assert_eq!(
            of(("browser", "provider")),
            ["upstream_authorize", "upstream_sign_in", "upstream_consent"]
        );
        assert_eq!(of(("authorization_server", "provider")), ["redemption", "user_info"]);
        assert_eq!(of(("client", "provider")), [""; 0], "the service has nothing to say to Kakao");
        let story = answer.story();
        assert_eq!(story.1, "login");
        for message in stage.diagram.between(&mark, &answer).filter(|message| !message.is_noise()) {
            assert!(!message.has(PASSWORD), "{message:?}");
            let of_the_provider = [message.way().0, message.way().1].contains(&"provider");
            assert!(!of_the_provider || message.story() == story, "one story: {message:?}");
            assert!(!of_the_provider || message.text("provider") == "kakao", "{message:?}");
            assert!(!of_the_provider || message.number("number").is_none(), "no line of the service's login");
        }
        let (redeemed, _) = stage.diagram.last_exchange("upstream_callback");
        stage.is_drawn(&redeemed).await;
        stage.is_drawn(&answer).await;
        stage.chromium.glimpse("demo-broker-flow").await;
        let details = stage.opened(&redeemed).await;
        assert!(!details.contains(PASSWORD), "{details}");
        stage.chromium.glimpse("demo-broker-flow-arrow").await;

        times.push(ends_with_the_link(&mut stage, person, before).await);
        comes_back(&stage).await;
    }
    times.sort_unstable();
    let median = times[times.len() / 2];
    assert!(median < BOUND, "{median} ms; of {times:?}");
    println!("{times:?} ms from the button at Kakao to the page that says why");
    stage.clear().await;
}

/// Sessions at Mapae that are alive.
const SESSIONS: &str = "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.ended_at IS NULL AND s.user_epoch = u.epoch";

/// The person unlinks Mapae at Kakao: the session there and what it gave the service are over, and nobody else's. How many
/// milliseconds that takes.
async fn ends_with_the_link(stage: &mut Stage, person: &str, before: usize) -> u64 {
    unlink(stage, person).await;
    let (pressed, _) = stage.diagram.exchange("unlink").await;
    let (told, taken) = stage.diagram.exchange("notice").await;
    assert_eq!(told.way(), ("provider", "authorization_server"));
    assert!((200..300).contains(&taken.status()), "{taken:?}");
    let (passed_on, heard) = stage.diagram.exchange("notice").await;
    assert_eq!((passed_on.way(), heard.status()), (("authorization_server", "client"), 200));
    assert!(passed_on.has("logout_token"), "{passed_on:?}");
    assert_eq!(stage.server_rows(SESSIONS).len(), before, "of the people before, who are back");
    let refused = says_why(stage).await;
    for message in [&pressed, &told, &taken, &passed_on, &heard, &refused] {
        assert_eq!(message.story().1, "unlinking", "{message:?}");
        stage.is_drawn(message).await;
    }
    stage.chromium.glimpse("demo-broker-flow-unlinked").await;
    let at = |message: &Message| message.number("time").unwrap_or_default();
    at(&refused) - at(&pressed)
}

/// Presses "unlink" at Kakao, in a window of its own, beside the calendar.
async fn unlink(stage: &mut Stage, person: &str) {
    stage.look_at_service().await;
    stage.chromium.wait_for("me-heading").await;
    let window = stage.chromium.open_window().await;
    stage.chromium.goto(&format!("{}/control", stage.demo.provider("kakao"))).await;
    let noted = "document.body.innerText.split('/upstream/kakao/notices/').length";
    let before = stage.chromium.ask(&format!("return {noted};"), Vec::new()).await;
    stage.chromium.click(&format!("unlink-{person}")).await;
    let answered = format!("return document.readyState === 'complete' && {noted} > {before};");
    stage.chromium.wait_until(&answered).await;
    stage.close_this(&window).await;
}

/// Nobody touches the page of the service: it goes by itself. What it was answered.
async fn says_why(stage: &mut Stage) -> Message {
    stage.look_at_service().await;
    stage.chromium.wait_until("return Boolean(document.querySelector('main.trouble'));").await;
    let heading = stage.chromium.text("h1").await;
    let expected = stage.chromium.screen().says(
        "마패 로그인이 끝나서 여기서도 로그아웃됐어요",
        "Your sign-in at Mapae has ended, and so has it here",
    );
    assert_eq!(heading, expected);
    sane(&stage.chromium, "why the session is over").await;
    stage.chromium.shot("demo-broker-unlinked").await;
    let (_, refused) = stage.diagram.exchange("signed_out").await;
    assert_eq!(refused.status(), 401);
    refused
}

/// Mapae's account is as it was, and so is the service's: only Kakao asks for consent again.
async fn comes_back(stage: &Stage) {
    stage.look_at_service().await;
    stage.chromium.goto(&stage.client("/")).await;
    stage.chromium.wait_for("through-mapae").await;
    // Straight there, past Mapae's own page.
    stage.chromium.click("through-kakao").await;
    stage.chromium.click("consent-approve").await;
    stage.chromium.wait_for("me-heading").await;
    stage.chromium.click("sign-out").await;
    stage.chromium.wait_for("login").await;
}

#[tokio::test]
async fn every_provider_behind_mapae_leads_to_the_same_calendar() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    let screens = [Screen::desk("en"), Screen::phone("ko"), Screen::desk("ko"), Screen::phone("en")];
    let logins = [("naver", "yuna"), ("google", "jiwoo"), ("facebook", "sora"), ("apple", "haru")];
    for (screen, (provider, login)) in screens.into_iter().zip(logins) {
        stage.hand_over(screen).await;
        stage.go_to_sign_in().await;
        through(&stage, provider, login).await;
        joins(&stage, screen).await;
    }
    let linked = stage.server_rows("SELECT upstream FROM identities WHERE removed_at IS NULL");
    assert_eq!(linked.len(), logins.len());
    stage.clear().await;
}
