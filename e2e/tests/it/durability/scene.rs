//! Where races happen: an installation with an app, and lanes in which they are run side by side.

use std::time::Instant;

use mapae_e2e::{
    app::{Api, App, Code},
    checker::{Rules, Verdict, judge},
    history::Journal,
    person::{Browser, Led, Person},
    process::{Installation, Process},
    wire::{Node, Wire},
};
use mapae_testkit::Engine;

use super::{CONTENDERS, long_lived};

/// Which server, and how many of them over one database.
#[derive(Clone, Copy, Debug)]
pub(super) struct SetUp {
    pub(super) engine: Engine,
    pub(super) nodes: usize,
}

/// One process on each engine, and two over one PostgreSQL.
pub(super) const SET_UPS: [SetUp; 3] = [
    SetUp { engine: Engine::Sqlite, nodes: 1 },
    SetUp { engine: Engine::Postgres, nodes: 1 },
    SetUp { engine: Engine::Postgres, nodes: 2 },
];

/// Running servers and what was registered there.
pub(super) struct Scene {
    pub(super) set_up: SetUp,
    pub(super) installation: Installation,
    processes: Vec<Process>,
    pub(super) api: Api,
    pub(super) app: App,
    pub(super) journal: Journal,
    began: Instant,
}

/// A person before a browser, and as many connections as there are contenders, spread over the servers.
pub(super) struct Lane {
    pub(super) person: Person,
    pub(super) browser: Browser,
    pub(super) wires: Vec<Wire>,
    pub(super) api: Api,
    pub(super) app: App,
    pub(super) journal: Journal,
}

impl Scene {
    pub(super) async fn open(set_up: SetUp, retry_seconds: u64) -> Self {
        let installation = match set_up.engine {
            Engine::Sqlite => Installation::on_sqlite(),
            Engine::Postgres => Installation::on_postgres().await,
        };
        let installation =
            long_lived(installation).with("MAPAE_TOKENS__REFRESH_RETRY_SECONDS", retry_seconds);
        let began = Instant::now();
        let journal = Journal::default();
        // Before the servers: those that run see an API of the command line within a second, and no sooner.
        let api = Api::create(&installation).await;
        let app = App::create(&installation, &journal, "Racer").await;
        let mut processes = vec![installation.start().await];
        for _ in 1..set_up.nodes {
            processes.push(installation.start_beside().await);
        }
        Self { set_up, installation, processes, api, app, journal, began }
    }

    pub(super) fn nodes(&self) -> Vec<Node> {
        self.processes.iter().map(|process| process.node().clone()).collect()
    }

    /// A new person, signed in at the first server, who has agreed.
    pub(super) async fn lane(&self, name: &str) -> Lane {
        let nodes = self.nodes();
        let person =
            Person::create(&self.installation, &self.journal, name, "correct horse battery staple").await;
        let mut browser = Browser::new(&nodes[0], &self.journal);
        sign_in(&mut browser, &person, &self.app).await;
        Lane {
            person,
            browser,
            wires: (0..CONTENDERS).map(|at| Wire::to(&nodes[at % nodes.len()])).collect(),
            api: self.api.clone(),
            app: self.app.clone(),
            journal: self.journal.clone(),
        }
    }

    /// A lane for each core of the servers and one to keep them busy.
    pub(super) async fn lanes(&self) -> Vec<Lane> {
        let mut lanes = Vec::new();
        for name in ["hong", "kim", "lee"] {
            lanes.push(self.lane(name).await);
        }
        lanes
    }

    /// Ends it: nothing that was noted may be wrong, and no server may have complained.
    pub(super) fn close(self, rules: Rules) -> (Verdict, String) {
        let history = self.journal.history();
        let verdict = judge(&history, rules);
        let explained = verdict.explain(&history);
        assert!(verdict.violations.is_empty(), "{:?} {:?}\n{explained}", self.set_up, verdict.counts());
        assert_eq!(verdict.unknown, 0, "{:?}: no connection was lost", self.set_up);
        assert_eq!(self.installation.faults(), Vec::<String>::new(), "{:?}", self.set_up);
        let seconds = self.began.elapsed().as_secs_f64();
        let details = format!("{} operations in {seconds:.1} s", history.len());
        (verdict, details)
    }

    pub(super) fn name(&self) -> String {
        let engine = match self.set_up.engine {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        };
        let servers = if self.set_up.nodes == 1 { "server" } else { "servers" };
        format!("{engine}, {} {servers}", self.set_up.nodes)
    }
}

impl Lane {
    /// A new code, by one redirect.
    pub(super) async fn code(&mut self) -> Code {
        code(&mut self.browser, &self.app).await
    }

    pub(super) async fn is_active(&mut self, access: &str) -> bool {
        self.api.introspect(&mut self.wires[0], &self.journal, access).await.unwrap()
    }
}

/// Signs in, in a browser where nobody is, and agrees if asked.
pub(super) async fn sign_in(browser: &mut Browser, person: &Person, app: &App) {
    let led = browser.sign_in(person, &person.password, app).await.unwrap();
    if let Led::ToConsent(_) = led.expect("the password is right") {
        code(browser, app).await;
    }
}

/// A code for a signed-in browser.
pub(super) async fn code(browser: &mut Browser, app: &App) -> Code {
    match browser.agree(app).await.unwrap() {
        Led::Back(code) => code,
        other => panic!("no code but {other:?}"),
    }
}
