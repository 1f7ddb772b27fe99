//! The server behind a gateway, a person, and an app of theirs: what each test begins with.

use mapae::clock::Clock;
use mapae_protocol::time::{Seconds, Timestamp};
use mapae_testkit::{AppFixture, AppSpec, Engine, Gateway, Options, TestServer, UserFixture};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::web_service::{Plan, Service};

/// What the service asks for, unless a test says otherwise.
pub(super) const SCOPES: &str = "openid profile email offline_access";

/// The authorization server and everything around it.
pub(super) struct Stage {
    pub(super) gateway: Gateway,
    pub(super) server: TestServer,
    pub(super) clock: Clock,
    pub(super) user: UserFixture,
    database: Option<String>,
    settings: Vec<(String, String)>,
    folder: TempDir,
}

impl Stage {
    pub(super) async fn set(engine: Engine) -> Self {
        Self::set_with(engine, Clock::manual(Timestamp::from_unix(1_800_000_000)), &[]).await
    }

    /// The same where the issuer has a path.
    pub(super) async fn set_below(engine: Engine, path: &str) -> Self {
        Self::place(engine, Clock::manual(Timestamp::from_unix(1_800_000_000)), &[], path).await
    }

    pub(super) async fn set_with(engine: Engine, clock: Clock, settings: &[(&str, &str)]) -> Self {
        Self::place(engine, clock, settings, "").await
    }

    async fn place(engine: Engine, clock: Clock, settings: &[(&str, &str)], path: &str) -> Self {
        let gateway = Gateway::open().await;
        let folder = tempfile::tempdir().unwrap();
        let database = TestServer::database_on(engine).await;
        let settings: Vec<(String, String)> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let options = Options {
            database: database.clone(),
            settings: settings.clone(),
            clock: Some(clock.clone()),
            beside: Some(folder.path().to_owned()),
            issuer: Some(format!("{}{path}", gateway.issuer())),
            ..Options::default()
        };
        let server = TestServer::start_with(options).await;
        gateway.lead_to(server.address());
        let user = server.user("hong@example.com").await;
        Self { gateway, server, clock, user, database, settings, folder }
    }

    /// Ends the server and starts it again over the same data; people and apps reach it at the same address.
    pub(super) async fn restart(self) -> Self {
        let Self { gateway, server, clock, user, database, settings, folder } = self;
        let issuer = server.issuer().to_owned();
        server.stop().await;
        let options = Options {
            database: database.clone(),
            settings: settings.clone(),
            clock: Some(clock.clone()),
            beside: Some(folder.path().to_owned()),
            issuer: Some(issuer),
            ..Options::default()
        };
        let server = TestServer::start_with(options).await;
        gateway.lead_to(server.address());
        Self { gateway, server, clock, user, database, settings, folder }
    }

    pub(super) fn advance(&self, seconds: u32) {
        self.clock.advance(Seconds::seconds(seconds));
    }

    /// An ordinary web service that signs in here.
    pub(super) async fn service(&self) -> Service {
        self.service_with(AppSpec::default(), |plan| plan).await
    }

    /// A web service whose app is like `spec`, with a plan of its own.
    pub(super) async fn service_with(&self, spec: AppSpec, plan: impl FnOnce(Plan) -> Plan) -> Service {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", socket.local_addr().unwrap().port());
        let app = self.register(spec, &origin).await;
        Service::open(socket, plan(Plan::of(self, &app)))
    }

    async fn register(&self, spec: AppSpec, origin: &str) -> AppFixture {
        let mut spec = AppSpec { redirect_uris: vec![format!("{origin}/callback")], ..spec };
        spec.optional.push("offline_access".to_owned());
        self.server.register(spec).await
    }
}
