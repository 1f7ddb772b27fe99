//! When a token is over — RFC 6749 §6.

use mapae_e2e::chromium::Screen;

use super::stage::Stage;

/// The version of each person's tokens: another one when others are kept.
pub(super) const VERSIONS: &str = "SELECT version FROM tokens";
const SESSIONS: &str = "SELECT subject FROM sessions";

#[tokio::test]
async fn a_refused_access_token_is_renewed_and_the_same_request_succeeds_unseen_by_the_person() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for (screen, button) in
        [(Screen::phone("ko"), "revoked_access_token"), (Screen::desk("en"), "forged_access_token")]
    {
        let email = stage.hand_over(screen).await;
        stage.join(&email).await;
        let (_, given) = stage.diagram.exchange("redemption").await;
        let begin = stage.mark_here().await;
        let before = stage.vault_rows(VERSIONS);
        let found = stage.press(button).await;
        assert_eq!(found.name, "as_expected", "{button}: {found:?}");

        let refused = stage.diagram.next("a refusal of the API", |message| {
            message.text("endpoint") == "read_events" && message.status() == 401
        });
        let refused = refused.await;
        let (asked, renewed) = stage.diagram.exchange("refresh").await;
        assert_eq!(asked.way(), ("client", "authorization_server"));
        assert_eq!(asked.parameter("refresh_token"), given.body("refresh_token"));
        assert_eq!(renewed.status(), 200);
        assert_ne!(renewed.body("refresh_token"), given.body("refresh_token"), "it rotates");
        let (again, served) = stage.diagram.exchange("read_events").await;
        assert_eq!(served.status(), 200);
        let first = stage.diagram.question(&refused);
        assert_eq!(
            (again.text("method"), again.text("address")),
            (first.text("method"), first.text("address"))
        );
        let bearer = renewed.body("access_token").as_str().unwrap_or_default();
        assert_eq!(again.header("authorization"), format!("Bearer {bearer}"));
        for message in [&refused, &asked, &renewed, &served] {
            assert_eq!(message.story(), refused.story(), "one story: {message:?}");
            stage.is_drawn(message).await;
        }
        stage.chromium.glimpse("demo-flow-renewed").await;
        // The person sees the calendar as before, and was asked nothing.
        stage.look_at_service().await;
        stage.chromium.goto(&stage.client("/")).await;
        stage.chromium.wait_for("sheet").await;
        let versions = stage.vault_rows(VERSIONS);
        let [others @ .., own] = &versions[..] else { panic!("nothing is kept") };
        let (others_before, own_before) = before.split_at(others.len());
        assert_eq!((others, own_before.len()), (others_before, 1), "nobody else's");
        assert_ne!(own, &own_before[0], "the new ones are kept");
        let end = stage.mark_here().await;
        assert_eq!(stage.diagram.asked_between(&begin, &end, "refresh"), 1, "and no others were asked for");
    }
    stage.clear().await;
}

#[tokio::test]
async fn with_a_dead_refresh_token_the_person_signs_in_again() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        let email = stage.hand_over(screen).await;
        stage.join(&email).await;
        let before = stage.vault_rows(SESSIONS).len();
        stage.mark_here().await;
        let found = stage.press("dead_refresh_token").await;
        assert_eq!(found.name, "as_expected", "{found:?}");
        let (_, refused) = stage.diagram.exchange("refresh").await;
        assert_eq!((refused.status(), refused.body("error")), (400, &"invalid_grant".into()));
        let details = stage.opened(&refused).await;
        assert!(details.contains(screen.says("사람이 다시 로그인하는 거예요", "the person signs in again")));
        stage.chromium.glimpse("demo-flow-dead-refresh-token").await;

        stage.look_at_service().await;
        stage.chromium.goto(&stage.client("/")).await;
        let heading = stage.chromium.text("h1").await;
        assert_eq!(heading, screen.says("다시 로그인해 주세요", "Please sign in again"), "and no error page");
        stage.chromium.shot("demo-sign-in-again").await;
        assert_eq!(stage.vault_rows(SESSIONS).len(), before - 1, "the service's own session is over");
        let (_, answered) = stage.diagram.exchange("home").await;
        assert_eq!((answered.status(), answered.text("verdict")), (401, "refused"));
        // Known at the server, agreed before: one press, and back in.
        stage.chromium.click("login").await;
        stage.chromium.wait_for("sheet").await;
        assert_eq!(stage.vault_rows(SESSIONS).len(), before);
        let (_, tokens) = stage.diagram.exchange("redemption").await;
        assert_eq!(tokens.status(), 200);
    }
    stage.clear().await;
}
