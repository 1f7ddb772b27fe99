//! Somebody else's client, unchanged, signs everything: npm `openid-client` — RFC 7523 §2.2, RFC 9101, RFC 9126, JARM.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
};

use mapae::clock::Clock;
use mapae_testkit::{Browser, Options, TestServer, npm_folder};
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::protocol::agree;

/// The program with its libraries beside it.
fn start(issuer: &str) -> Child {
    Command::new("node")
        .args(["signing.mjs", issuer])
        .current_dir(npm_folder("social"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs node")
}

#[tokio::test(flavor = "multi_thread")]
async fn rfc7523_2_2_rfc9101_rfc9126_jarm_openid_client_signs_everything_unchanged() {
    let server = TestServer::start_with(Options {
        clock: Some(Clock::System),
        settings: vec![("MAPAE_REGISTRATION__POLICY".to_owned(), "open".to_owned())],
        ..Options::default()
    })
    .await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let mut program = block_in_place(|| start(server.issuer()));
    let mut input = program.stdin.take().unwrap();
    let mut said = BufReader::new(program.stdout.take().unwrap()).lines();
    let learnt = loop {
        let line = block_in_place(|| said.next()).expect("the program goes on").unwrap();
        if line.starts_with('{') {
            break serde_json::from_str::<Value>(&line).unwrap();
        }
        let page = agree(&browser, &user, &line).await;
        let back = page.location().unwrap_or_else(|| panic!("{} {}", page.status, page.body)).to_string();
        writeln!(input, "{back}").unwrap();
    };
    assert!(block_in_place(|| program.wait()).unwrap().success());
    let expected = |answered: Value| {
        json!({
            "pushed": ["client_id", "request_uri"], "answered": answered, "email": "hong@example.com",
            "active": [true, false],
        })
    };
    assert_eq!(learnt["privateKey"], expected(json!(["response"])), "one signed answer");
    assert_eq!(learnt["secret"], expected(json!(["code", "iss", "state"])));
}
