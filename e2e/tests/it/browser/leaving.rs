//! Signing out at the wish of an app, and what people read of it before they sign in — OIDC RP-Initiated Logout §2.

use mapae_e2e::chromium::Screen;
use mapae_protocol::params;

use super::stage::{Stage, run};

const BYE: &str = "/bye";

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
