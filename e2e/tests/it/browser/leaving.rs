//! Signing out at the wish of an app, and what people read of it before they sign in — OIDC RP-Initiated Logout §2,
//! OIDC Front-Channel Logout §2.

use mapae_e2e::chromium::Screen;
use mapae_protocol::{base64url, params};

use super::stage::{CALLBACK, Stage, run};

const BYE: &str = "/bye";
const FRAMED: &str = "/framed";

/// Where the app sends a person who has signed out there.
fn logout(stage: &Stage) -> String {
    let back = stage.site.at(BYE);
    let query = [
        ("client_id", stage.app.client_id.as_str()),
        ("post_logout_redirect_uri", back.as_str()),
        ("state", "af0ifjsldkj"),
    ];
    stage.at(&format!("/logout?{}", params::encode(query)))
}

#[tokio::test]
async fn lo_01_an_app_asks_the_person_says_yes_and_is_back_at_the_app() {
    let mut stage = Stage::set().await;
    let (app, bye) = (stage.app.client_id.clone(), stage.site.at(BYE));
    let links = ["policy", "tos"].map(|name| format!("{name}_uri={}", stage.site.at(&format!("/{name}"))));
    let addresses = format!("post_logout_redirect_uris=[\"{bye}\"]");
    let metadata = ["--metadata", &links[0], "--metadata", &links[1], "--metadata", &addresses];
    run(&stage.installation, &[&["app", "update", &app][..], &metadata].concat()).await;
    for screen in Screen::ALL {
        let email = stage.hand_over(screen).await;
        stage.site.show("/", "<h1>App</h1>");
        stage.site.show(BYE, "<h1 id=bye>Bye</h1>");
        stage.chromium.goto(&stage.asked(&[]).address).await;
        stage.chromium.wait_for("app-policy").await;
        let terms = stage.chromium.wait_for("app-terms").await.text().await.unwrap();
        assert_eq!(terms, screen.says("이용약관", "Terms of service"));
        stage.chromium.shot("sign-in-of-app-with-terms").await;
        stage.connect(&email).await;

        stage.chromium.goto(&logout(&stage)).await;
        stage.chromium.wait_for("logout-confirm").await;
        assert!(stage.chromium.text("main").await.contains(stage.app.name));
        stage.chromium.shot("sign-out-for-app").await;
        stage.chromium.click("logout-confirm").await;
        stage.chromium.wait_for("bye").await;
        assert_eq!(stage.site.visit(BYE).await.field("state"), Some("af0ifjsldkj"));
        stage.chromium.goto(&stage.at("/account")).await;
        stage.chromium.wait_for("login-submit").await;
    }
    // An app of somebody whom nobody vouches for leads nobody on by itself.
    let owner = stage.somebody().await;
    run(&stage.installation, &["app", "update", &app, "--owner", &owner]).await;
    for screen in Screen::ALL {
        stage.hand_over(screen).await;
        stage.chromium.goto(&logout(&stage)).await;
        stage.chromium.wait_for("back-to-app").await;
        stage.chromium.shot("signed-out-for-app").await;
        stage.chromium.click("back-to-app").await;
        stage.chromium.wait_for("bye").await;
    }
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn lo_08_pages_of_apps_are_framed_and_whoever_came_from_an_app_is_led_back_after_them() {
    let mut stage = Stage::set().await;
    let (app, bye) = (stage.app.client_id.clone(), stage.site.at(BYE));
    let framed = format!("frontchannel_logout_uri={}", stage.site.at(FRAMED));
    let addresses = format!("post_logout_redirect_uris=[\"{bye}\"]");
    let required = "frontchannel_logout_session_required=true";
    let metadata = ["--metadata", &framed, "--metadata", required, "--metadata", &addresses];
    run(&stage.installation, &[&["app", "update", &app][..], &metadata].concat()).await;
    for screen in Screen::ALL {
        let email = stage.hand_over(screen).await;
        stage.site.show(FRAMED, "<h1>Framed</h1>");
        stage.site.show(BYE, "<h1 id=bye>Bye</h1>");
        let tokens = stage.connect(&email).await;
        stage.chromium.goto(&stage.at("/sign-out")).await;
        stage.chromium.click("logout-confirm").await;
        let visit = stage.site.visit(FRAMED).await;
        let sid = sid(tokens["id_token"].as_str().unwrap());
        assert_eq!(
            (visit.field("sid"), visit.field("iss")),
            (Some(sid.as_str()), Some(stage.at("").as_str()))
        );
        let heading = stage.chromium.text("h1").await;
        assert_eq!(heading, screen.says("로그아웃했어요", "You’re signed out"));
        stage.chromium.shot("signed-out-framing").await;

        let asked = stage.asked(&[]);
        stage.chromium.goto(&asked.address).await;
        stage.sign_in(&email).await;
        let landing = stage.site.visit(CALLBACK).await;
        stage.redeem(&asked, landing.field("code").unwrap()).await;
        stage.chromium.goto(&logout(&stage)).await;
        stage.chromium.click("logout-confirm").await;
        stage.chromium.wait_for("bye").await;
        stage.site.visit(FRAMED).await;
        assert_eq!(stage.site.visit(BYE).await.field("state"), Some("af0ifjsldkj"));
    }
    stage.was_clean().await;
    stage.clear().await;
}

fn sid(id_token: &str) -> String {
    let payload = base64url::decode(id_token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    claims["sid"].as_str().unwrap().to_owned()
}
