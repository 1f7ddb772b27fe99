//! `mapae simulate`: the real program, its ports, its answer, its end.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use mapae_testkit::free_ports;
use serde_json::Value;

/// Ends the program when the test is over, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// The providers' ports, above the first.
const PORTS: [u16; 5] = [0, 1, 2, 3, 4];

fn simulate(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapae"));
    command.arg("simulate").args(words).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(words: &[&str]) -> (Running, String) {
    let mut child = simulate(words).spawn().expect("the program starts");
    let mut line = String::new();
    let output = child.stdout.take().expect("it has an output");
    BufReader::new(output).read_line(&mut line).expect("it says something");
    (Running(child), line)
}

#[tokio::test]
async fn all_five_answer_on_their_ports_and_end_gently() {
    let base = free_ports(&PORTS);
    let text = base.to_string();
    let (mut running, line) =
        start(&["--port-base", &text, "--redirect-uri", "http://localhost:8000/back", "--json"]);
    let ready: Value = serde_json::from_str(&line).expect("an object");
    let simulators = ready["simulators"].as_array().expect("a list");
    let names: Vec<&str> = simulators.iter().filter_map(|one| one["provider"].as_str()).collect();
    assert_eq!(names, ["kakao", "naver", "google", "facebook", "apple"]);
    for (offset, one) in (0..).zip(simulators) {
        let address = format!("http://localhost:{}", base + offset);
        assert_eq!(one["base_url"], address);
        assert_eq!(one["issuer"], address);
        assert!(one["redirect_uris"].to_string().contains("http://localhost:8000/back"));
        let page =
            reqwest_client().get(&address).send().await.expect("it answers").text().await.expect("a page");
        assert!(page.contains(one["client_id"].as_str().expect("a client id")));
    }
    let pid = running.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    assert_eq!(running.0.wait().expect("it ends").code(), Some(0));
}

fn reqwest_client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

#[test]
fn one_alone_keeps_its_port_and_can_name_the_real_issuer() {
    let base = free_ports(&PORTS);
    let (_running, line) = start(&["google", "--port-base", &base.to_string(), "--real-issuer", "--json"]);
    let ready: Value = serde_json::from_str(&line).expect("an object");
    assert_eq!(ready["simulators"][0]["base_url"], format!("http://localhost:{}", base + 2));
    assert_eq!(ready["simulators"][0]["issuer"], "https://accounts.google.com");
    assert_eq!(ready["simulators"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_port_that_is_taken_is_said_and_nothing_is_started() {
    let port = free_ports(&PORTS);
    let _taken = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
    let output = simulate(&["kakao", "--port-base", &port.to_string(), "--json"]).output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let failure: Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!(failure["error"], "port_in_use");
    assert!(failure["message"].as_str().is_some_and(|text| text.contains("--port-base")));
}
