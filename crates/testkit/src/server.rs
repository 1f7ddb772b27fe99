//! The whole server in this process, on a port of its own.

use std::path::PathBuf;

use mapae::{
    App,
    clock::Clock,
    config::{Config, Environment, Flags},
    http::{
        Stack,
        listener::{self, Capacity},
    },
};
use mapae_protocol::time::{Seconds, Timestamp};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::postgres::PostgresServer;

/// When the tests' clocks start.
const START: i64 = 1_800_000_000;

/// Which database a server uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file of its own.
    Sqlite,
    /// A database of its own on the tests' PostgreSQL.
    Postgres,
}

impl Engine {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The database; SQLite when there is none named.
    pub database: Option<String>,
    /// Settings by the names of the environment.
    pub settings: Vec<(String, String)>,
    /// The clock; a manual one otherwise.
    pub clock: Option<Clock>,
    /// The data folder of another server, to be a second node beside it.
    pub beside: Option<PathBuf>,
    /// The address by which people and apps know it, for instance that of a [`Gateway`](crate::Gateway).
    pub issuer: Option<String>,
    /// A path of the issuer, as `/login`, where no issuer is named.
    pub below: &'static str,
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub struct TestServer {
    app: App,
    clock: Clock,
    issuer: String,
    address: String,
    data: PathBuf,
    database: String,
    settings: Vec<(String, String)>,
    _folder: Option<TempDir>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl TestServer {
    /// A server on SQLite.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// A server on one engine.
    pub async fn on(engine: Engine) -> Self {
        Self::start_with(Options { database: Self::database_on(engine).await, ..Options::default() }).await
    }

    /// A fresh database on one engine, for [`Options::database`].
    pub async fn database_on(engine: Engine) -> Option<String> {
        match engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let server = PostgresServer::shared().expect("PostgreSQL starts");
                Some(server.fresh_database().await.expect("a database can be made"))
            }
        }
    }

    /// A server with these options.
    pub async fn start_with(options: Options) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = socket.local_addr().expect("the socket has an address").port();
        let folder = options.beside.is_none().then(|| tempfile::tempdir().expect("a folder can be made"));
        let beside = options.beside.unwrap_or_default();
        let data = folder.as_ref().map_or(beside, |folder| folder.path().to_owned());
        let issuer = options.issuer.unwrap_or_else(|| format!("http://localhost:{port}{}", options.below));
        let address = format!("127.0.0.1:{port}");
        let database =
            options.database.unwrap_or_else(|| format!("sqlite:{}", data.join("mapae.db").display()));
        let flags = Flags {
            data: Some(data.display().to_string()),
            database: Some(database.clone()),
            listen: Some(address.clone()),
            issuer: Some(issuer.clone()),
            ..Flags::default()
        };
        let environment: Environment = options.settings.iter().cloned().collect();
        let config = Config::load(&flags, &environment).expect("the test's settings are right");
        let clock = options.clock.unwrap_or_else(|| Clock::manual(Timestamp::from_unix(START)));
        let app = App::start(config.clone(), clock.clone()).await.expect("the server starts");
        let stack = Stack::new(mapae::router(app.clone()), &config);
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            let _ = stopped.await;
        };
        let task = tokio::spawn(listener::serve(socket, stack, Capacity::of(&config), shutdown));
        Self {
            app,
            clock,
            issuer,
            address,
            data,
            database,
            settings: options.settings,
            _folder: folder,
            stop: Some(stop),
            task: Some(task),
        }
    }

    /// A second node on the same database and with the same master key and settings, on the same clock.
    pub async fn second_node(&self) -> Self {
        self.second_node_with(&[]).await
    }

    /// The same with other values of these settings.
    pub async fn second_node_with(&self, others: &[(String, String)]) -> Self {
        let mut settings = self.settings.clone();
        settings.retain(|(name, _)| others.iter().all(|(other, _)| other != name));
        settings.extend_from_slice(others);
        Self::start_with(Options {
            database: Some(self.database.clone()),
            beside: Some(self.data.clone()),
            settings,
            clock: Some(self.clock.clone()),
            ..Options::default()
        })
        .await
    }

    /// As [`second_node`](Self::second_node), behind the same name: it has this issuer, and is reached by its
    /// [`address`](Self::address).
    pub async fn twin(&self) -> Self {
        Self::start_with(Options {
            issuer: Some(self.issuer.clone()),
            database: Some(self.database.clone()),
            beside: Some(self.data.clone()),
            settings: self.settings.clone(),
            clock: Some(self.clock.clone()),
            ..Options::default()
        })
        .await
    }

    /// The server behind the socket.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Where it is: also its issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Its socket.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An address on it.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// The address of its database, for who breaks it from beneath.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Its data folder.
    pub fn data(&self) -> &std::path::Path {
        &self.data
    }

    /// Lets time pass.
    pub fn advance(&self, by: Seconds) {
        self.clock.advance(by);
    }

    /// Sets the clock, also back.
    pub fn set_clock(&self, to: Timestamp) {
        self.clock.set(to);
    }

    /// What time it is there.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Ends it and waits until it has ended.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(task) = self.task.take() {
            task.await.expect("the server ends");
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}
