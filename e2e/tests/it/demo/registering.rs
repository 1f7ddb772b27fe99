//! Before anything else there is a registration — RFC 6749 §2.

use mapae_e2e::{chromium::Screen, demo::Party};

use super::stage::Stage;

#[tokio::test]
async fn registration_gives_an_id_and_a_secret_and_the_secret_is_shown_once() {
    let mut stage = Stage::set(Screen::desk("ko")).await;
    for screen in [Screen::desk("ko"), Screen::phone("en")] {
        let email = stage.hand_over(screen).await;
        let mark = stage.mark_here().await;
        stage.look_at_flow().await;
        stage.chromium.click("to-console").await;
        let window = stage.look_at_another().await;
        stage.sign_in(&email).await;
        stage.chromium.click("new-app").await;
        stage.chromium.fill("name", "하루 노트").await;
        stage.chromium.fill("redirect_uris", &stage.client("/elsewhere")).await;
        stage.chromium.click("app-create").await;
        stage.chromium.wait_for("client-secret").await;
        stage.chromium.shot("demo-console-secret").await;
        let client_id = stage.chromium.text("#client-id").await;
        let secret = stage.chromium.text("#client-secret").await;
        assert!(client_id.starts_with("app_") && secret.len() >= 43, "it cannot be guessed");
        stage.chromium.click("secret-kept").await;
        stage.chromium.wait_for("quick-start").await;
        let page = stage.chromium.read("return document.documentElement.outerHTML;").await;
        assert!(page.contains(&client_id) && !page.contains(&secret), "shown once");
        stage.close_this(&window).await;

        // With the secret it is this app; without it nobody is. A code it has not.
        let mut server = stage.wire(Party::AuthorizationServer);
        for (secret, error) in [(secret.as_str(), "invalid_grant"), ("another-secret", "invalid_client")] {
            let redirect_uri = stage.client("/elsewhere");
            let form = [
                ("grant_type", "authorization_code"),
                ("code", "none"),
                ("redirect_uri", &redirect_uri),
                ("code_verifier", "0123456789012345678901234567890123456789012"),
                ("client_id", &client_id),
                ("client_secret", secret),
            ];
            let reply = server.post("/token", &[], &form).await.expect("the server answers");
            assert_eq!(reply.json()["error"], error);
            let (_, refused) = stage.diagram.exchange("redemption").await;
            assert_eq!(refused.body("error"), error);
        }
        let last = stage.mark_here().await;
        for message in stage.diagram.between(&mark, &last) {
            assert!(!message.has(&secret), "nor does the diagram show it: {message:?}");
        }
        let kept = stage.server_rows("SELECT app_id, hash FROM app_secrets ORDER BY created_at");
        assert!(kept.iter().any(|row| row[0] == client_id && row[1] != secret), "kept as a hash");
    }
    stage.clear().await;
}
