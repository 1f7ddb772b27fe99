//! A server with simulated providers before its sign-in page.

use std::fs;

use mapae_e2e::process::{Installation, Process};
use mapae_simulators::{Command, Provider, Settings, Simulator};
use mapae_testkit::{Browser, until};
use tempfile::TempDir;

/// The server and the providers.
pub(super) struct Before {
    pub(super) installation: Installation,
    pub(super) process: Process,
    pub(super) simulators: Vec<Simulator>,
}

impl Before {
    /// Adds these providers to a new server, as its operator does.
    pub(super) async fn set(providers: &[Provider]) -> Self {
        let installation = Installation::on_sqlite();
        let process = installation.start().await;
        let folder = TempDir::new().unwrap();
        let mut simulators = Vec::new();
        for &provider in providers {
            let name = provider.as_str();
            let at = |path: &str| format!("{}/upstream/{name}/{path}", process.node().issuer);
            let settings = Settings { redirect_uris: vec![at("callback")], ..Settings::default() };
            let simulator = Simulator::start(provider, settings).await.unwrap();
            let kind = notice(provider).to_owned();
            let url = Some(at(&format!("notices/{kind}")));
            simulator.control(Command::Webhook { kind, url, method: None, client_id: None }).await.unwrap();
            let app = simulator.app();
            let named = ["upstream", "add", name, "--client-id", &app.client_id];
            let more = credentials(&simulator, &folder);
            let more = more.iter().map(String::as_str);
            let words: Vec<&str> =
                named.into_iter().chain(["--base-url", simulator.base_url()]).chain(more).collect();
            let added = installation.run(&words, "").await.unwrap();
            assert_eq!(
                added["redirect_uri"],
                at("callback"),
                "what is to be registered is of the server that runs"
            );
            simulators.push(simulator);
        }
        let before = Self { installation, process, simulators };
        // What the command line has written the server that runs sees within a second.
        until("its page offers them all", async || before.offers(providers).await).await;
        before
    }

    /// Whether the sign-in page has the buttons of these providers.
    async fn offers(&self, providers: &[Provider]) -> bool {
        let browser = Browser::default();
        let mut page = browser.open(&format!("{}/account", self.process.node().issuer)).await;
        while let Some(next) = page.location() {
            page = browser.open(next.as_str()).await;
        }
        providers.iter().all(|provider| page.has(&format!("upstream-{provider}")))
    }

    /// Nothing went wrong inside.
    pub(super) async fn clear(self) {
        assert_eq!(self.installation.faults(), Vec::<String>::new());
        for simulator in self.simulators {
            simulator.stop().await;
        }
    }
}

/// By what a provider says that somebody has left.
fn notice(provider: Provider) -> &'static str {
    match provider {
        Provider::Kakao => "unlink",
        Provider::Naver => "disconnect",
        Provider::Google => "risc",
        Provider::Facebook => "deauthorize",
        Provider::Apple => "notifications",
    }
}

/// What one writes down in the provider's console, as files.
fn credentials(simulator: &Simulator, folder: &TempDir) -> Vec<String> {
    let app = simulator.app();
    let key = simulator.client_key();
    let named = [
        ("admin_key", app.admin_key.clone()),
        ("app_id", app.admin_key.map(|_| app.number.to_string())),
        ("team_id", app.team_id),
        ("key_id", key.map(|_| "SIMULATED1".to_owned())),
        ("private_key", key.map(str::to_owned)),
    ];
    let written = |name: &str, value: &str| {
        let path = folder.path().join(name);
        fs::write(&path, value).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let secret =
        app.client_secret.map(|secret| ["--client-secret-file".to_owned(), written("secret", &secret)]);
    let named = named.into_iter().filter_map(|(name, value)| {
        Some(["--credential-file".to_owned(), format!("{name}={}", written(name, &value?))])
    });
    secret.into_iter().chain(named).flatten().collect()
}
