//! What a minute does: the one test that really waits for it, because `mapae demo` has no clock to be moved.

use mapae_e2e::chromium::Screen;

use super::{renewing::VERSIONS, stage::Stage};

#[tokio::test]
async fn after_sixty_seconds_code_and_access_token_are_dead_and_the_person_notices_nothing() {
    let mut stage = Stage::set(Screen::desk("en")).await;
    let email = stage.somebody().await;
    stage.join(&email).await;
    let (_, given) = stage.diagram.exchange("redemption").await;
    assert_eq!(given.body("expires_in"), 60);
    let at_sign_in = stage.vault_rows(VERSIONS);
    let late = stage.press_and_come_back("late_code").await;
    assert_eq!(late.name, "waiting", "{late:?}");
    let expired = stage.press("expired_access_token").await;
    assert_eq!(expired.name, "waiting", "a login takes less than a minute: {expired:?}");
    stage.chromium.glimpse("demo-flow-waiting").await;

    // The access token was given first. It is refused because of its age, renewed, and the same request goes through.
    let refused = stage.diagram.next("the refusal of the old token", |message| {
        message.text("endpoint") == "read_events" && message.status() == 401
    });
    let refused = refused.await;
    assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""), "{refused:?}");
    assert!(refused.header("www-authenticate").contains("expired"), "{refused:?}");
    let (asked, renewed) = stage.diagram.exchange("refresh").await;
    assert_eq!(asked.parameter("refresh_token"), given.body("refresh_token"));
    assert_eq!(renewed.status(), 200);
    let (again, served) = stage.diagram.exchange("read_events").await;
    let bearer = format!("Bearer {}", renewed.body("access_token").as_str().unwrap_or_default());
    assert_eq!((again.header("authorization"), served.status()), (bearer.as_str(), 200));
    let word = stage.diagram.word("Outcome").await;
    assert_eq!(word.text("verdict"), "open", "{word:?}");
    stage.is_drawn(&refused).await;
    // The panel that said to wait says what came of it, too.
    let told = "return document.querySelector('#outcome .as_expected') !== null;";
    stage.chromium.wait_until(told).await;

    let (_, refused) = stage.diagram.exchange("redemption").await;
    assert_eq!((refused.status(), refused.body("error")), (400, &"invalid_grant".into()));
    assert_eq!(refused.text("title_en"), "Too late");
    stage.is_drawn(&refused).await;
    let word = stage.diagram.word("Outcome").await;
    assert!(word.text("sentence_en").contains("A code lives for 60 seconds"), "{word:?}");
    stage.chromium.glimpse("demo-flow-after-a-minute").await;

    stage.look_at_service().await;
    stage.chromium.goto(&stage.client("/")).await;
    stage.chromium.wait_for("me-heading").await;
    let versions = stage.vault_rows(VERSIONS);
    assert_eq!((at_sign_in.len(), versions.len()), (1, 1));
    assert_ne!(versions, at_sign_in, "the new ones are kept");
    let end = stage.mark_here().await;
    assert_eq!(stage.diagram.asked_between(&given, &end, "refresh"), 1, "and no others were asked for");
    stage.clear().await;
}
