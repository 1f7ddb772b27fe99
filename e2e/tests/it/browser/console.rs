//! What a developer chooses in the console — AD-04, FAPI 2.0 §5.3.2: pictures of it, and half of the time without scripts.

use mapae_e2e::chromium::Screen;

use super::stage::Stage;

/// A public key of RFC 7517 Appendix A.1.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

#[tokio::test]
async fn fapi_a_developer_puts_an_app_on_a_profile_and_reads_what_is_missing() {
    let mut stage = Stage::set().await;
    for screen in Screen::ALL {
        let email = stage.hand_over(screen).await;
        stage.sign_in_to_account(&email).await;
        stage.chromium.run_scripts(!screen.in_the_hand()).await;
        stage.chromium.goto(&stage.at("/console/apps/new")).await;
        stage.chromium.fill("name", screen.says("하루 은행", "Haru Bank")).await;
        stage.chromium.fill("redirect_uris", "http://localhost:3000/callback").await;
        stage.chromium.click("app-create").await;
        stage.chromium.click("secret-kept").await;
        stage.chromium.wait_for("security").await;
        stage.chromium.click("profile-signing").await;
        stage.chromium.fill("jwks", KEYS).await;
        stage.chromium.click("save-security").await;
        stage.chromium.wait_for("problem").await;
        let told = stage.chromium.text("#problem").await;
        assert!(told.contains("https") && told.contains('1'), "{told}");
        stage.chromium.shot("console-profile-refused").await;
        stage.chromium.fill("redirect_uris", "https://bank.example.com/callback").await;
        stage.chromium.click("save-addresses").await;
        stage.chromium.wait_for("notice").await;
        stage.chromium.click("profile-signing").await;
        stage.chromium.fill("jwks", KEYS).await;
        stage.chromium.click("save-security").await;
        stage.chromium.wait_for("notice").await;
        for ticked in ["auth-key-jwt", "refresh-keep", "requests-signed", "tokens-bound", "profile-signing"] {
            assert!(stage.chromium.is_ticked(ticked).await, "{ticked}");
        }
        assert!(!stage.chromium.has("secret-rotate").await, "it has no secret any longer");
        stage.chromium.shot("console-profile").await;
        stage.chromium.run_scripts(true).await;
    }
    stage.was_clean().await;
    stage.clear().await;
}
