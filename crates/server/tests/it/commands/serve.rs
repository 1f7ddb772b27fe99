//! `mapae serve`: start and end.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use mapae::store::{
    db::Engine,
    links::{self, Purpose},
    users::{self, NewUser},
};
use mapae_protocol::{digest::sha256_base64url, time::Timestamp};
use mapae_testkit::free_port;
use serde_json::Value;

use super::{
    installation::{Installation, on_each_engine, shape, text},
    server::{PATIENCE, Server},
};

/// Whether this link would make the first operator's account.
async fn opens(mapae: &Installation, token: &str) -> bool {
    let hash = sha256_base64url(token);
    let now = Timestamp::from_unix(1);
    links::find(&mapae.db(), &hash, Purpose::Setup, now).await.unwrap().is_some()
}

/// The permissions of a file or folder.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{path:?}: {error}")).permissions().mode() & 0o777
}

/// The same command in a shell that would let everybody read and write what it makes.
fn without_umask(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 0 && exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear();
    shell
}

on_each_engine! {
    async fn what_it_makes_is_its_owners_alone(mapae: Installation) {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let command = mapae.command(&["serve", "--listen", &listen, "--json"]);
        let _server = Server::of(without_umask(&command), port);
        assert_eq!(mode(&mapae.data()), 0o700);
        assert_eq!(mode(&mapae.data().join("master.key")), 0o600);
        let files = fs::read_dir(mapae.data()).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|path| path.is_file()) {
            assert_eq!(mode(&file) & 0o077, 0, "{file:?}");
        }
    }

    async fn it_says_where_it_is_answers_and_ends_gently(mapae: Installation) {
        let server = Server::start(&mapae);
        let ready = &server.ready;
        assert_eq!(text(ready, "issuer"), format!("http://localhost:{}", server.port));
        assert_eq!(text(ready, "listen"), format!("127.0.0.1:{}", server.port));
        assert_eq!(text(ready, "account"), format!("{}/account", server.issuer));
        assert_eq!(text(ready, "console"), format!("{}/console", server.issuer));
        assert_eq!(text(ready, "data"), mapae.data().display().to_string());
        assert_eq!(text(ready, "mailbox"), mapae.data().join("mailbox").display().to_string());
        assert!(mapae.data().join("mailbox").is_dir());
        let metadata = server.document("/.well-known/openid-configuration").await;
        assert_eq!(text(&metadata, "issuer"), server.issuer);
        let stopped = server.stop("TERM");
        assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
        assert!(!stopped.log.contains("ERROR"), "{}", stopped.log);
    }

    async fn it_finds_its_data_again_and_ends_by_ctrl_c(mapae: Installation) {
        let first = Server::start(&mapae);
        let keys = first.published_keys().await;
        assert_eq!(first.stop("INT").status.code(), Some(0));
        let second = Server::start(&mapae);
        assert_eq!(second.published_keys().await, keys);
        assert_eq!(second.stop("INT").status.code(), Some(0));
    }

    async fn ad_11_the_first_operator_comes_by_a_link_that_only_the_terminal_shows(mapae: Installation) {
        let server = Server::start(&mapae);
        assert!(users::list(&mapae.db(), 1).await.unwrap().is_empty(), "there is no account by default");
        let token = server.setup_token();
        assert_eq!(token.len(), 43, "256 bits");
        assert!(opens(&mapae, &token).await);
        let stopped = server.stop("TERM");
        assert!(!stopped.log.contains(&token), "the log does not show it");

        let again = Server::start(&mapae);
        assert_ne!(again.setup_token(), token);
        assert!(opens(&mapae, &again.setup_token()).await);
        assert!(opens(&mapae, &token).await, "the start of another node does not take the link away");
    }

    async fn ad_11_with_an_operator_there_is_no_link(mapae: Installation) {
        mapae.user("mina@example.com");
        assert!(Server::start(&mapae).ready["setup"].is_object(), "an account by command is no operator's");
        let operator = NewUser {
            id: "usr_operator".to_owned(),
            email: Some("operator@example.com".to_owned()),
            email_verified: true,
            name: "O".to_owned(),
            locale: None,
            password_hash: None,
            operator: true,
            claims: None,
        };
        mapae.db().commit(users::insert(&operator, Timestamp::from_unix(1))).await.unwrap();
        assert_eq!(Server::start(&mapae).ready["setup"], Value::Null);
    }

    async fn op_13_it_notes_the_time(mapae: Installation) {
        let server = Server::start(&mapae);
        let deadline = std::time::Instant::now() + PATIENCE;
        while mapae::store::counters::read(&mapae.db()).await.unwrap().clock.unix() == 0 {
            assert!(std::time::Instant::now() < deadline, "no time was noted");
        }
        server.stop("TERM");
    }

    async fn op_15_under_another_master_key_it_does_not_start(mapae: Installation) {
        Server::start(&mapae).stop("TERM");
        let mapae = mapae.with("MAPAE_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        let refused = mapae.refused(&["serve", "--listen", &format!("127.0.0.1:{}", free_port())]);
        insta::assert_snapshot!(shape(&refused), @r#"
        {
          "error": "wrong_master_key",
          "message": "the master key is not the one of this database: use the master.key that was made with it"
        }
        "#);
    }
}

#[tokio::test]
async fn people_read_where_to_go() {
    let mapae = Installation::new(Engine::Sqlite).await;
    let port = free_port();
    let mut child = mapae
        .command(&["serve", "--listen", &format!("127.0.0.1:{port}")])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = String::new();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    while !text.ends_with("Ctrl+C stops it.\n") {
        assert!(std::io::BufRead::read_line(&mut output, &mut text).unwrap() > 0, "{text}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for part in [
        format!("issuer     http://localhost:{port}\n"),
        format!("account    http://localhost:{port}/account\n"),
        format!("console    http://localhost:{port}/console\n"),
        format!("\n  http://localhost:{port}/setup?token="),
        format!("mailbox    {}", mapae.data().join("mailbox").display()),
    ] {
        assert!(text.contains(&part), "{part:?} in {text}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_nothing_is_made() {
    let mapae = Installation::new(Engine::Sqlite).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = mapae.refused(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    assert_eq!(refused["error"], "port_in_use");
    let message = text(&refused, "message");
    assert!(message.contains(&format!("port {port} of 127.0.0.1 is taken")), "{message}");
    assert!(message.contains("--listen 127.0.0.1:"), "{message}");
    assert!(!mapae.data().exists());
}

#[tokio::test]
async fn folders_that_cannot_be_used_are_named() {
    let listen = format!("127.0.0.1:{}", free_port());
    let serve = ["serve", "--listen", listen.as_str()];
    let in_the_way = Installation::new(Engine::Sqlite).await;
    fs::write(in_the_way.data(), "a file").unwrap();
    let refused = in_the_way.refused(&serve);
    assert_eq!(refused["error"], "data_folder_unusable");
    assert!(text(&refused, "message").contains("--data"), "{refused}");

    let mailbox = Installation::new(Engine::Sqlite).await;
    fs::create_dir(mailbox.data()).unwrap();
    fs::write(mailbox.data().join("mailbox"), "a file").unwrap();
    assert_eq!(mailbox.refused(&serve)["error"], "mailbox_unusable");
}

#[tokio::test]
async fn op_15_it_does_not_start_with_mistakes_and_says_all_of_them() {
    let mapae = Installation::new(Engine::Sqlite).await.with("MAPAE_ISSUER", "http://id.example.com");
    fs::write(mapae.folder().join("mapae.toml"), "isuer = \"x\"\n[tokens]\ncode_seconds = \"long\"\n")
        .unwrap();
    let ended = mapae.run(&["serve", "--json"]);
    assert_eq!(ended.code, Some(2));
    let refused = ended.object();
    assert_eq!(refused["error"], "invalid_configuration");
    assert_eq!(refused["mistakes"].as_array().unwrap().len(), 3, "{refused}");
    let read = mapae.run(&["serve"]);
    assert_eq!((read.code, read.output.as_str()), (Some(2), ""));
    assert!(read.errors.starts_with("error: there are 3 mistakes in the configuration\n\n  "), "{read:?}");
    assert!(!mapae.data().exists(), "nothing was made");
}

#[tokio::test]
async fn a_second_issuer_over_one_database_is_told_at_the_start() {
    let mapae = Installation::new(Engine::Postgres).await;
    let first = Server::start(&mapae);
    let second = Server::start(&mapae);
    assert_ne!(first.issuer, second.issuer);
    let (issuer, last) = (second.issuer.clone(), first.issuer.clone());
    let log = second.stop("TERM").log;
    let told = log.lines().find(|line| line.contains("served under another issuer"));
    assert!(told.is_some_and(|line| line.contains(&issuer) && line.contains(&last)), "{log}");
    let log = first.stop("TERM").log;
    assert!(!log.contains("another issuer"), "{log}");
    // Whoever names no issuer hears of the server that uses the database, and not of one that nobody runs.
    let secret = mapae.folder().join("secret");
    fs::write(&secret, "s3cret").unwrap();
    let secret = secret.to_str().unwrap();
    let added = mapae.json(&["upstream", "add", "kakao", "--client-id", "x", "--client-secret-file", secret]);
    assert_eq!(added["redirect_uri"], format!("{issuer}/upstream/kakao/callback"));
    let report = mapae.json(&["check"]);
    let findings = report["findings"].as_array().unwrap().iter();
    let told = findings.filter(|finding| finding["subject"] == "issuer").collect::<Vec<_>>();
    assert!(told.len() == 1 && told[0]["finding"].as_str().unwrap().contains(&issuer), "{report}");
    let named = mapae.with("MAPAE_ISSUER", "https://id.example.com");
    let shown = named.json(&["upstream", "show", "kakao"]);
    assert_eq!(shown["redirect_uri"], "https://id.example.com/upstream/kakao/callback");
}
