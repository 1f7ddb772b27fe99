//! Every kind of client against the demo's server — RFC 6749 §2.1, RFC 8252 §7.3.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{ChildStdout, Command, Stdio},
};

use mapae_e2e::{chromium::Screen, program, records};
use tokio::task;

use super::stage::Stage;

#[tokio::test]
async fn a_web_service_reads_and_writes_through_the_api() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        let email = stage.hand_over(screen).await;
        stage.join(&email).await;
        stage.mark_here().await;
        let title = screen.says("저녁 약속", "Dinner");
        stage.chromium.fill("title", title).await;
        stage.chromium.click("add-submit").await;
        stage.chromium.wait_for("notice").await;
        assert!(stage.chromium.text("#agenda").await.contains(title));
        stage.chromium.shot("demo-calendar-added").await;
        let (from_browser, _) = stage.diagram.exchange("add_event").await;
        assert_eq!(from_browser.way(), ("browser", "client"));
        assert!(from_browser.header("authorization").is_empty(), "the browser has no token");
        let (called, written) = stage.diagram.exchange("write_events").await;
        assert_eq!((called.way(), written.status()), (("client", "resource_server"), 201));
        assert!(called.header("authorization").starts_with("Bearer ***"));
        stage.is_drawn(&written).await;
    }
    let calendar = stage.demo.file("service/calendar.db");
    let query = "SELECT title FROM events WHERE title IN ('저녁 약속', 'Dinner')";
    assert_eq!(records::rows(&calendar, query, &[]).len(), 2);
    stage.clear().await;
}

#[tokio::test]
async fn an_app_in_the_browser_alone_signs_people_in_without_a_secret() {
    let mut stage = Stage::set(Screen::desk("ko")).await;
    for screen in [Screen::desk("ko"), Screen::phone("en")] {
        let email = stage.hand_over(screen).await;
        stage.mark_here().await;
        stage.look_at_flow().await;
        stage.chromium.click("to-browser-app").await;
        let window = stage.look_at_another().await;
        stage.chromium.show_on(screen).await;
        stage.chromium.goto(&stage.client("/browser-app")).await;
        stage.chromium.wait_for("begin").await;
        stage.chromium.shot("demo-browser-app").await;
        stage.chromium.click("begin").await;
        stage.sign_in(&email).await;
        stage.chromium.click("consent-approve").await;
        stage.said(screen.says("홍길동 님, 로그인했어요", "Signed in as 홍길동")).await;
        let address = stage.chromium.address().await;
        assert_eq!(address, stage.client("/browser-app"), "the code does not stay in the address");
        stage.chromium.shot("demo-browser-app-in").await;
        stage.chromium.click("renew").await;
        let (redeemed, tokens) = stage.diagram.exchange("redemption").await;
        assert_eq!((redeemed.way(), tokens.status()), (("browser", "authorization_server"), 200));
        assert!(redeemed.parameter("client_id").starts_with("app_"));
        assert_eq!(redeemed.header("authorization"), "", "it has no secret");
        let (asked, renewed) = stage.diagram.exchange("refresh").await;
        assert_eq!(asked.parameter("refresh_token"), tokens.body("refresh_token"));
        assert_ne!(
            renewed.body("refresh_token"),
            tokens.body("refresh_token"),
            "without a secret it rotates"
        );
        stage.said(screen.says("로그인했어요", "Signed in")).await;
        stage.chromium.click("read").await;
        stage.said(screen.says("일정 3개", "3 events")).await;
        let called = stage.diagram.next("a call of the page", |message| {
            message.text("endpoint") == "read_events" && message.way() == ("browser", "resource_server")
        });
        let called = called.await;
        let access = renewed.body("access_token").as_str().unwrap_or_default();
        assert_eq!(called.header("authorization"), format!("Bearer {access}"));
        assert_eq!(stage.diagram.answer(&called).await.status(), 200);
        let held = "return document.cookie.length + localStorage.length + sessionStorage.length;";
        assert_eq!(stage.chromium.ask(held, Vec::new()).await, 0, "its tokens are in its memory alone");
        stage.close_this(&window).await;
        let details = stage.opened(&redeemed).await;
        assert!(details.contains(screen.says("시크릿을 지킬 수 없는 앱", "An app that can keep no secret")));
        stage.chromium.glimpse("demo-flow-browser-app").await;
    }
    stage.clear().await;
}

/// The first line that names an address of this server.
fn address_said(output: &mut BufReader<ChildStdout>, server: &str) -> String {
    let mut line = String::new();
    while !line.starts_with(server) {
        line.clear();
        assert_ne!(output.read_line(&mut line).expect("the program says something"), 0, "it ended");
    }
    line.trim().to_owned()
}

#[tokio::test]
async fn a_native_program_signs_people_in_through_the_browser() {
    let mut stage = Stage::set(Screen::desk("en")).await;
    let email = stage.somebody().await;
    stage.allow("http://127.0.0.1:");
    // As the page says, except that the program is built already and opens no browser of its own.
    stage.look_at_flow().await;
    let line = stage.chromium.text("#native-command").await;
    let words: Vec<&str> = line.split(' ').skip_while(|word| *word != "--").skip(1).collect();
    assert_eq!(words.len(), 2, "issuer and client_id: {line}");
    let mut command = Command::new(program::client_example("cli"));
    command.args(&words).arg("--no-browser").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut native = command.spawn().expect("the program can be started");
    let mut output = BufReader::new(native.stdout.take().expect("the output is ours"));
    let issuer = stage.server("");
    let named = task::spawn_blocking(move || (address_said(&mut output, &issuer), output));
    let (address, mut output) = named.await.expect("it names the address");

    stage.look_at_service().await;
    stage.chromium.goto(&address).await;
    stage.sign_in(&email).await;
    stage.agree().await;
    stage
        .chromium
        .wait_until("return document.body.textContent.includes('You can close this window');")
        .await;
    let ended = task::spawn_blocking(move || {
        let mut said = String::new();
        output.read_to_string(&mut said).expect("it says text");
        (said, native.wait().expect("it ends"))
    });
    let (said, status) = ended.await.expect("it ends");
    assert!(status.success() && said.contains("Signed in: 홍길동") && said.contains(&email), "{said}");
    let (asked, _) = stage.diagram.exchange("authorize").await;
    assert!(asked.parameter("redirect_uri").starts_with("http://127.0.0.1:"), "{asked:?}");
    stage.is_drawn(&asked).await;
    stage.clear().await;
}

#[tokio::test]
async fn a_back_end_gets_tokens_for_itself() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    stage.mark_here().await;
    let found = stage.press("back_end").await;
    assert_eq!(found.name, "as_expected", "nobody is signed in: {found:?}");
    let (asked, given) = stage.diagram.exchange("token").await;
    assert_eq!(asked.way(), ("client", "authorization_server"));
    assert_eq!((asked.parameter("grant_type"), given.status()), ("client_credentials", 200));
    assert_eq!((given.body("scope"), given.body("expires_in")), (&"calendar.read".into(), &60.into()));
    assert!(given.body("refresh_token").is_null(), "it can always ask again");
    let (called, served) = stage.diagram.exchange("read_events").await;
    let access = given.body("access_token").as_str().unwrap_or_default();
    assert_eq!((called.header("authorization"), served.status()), (format!("Bearer {access}").as_str(), 200));
    for message in [&asked, &given, &served] {
        stage.is_drawn(message).await;
    }
    stage.chromium.glimpse("demo-flow-back-end").await;
    stage.clear().await;
}
