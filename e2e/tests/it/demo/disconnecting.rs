//! The person takes everything back at the provider — RFC 7009 §2.1, and the revocation feed.

use mapae_e2e::chromium::Screen;

use super::stage::Stage;

/// How often it is tried; an odd number has a middle.
const TRIES: usize = 3;
/// Milliseconds from the disconnection to the refusal.
const BOUND: u64 = 1000;

/// Disconnects the service on the person's account page, in the window that is looked at.
async fn disconnect(stage: &Stage) {
    stage.chromium.click_first("#services a").await;
    stage.chromium.click("disconnect").await;
    stage.chromium.click("disconnect-confirm").await;
    stage.chromium.wait_for("notice").await;
}

#[tokio::test]
async fn who_disconnects_at_the_provider_is_out_at_the_api_within_a_second() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    let mut delays = Vec::new();
    for (screen, _) in Screen::ALL.into_iter().zip(0..TRIES) {
        let email = stage.hand_over(screen).await;
        stage.join(&email).await;
        stage.mark_here().await;
        let found = stage.press("disconnected").await;
        assert_eq!(found.name, "waiting_for_person", "{found:?}");
        stage.chromium.glimpse("demo-flow-before-disconnecting").await;
        stage.chromium.click("to-account").await;
        let window = stage.look_at_another().await;
        stage.chromium.wait_for("services").await;
        disconnect(&stage).await;
        stage.close_this(&window).await;

        let (_, done) = stage.diagram.exchange("disconnect").await;
        assert_eq!(done.status(), 303);
        let refused = stage.diagram.next("the refusal of the API", |message| {
            message.text("endpoint") == "read_events" && message.status() == 401
        });
        let refused = refused.await;
        assert!(refused.header("www-authenticate").contains("withdrawn"), "{refused:?}");
        delays.push(refused.number("time").unwrap_or_default() - done.number("time").unwrap_or_default());
        let (_, renewal) = stage.diagram.exchange("refresh").await;
        assert_eq!((renewal.status(), renewal.body("error")), (400, &"invalid_grant".into()));
        let word = stage.diagram.word("Outcome").await;
        assert_eq!(word.text("verdict"), "open", "{word:?}");
        for message in [&done, &refused, &renewal] {
            stage.is_drawn(message).await;
        }
        stage.chromium.glimpse("demo-flow-disconnected").await;

        // The page of the service has gone by itself: a logout token said why.
        stage.look_at_service().await;
        stage.chromium.wait_until("return Boolean(document.querySelector('main.trouble'));").await;
        let heading = stage.chromium.text("h1").await;
        let expected = screen.says(
            "마패 로그인이 끝나서 여기서도 로그아웃됐어요",
            "Your sign-in at Mapae has ended, and so has it here",
        );
        assert_eq!(heading, expected);
        // Nothing is remembered: the next sign-in asks for consent again.
        stage.chromium.click("login").await;
        stage.chromium.wait_for("consent-approve").await;
    }
    let consents = stage.server_rows("SELECT scopes, epoch FROM consents");
    assert!(consents.iter().all(|consent| consent[0].is_empty() && consent[1] == "1"), "{consents:?}");
    delays.sort_unstable();
    let median = delays[delays.len() / 2];
    assert!(median < BOUND, "{median} ms; of {delays:?}");
    stage.clear().await;
}
