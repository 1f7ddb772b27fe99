//! The server behind a gateway, a person and their browser, and the programs that sign them in.

use std::{fs, net::Ipv4Addr, process::Stdio, time::Duration};

use mapae_e2e::{
    certificate::Certificate,
    process::{Installation, Process},
};
use mapae_testkit::{Browser, Gateway, Page};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use url::Url;

/// A program that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);
pub(super) const EMAIL: &str = "gildong@example.com";
pub(super) const PASSWORD: &str = "correct horse battery";

/// The authorization server, reached through a gateway.
pub(super) struct Provider {
    pub(super) gateway: Gateway,
    pub(super) installation: Installation,
    _process: Process,
}

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// It speaks TLS itself, with a certificate of an authority of its own.
    Https,
    Http,
}

/// The authorization server as it is, and somebody with an account there.
pub(super) struct Server {
    pub(super) certificate: Certificate,
    pub(super) installation: Installation,
    pub(super) process: Process,
    pub(super) person: Person,
}

/// An app of the server.
pub(super) struct App {
    pub(super) client_id: String,
    pub(super) client_secret: String,
}

/// Somebody with an account, before a browser.
pub(super) struct Person(pub(super) Browser);

/// A program under test. Dropping it kills it.
pub(super) struct Program {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(super) async fn on(scheme: Scheme, settings: &[(&'static str, &str)]) -> Self {
        let certificate = Certificate::for_this_machine();
        let installation = with(Installation::on_sqlite(), settings);
        // For what the server fetches of its apps.
        let installation =
            installation.with("MAPAE_FETCH__ROOT_CERTIFICATE_FILE", certificate.root().display());
        let installation = match scheme {
            Scheme::Https => installation.on_https(&certificate),
            Scheme::Http => installation,
        };
        let process = installation.start().await;
        make_account(&installation).await;
        let person = Person(Browser::trusting(&fs::read(certificate.root()).unwrap(), "ko"));
        Self { certificate, installation, process, person }
    }

    pub(super) fn issuer(&self) -> &str {
        &self.process.node().issuer
    }

    /// What a command of the server's says.
    pub(super) async fn run(&self, words: &[&str]) -> Value {
        self.installation.run(words, "").await.unwrap()
    }
}

fn with(installation: Installation, settings: &[(&'static str, &str)]) -> Installation {
    settings.iter().fold(installation, |installation, (name, value)| installation.with(name, value))
}

async fn make_account(installation: &Installation) {
    let words =
        ["user", "create", "--email", EMAIL, "--name", "홍길동", "--email-verified", "--password-stdin"];
    installation.run(&words, PASSWORD).await.unwrap();
}

impl Provider {
    pub(super) async fn open(settings: &[(&'static str, &str)]) -> Self {
        let installation = with(Installation::on_sqlite(), settings);
        let process = installation.start_beside().await;
        let port: u16 = process.node().issuer.rsplit(':').next().unwrap().parse().unwrap();
        let gateway = Gateway::on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap());
        gateway.lead_to(process.node().address.to_string());
        make_account(&installation).await;
        Self { gateway, installation, _process: process }
    }

    pub(super) async fn register(&self, words: &[&str]) -> App {
        let words = [&["app", "create", "--name", "Program"], words].concat();
        let made = self.installation.run(&words, "").await.unwrap();
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        App { client_id: text("client_id"), client_secret: text("client_secret") }
    }
}

impl Person {
    pub(super) fn new() -> Self {
        Self(Browser::default())
    }

    pub(super) async fn open(&self, address: &str) -> Page {
        self.0.send("GET", address, &[("accept", "text/html")], Vec::new()).await
    }

    /// Goes where an address leads, signs in and agrees (or not), up to the address for which `until` is true or to a
    /// page that wants nothing.
    pub(super) async fn walk(&self, from: &str, consent: &str, until: impl Fn(&Url) -> bool) -> Page {
        let mut page = self.open(from).await;
        for _ in 0..20 {
            page = match page.location() {
                Some(next) if until(&next) => return page,
                Some(next) => self.open(next.as_str()).await,
                None if page.has("login-submit") => {
                    self.0.submit(&page, "login-submit", &[("email", EMAIL), ("password", PASSWORD)]).await
                }
                None if page.has("form-post-submit") => self.0.submit(&page, "form-post-submit", &[]).await,
                None if page.has(consent) => self.0.submit(&page, consent, &[("all", "1")]).await,
                None => return page,
            };
        }
        panic!("round and round: {}", page.address);
    }
}

impl Program {
    pub(super) fn start(path: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Self {
        let mut command = Command::new(path);
        command.args(arguments);
        Self::of(command)
    }

    /// As [`start`](Self::start), by a command line of the test's own.
    pub(super) fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take().unwrap(), child, lines }
    }

    /// Says a line to it.
    pub(super) async fn tell(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// The next line that it prints.
    pub(super) async fn line(&mut self) -> Option<String> {
        timeout(PATIENCE, self.lines.next_line()).await.expect("it says something").unwrap()
    }

    /// Ends it at once, as `kill -9` does.
    pub(super) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Whether it is still there.
    pub(super) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended; whether it says that all went well, and its last lines.
    pub(super) async fn end(mut self) -> (bool, String) {
        let mut said = String::new();
        while let Some(line) = self.line().await {
            said.push_str(&line);
            said.push('\n');
        }
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap();
        (status.success(), said)
    }
}
