//! Signing in at the server through a provider, in a real Chromium: every page on the way, on every screen.

use std::fs;

use mapae_e2e::{
    chromium::{self, Chromium, Screen},
    process::{Installation, Process},
};
use mapae_simulators::{Provider, Settings, Simulator};
use tempfile::TempDir;

const PROVIDERS: [(&str, Provider); 4] = [
    ("kakao", Provider::Kakao),
    ("naver", Provider::Naver),
    ("google", Provider::Google),
    ("facebook", Provider::Facebook),
];

/// The server and the providers before its sign-in page.
struct Stage {
    chromium: Chromium,
    installation: Installation,
    process: Process,
    simulators: Vec<Simulator>,
}

impl Stage {
    async fn set() -> Self {
        let installation = Installation::on_sqlite();
        let process = installation.start().await;
        let folder = TempDir::new().unwrap();
        let mut simulators = Vec::new();
        for (name, provider) in PROVIDERS {
            let back = format!("{}/upstream/{name}/callback", process.node().issuer);
            let settings = Settings { redirect_uris: vec![back.clone()], ..Settings::default() };
            let simulator = Simulator::start(provider, settings).await.unwrap();
            let app = simulator.app();
            let secret = folder.path().join(name);
            fs::write(&secret, app.client_secret.unwrap()).unwrap();
            let words = ["upstream", "add", name, "--client-id", &app.client_id, "--base-url"];
            let more = [simulator.base_url(), "--client-secret-file", secret.to_str().unwrap()];
            let added = installation.run(&[&words[..], &more[..]].concat(), "").await.unwrap();
            assert_eq!(added["redirect_uri"], back, "what is to be registered is of the server that runs");
            simulators.push(simulator);
        }
        Self { chromium: chromium::open().await, installation, process, simulators }
    }

    async fn open(&self, path: &str) {
        self.chromium.goto(&format!("{}{path}", self.process.node().issuer)).await;
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
        assert_eq!(self.installation.faults(), Vec::<String>::new());
        self.chromium.close().await;
        for simulator in self.simulators {
            simulator.stop().await;
        }
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
