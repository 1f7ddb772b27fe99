//! `kill -9` under load, again and again: what was acknowledged is there, what has ended stays dead.

use std::time::{Duration, Instant};

use mapae_e2e::{
    app::{Api, App},
    chance::Chance,
    checker::judge,
    history::{Act, Journal, Outcome},
    person::{Browser, Led, Person},
    process::{Installation, Process},
    wire::Tries,
    worker::{Parts, Worker},
};
use tokio::{task::JoinSet, time::sleep};

use super::{WINDOW, kills, long_lived, report, seed};

/// People who do something at the same time.
const WORKERS: usize = 8;
/// A life of the server lasts this long, in milliseconds.
const LIFE: std::ops::Range<u64> = 50..500;
/// What the command line does beside the server, one after the other in each life of it.
const ERRANDS: [Errand; 4] = [Errand::NewApp, Errand::NewPerson, Errand::NewVictim, Errand::DisableVictim];

#[derive(Clone, Copy, Debug)]
enum Errand {
    NewApp,
    NewPerson,
    /// An app that is used for one life.
    NewVictim,
    DisableVictim,
}

/// What the command line made.
enum Made {
    App(App),
    Person(Person),
    Nothing,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_16_re_03_nothing_is_lost_or_comes_back_when_a_server_on_sqlite_is_killed() {
    let run = Run::begin(Installation::on_sqlite(), seed("kill -9, SQLite")).await;
    run.all(kills(), "SQLite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_16_re_03_nothing_is_lost_or_comes_back_when_a_server_on_postgresql_is_killed() {
    let run = Run::begin(Installation::on_postgres().await, seed("kill -9, PostgreSQL")).await;
    run.all(kills().div_ceil(4), "PostgreSQL").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgets_is_found_out() {
    let mut run = Run::begin(Installation::on_sqlite(), seed("a backup put back")).await;
    run.process.kill();
    let backup = run.installation.back_up();
    run.process = run.installation.start().await;
    run.workers[0].disconnect_patiently(0).await;
    run.kill_under_load(0, LIFE.end).await;
    run.installation.restore(&backup);
    run.restart().await;
    run.look_after(Errand::NewApp, Made::Nothing).await;
    let counts = judge(&run.journal.history(), WINDOW).counts();
    assert!(counts["lost"] > 0, "what was given after the backup: {counts:?}");
    assert!(counts["resurrected"] > 0, "what the disconnect had ended: {counts:?}");
}

/// One installation and its many lives.
struct Run {
    installation: Installation,
    process: Process,
    journal: Journal,
    workers: Vec<Worker>,
    chance: Chance,
    app: App,
    /// Somebody uses it, and it will be disabled.
    victim: Option<App>,
    figures: Figures,
}

#[derive(Debug, Default)]
struct Figures {
    under_load: Duration,
    operations: usize,
    ready: Vec<Duration>,
}

impl Run {
    async fn begin(installation: Installation, seed: u64) -> Self {
        let installation = long_lived(installation);
        let mut chance = Chance::of(seed);
        let journal = Journal::default();
        // Before the server: one that runs sees an API of the command line within a second, and no sooner.
        let api = Api::create(&installation).await;
        let mut apps = Vec::new();
        for name in ["Calendar", "Diary"] {
            apps.push(App::create(&installation, &journal, name).await);
        }
        let process = installation.start().await;
        let mut workers = Vec::new();
        for number in 0..WORKERS {
            let person =
                Person::create(&installation, &journal, &format!("p{number}"), "a first password").await;
            let (node, apps) = (process.node().clone(), apps.clone());
            let parts = Parts { node, apps, api: api.clone(), journal: journal.clone() };
            workers.push(Worker::begin(person, parts, chance.fork()).await);
        }
        let app = apps.remove(0);
        Self {
            installation,
            process,
            journal,
            workers,
            chance,
            app,
            victim: None,
            figures: Figures::default(),
        }
    }

    async fn all(mut self, kills: usize, engine: &str) {
        for life in 0..kills {
            let span = LIFE.start + self.chance.below(LIFE.end - LIFE.start);
            let (errand, made) = self.kill_under_load(life, span).await;
            self.restart().await;
            self.look_after(errand, made).await;
        }
        let examined = Instant::now();
        for worker in &mut self.workers {
            worker.examine_all_patiently().await;
        }
        let history = self.journal.history();
        let verdict = judge(&history, WINDOW);
        let explained = verdict.explain(&history);
        assert!(verdict.violations.is_empty(), "{:?}\n{explained}", verdict.counts());
        assert_eq!(self.installation.faults(), Vec::<String>::new());
        assert!(verdict.unknown > 0 || kills < 5, "no request was ever under way when the server was killed");
        let details = format!(
            "{} facts, {} unknown, {} sights, {}, examined at the end in {:.1} s",
            verdict.acknowledged,
            verdict.unknown,
            verdict.sights,
            self.figures,
            examined.elapsed().as_secs_f64()
        );
        report(&format!("kill -9 ({engine})"), kills, "kills", &details);
    }

    /// Load, and after so many milliseconds a kill in the middle of it. Returns what the command line did meanwhile.
    async fn kill_under_load(&mut self, life: usize, milliseconds: u64) -> (Errand, Made) {
        let span = Duration::from_millis(milliseconds);
        let before = self.journal.length();
        let mut load = JoinSet::new();
        for mut worker in self.workers.drain(..) {
            load.spawn(async move {
                worker.live().await;
                worker
            });
        }
        let errand = ERRANDS[life % ERRANDS.len()];
        let command_line =
            run_errand(errand, &self.installation, &self.journal, (life, self.victim.as_ref()));
        let process = &mut self.process;
        let killed = async {
            sleep(span).await;
            process.kill();
        };
        let (made, ()) = tokio::join!(command_line, killed);
        self.workers = load.join_all().await;
        self.figures.under_load += span;
        self.figures.operations += self.journal.length() - before;
        (errand, made)
    }

    async fn restart(&mut self) {
        self.installation.settle().await;
        let began = self.journal.now();
        self.process = self.installation.start().await;
        self.journal.note(began, Act::Restart, Outcome::Done);
        self.figures.ready.push(self.process.ready_after());
    }

    /// A look at everything that was touched before the kill.
    async fn look_after(&mut self, errand: Errand, made: Made) {
        match made {
            Made::App(app) => {
                self.victim = matches!(errand, Errand::NewVictim).then(|| app.clone());
                let user = self.chance.place(self.workers.len()).unwrap();
                self.workers[user].adopt(app);
            }
            Made::Person(person) => {
                let mut tries = Tries::default();
                let led = loop {
                    let mut browser = Browser::new(self.process.node(), &self.journal);
                    let attempt = browser.sign_in(&person, &person.password, &self.app).await;
                    if let Some(led) = tries.outcome(attempt) {
                        break led;
                    }
                };
                assert!(matches!(led, Some(Led::ToConsent(_))), "{person:?}: {led:?}");
            }
            Made::Nothing => {}
        }
        let mut examined = JoinSet::new();
        for mut worker in self.workers.drain(..) {
            examined.spawn(async move {
                worker.examine_patiently().await;
                worker
            });
        }
        self.workers = examined.join_all().await;
    }
}

/// The command line works beside the server, and is not killed.
async fn run_errand(
    errand: Errand,
    installation: &Installation,
    journal: &Journal,
    (life, victim): (usize, Option<&App>),
) -> Made {
    match (errand, victim) {
        (Errand::NewApp | Errand::NewVictim, _) => {
            Made::App(App::create(installation, journal, &format!("Guest {life}")).await)
        }
        (Errand::NewPerson, _) => Made::Person(
            Person::create(installation, journal, &format!("guest{life}"), "a first password").await,
        ),
        (Errand::DisableVictim, Some(victim)) => {
            victim.disable(installation, journal).await;
            Made::Nothing
        }
        (Errand::DisableVictim, None) => Made::Nothing,
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut ready = self.ready.clone();
        ready.sort_unstable();
        let at = |part: usize| ready.get(ready.len() * part / 100).copied().unwrap_or_default().as_millis();
        let operations = f64::from(u32::try_from(self.operations).unwrap_or(u32::MAX));
        let rate = operations / self.under_load.as_secs_f64();
        write!(
            f,
            "{rate:.0} operations/s under load, ready again after {} ms (p50), {} ms (p99)",
            at(50),
            at(99)
        )
    }
}
