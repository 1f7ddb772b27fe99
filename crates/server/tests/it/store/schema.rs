//! The schema and every statement: one text, two engines — DB-12, RE-10.

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
};

use mapae::store::{
    Db, StoreError, apis,
    db::{Engine, MigrateError, Schema, Sql},
    statements, users,
};
use mapae_protocol::time::Seconds;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_postgres::{NoTls, types::Type};

use super::{
    backend::{TestDb, for_each_backend, patient, shared},
    seed::{NOW, Seed, later},
};

/// Marks the folder in which processes open the same new files.
const HERE: &str = "open-here";

/// SQLite numbers `$n` by appearance, PostgreSQL by digit: only in ascending order of first use do they agree.
#[test]
fn placeholders_ascend_in_order_of_first_use() {
    for sql in statements() {
        let mut highest = 0;
        for number in placeholders(sql) {
            assert!(number <= highest + 1, "{sql:?}: ${number} comes before ${}", highest + 1);
            highest = highest.max(number);
        }
    }
}

#[test]
fn statements_keep_to_the_common_subset() {
    let names: BTreeSet<&str> = statements().map(Sql::name).collect();
    assert_eq!(names.len(), statements().count(), "every statement has a name of its own");
    for sql in statements() {
        let text = sql.text();
        if text.starts_with("INSERT") {
            assert!(text.contains("ON CONFLICT ("), "{sql:?} names no conflict target");
        }
        let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        for banned in
            ["NOW", "CURRENT_TIMESTAMP", "strftime", "unixepoch", "json_extract", "REPLACE", "GLOB", "ILIKE"]
        {
            assert!(!words.contains(&banned), "{sql:?} uses {banned}");
        }
        assert!(!text.contains("FOR UPDATE") && !text.contains("->") && !text.contains("::"), "{sql:?}");
        assert!(
            !(text.starts_with("WITH") && words.iter().any(|w| ["INSERT", "UPDATE", "DELETE"].contains(w))),
            "{sql:?}"
        );
        assert!(!text.contains("  ") || text.contains("SELECT"), "{sql:?} has a hole in it: {text}");
    }
}

#[tokio::test]
async fn sqlite_understands_every_statement() {
    let db = TestDb::new(Engine::Sqlite).await;
    let connection = rusqlite::Connection::open(db.file()).unwrap();
    for sql in statements() {
        let statement = connection.prepare(sql.text()).unwrap_or_else(|error| panic!("{sql:?}: {error}"));
        let expected = placeholders(sql).into_iter().max().unwrap_or(0);
        assert_eq!(statement.parameter_count(), expected, "{sql:?}");
    }
}

#[tokio::test]
async fn postgres_understands_every_statement_and_guesses_no_type() {
    let db = TestDb::new(Engine::Postgres).await;
    let (client, connection) = tokio_postgres::connect(db.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    for sql in statements() {
        let statement = client.prepare(sql.text()).await.unwrap_or_else(|error| panic!("{sql:?}: {error:?}"));
        assert_eq!(statement.params().len(), placeholders(sql).into_iter().max().unwrap_or(0), "{sql:?}");
        for kind in statement.params() {
            assert!(
                [Type::TEXT, Type::INT8, Type::BOOL].contains(kind),
                "{sql:?} has a parameter of type {kind}"
            );
        }
        for column in statement.columns() {
            let known = [Type::TEXT, Type::INT8, Type::INT4, Type::BOOL];
            assert!(known.contains(column.type_()), "{sql:?} returns a {}", column.type_());
        }
    }
}

/// Statements of requests find their rows by an index; only lists and the catalogue may read a whole table.
#[tokio::test]
async fn op_no_request_reads_a_whole_table() {
    let allowed = [
        "users::ALL",
        "apps::ALL",
        "apis::ALL",
        "upstreams::ALL",
        "users::ANY_OPERATOR",
        "keys::SIGNING",
        "keys::NOT_WITHDRAWN",
        "keys::FORMER",
        "server_clocks::FORGET_AHEAD",
        "keys::SEALS",
    ];
    let swept_whole = [
        "sweep::APP_SECRETS",
        "sweep::SIGNING_KEYS",
        "sweep::PRIVATE_PARTS",
        "sweep::SEAL_KEYS",
        "migrate::APPLIED",
    ];
    let db = TestDb::new(Engine::Sqlite).await;
    let connection = rusqlite::Connection::open(db.file()).unwrap();
    for sql in statements() {
        if allowed.iter().chain(&swept_whole).any(|name| sql.name().ends_with(name)) {
            continue;
        }
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.text())).unwrap();
        let mut lines = plan.raw_query();
        while let Some(line) = lines.next().unwrap() {
            let line: String = line.get(3).unwrap();
            let whole = line.starts_with("SCAN") && !line.contains("INDEX") && !line.contains("CONSTANT ROW");
            let derived =
                ["SCAN base", "SCAN parts LEFT-JOIN", "SCAN free", "SCAN places", "SCAN knowing", "SCAN d"]
                    .contains(&line.as_str());
            // A row for each server that runs.
            let few = line == "SCAN running";
            assert!(!whole || derived || few || line.starts_with("SCAN (subquery"), "{sql:?}: {line}");
        }
    }
}

for_each_backend! {
    async fn db_12_a_migrated_database_is_migrated_again_without_harm(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let again = db.another().migrate(later(Seconds::days(1))).await.unwrap();
        assert!(again.is_current() && again == db.schema().await.unwrap());
        assert!(users::by_id(&db, &seed.user).await.unwrap().is_some());
    }

    async fn db_12_a_newer_schema_is_refused_and_left_alone(db: TestDb) {
        past_the_store(&db, "INSERT INTO schema_migrations (version, checksum, applied_at) VALUES (999, 'x', 0)").await;
        let refused = db.migrate(NOW).await.unwrap_err();
        assert!(matches!(refused, MigrateError::Newer { found: 999, .. }), "{refused:?}");
        assert_eq!(db.schema().await.unwrap().applied, 999);
        assert!(!db.schema().await.unwrap().is_current());
    }

    async fn db_12_a_migration_that_was_changed_is_refused(db: TestDb) {
        past_the_store(&db, "UPDATE schema_migrations SET checksum = 'x' WHERE version = 1").await;
        let refused = db.migrate(NOW).await.unwrap_err();
        assert!(matches!(refused, MigrateError::Changed { version: 1 }), "{refused:?}");
    }

    async fn db_10_the_database_itself_refuses_words_that_are_not_ours(db: TestDb) {
        let format = |word| {
            format!(
                "INSERT INTO apis (id, identifier, name, token_format, secret_hash, created_at) \
                 VALUES ('api_{word}', 'https://{word}', 'x', '{word}', 'h', 0)"
            )
        };
        past_the_store(&db, &format("jwt")).await;
        assert!(apis::by_id(&db, "api_jwt").await.unwrap().is_some());
        assert!(try_past_the_store(&db, &format("xml")).await.is_err());
    }
}

/// SQLite keeps text in a column of numbers if it is told to.
#[tokio::test]
async fn db_10_a_corrupt_row_is_reported_by_statement_and_column() {
    let db = TestDb::new(Engine::Sqlite).await;
    let seed = Seed::plant(&db, "one").await;
    past_the_store(&db, "UPDATE users SET epoch = 'many'").await;
    let corrupt = users::by_id(&db, &seed.user).await.unwrap_err();
    assert!(matches!(corrupt, StoreError::CorruptRow { column: 6, .. }), "{corrupt:?}");
    assert!(corrupt.to_string().contains("users::BY_ID"), "{corrupt}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn db_12_nodes_that_start_at_once_migrate_once() {
    let folder = TempDir::new().unwrap();
    let url = shared().fresh_database().await.unwrap();
    for postgres in [false, true] {
        let mut nodes = JoinSet::new();
        for _ in 0..6 {
            let db = if postgres {
                Db::connect_postgres(&url, patient()).unwrap()
            } else {
                Db::open_sqlite(&folder.path().join("x.db"), patient()).unwrap()
            };
            nodes.spawn(async move { db.migrate(NOW).await });
        }
        while let Some(node) = nodes.join_next().await {
            let schema: Schema = node.unwrap().unwrap();
            assert!(schema.is_current());
        }
    }
}

/// Runs itself in six more processes; those know by the folder in which they stand what they are for.
#[tokio::test]
async fn db_02_processes_that_open_new_files_at_once_do_not_trip_over_each_other() {
    if Path::new(HERE).exists() {
        return open_new_files_here().await;
    }
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join(HERE), "").unwrap();
    let program = std::env::current_exe().unwrap();
    let this = "store::schema::db_02_processes_that_open_new_files_at_once_do_not_trip_over_each_other";
    let start = || {
        let mut process = Command::new(&program);
        process.args(["--exact", this]).current_dir(&folder).stdout(Stdio::null()).spawn().unwrap()
    };
    let mut processes: Vec<_> = (0..6).map(|_| start()).collect();
    assert!(processes.iter_mut().all(|process| process.wait().unwrap().success()));
    assert!(folder.path().join("59.db").exists(), "they did run");
}

async fn open_new_files_here() {
    for n in 0..60 {
        let db = Db::open_sqlite(format!("{n}.db").as_ref(), patient()).unwrap();
        assert!(db.migrate(NOW).await.unwrap().is_current());
    }
}

#[tokio::test]
async fn db_07_the_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let db = TestDb::new(Engine::Sqlite).await;
    Seed::plant(&db, "one").await;
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", db.file().display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} has mode {mode:o}");
    }
}

#[tokio::test]
async fn sqlite_keeps_what_it_acknowledges() {
    let db = TestDb::new(Engine::Sqlite).await;
    Seed::plant(&db, "one").await;
    let connection = rusqlite::Connection::open(db.file()).unwrap();
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    assert!(
        connection.prepare("PRAGMA foreign_key_check").unwrap().query([]).unwrap().next().unwrap().is_none()
    );
}

fn placeholders(sql: Sql) -> Vec<usize> {
    let parts = sql.text().split('$').skip(1);
    parts
        .map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap())
        .collect()
}

async fn past_the_store(db: &TestDb, statement: &str) {
    try_past_the_store(db, statement).await.unwrap();
}

async fn try_past_the_store(db: &TestDb, statement: &str) -> Result<(), String> {
    match db.engine() {
        Engine::Sqlite => {
            let connection = rusqlite::Connection::open(db.file()).unwrap();
            connection.execute_batch(statement).map_err(|error| error.to_string())
        }
        Engine::Postgres => shared().execute(db.url(), statement).await.map_err(|error| error.to_string()),
    }
}
