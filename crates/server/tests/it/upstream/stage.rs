//! A server, the simulated providers behind it, and people between the two.

use std::{
    path::Path,
    process::{Command, Output},
};

use mapae::store::users::{self, Account};
use mapae_protocol::{params, time::Seconds};
use mapae_simulators::{Clock, Provider, Settings, Simulator};
use mapae_testkit::{Browser, Engine, Page, TestServer};
use serde_json::Value;
use url::Url;

/// Good enough for everybody.
pub(super) const PASSWORD: &str = "correct horse battery";

/// The server and the providers that people sign in with there.
pub(crate) struct Stage {
    pub(crate) server: TestServer,
    pub(super) simulators: Vec<(&'static str, Simulator)>,
}

/// Each test once for each engine: `sqlite::name` and `postgres::name`.
macro_rules! for_each_engine {
    ($( $(#[$attribute:meta])* async fn $name:ident($stage:ident: Stage of $providers:expr) $body:block )+) => {
        for_each_engine!(@engine sqlite Sqlite $( $(#[$attribute])* $name $stage $providers, $body )+);
        for_each_engine!(@engine postgres Postgres $( $(#[$attribute])* $name $stage $providers, $body )+);
    };
    (@engine $module:ident $engine:ident
        $( $(#[$attribute:meta])* $name:ident $stage:ident $providers:expr, $body:block )+) => {
        mod $module {
            use super::*;
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let $stage =
                        $crate::upstream::stage::Stage::of(mapae_testkit::Engine::$engine, &$providers).await;
                    $body
                }
            )+
        }
    };
}
pub(super) use for_each_engine;

fn simulated(id: &str) -> Provider {
    match id {
        "kakao" => Provider::Kakao,
        "google" => Provider::Google,
        "facebook" => Provider::Facebook,
        "apple" => Provider::Apple,
        _ => Provider::Naver,
    }
}

impl Stage {
    pub(crate) async fn of(engine: Engine, ids: &[&'static str]) -> Self {
        Self::before(TestServer::on(engine).await, ids).await
    }

    /// The same before a server that runs already.
    pub(crate) async fn before(server: TestServer, ids: &[&'static str]) -> Self {
        let mut simulators = Vec::new();
        for id in ids {
            let clock = server.app().clone();
            let settings = Settings {
                clock: Clock::new(move || clock.now()),
                redirect_uris: vec![server.at(&format!("/upstream/{id}/callback"))],
                ..Settings::default()
            };
            simulators.push((*id, Simulator::start(simulated(id), settings).await.unwrap()));
        }
        let stage = Self { server, simulators };
        for id in ids {
            stage.add(id, id, None).await;
        }
        stage
    }

    pub(crate) fn simulator(&self, id: &str) -> &Simulator {
        &self.simulators.iter().find(|(known, _)| *known == id).expect("it was started").1
    }

    /// Adds a simulated provider as the command line does, with its own secret or another.
    pub(super) async fn add(&self, id: &str, name: &str, secret: Option<&str>) -> Value {
        let (simulator, folder) = (self.simulator(id), self.server.data());
        let app = simulator.app();
        let mut words = ["upstream", "add", id, "--name", name, "--client-id"].map(str::to_owned).to_vec();
        words.extend([app.client_id, "--base-url".to_owned(), simulator.base_url().to_owned()]);
        let key = simulator.client_key().map(str::to_owned);
        if let Some(secret) = secret.map(str::to_owned).or(app.client_secret).filter(|_| key.is_none()) {
            words.extend(["--client-secret-file".to_owned(), written(folder, "secret", &secret)]);
        }
        for (name, value) in key.into_iter().flat_map(|key| apples_credentials(key, app.team_id.clone())) {
            let file = written(folder, name, &value);
            words.extend(["--credential-file".to_owned(), format!("{name}={file}")]);
        }
        if let Some(admin_key) = app.admin_key {
            let admin_key = written(folder, "admin-key", &admin_key);
            let app_id = written(folder, "app-id", &app.number.to_string());
            words.extend(["--credential-file".to_owned(), format!("admin_key={admin_key}")]);
            words.extend(["--credential-file".to_owned(), format!("app_id={app_id}")]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.mapae(&words).await
    }

    /// Runs the program beside the server; what it answered. The server knows of it then.
    pub(crate) async fn mapae(&self, words: &[&str]) -> Value {
        let output = self.run(words).await;
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(super) async fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapae"));
        command.args(words).env_clear();
        command.args(["--json", "--data", self.server.data().to_str().unwrap()]);
        command.env("MAPAE_DATABASE", self.server.database()).env("MAPAE_ISSUER", self.server.issuer());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        self.server.app().catch_up().await.unwrap();
        output
    }

    /// Everything that is on disk, as text.
    pub(super) async fn kept(&self) -> String {
        match self.server.database().strip_prefix("sqlite:") {
            Some(file) => {
                let read = |path: String| std::fs::read(path).unwrap_or_default();
                let bytes = [read(file.to_owned()), read(format!("{file}-wal"))].concat();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            None => mapae_testkit::postgres::dump(self.server.database()).await.unwrap(),
        }
    }

    /// Who is linked with this server's app at a simulated provider.
    pub(super) async fn linked_at(&self, id: &str) -> Vec<String> {
        let address = format!("{}/control/state", self.simulator(id).base_url());
        let answer = mapae_testkit::http().get(address).send().await.unwrap();
        let state: Value = answer.json().await.unwrap();
        let links = state["links"].as_array().unwrap().iter();
        links.map(|link| link["person"].as_str().unwrap().to_owned()).collect()
    }

    /// The sign-in page of somebody who wants to see their account.
    pub(crate) async fn door(&self, browser: &Browser) -> Page {
        browser.visit(&self.server.at("/account")).await
    }

    /// Presses the button of a provider: where it leads.
    pub(crate) async fn press(&self, browser: &Browser, page: &Page, name: &str) -> Page {
        let address = page.values(&format!("#upstream-{name}"), "href").pop();
        let address = address.unwrap_or_else(|| panic!("no button for {name}: {}", page.body));
        browser.open(page.address.join(&address).unwrap().as_str()).await
    }

    /// Chooses an account there and agrees to these items, or to nothing (`cancel`): the address that leads back.
    pub(super) async fn at_the_provider(
        &self,
        browser: &Browser,
        left: &Page,
        (who, items): (&str, &[&str]),
    ) -> Url {
        let mut page = browser.visit(left.location().expect("it leads to the provider").as_str()).await;
        for _ in 0..5 {
            if let Some(location) = page.location() {
                return location;
            }
            if page.has("hand-over-submit") {
                return self.posted(browser, &page).await;
            }
            let login = format!("login-as-{who}");
            page = match (page.has(&login), page.has("consent-approve")) {
                (true, _) => self.answer(browser, &page, &login, &[]).await,
                (false, true) if items == ["cancel"] => {
                    self.answer(browser, &page, "consent-deny", &[]).await
                }
                (false, true) => self.answer(browser, &page, "consent-approve", items).await,
                (false, false) => panic!("{} {}", page.status, page.body),
            };
            page = browser.follow(page).await;
        }
        panic!("round and round")
    }

    /// Posts what the provider's page hands over, as a browser does for another site: without cookies, and it keeps those
    /// that come back. Where it leads: what was posted is in no address (RP-15).
    async fn posted(&self, browser: &Browser, page: &Page) -> Url {
        let (action, fields) = page.form("hand-over-submit");
        let answer = posted(&action, &params::encode(fields)).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser.keep(&answer);
        let location = answer.location().expect("to the same address");
        assert_eq!(location.query(), None, "{location}");
        location
    }

    async fn answer(&self, browser: &Browser, page: &Page, button: &str, items: &[&str]) -> Page {
        let (action, mut fields) = page.form(button);
        fields.retain(|(name, _)| name != "item");
        fields.extend(items.iter().map(|item| ("item".to_owned(), (*item).to_owned())));
        browser.post(&action, page, &fields).await
    }

    /// From a page with buttons through the provider and back, and on as far as it goes by itself.
    pub(crate) async fn through(
        &self,
        browser: &Browser,
        page: &Page,
        name: &str,
        whom: (&str, &[&str]),
    ) -> Page {
        let left = self.press(browser, page, name).await;
        let back = self.at_the_provider(browser, &left, whom).await;
        let page = browser.visit(back.as_str()).await;
        connect(browser, page).await
    }

    /// As [`through`](Self::through), from one's account's door.
    pub(super) async fn come(&self, browser: &Browser, name: &str, whom: (&str, &[&str])) -> Page {
        let door = self.door(browser).await;
        self.through(browser, &door, name, whom).await
    }

    /// The same to the end, with the sign-up step if there is one: the account's page.
    pub(crate) async fn enter(&self, browser: &Browser, name: &str, whom: (&str, &[&str])) -> Page {
        let page = self.come(browser, name, whom).await;
        let page = if page.has("have-account") { sign_up(browser, &page, whom.0).await } else { page };
        assert!(page.has("services"), "{} {}", page.status, page.body);
        page
    }

    /// All accounts.
    pub(super) async fn accounts(&self) -> Vec<Account> {
        users::list(self.server.app().db(), 100).await.unwrap()
    }

    /// The address of whoever signed up by this name, if it is theirs.
    pub(super) async fn address_of(&self, name: &str) -> Option<String> {
        let accounts = self.accounts().await;
        let found = accounts.into_iter().find(|account| account.user.name == name);
        found.unwrap_or_else(|| panic!("nobody is called {name}")).user.email
    }

    pub(super) fn advance(&self, seconds: u32) {
        self.server.advance(Seconds::seconds(seconds));
    }
}

/// What one notes in the console of the simulated Apple, with the key that one downloads there.
fn apples_credentials(key: String, team: Option<String>) -> [(&'static str, String); 3] {
    [("team_id", team.unwrap()), ("key_id", "SIMULATED1".to_owned()), ("private_key", key)]
}

/// Posts a form as a page of another site does: no cookie of ours comes along.
pub(super) async fn posted(address: &str, form: &str) -> Page {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("origin", "https://appleid.apple.com"),
        ("sec-fetch-site", "cross-site"),
    ];
    Browser::default().send("POST", address, &headers, form.as_bytes().to_vec()).await
}

/// Says yes to who is to be added, if the page asks for that.
pub(super) async fn connect(browser: &Browser, page: Page) -> Page {
    if !page.has("connect-submit") {
        return page;
    }
    browser.follow(browser.submit(&page, "connect-submit", &[]).await).await
}

/// Signs out of this browser.
pub(super) async fn sign_out(stage: &Stage, browser: &Browser) {
    let page = browser.visit(&stage.server.at("/sign-out")).await;
    browser.follow(browser.submit(&page, "logout-confirm", &[]).await).await;
}

/// Answers the sign-up step.
pub(super) async fn sign_up(browser: &Browser, page: &Page, name: &str) -> Page {
    browser.follow(browser.submit(page, "login-submit", &[("name", name)]).await).await
}

/// Answers the sign-in form.
pub(crate) async fn by_password(browser: &Browser, page: &Page, email: &str, password: &str) -> Page {
    let fields = [("email", email), ("password", password)];
    browser.follow(browser.submit(page, "login-submit", &fields).await).await
}

pub(super) fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, format!("{text}\n")).unwrap();
    path.to_str().unwrap().to_owned()
}
