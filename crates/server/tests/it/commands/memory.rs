//! What a server that runs as a process holds in memory — G-33.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use mapae::store::db::Engine;
use mapae_testkit::until;

use super::{installation::Installation, server::Server};

/// As many as one address may have (`limits.connections_per_address`).
const OF_ONE_ADDRESS: usize = 256;

/// Few enough for the usual limit of open files.
const CONNECTIONS: usize = 400;
/// A little less than a form may have.
const ARRIVED: usize = 60_000;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g_33_bodies_that_never_end_do_not_fill_the_memory() {
    let mapae = Installation::new(Engine::Sqlite).await;
    let server = Server::start(&mapae);
    server.published_keys().await;
    let before = server.resident_bytes();
    let head = format!(
        "POST /token HTTP/1.1\r\nhost: localhost:{}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n",
        server.port,
        ARRIVED + 1
    );
    let held: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            // Not all at once: only a body that comes in pieces is held.
            stream.write_all(&vec![b'a'; ARRIVED / 2]).unwrap();
            stream
        })
        .collect();
    for mut stream in &held {
        // What is more than the share of one address is refused and closed.
        let _ = stream.write_all(&vec![b'a'; ARRIVED / 2]);
    }
    let mut most = 0;
    for _ in 0..100 {
        server.published_keys().await;
        most = most.max(server.resident_bytes());
    }
    let grown = most.saturating_sub(before) / 1024 / 1024;
    assert!(grown >= 8, "they are there: {grown} MiB");
    assert!(grown < 48, "{grown} MiB for {CONNECTIONS} bodies");
    drop(held);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g_33_one_address_does_not_shut_out_forms_that_come_in_pieces() {
    let mapae = Installation::new(Engine::Sqlite).await;
    let server = Server::start(&mapae);
    server.published_keys().await;
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).unwrap();
    let head = |length: usize| {
        format!(
            "POST /token HTTP/1.1\r\nhost: localhost:{}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\n\r\n",
            server.port
        )
    };
    let mut held: Vec<TcpStream> = (0..OF_ONE_ADDRESS).map(|_| connect()).collect();
    for stream in &mut held {
        stream.write_all(head(65_536).as_bytes()).unwrap();
    }
    for stream in &mut held {
        // What is refused is closed, and takes no more.
        let _ = stream.write_all(&[b'a'; 65_535]);
    }
    let refused = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut line = [0; 12];
        matches!(stream.read(&mut line), Ok(12)) && line.ends_with(b"503")
    };
    until("who holds too much is refused", async || {
        server.published_keys().await;
        held.iter_mut().any(&refused)
    })
    .await;
    for _ in 0..5 {
        let form =
            format!("grant_type=client_credentials&client_id=app_x&client_secret={}", "y".repeat(3_000));
        let mut stream = connect();
        stream.write_all(head(form.len()).as_bytes()).unwrap();
        stream.write_all(&form.as_bytes()[..1_300]).unwrap();
        // The first segment has been read when another request is answered.
        server.published_keys().await;
        stream.write_all(&form.as_bytes()[1_300..]).unwrap();
        let mut line = [0; 12];
        stream.read_exact(&mut line).unwrap();
        assert_eq!(std::str::from_utf8(&line), Ok("HTTP/1.1 401"));
    }
    drop(held);
}
