//! What people agree to, and what not — OIDC Core §3.1.2.4.

use mapae_e2e::chromium::Screen;
use serde_json::Value;

use super::stage::{Asked, CALLBACK, Stage};

/// The scopes of the tokens that the app got for its next code.
async fn granted(stage: &mut Stage, asked: &Asked) -> Vec<String> {
    let landing = stage.site.visit(CALLBACK).await;
    let code = landing.field("code").unwrap_or_else(|| panic!("no code in {landing:?}"));
    let tokens = stage.redeem(asked, code).await;
    let scope = tokens.get("scope").and_then(Value::as_str).unwrap_or_else(|| panic!("{tokens}"));
    let mut scopes: Vec<String> = scope.split(' ').map(str::to_owned).collect();
    scopes.sort_unstable();
    scopes
}

/// Brings somebody new to the consent page.
async fn asked_somebody_new(stage: &mut Stage, screen: Screen) -> Asked {
    let email = stage.hand_over(screen).await;
    let asked = stage.asked(&[]);
    stage.chromium.goto(&asked.address).await;
    stage.sign_in(&email).await;
    stage.chromium.wait_for("consent-approve").await;
    asked
}

#[tokio::test]
async fn agree_to_all_follows_the_items_and_they_follow_it() {
    let mut stage = Stage::set().await;
    let asked = asked_somebody_new(&mut stage, Screen::phone("ko")).await;
    let chromium = &stage.chromium;
    let ticked = async || {
        let boxes = ["agree-all", "item-1", "item-2"];
        [
            chromium.is_ticked(boxes[0]).await,
            chromium.is_ticked(boxes[1]).await,
            chromium.is_ticked(boxes[2]).await,
        ]
    };
    assert_eq!(ticked().await, [false; 3], "nothing is agreed to beforehand");
    chromium.click("agree-all").await;
    assert_eq!(ticked().await, [true; 3]);
    chromium.click("item-2").await;
    assert_eq!(ticked().await, [false, true, false]);
    chromium.click("item-2").await;
    assert_eq!(ticked().await, [true; 3]);
    chromium.click("agree-all").await;
    assert_eq!(ticked().await, [false; 3]);
    chromium.click("agree-all").await;
    chromium.click("consent-approve").await;
    assert_eq!(granted(&mut stage, &asked).await, ["calendar.read", "email", "openid", "profile"]);
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn an_unticked_optional_item_never_blocks_and_is_not_in_the_token() {
    let mut stage = Stage::set().await;
    for screen in Screen::ALL {
        let asked = asked_somebody_new(&mut stage, screen).await;
        let page = stage.chromium.text("main").await;
        let words = [screen.says("필수", "Required"), screen.says("선택", "Optional")];
        for word in words.into_iter().chain([screen.says("일정 보기", "See your calendar"), stage.app.name])
        {
            assert!(page.contains(word), "{word}: {page}");
        }
        stage.chromium.click("item-1").await;
        stage.chromium.shot("consent-one-optional").await;
        let item = stage.chromium.read("return document.getElementById('item-1').value;").await;
        stage.chromium.click("consent-approve").await;
        let mut expected = ["openid", "profile", item.as_str()].map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(granted(&mut stage, &asked).await, expected);
    }
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn to_cancel_tells_the_app_access_denied_and_nothing_is_remembered() {
    let mut stage = Stage::set().await;
    for screen in [Screen::phone("en"), Screen::desk("ko")] {
        let asked = asked_somebody_new(&mut stage, screen).await;
        stage.chromium.click("consent-deny").await;
        let landing = stage.site.visit(CALLBACK).await;
        assert_eq!(landing.field("error"), Some("access_denied"));
        assert_eq!(landing.field("code"), None);
        assert_eq!(landing.field("state"), Some("af0ifjsldkj"));
        stage.chromium.goto(&asked.address).await;
        stage.chromium.wait_for("consent-approve").await;
    }
    stage.was_clean().await;
    stage.clear().await;
}
