//! Signing in at the server through a provider, in a real Chromium: every page on the way, on every screen.

use mapae_e2e::chromium::{self, Chromium, Screen};
use mapae_simulators::Provider;

use super::before::Before;

const PROVIDERS: [Provider; 4] = [Provider::Kakao, Provider::Naver, Provider::Google, Provider::Facebook];

/// The server and the providers before its sign-in page, in a browser.
struct Stage {
    chromium: Chromium,
    server: Before,
}

impl Stage {
    async fn set() -> Self {
        let server = Before::set(&PROVIDERS).await;
        Self { chromium: chromium::open().await, server }
    }

    async fn open(&self, path: &str) {
        self.chromium.goto(&format!("{}{path}", self.server.process.node().issuer)).await;
    }

    /// Opens one's account, up to the sign-in page.
    async fn come(&self) {
        self.open("/account").await;
    }

    /// Presses the button of Kakao and signs in there.
    async fn through_kakao(&self, person: &str) {
        self.chromium.click("upstream-kakao").await;
        self.chromium.click(&format!("login-as-{person}")).await;
    }

    async fn clear(self) {
        self.chromium.close().await;
        self.server.clear().await;
    }
}

#[tokio::test]
async fn whoever_kakao_knows_signs_up_at_the_server_and_is_in_at_once_the_next_time() {
    let mut stage = Stage::set().await;
    // One gives no address, and the address of one was never verified.
    for (screen, person) in Screen::ALL.into_iter().zip(["ryan", "muzi", "apeach", "frodo"]) {
        stage.chromium.hand_over(screen).await;
        stage.come().await;
        stage.chromium.wait_for("upstream-kakao").await;
        stage.chromium.shot("upstream-sign-in").await;

        stage.through_kakao(person).await;
        stage.chromium.click("consent-deny").await;
        let told = stage.chromium.wait_for("trouble").await.text().await.unwrap();
        assert!(told.contains(screen.says("카카오", "Kakao")), "{told}");
        stage.chromium.shot("upstream-cancelled").await;

        // The provider knows the person by now.
        stage.chromium.click("upstream-kakao").await;
        stage.chromium.click("consent-approve").await;
        stage.chromium.wait_for("have-account").await;
        stage.chromium.shot("upstream-sign-up").await;
        stage.chromium.fill("name", screen.says("길동", "Gildong")).await;
        stage.chromium.click("login-submit").await;
        stage.chromium.wait_for("ways").await;
        stage.chromium.shot("upstream-account").await;
        assert!(!stage.chromium.has("password").await, "there is none to change");
        assert_eq!(stage.chromium.complaints().await, Vec::<String>::new());

        stage.open("/sign-out").await;
        stage.chromium.click("logout-confirm").await;
        stage.chromium.wait_without("logout-confirm").await;
        stage.come().await;
        stage.chromium.click("upstream-kakao").await;
        stage.chromium.wait_for("ways").await;
    }
    stage.clear().await;
}
