//! The real `mapae demo`: one process with all its parties, on ports of its own and with data of its own.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, ChildStdout, Stdio},
    time::Duration,
};

use mapae_testkit::free_ports;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{task, time::timeout};

use crate::{process::faults_in, program, wire::Node};

/// A demo that needs longer to start does not start: it makes keys and hashes passwords.
const PATIENCE: Duration = Duration::from_secs(120);
/// What it says last when it is ready.
const READY: &str = "Ctrl+C";
/// Above the first: the parties of OAuth, and simulated providers.
const PORTS: &[u16] = &[0, 1, 2, 10, 11, 12, 13, 14];
/// The simulated providers, the first at `N+10`.
const PROVIDERS: &[&str] = &["kakao", "naver", "google", "facebook", "apple"];
/// How often another process may be faster at a port that was free.
const STARTS: usize = 5;

/// A running demo. Dropping it ends it and removes its data.
#[derive(Debug)]
pub struct Demo {
    child: Child,
    base: u16,
    welcome: String,
    folder: TempDir,
    // As long as it is held, the demo can say something without an error.
    _output: BufReader<ChildStdout>,
}

/// A party of OAuth, as it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// `http://localhost:N`
    AuthorizationServer,
    /// `http://localhost:N+1`
    Client,
    /// `http://localhost:N+2`
    ResourceServer,
}

impl Demo {
    /// Starts it, and waits until it says that it is ready.
    ///
    /// # Panics
    /// It does not get ready.
    pub async fn start() -> Self {
        let mut said = String::new();
        for _ in 0..STARTS {
            match Self::try_start().await {
                Ok(demo) => return demo,
                Err(complaint) => said = complaint,
            }
            assert!(said.contains("cannot be had"), "the demo did not start: {said}");
        }
        panic!("no ports for the demo: {said}");
    }

    async fn try_start() -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let base = free_ports(PORTS);
        let mut command = program::command(&["demo", "--no-browser", "--port-base", &base.to_string()]);
        let log = fs::File::create(folder.path().join(LOG)).expect("the log can be written");
        command.arg("--data").arg(folder.path().join(DATA)).current_dir(folder.path());
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the program can be started");
        let output = child.stdout.take().expect("the output is ours");
        let welcome = timeout(PATIENCE, task::spawn_blocking(|| welcome(output))).await;
        match welcome {
            Ok(Ok(Ok((welcome, output)))) if welcome.contains(READY) => {
                Ok(Self { child, base, welcome, folder, _output: output })
            }
            _ => {
                let ended = child.kill().and_then(|()| child.wait());
                let said = fs::read_to_string(folder.path().join(LOG)).unwrap_or_default();
                Err(format!("{ended:?} {welcome:?} {said}"))
            }
        }
    }

    /// The address of a party, without a slash at its end.
    pub fn at(&self, party: Party) -> String {
        format!("http://localhost:{}", self.port(party))
    }

    /// The address of a simulated provider, without a slash at its end.
    ///
    /// # Panics
    /// There is none of this name.
    pub fn provider(&self, name: &str) -> String {
        let above = (10..).zip(PROVIDERS).find(|(_, known)| **known == name);
        let (above, _) = above.unwrap_or_else(|| panic!("no provider is called {name}"));
        format!("http://localhost:{}", self.base + above)
    }

    /// The addresses of all of them.
    pub fn providers(&self) -> impl Iterator<Item = String> {
        PROVIDERS.iter().map(|name| self.provider(name))
    }

    /// A party's address for a connection to it.
    pub fn node(&self, party: Party) -> Node {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port(party)));
        Node { address, issuer: self.at(party) }
    }

    fn port(&self, party: Party) -> u16 {
        self.base
            + match party {
                Party::AuthorizationServer => 0,
                Party::Client => 1,
                Party::ResourceServer => 2,
            }
    }

    /// What it said when it was ready.
    pub fn welcome(&self) -> &str {
        &self.welcome
    }

    /// Carries out a command of the program beside the demo's server, and returns the object that it printed.
    ///
    /// # Panics
    /// The command was not carried out.
    pub async fn run(&self, words: &[&str], input: &str) -> Value {
        let data = self.file("server");
        let database = format!("sqlite:{}", data.join("mapae.db").display());
        let mut command = program::command(words);
        command.arg("--json").arg("--data").arg(data).args(["--database", &database]);
        command.current_dir(self.folder.path());
        program::carry_out(command, input).await.unwrap_or_else(|complaint| panic!("{complaint}"))
    }

    /// A file or folder of its data.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(DATA).join(name)
    }

    /// What it has logged as a fault of its own.
    pub fn faults(&self) -> Vec<String> {
        faults_in(&self.folder.path().join(LOG))
    }
}

const LOG: &str = "demo.log";
const DATA: &str = "data";

impl Drop for Demo {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("the demo {} may still be running: {error}", self.child.id());
        }
    }
}

/// Everything up to the last line of the welcome, or to the end.
fn welcome(output: ChildStdout) -> io::Result<(String, BufReader<ChildStdout>)> {
    let mut output = BufReader::new(output);
    let mut said = String::new();
    while output.read_line(&mut said)? > 0 && !said.contains(READY) {}
    Ok((said, output))
}
