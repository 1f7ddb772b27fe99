//! `mapae check`.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use mapae::store::{
    Unit, counters,
    db::Engine,
    server_clocks::{self, ServerClock},
};
use mapae_protocol::time::{Seconds, Timestamp};
use mapae_testkit::{free_port, postgres::PostgresServer};
use serde_json::Value;

use super::{
    installation::{Installation, on_each_engine, text},
    server::Server,
};

const OTHER_MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Checks, and returns what was found about each subject at which level.
fn check(mapae: &Installation) -> (bool, Vec<(String, String)>, Value) {
    let ended = mapae.run(&["check", "--json"]);
    let report = ended.object();
    let fine = report["ok"].as_bool().unwrap();
    assert_eq!(ended.code, Some(i32::from(!fine)), "{report}");
    let findings = report["findings"].as_array().unwrap();
    for finding in findings {
        let must_do = finding["level"] == "problem";
        assert_eq!(finding.get("todo").is_some(), must_do, "what must be done is said: {finding}");
    }
    let levels = findings.iter().map(|finding| (text(finding, "subject"), text(finding, "level")));
    (fine, levels.collect(), report)
}

/// The subjects in which something must be done.
fn problems(mapae: &Installation) -> Vec<String> {
    let (_, levels, _) = check(mapae);
    levels.into_iter().filter(|(_, level)| level == "problem").map(|(subject, _)| subject).collect()
}

on_each_engine! {
    async fn a_new_installation_and_a_running_one_are_fine(mapae: Installation) {
        let (fine, levels, report) = check(&mapae);
        assert!(fine, "{report}");
        assert!(levels.iter().any(|(subject, level)| subject == "database" && level == "note"), "{report}");
        assert!(!mapae.data().exists(), "a check makes nothing");

        let server = Server::start(&mapae);
        let (fine, levels, report) = check(&mapae);
        assert!(fine, "{report}");
        for subject in ["configuration", "data folder", "mailbox", "master key", "database", "keys"] {
            assert!(levels.contains(&(subject.to_owned(), "ok".to_owned())), "{subject}: {report}");
        }
        let read = mapae.run(&["check"]);
        assert!(read.output.ends_with("\nNothing must be done.\n"), "{read:?}");
        server.stop("TERM");
    }

    async fn op_13_a_server_that_is_ahead_of_another_is_found(mapae: Installation) {
        mapae.json(&["migrate"]);
        let now = Timestamp::from_unix(1_800_000_000);
        let clock = |id: &str, ahead| ServerClock { id: id.to_owned(), shows: now, ahead };
        for (other, expected) in [(Seconds::ZERO, 0), (Seconds::hours(3), 1)] {
            let db = mapae.db();
            db.commit(Unit::from(server_clocks::note(&clock("a", Seconds::ZERO)))).await.unwrap();
            db.commit(Unit::from(server_clocks::note(&clock("b", other)))).await.unwrap();
            let found = problems(&mapae).iter().filter(|subject| *subject == "clock").count();
            assert_eq!(found, expected, "{other:?}");
        }
    }

    async fn op_15_what_others_may_write_or_read_is_refused_or_closed(mapae: Installation) {
        Server::start(&mapae).stop("TERM");
        let (folder, key) = (&mapae.data(), mapae.data().join("master.key"));
        let mode = |path: &std::path::Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        mode(folder, 0o777);
        let refused = mapae.run(&["serve", "--listen", &format!("127.0.0.1:{}", free_port())]);
        assert!(refused.code != Some(0) && refused.errors.contains("chmod 700"), "{refused:?}");
        assert!(problems(&mapae).contains(&"data folder".to_owned()));
        mode(folder, 0o700);

        let database = folder.join("mapae.db");
        if database.exists() {
            mode(&database, 0o666);
            assert!(problems(&mapae).contains(&"database".to_owned()));
            mode(&database, 0o646);
            Server::start(&mapae).stop("TERM");
            assert_eq!(fs::metadata(&database).unwrap().permissions().mode() & 0o777, 0o640);
        }

        // Only root can give a file to somebody else.
        if std::os::unix::fs::chown(&key, Some(4_711), None).is_ok() {
            let refused = mapae.run(&["serve", "--listen", &format!("127.0.0.1:{}", free_port())]);
            assert!(refused.code != Some(0) && refused.errors.contains("belongs to another user"), "{refused:?}");
            assert_eq!(problems(&mapae), ["configuration"]);
        }
    }

    async fn op_13_a_clock_that_is_behind_is_found(mapae: Installation) {
        mapae.json(&["migrate"]);
        let future = Timestamp::from_unix(32_503_680_000);
        mapae.db().commit(Unit::from(counters::raise_clock(future))).await.unwrap();
        let (fine, _, report) = check(&mapae);
        assert!(!fine);
        assert_eq!(problems(&mapae), ["clock"]);
        assert!(report.to_string().contains("3000-01-01T00:00:00Z has passed already"), "{report}");
    }

    async fn op_15_the_wrong_master_key_and_none_at_all_are_found(mapae: Installation) {
        Server::start(&mapae).stop("TERM");
        fs::rename(mapae.data().join("master.key"), mapae.data().join("elsewhere")).unwrap();
        assert_eq!(problems(&mapae), ["master key"]);
        assert!(!mapae.data().join("master.key").exists(), "a check makes nothing");
        let mapae = mapae.with("MAPAE_MASTER_KEY", OTHER_MASTER_KEY);
        assert_eq!(problems(&mapae), ["keys"]);
    }

    async fn op_15_a_master_key_that_is_lost_is_never_replaced(mapae: Installation) {
        let first = Server::start(&mapae);
        let keys = first.published_keys().await;
        first.stop("TERM");
        let (file, elsewhere) = (mapae.data().join("master.key"), mapae.data().join("elsewhere"));
        fs::rename(&file, &elsewhere).unwrap();
        let listen = format!("127.0.0.1:{}", free_port());
        for words in [&["serve", "--listen", &listen][..], &["keys", "rotate"], &["keys", "rotate", "--now"]] {
            let refused = mapae.refused(words);
            assert_eq!(refused["error"], "master_key_unusable", "{words:?}: {refused}");
            let message = text(&refused, "message");
            assert!(message.contains("bring it back from your backup"), "{message}");
            assert!(message.contains(file.to_str().unwrap()), "{message}");
            assert!(!file.exists(), "{words:?}: no other key is made");
        }
        fs::rename(&elsewhere, &file).unwrap();
        let again = Server::start(&mapae);
        assert_eq!(again.published_keys().await, keys);
        again.stop("TERM");
    }

    async fn op_13_a_time_that_was_noted_wrongly_is_reset_by_hand(mapae: Installation) {
        mapae.json(&["migrate"]);
        let future = Timestamp::from_unix(32_503_680_000);
        mapae.db().commit(Unit::from(counters::raise_clock(future))).await.unwrap();
        let (_, _, report) = check(&mapae);
        assert!(report.to_string().contains("mapae clock reset"), "{report}");
        let reset = mapae.json(&["clock", "reset"]);
        assert_eq!(reset["noted_before"], 32_503_680_000_i64);
        assert_eq!(counters::read(&mapae.db()).await.unwrap().clock.unix(), reset["noted"].as_i64().unwrap());
        assert_eq!(problems(&mapae), Vec::<String>::new());
    }

    async fn me_04_keys_that_nobody_rotates_are_found(mapae: Installation) {
        Server::start(&mapae).stop("TERM");
        mapae.execute("UPDATE signing_keys SET active_at = active_at - 94 * 86400").await;
        assert_eq!(problems(&mapae), ["keys"]);
        mapae.json(&["keys", "rotate", "--now"]);
        assert_eq!(problems(&mapae), Vec::<String>::new());
    }

    async fn a_newer_schema_is_found(mapae: Installation) {
        mapae.json(&["migrate"]);
        mapae.execute("INSERT INTO schema_migrations (version, checksum, applied_at) VALUES (999, 'x', 0)").await;
        assert_eq!(problems(&mapae), ["database"]);
    }
}

#[tokio::test]
async fn op_15_a_key_that_others_read_is_found_with_the_command_that_mends_it() {
    let mapae = Installation::new(Engine::Sqlite).await;
    Server::start(&mapae).stop("TERM");
    fs::set_permissions(mapae.data().join("master.key"), Permissions::from_mode(0o644)).unwrap();
    let (fine, _, report) = check(&mapae);
    assert!(!fine && report.to_string().contains("chmod 600"), "{report}");
}

#[tokio::test]
async fn op_15_every_mistake_of_the_configuration_is_a_finding() {
    let mapae = Installation::new(Engine::Sqlite).await.with("MAPAE_ISSUER", "http://id.example.com");
    fs::write(mapae.folder().join("mapae.toml"), "listen = 7\nisuer = \"x\"\n").unwrap();
    let (_, levels, report) = check(&mapae);
    assert_eq!(levels.len(), 3, "{report}");
    assert!(
        levels.iter().all(|(subject, level)| subject == "configuration" && level == "problem"),
        "{report}"
    );
}

#[tokio::test]
async fn folders_that_are_files_are_found() {
    let mapae = Installation::new(Engine::Sqlite).await;
    fs::create_dir(mapae.data()).unwrap();
    fs::write(mapae.data().join("mailbox"), "").unwrap();
    fs::write(mapae.sqlite_file(), "this is no database, and it is long enough to be taken for one").unwrap();
    fs::set_permissions(mapae.sqlite_file(), Permissions::from_mode(0o600)).unwrap();
    assert_eq!(problems(&mapae), ["mailbox", "database"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_answer_is_found() {
    let server = PostgresServer::start().unwrap();
    let url = server.fresh_database().await.unwrap();
    let mapae = Installation::at(url);
    mapae.json(&["migrate"]);
    server.stop().unwrap();
    assert_eq!(problems(&mapae), ["database"]);
    assert_eq!(mapae.refused(&["app", "list"])["error"], "database_unavailable");
    server.start_again().unwrap();
    assert_eq!(problems(&mapae), Vec::<String>::new());
}
