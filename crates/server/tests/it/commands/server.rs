//! A server that runs as a process of its own.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use mapae_testkit::free_port;
use serde_json::Value;

use super::installation::{Installation, text};

/// Longer than any end that is gentle.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; it is killed when the test is over.
pub(super) struct Server {
    child: Option<Child>,
    log: Option<JoinHandle<String>>,
    http: reqwest::Client,
    /// What it said when it was ready.
    pub(super) ready: Value,
    pub(super) issuer: String,
    pub(super) port: u16,
}

/// How a server came out.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) status: ExitStatus,
    pub(super) log: String,
}

impl Server {
    /// Starts one and waits until it says that it is ready.
    pub(super) fn start(mapae: &Installation) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        Self::of(mapae.command(&["serve", "--listen", &listen, "--json"]), port)
    }

    /// As [`start`](Self::start), by a command line of the test's own.
    pub(super) fn of(mut command: Command, port: u16) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let log = collect(child.stderr.take().expect("it has a log"));
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("it has an output"));
        output.read_line(&mut line).expect("it says something");
        if line.is_empty() {
            panic!("the server did not start: {}", log.join().expect("its log"));
        }
        let ready: Value = serde_json::from_str(&line).expect("an object");
        let issuer = text(&ready, "issuer");
        Self { child: Some(child), log: Some(log), http: mapae_testkit::http(), ready, issuer, port }
    }

    /// Sends a signal by its name, and waits for the end.
    pub(super) fn stop(self, signal: &str) -> Stopped {
        self.signal(signal);
        self.ended()
    }

    pub(super) fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status().expect("kill runs");
        assert!(sent.success(), "{signal} is sent");
    }

    /// What it holds in memory, in bytes.
    pub(super) fn resident_bytes(&self) -> u64 {
        let pid = self.child.as_ref().expect("it runs").id();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("Linux says it");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kibibytes * 1024
    }

    /// Waits for the end, which must come by itself.
    pub(super) fn ended(mut self) -> Stopped {
        let mut child = self.child.take().expect("it runs");
        let pid = child.id();
        let (sender, end) = mpsc::channel();
        thread::spawn(move || sender.send(child.wait()));
        let status = end.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("the server {pid} does not end"));
        let log = self.log.take().expect("its log");
        Stopped { status: status.expect("its status"), log: log.join().expect("UTF-8") }
    }

    /// The document at `path`.
    pub(super) async fn document(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.issuer)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.expect("JSON")
    }

    /// The names of the keys that it publishes.
    pub(super) async fn published_keys(&self) -> Vec<String> {
        let set = self.document("/jwks").await;
        set["keys"].as_array().expect("keys").iter().map(|key| text(key, "kid")).collect()
    }

    /// What a machine gets for its secret: the status and, if it has one, the code of the error.
    pub(super) async fn token(&self, client_id: &str, client_secret: &str) -> (u16, Option<String>) {
        let request = self.http.post(format!("{}/token", self.issuer));
        let request = request.basic_auth(client_id, Some(client_secret));
        let answer = request.form(&[("grant_type", "client_credentials")]).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.expect("JSON");
        (status, body["error"].as_str().map(str::to_owned))
    }

    /// The address of the link that makes the first operator's account.
    pub(super) fn setup_token(&self) -> String {
        let url = text(&self.ready["setup"], "url");
        let (address, token) = url.split_once("/setup?token=").expect("a link");
        assert_eq!(address, self.issuer);
        token.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        if let Some(log) = self.log.take()
            && thread::panicking()
        {
            println!("the log of the server on port {}:\n{}", self.port, log.join().unwrap_or_default());
        }
    }
}

fn collect(mut log: ChildStderr) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        log.read_to_string(&mut text).expect("UTF-8");
        text
    })
}
