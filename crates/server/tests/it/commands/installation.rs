//! One installation: a data folder and a database, and the program to work on it.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use mapae::store::{Db, Options, db::Engine};
use mapae_testkit::postgres::PostgresServer;
use serde_json::Value;
use tempfile::TempDir;

use crate::store::sqlite_file;

/// A data folder and a database that go away with the test.
pub(super) struct Installation {
    folder: TempDir,
    postgres: Option<String>,
    environment: Vec<(String, String)>,
}

/// How a command came out.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) output: String,
    pub(super) errors: String,
}

impl Installation {
    pub(super) async fn new(engine: Engine) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let postgres = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(postgres().fresh_database().await.expect("a fresh database")),
        };
        Self { folder, postgres, environment: Vec::new() }
    }

    /// An installation over a PostgreSQL database of the test's own.
    pub(super) fn at(url: String) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        Self { folder, postgres: Some(url), environment: Vec::new() }
    }

    /// With one more variable in the environment of every command.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder in which commands run.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command that is not started yet: nothing of the test's own environment reaches it.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapae"));
        command.args(words).arg("--data").arg(self.data()).env_clear().current_dir(self.folder.path());
        if let Some(url) = &self.postgres {
            command.args(["--database", url]);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, words: &[&str]) -> Ended {
        self.run_with_input(words, "")
    }

    /// Runs a command to its end, with this on its standard input.
    pub(super) fn run_with_input(&self, words: &[&str], input: &str) -> Ended {
        ended(self.start(words, input))
    }

    /// Starts a command and gives it its input.
    pub(super) fn start(&self, words: &[&str], input: &str) -> Child {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("it has an input");
        // A command that refuses its arguments does not wait for its input.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child
    }

    /// Runs a command with `--json` that must be done; its one object.
    pub(super) fn json(&self, words: &[&str]) -> Value {
        self.json_with_input(words, "")
    }

    pub(super) fn json_with_input(&self, words: &[&str], input: &str) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let ended = self.run_with_input(&words, input);
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:?}");
        ended.object()
    }

    /// Runs a command with `--json` that must not be done; its one object.
    pub(super) fn refused(&self, words: &[&str]) -> Value {
        self.refused_with_input(words, "")
    }

    pub(super) fn refused_with_input(&self, words: &[&str], input: &str) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let ended = self.run_with_input(&words, input);
        assert_eq!(ended.code, Some(1), "{words:?}: {ended:?}");
        ended.object()
    }

    /// An account of that address, whose password is `correct horse`.
    pub(super) fn user(&self, email: &str) -> Value {
        self.json_with_input(
            &["user", "create", "--email", email, "--name", "미나", "--password-stdin"],
            "correct horse\n",
        )
    }

    /// Registers the API `https://calendar.example.com` with its scope `calendar.read`.
    pub(super) fn calendar(&self) {
        self.json(&[
            "api",
            "create",
            "--identifier",
            "https://calendar.example.com",
            "--name",
            "캘린더",
            "--scope",
            "calendar.read=일정 보기|See your calendar",
        ]);
    }

    /// The database, opened past the program.
    pub(super) fn db(&self) -> Db {
        match &self.postgres {
            None => Db::open_sqlite(&self.sqlite_file(), Options::default()).expect("an open file"),
            Some(url) => Db::connect_postgres(url, Options::default()).expect("a good address"),
        }
    }

    /// The address of the database, as the setting of a server.
    pub(super) fn database(&self) -> String {
        self.postgres.clone().unwrap_or_else(|| format!("sqlite:{}", self.sqlite_file().display()))
    }

    pub(super) fn sqlite_file(&self) -> PathBuf {
        self.data().join("mapae.db")
    }

    pub(super) const fn engine(&self) -> Engine {
        if self.postgres.is_some() { Engine::Postgres } else { Engine::Sqlite }
    }

    /// Executes statements past the program.
    pub(super) async fn execute(&self, statements: &str) {
        match &self.postgres {
            None => sqlite_file::execute(&self.sqlite_file(), statements),
            Some(url) => postgres().execute(url, statements).await.expect("they are executed"),
        }
    }
}

/// Waits for the end of a command.
pub(super) fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code(), output: text(output.stdout), errors: text(output.stderr) }
}

fn postgres() -> &'static PostgresServer {
    PostgresServer::shared().expect("a PostgreSQL of our own")
}

impl Ended {
    /// The one object on standard output; there is nothing else there, and no error beside it.
    pub(super) fn object(&self) -> Value {
        assert_eq!(self.output.matches('\n').count(), 1, "one line: {self:?}");
        let value: Value =
            serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert!(value.is_object(), "{self:?}");
        assert!(!self.errors.contains("error:"), "{self:?}");
        value
    }
}

/// Every text of a list.
pub(super) fn texts<'v>(list: &'v Value, key: &str) -> Vec<&'v str> {
    list.as_array().expect("a list").iter().map(|item| item[key].as_str().expect("a text")).collect()
}

/// The text at `key`.
pub(super) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

/// An object as it is written in a snapshot: what is drawn or depends on the time is left out.
pub(super) fn shape(value: &Value) -> String {
    let mut value = value.clone();
    leave_out(&mut value);
    serde_json::to_string_pretty(&in_order(value)).expect("it is written")
}

/// Members by name: whether serde_json keeps the order of writing depends on what else is built with it.
fn in_order(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(in_order).collect(),
        Value::Object(fields) => {
            let fields: BTreeMap<String, Value> =
                fields.into_iter().map(|(name, value)| (name, in_order(value))).collect();
            Value::Object(fields.into_iter().collect())
        }
        plain => plain,
    }
}

fn leave_out(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if matches!(name.as_str(), "client_secret" | "kid") => {
                        *text = "…".to_owned();
                    }
                    Value::String(text) if matches!(name.as_str(), "id" | "client_id") => {
                        let kind = ["usr_", "app_", "api_"].into_iter().find(|kind| text.starts_with(kind));
                        *text = format!("{}…", kind.unwrap_or_default());
                    }
                    Value::Number(_) if name.ends_with("_at") => *value = "a time".into(),
                    other => leave_out(other),
                }
            }
        }
        _ => {}
    }
}

/// Each test once for each engine: `sqlite::name` and `postgres::name`.
macro_rules! on_each_engine {
    ($( $(#[$attribute:meta])* async fn $name:ident($mapae:ident: Installation) $body:block )+) => {
        on_each_engine!(@engine sqlite Sqlite $( $(#[$attribute])* $name $mapae $body )+);
        on_each_engine!(@engine postgres Postgres $( $(#[$attribute])* $name $mapae $body )+);
    };
    (@engine $module:ident $engine:ident $( $(#[$attribute:meta])* $name:ident $mapae:ident $body:block )+) => {
        mod $module {
            use super::*;
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let engine = mapae::store::db::Engine::$engine;
                    let $mapae = $crate::commands::installation::Installation::new(engine).await;
                    $body
                }
            )+
        }
    };
}
pub(super) use on_each_engine;
