//! A web service in two processes over one vault, killed where it hurts most.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

use mapae_testkit::{Mood, Page, free_port};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use super::program::{App, Person, Program, Provider};

const READS: usize = 500;
/// An access token is used for half of its shortest life, and then is due.
const SHORT_LIVED: (&str, &str) = ("MAPAE_TOKENS__ACCESS_TOKEN_SECONDS", "10");
/// The dead process's lease ends in time for the server's ordinary window; here a slow machine may take longer.
const PATIENT: (&str, &str) = ("MAPAE_TOKENS__REFRESH_RETRY_SECONDS", "60");

struct Site {
    provider: Provider,
    app: App,
    folder: TempDir,
    port: u16,
    other_port: u16,
}

impl Site {
    async fn open() -> Self {
        let provider = Provider::open(&[SHORT_LIVED, PATIENT]).await;
        let (port, other_port) = (free_port(), free_port());
        let redirect_uri = format!("http://localhost:{port}/callback");
        let words = ["--redirect-uri", &redirect_uri, "--required-scope", "openid"];
        let app = provider.register(&[&words[..], &["--optional-scope", "offline_access"]].concat()).await;
        Self { provider, app, folder: tempfile::tempdir().unwrap(), port, other_port }
    }

    async fn start(&self) -> Program {
        self.start_on(self.port).await
    }

    async fn start_on(&self, own_port: u16) -> Program {
        let (port, own_port) = (self.port.to_string(), own_port.to_string());
        let vault = self.vault().display().to_string();
        let issuer = self.provider.gateway.issuer();
        let arguments = [issuer, &self.app.client_id, &self.app.client_secret, &vault, &port, &own_port];
        let mut program = Program::start(env!("CARGO_BIN_EXE_client-service"), &arguments);
        assert_eq!(program.line().await.as_deref(), Some("ready"));
        program
    }

    fn vault(&self) -> PathBuf {
        self.folder.path().join("client.db")
    }

    fn at(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    fn at_the_other(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.other_port)
    }

    async fn sign_in(&self, person: &Person) -> Page {
        let page = person.walk(&self.at("/me"), "consent-approve", |_| false).await;
        assert_eq!((page.status.as_u16(), page.address.path()), (200, "/me"), "{}", page.body);
        page
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_reads_in_two_processes_are_one_refresh() {
    let site = Site::open().await;
    let (_one, _other) = (site.start().await, site.start_on(site.other_port).await);
    let person = Person::new();
    site.sign_in(&person).await;
    let (here, there) =
        (site.at(&format!("/reads?times={READS}")), site.at_the_other(&format!("/reads?times={READS}")));
    let mut tokens = BTreeSet::new();
    // The clocks run. Whatever was handed out is one token more than there were refreshes: each served everybody.
    while tokens.len() < 3 {
        let (first, second) = tokio::join!(person.open(&here), person.open(&there));
        for page in [first, second] {
            assert_eq!(page.status, 200);
            tokens.extend(page.body.lines().map(str::to_owned));
        }
        assert!(tokens.iter().all(|token| token.starts_with("***")), "{tokens:?}");
        assert_eq!(site.provider.gateway.refreshes(), tokens.len() - 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_redemption_and_the_vault() {
    let site = Site::open().await;
    let pause = PathBuf::from(format!("{}.pause", site.vault().display()));
    fs::write(&pause, "").unwrap();
    let mut service = site.start().await;
    let person = Person::new();
    let back = person.walk(&site.at("/me"), "consent-approve", |next| next.path() == "/callback").await;
    let back = back.location().unwrap();
    let (browser, address) = (person.0.clone(), back.to_string());
    let callback = tokio::spawn(async move { browser.client().get(address).send().await });
    assert_eq!(service.line().await.as_deref(), Some("proved"));
    assert_eq!(
        site.provider.gateway.grants("authorization_code"),
        1,
        "the code is spent, and nothing is kept yet"
    );
    service.kill().await;
    assert!(callback.await.unwrap().is_err(), "the browser got no answer");
    fs::remove_file(pause).unwrap();

    // The person reloads the page: half a login is none, and does not go to the provider again.
    let _service = site.start().await;
    let again = person.open(back.as_str()).await;
    assert_eq!(again.status, 400, "{}", again.body);
    assert!(again.body.contains("처음부터 다시 로그인하세요"), "{}", again.body);
    assert_eq!(site.provider.gateway.grants("authorization_code"), 1, "no second redemption, so no replay");
    assert_eq!(person.open(&site.at("/me")).await.status, 303, "no session");
    // The next login is an ordinary one.
    site.sign_in(&person).await;
    let reads = person.open(&site.at("/reads?times=1")).await;
    assert!(reads.body.starts_with("***"), "{}", reads.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_refresh_and_the_vault() {
    let site = Site::open().await;
    let service = site.start().await;
    let person = Person::new();
    site.sign_in(&person).await;
    let permits = Arc::new(Semaphore::new(0));
    site.provider.gateway.set("/token", Mood::Hold(permits));
    let (browser, address) = (person.0.clone(), site.at("/reads?times=1"));
    let reading = tokio::spawn(async move {
        // The clock runs: at some point the token is due, the server has given its successor, and nobody has it.
        while let Ok(answer) = browser.client().get(&address).send().await {
            assert_eq!(answer.status(), 200);
        }
    });
    site.provider.gateway.until_grants("refresh_token", 1).await;
    service.kill().await;
    reading.await.unwrap();
    site.provider.gateway.set("/token", Mood::Pass);

    // Another process takes over as soon as the dead one's lease has ended, in time for the same successor.
    let _service = site.start().await;
    loop {
        let reads = person.open(&site.at("/reads?times=1")).await;
        assert!(!reads.body.contains("sign in again"), "the grant is lost: {}", reads.body);
        assert_eq!((reads.status.as_u16(), reads.body.lines().count()), (200, 1), "{}", reads.body);
        if site.provider.gateway.refreshes() == 2 && reads.body.starts_with("***") {
            break;
        }
    }
    assert_eq!(person.open(&site.at("/me")).await.status, 200, "nobody had to sign in again");
}
