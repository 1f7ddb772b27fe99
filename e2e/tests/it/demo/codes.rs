//! The code comes by the browser, and is worth tokens once — RFC 6749 §4.1.2, §4.1.3.

use mapae_e2e::chromium::Screen;

use super::stage::Stage;

const GRANTS: &str = "SELECT origin, revoked_at FROM grants";

#[tokio::test]
async fn the_code_reaches_the_service_by_the_browser_and_works_once() {
    let mut stage = Stage::set(Screen::desk("ko")).await;
    let email = stage.somebody().await;
    stage.join(&email).await;
    let (_, sent) = stage.diagram.exchange("consent").await;
    let (brought, _) = stage.diagram.exchange("callback").await;
    let (redeemed, tokens) = stage.diagram.exchange("redemption").await;
    assert_eq!(sent.way(), ("authorization_server", "browser"));
    assert_eq!(brought.way(), ("browser", "client"));
    assert_eq!(redeemed.way(), ("client", "authorization_server"));
    let code = sent.parameter("code");
    assert!(code.starts_with("***") && code.len() == 7, "masked, and still to be followed: {code}");
    assert_eq!((brought.parameter("code"), redeemed.parameter("code")), (code, code));
    assert_eq!(tokens.status(), 200);
    let row = stage.is_drawn(&brought).await;
    assert!(row.contains(code.trim_start_matches('*')), "one can follow it with the eye: {row}");
    let exchanges = stage.chromium.exchanges().await;
    let mut callbacks = exchanges.iter().filter(|exchange| exchange.address.contains("/callback?"));
    let callback = callbacks.next().expect("the browser brought it").address.clone();
    assert!(callbacks.next().is_none() && callback.contains("code="), "{callback}");
    assert_eq!(stage.server_rows(GRANTS).len(), 1);

    // The person goes back and loads the address again: that login is over, and nobody is asked for tokens.
    let mark = stage.mark_here().await;
    stage.look_at_service().await;
    stage.chromium.goto(&callback).await;
    stage.chromium.wait_for("login").await;
    stage.chromium.shot("demo-callback-again").await;
    let (_, refused) = stage.diagram.exchange("callback").await;
    assert_eq!(refused.text("verdict"), "refused");
    assert!(!stage.diagram.has_between(&mark, &refused, "redemption"));
    stage.chromium.goto(&stage.client("/")).await;
    stage.chromium.wait_for("me-heading").await;

    // Whoever has it and everything that belongs to it, too.
    let found = stage.press("replayed_code").await;
    assert_eq!(found.name, "as_expected", "{found:?}");
    let (_, refused) = stage.diagram.exchange("redemption").await;
    assert_eq!((refused.status(), refused.body("error")), (400, &"invalid_grant".into()));
    stage.is_drawn(&refused).await;
    let grants = stage.server_rows(GRANTS);
    assert!(grants.len() == 1 && !grants[0][1].is_empty(), "the grant is revoked: {grants:?}");
    stage.clear().await;
}

#[tokio::test]
async fn a_code_with_anything_wrong_is_refused_and_not_burnt_and_a_replay_kills_what_it_gave() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    for screen in [Screen::phone("ko"), Screen::desk("en")] {
        let email = stage.hand_over(screen).await;
        stage.join(&email).await;
        stage.mark_here().await;
        let found = stage.press_and_come_back("stolen_code").await;
        assert_eq!(found.name, "as_expected", "{found:?}");
        stage.chromium.glimpse("demo-flow-stolen-code").await;
        let (brought, _) = stage.diagram.exchange("callback").await;
        for (status, error, title) in [
            (401, "invalid_client", "An unknown app"),
            (401, "invalid_client", "Wrong secret"),
            (400, "invalid_grant", "Another redirect URI"),
            (400, "invalid_grant", "The key does not fit"),
        ] {
            let (sent, refused) = stage.diagram.exchange("redemption").await;
            assert_eq!(sent.parameter("code"), brought.parameter("code"), "the same code");
            assert_eq!((refused.status(), refused.body("error")), (status, &error.into()), "{title}");
            assert_eq!(refused.text("title_en"), title);
            stage.is_drawn(&refused).await;
        }
        let (_, tokens) = stage.diagram.exchange("redemption").await;
        assert_eq!((tokens.status(), tokens.text("verdict")), (200, "ok"), "it was not burnt");
        let (_, refused) = stage.diagram.exchange("redemption").await;
        assert_eq!((refused.status(), refused.body("error")), (400, &"invalid_grant".into()));
        let details = stage.opened(&refused).await;
        let killed = screen.says("처음에 준 토큰까지 모두 죽여요", "everything the first use gave is killed");
        assert!(details.contains(killed), "{details}");
        stage.chromium.glimpse("demo-flow-replay").await;
        let dead = stage.diagram.next("a refusal of the API", |message| {
            message.text("endpoint") == "read_events" && message.status() == 401
        });
        let dead = dead.await;
        let token = tokens.body("access_token").as_str().unwrap_or_default().to_owned();
        let used = stage.diagram.between(&tokens, &dead);
        let used = used.filter(|message| message.header("authorization") == format!("Bearer {token}"));
        assert!(used.count() > 0, "with the very token that the code gave");
        // The person's own login was another code, and goes on.
        stage.look_at_service().await;
        stage.chromium.goto(&stage.client("/")).await;
        stage.chromium.wait_for("me-heading").await;
    }
    let grants = stage.server_rows(GRANTS);
    let dead = grants.iter().filter(|grant| !grant[1].is_empty()).count();
    assert_eq!((grants.len(), dead), (4, 2), "two logins alive, two experiments dead: {grants:?}");
    stage.clear().await;
}
