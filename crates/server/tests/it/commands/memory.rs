//! What a server that runs as a process holds in memory — G-33.

use std::{
    io::Write as _,
    net::{Ipv4Addr, TcpStream},
};

use mapae::store::db::Engine;

use super::{installation::Installation, server::Server};

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
        stream.write_all(&vec![b'a'; ARRIVED / 2]).unwrap();
    }
    let mut most = 0;
    for _ in 0..100 {
        server.published_keys().await;
        most = most.max(server.resident_bytes());
    }
    let grown = most.saturating_sub(before) / 1024 / 1024;
    assert!(grown >= 16, "they are there: {grown} MiB");
    assert!(grown < 64, "{grown} MiB for {CONNECTIONS} bodies");
    drop(held);
}
