//! A disk that fails under a running server.

use std::process::Command;

use mapae::store::db::Engine;
use mapae_testkit::free_port;

use super::{installation::Installation, server::Server};

/// What SQLite's index of its log needs, and no more.
const BLOCKS: u32 = 64;

/// As a disk that takes no more than so many blocks of 512 bytes of any file: writing beyond is an IO error.
fn on_a_small_disk(mapae: &Installation, listen: &str) -> Command {
    let serve = mapae.command(&["serve", "--listen", listen, "--json"]);
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {BLOCKS}; exec \"$0\" \"$@\"")])
        .arg(serve.get_program());
    shell.args(serve.get_args()).env_clear().current_dir(mapae.folder());
    shell
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn db_10_a_server_that_cannot_write_safely_any_more_ends_and_says_so() {
    let mapae = Installation::new(Engine::Sqlite).await;
    // Killed, it leaves a log of writes that is longer than the disk below allows.
    let first = Server::start(&mapae);
    let keys = first.published_keys().await;
    first.stop("KILL");
    let wal = mapae.sqlite_file().with_extension("db-wal");
    assert!(std::fs::metadata(wal).unwrap().len() > u64::from(BLOCKS) * 512);

    let port = free_port();
    let mut child = on_a_small_disk(&mapae, &format!("127.0.0.1:{port}"));
    let output = child.output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("cannot be written safely any more"), "{log}");

    let again = Server::start(&mapae);
    assert_eq!(again.published_keys().await, keys, "what was acknowledged is there");
    assert_eq!(again.stop("TERM").status.code(), Some(0));
}
