//! What may stand only in certain places.

use super::Findings;
use crate::items::words_and_marks;
use crate::tree::{File, Rust, Tree};

/// The crates that speak to a database engine.
const DRIVERS: &[&str] =
    &["rusqlite", "tokio_postgres", "tokio_postgres_rustls", "deadpool", "deadpool_postgres"];

/// Where they may be named: the server's one executor, the client's vault, and the tests that look beneath them, the demo's
/// database, the test server, what end-to-end tests read beside a running program, the tasks.
const HOMES_OF_DRIVERS: &[&str] = &[
    "crates/server/src/store/db",
    "crates/server/tests/it/store/",
    "crates/client/src/vault",
    "crates/client/tests/it/place",
    "crates/client/tests/postgres/sweeping",
    "crates/testkit/src/postgres",
    "demo/src/database",
    "e2e/src/records",
    "xtask/",
];

/// What the pure crate must not know.
const IMPURE: &[&str] =
    &["async", "await", "tokio", "axum", "hyper", "reqwest", "rusqlite", "tokio_postgres", "SystemTime"];

/// The same, as a manifest spells it.
const IMPURE_DEPENDENCIES: &[&str] =
    &["tokio", "axum", "hyper", "reqwest", "rusqlite", "tokio-postgres", "deadpool-postgres", "futures-util"];

/// What brings random numbers, as code and manifests name it.
const GENERATORS: &[&str] = &[
    "rand",
    "rand_core",
    "fastrand",
    "getrandom",
    "nanorand",
    "oorandom",
    "OsRng",
    "SmallRng",
    "StdRng",
    "SystemRandom",
    "ThreadRng",
    "thread_rng",
];

/// Where they may be named: the one place that makes random values, and the one that signs with them.
const HOMES_OF_GENERATORS: &[&str] = &["crates/protocol/src/random", "crates/protocol/src/jose/signing_key"];

/// Storage is written once: only one place per party knows the drivers.
pub(super) fn database_drivers(tree: &Tree, findings: &mut Findings) {
    for (file, rust) in tree.rust() {
        if HOMES_OF_DRIVERS.iter().any(|home| file.path.starts_with(home)) {
            continue;
        }
        for (line, word) in words_of(rust, DRIVERS) {
            let advice = format!("`{word}` outside the store: go through the functions of the store");
            findings.add(&file.path, line, advice);
        }
    }
}

/// The protocol crate does no IO and reads no clock.
pub(super) fn pure_protocol(tree: &Tree, findings: &mut Findings) {
    for (file, rust) in tree.rust().filter(|(file, _)| file.path.starts_with("crates/protocol/src/")) {
        for (line, word) in words_of(rust, IMPURE) {
            let advice =
                format!("`{word}` in the protocol crate: it is pure; do this in the crate that calls it");
            findings.add(&file.path, line, advice);
        }
    }
    for file in tree.files().filter(|file| file.path == "crates/protocol/Cargo.toml") {
        for (line, name) in dependencies_of(file, IMPURE_DEPENDENCIES) {
            let advice = format!("the protocol crate is pure: it cannot depend on `{name}`");
            findings.add(&file.path, line, advice);
        }
    }
}

/// Random values come from the system's generator by one function (JO-17).
pub(super) fn random_generators(tree: &Tree, findings: &mut Findings) {
    let advice = |name: &str| format!("`{name}`: random values come from `mapae_protocol::random`");
    let is_ours = |path: &str| path.starts_with("crates/") || path.starts_with("demo/");
    for (file, rust) in tree.rust().filter(|(file, _)| is_ours(&file.path) && file.path.contains("/src/")) {
        if HOMES_OF_GENERATORS.iter().any(|home| file.path.starts_with(home)) {
            continue;
        }
        for (line, word) in words_of(rust, GENERATORS) {
            findings.add(&file.path, line, advice(word));
        }
    }
    for file in tree.files().filter(|file| is_ours(&file.path) && file.path.ends_with("/Cargo.toml")) {
        for (line, name) in dependencies_of(file, GENERATORS) {
            findings.add(&file.path, line, advice(name));
        }
    }
}

/// Where a manifest names one of these; lines from 1.
fn dependencies_of<'a>(file: &'a File, wanted: &'a [&'a str]) -> impl Iterator<Item = (usize, &'a str)> {
    let names = file.text.lines().map(|line| line.split(['.', '=', ' ']).next().unwrap_or_default());
    names.enumerate().filter(move |(_, name)| wanted.contains(name)).map(|(at, name)| (at + 1, name))
}

/// Where these words stand in code; lines from 1.
fn words_of<'a>(rust: &'a Rust, wanted: &'a [&str]) -> impl Iterator<Item = (usize, &'a str)> {
    rust.lines.iter().enumerate().flat_map(move |(at, line)| {
        words_and_marks(&line.code).filter(|word| wanted.contains(word)).map(move |word| (at + 1, word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places_found;

    #[test]
    fn drivers_are_found_outside_their_homes_but_not_in_words_about_them() {
        let naming = "use rusqlite::Connection;\n";
        let files = [
            ("crates/server/src/store/db.rs", naming),
            ("crates/server/src/store/db/sqlite.rs", naming),
            ("crates/client/src/vault.rs", naming),
            (
                "crates/server/src/store/users.rs",
                "// rusqlite\nlet x = \"rusqlite\";\ntokio_postgres::connect();\n",
            ),
            ("crates/server/tests/it/races.rs", naming),
        ];
        assert_eq!(
            places_found(database_drivers, &files),
            ["crates/server/src/store/users.rs:3", "crates/server/tests/it/races.rs:1"]
        );
    }

    #[test]
    fn generators_are_found_in_what_runs_but_in_their_homes() {
        let naming = "use aws_lc_rs::rand;\n";
        let files = [
            ("bench/src/jws.rs", naming),
            ("crates/client/Cargo.toml", "[dependencies]\nrand = \"0.9\"\nserde.workspace = true\n"),
            ("crates/protocol/src/random.rs", naming),
            ("crates/protocol/src/jose/signing_key.rs", naming),
            (
                "crates/server/src/ids.rs",
                "// fastrand\nlet id = random::token();\nlet n = fastrand::u64(..);\n",
            ),
            ("crates/server/tests/it/races.rs", naming),
            ("demo/src/main.rs", "use rand::random as r;\n"),
        ];
        assert_eq!(
            places_found(random_generators, &files),
            ["crates/client/Cargo.toml:2", "crates/server/src/ids.rs:3", "demo/src/main.rs:1"]
        );
    }

    #[test]
    fn the_protocol_crate_has_no_async_and_no_clock() {
        let files = [
            ("crates/protocol/Cargo.toml", "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n"),
            ("crates/protocol/src/pkce.rs", "//! async\nasync fn f() {}\nuse std::time::SystemTime;\n"),
            ("crates/server/src/main.rs", "async fn main() {}\n"),
        ];
        assert_eq!(
            places_found(pure_protocol, &files),
            [
                "crates/protocol/Cargo.toml:3",
                "crates/protocol/src/pkce.rs:2",
                "crates/protocol/src/pkce.rs:3"
            ]
        );
    }
}
