//! Whatever is ended while apps redeem and refresh: nothing of it is alive afterwards.

use std::time::Duration;

use mapae_e2e::{
    app::{Api, App, Code, Tokens, userinfo},
    chance::Chance,
    history::Journal,
    person::Browser,
    wire::Wire,
};
use tokio::time::sleep;

use super::{
    WINDOW,
    aim::Aim,
    races, report,
    scene::{Lane, SET_UPS, Scene, SetUp, code, sign_in},
    seed,
};

/// About how long an ending takes, in microseconds: one request, and one for which passwords are hashed or a process is
/// started first.
const QUICK: i64 = 1_000;
const SLOW: i64 = 10_000;

/// How often each side was first, as far as the outcome tells.
#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    redeemed: usize,
    refreshed: usize,
    /// Rounds in which the app got nothing any more.
    ended: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_12_re_08_nothing_survives_a_disconnect() {
    for set_up in SET_UPS {
        let (scene, mut lane, mut chance) = begin(set_up, "disconnect").await;
        let (mut tally, mut aim) = (Tally::default(), Aim::by(QUICK));
        for _ in 0..races().div_ceil(10) {
            // The disconnect before has taken the consent along.
            code(&mut lane.browser, &lane.app).await;
            let app = lane.app.clone();
            let form = lane.browser.disconnecting(&app).await.unwrap().expect("the app is connected");
            let mut racers = Racers::prepare(&mut lane, &app).await;
            let (browser, person) = (&mut lane.browser, &lane.person);
            let (first, later) = aim.pauses(&mut chance);
            let ending = async {
                sleep(first).await;
                browser.disconnect(&form, person, &app).await.unwrap();
            };
            let (given, ()) = tokio::join!(racers.run(later), ending);
            aim.learn(tally.count(&given));
            racers.all_dead(&given).await;
        }
        end(scene, "disconnect", &tally);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_12_re_08_se_27_nothing_survives_signing_out() {
    for set_up in SET_UPS {
        let (scene, mut lane, mut chance) = begin(set_up, "sign out").await;
        let (mut tally, mut aim) = (Tally::default(), Aim::by(QUICK));
        for _ in 0..races().div_ceil(40) {
            lane.browser = Browser::new(&scene.nodes()[0], &lane.journal);
            sign_in(&mut lane.browser, &lane.person, &lane.app).await;
            let form = lane.browser.signing_out().await.unwrap().expect("somebody is signed in");
            let app = lane.app.clone();
            let mut racers = Racers::prepare(&mut lane, &app).await;
            let (first, later) = aim.pauses(&mut chance);
            let browser = &mut lane.browser;
            let ending = async {
                sleep(first).await;
                browser.sign_out(&form).await.unwrap();
            };
            let (given, ()) = tokio::join!(racers.run(later), ending);
            aim.learn(tally.count(&given));
            racers.all_dead(&given).await;
        }
        end(scene, "sign out", &tally);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_12_re_08_se_27_nothing_survives_a_change_of_password() {
    for set_up in SET_UPS {
        let (scene, mut lane, mut chance) = begin(set_up, "change of password").await;
        let (mut tally, mut aim) = (Tally::default(), Aim::by(SLOW));
        for round in 0..races().div_ceil(100) {
            let form = lane.browser.changing_password().await.unwrap().expect("somebody is signed in");
            let app = lane.app.clone();
            let mut racers = Racers::prepare(&mut lane, &app).await;
            let (first, later) = aim.pauses(&mut chance);
            let (browser, person) = (&mut lane.browser, &mut lane.person);
            let new = format!("battery staple horse {round}");
            let ending = async {
                sleep(first).await;
                browser.change_password(&form, person, &new).await.unwrap();
            };
            let (given, ()) = tokio::join!(racers.run(later), ending);
            aim.learn(tally.count(&given));
            racers.all_dead(&given).await;
        }
        end(scene, "change of password", &tally);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn co_12_nothing_survives_the_disabling_of_an_app_from_the_command_line() {
    for set_up in SET_UPS {
        let (scene, mut lane, mut chance) = begin(set_up, "disable").await;
        let (mut tally, mut aim) = (Tally::default(), Aim::by(SLOW));
        for round in 0..races().div_ceil(100) {
            let app = App::create(&scene.installation, &scene.journal, &format!("Victim {round}")).await;
            let mut racers = Racers::prepare(&mut lane, &app).await;
            let (first, later) = aim.pauses(&mut chance);
            let ending = async {
                sleep(first).await;
                app.disable(&scene.installation, &scene.journal).await;
            };
            let (given, ()) = tokio::join!(racers.run(later), ending);
            aim.learn(tally.count(&given));
            racers.all_dead(&given).await;
        }
        end(scene, "disable", &tally);
    }
}

async fn begin(set_up: SetUp, what: &str) -> (Scene, Lane, Chance) {
    let scene = Scene::open(set_up, 10).await;
    let lane = scene.lane("hong").await;
    (scene, lane, Chance::of(seed(what)))
}

fn end(scene: Scene, what: &str, tally: &Tally) {
    let name = scene.name();
    let (_, details) = scene.close(WINDOW);
    let Tally { rounds, redeemed, refreshed, ended } = tally;
    let both = (1..*rounds).contains(ended);
    assert!(
        both || *rounds < 10,
        "{what}, {name}: one side was always first, so nothing was raced: {tally:?}"
    );
    let details = format!("of these {redeemed} codes and {refreshed} refreshes were faster; {details}");
    report(&format!("{what} against redemption and refresh ({name})"), *rounds, "rounds", &details);
}

/// An app in the middle of something: it holds tokens and a code, and is about to use both.
struct Racers {
    app: App,
    api: Api,
    journal: Journal,
    /// Where there are two servers, the one at which nothing is ended.
    redeemer: Wire,
    refresher: Wire,
    held: Tokens,
    code: Code,
}

/// What the app got although its end was under way.
#[derive(Debug)]
struct Given {
    redeemed: Option<Tokens>,
    refreshed: Option<Tokens>,
}

impl Racers {
    async fn prepare(lane: &mut Lane, app: &App) -> Self {
        let other = lane.wires[1].node().clone();
        let (mut redeemer, refresher) = (Wire::to(&other), Wire::to(&other));
        let first = code(&mut lane.browser, app).await;
        let held = app.redeem(&mut redeemer, &lane.journal, &first).await.unwrap();
        Self {
            app: app.clone(),
            api: lane.api.clone(),
            journal: lane.journal.clone(),
            redeemer,
            refresher,
            held: held.expect("a new code is good"),
            code: code(&mut lane.browser, app).await,
        }
    }

    async fn run(&mut self, pause: Duration) -> Given {
        sleep(pause).await;
        let redeemed = self.app.redeem(&mut self.redeemer, &self.journal, &self.code);
        let refreshed = self.app.refresh(&mut self.refresher, &self.journal, &self.held.refresh);
        let (redeemed, refreshed) = tokio::join!(redeemed, refreshed);
        Given { redeemed: redeemed.unwrap(), refreshed: refreshed.unwrap() }
    }

    /// Introspection, userinfo, refresh and the code itself: none of them gives anything any more.
    async fn all_dead(&mut self, given: &Given) {
        let Self { app, api, journal, redeemer: wire, .. } = self;
        for tokens in
            [Some(&self.held), given.redeemed.as_ref(), given.refreshed.as_ref()].into_iter().flatten()
        {
            assert!(!api.introspect(wire, journal, &tokens.access).await.unwrap(), "{given:?}");
            assert!(!userinfo(wire, journal, &tokens.access).await.unwrap(), "{given:?}");
            assert_eq!(app.refresh(wire, journal, &tokens.refresh).await.unwrap(), None, "{given:?}");
        }
        assert_eq!(app.redeem(wire, journal, &self.code).await.unwrap(), None, "{given:?}");
    }
}

impl Tally {
    /// Whether the app was first, with one of its requests at least.
    fn count(&mut self, given: &Given) -> bool {
        let app_first = given.redeemed.is_some() || given.refreshed.is_some();
        self.rounds += 1;
        self.redeemed += usize::from(given.redeemed.is_some());
        self.refreshed += usize::from(given.refreshed.is_some());
        self.ended += usize::from(!app_first);
        app_first
    }
}
