//! Somebody else's library on the device: npm `openid-client`, unchanged — RFC 8628 §3.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

use mapae::clock::Clock;
use mapae_testkit::{Browser, Options, TestServer, npm_folder};
use serde_json::{Value, json};

use super::{sign_in_at, television};

/// The program on the device, and what it says line by line.
struct Television {
    program: Child,
    says: BufReader<std::process::ChildStdout>,
}

impl Television {
    fn start(arguments: &Value) -> Self {
        let mut command = Command::new("node");
        command.arg("device.mjs").arg(arguments.to_string()).current_dir(npm_folder("social"));
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut program = spawned.unwrap_or_else(|error| panic!("this test needs node: {error}"));
        let says = BufReader::new(program.stdout.take().unwrap());
        Self { program, says }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn go_on(&mut self) {
        self.program.stdin.take().unwrap().write_all(b"\n").unwrap();
    }
}

impl Drop for Television {
    fn drop(&mut self) {
        // It has ended already, unless the test has failed.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rfc8628_3_openid_client_connects_a_device_unchanged() {
    tokio::task::block_in_place(|| npm_folder("social"));
    // The library looks at the real time.
    let server = TestServer::start_with(Options { clock: Some(Clock::System), ..Options::default() }).await;
    let app = server.register(television()).await;
    let user = server.user("hong@example.com").await;
    for (button, expected) in [
        ("device-allow", json!({ "scope": "email openid", "email": user.email, "refreshed": true })),
        ("device-deny", json!({ "error": "access_denied" })),
    ] {
        let arguments =
            json!({ "issuer": server.issuer(), "client_id": app.client_id, "scope": "openid email" });
        let mut television = Television::start(&arguments);
        let shown = tokio::task::block_in_place(|| television.next());
        let browser = Browser::default();
        let page = browser.visit(shown["verification_uri_complete"].as_str().unwrap()).await;
        let page = browser.follow(browser.submit(&page, "device-continue", &[]).await).await;
        let confirm = sign_in_at(&browser, page, &user).await;
        let done = browser.submit(&confirm, button, &[("all", "1")]).await;
        assert!(done.has("done"), "{button}: {} {}", done.status, done.body);
        let got = tokio::task::block_in_place(|| {
            television.go_on();
            television.next()
        });
        assert_eq!(got, expected, "{button}");
    }
}
