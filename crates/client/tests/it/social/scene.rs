//! A service whose people come from a simulated provider, and a browser between the two.

use std::time::Duration;

use mapae_client::{
    Client, ClientBuilder, ClientRegistration, Definition, EndUser, Error, Field, LoginRequest, Provider,
    ProviderSettings, Redirect, ServiceTokens, SignUpOutcome, Vault,
};
use mapae_protocol::params;
use mapae_simulators::{Clock, Command, Settings, Simulator};
use reqwest::{header, redirect::Policy};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;
use url::Url;

use crate::place::Place;
use crate::website::{Browser, TestClock, User, Users, http_client};

pub(super) const CALLBACK: &str = "http://localhost:3000/callback";

/// The service and its provider.
pub(super) struct Scene {
    pub(super) simulator: Simulator,
    pub(super) client: Client<User>,
    pub(super) users: Users,
    pub(super) clock: TestClock,
    vault: Vault,
    id: &'static str,
    /// What one downloads from Apple's console.
    key: String,
    _place: Place,
}

/// What the provider sends the browser back with.
pub(super) enum Back {
    Address(Url),
    Form(String),
}

/// Somebody before a browser.
#[derive(Default)]
pub(super) struct Person {
    pub(super) cookies: Browser,
    http: Option<reqwest::Client>,
}

/// What a service may have set otherwise.
pub(super) struct Setup {
    pub(super) scopes: Option<&'static str>,
    pub(super) secret: Option<&'static str>,
    /// Whether the service has no secret at all.
    pub(super) public: bool,
    pub(super) openid: bool,
    pub(super) user_info: bool,
    pub(super) sign_up: bool,
    pub(super) tokens: bool,
    /// Tags of the service's own terms.
    pub(super) terms: Option<&'static [&'static str]>,
    pub(super) redirect_uri: &'static str,
    /// Whose people alone are let in.
    pub(super) hosted_domain: Option<&'static str>,
    /// How long an answer of the provider may take, if that is not what the library says.
    pub(super) patience: Option<Duration>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            scopes: None,
            secret: None,
            public: false,
            openid: true,
            user_info: true,
            sign_up: false,
            tokens: false,
            terms: None,
            redirect_uri: CALLBACK,
            hosted_domain: None,
            patience: None,
        }
    }
}

impl Scene {
    pub(super) async fn of(id: &'static str) -> Self {
        Self::with(id, Setup::default()).await
    }

    pub(super) async fn with(id: &'static str, setup: Setup) -> Self {
        let clock = TestClock::new();
        let simulated = match id {
            "kakao" => mapae_simulators::Provider::Kakao,
            "google" | "oidc" => mapae_simulators::Provider::Google,
            "facebook" => mapae_simulators::Provider::Facebook,
            "apple" => mapae_simulators::Provider::Apple,
            _ => mapae_simulators::Provider::Naver,
        };
        let time = clock.clone();
        let settings = Settings { clock: Clock::new(move || time.now()), ..Settings::default() };
        let simulator = Simulator::start(simulated, settings).await.unwrap();
        let place = Place::fresh().await;
        let vault = place.open().await;
        let users = Users::default();
        let key = if id == "apple" { key_file(&simulator).await } else { String::new() };
        let client = service((id, &key), &setup, &simulator, (&vault, &users), &clock);
        Self { simulator, client, users, clock, vault, id, key, _place: place }
    }

    /// The same service with other settings, over the same vault.
    pub(super) fn again(&self, setup: &Setup) -> Client<User> {
        service((self.id, &self.key), setup, &self.simulator, (&self.vault, &self.users), &self.clock)
    }

    /// The same service with the provider of another scene besides, which sends people back to this address.
    pub(super) async fn beside(&self, other: &Self, redirect_uri: &'static str) -> Client<User> {
        let known = Command::RedirectUri { uri: redirect_uri.to_owned(), client_id: None };
        other.simulator.control(known).await.unwrap();
        let first = provider((self.id, &self.key), &Setup::default(), &self.simulator);
        let setup = Setup { redirect_uri, ..Setup::default() };
        let second = provider((other.id, &other.key), &setup, &other.simulator);
        let builder = Client::builder(self.vault.clone(), self.users.clone()).name("shop");
        let builder = [first, second].into_iter().fold(builder, ClientBuilder::provider);
        builder.clock(self.clock.clock()).build().unwrap()
    }

    /// Whether somebody is connected with the service at the provider.
    pub(super) async fn is_linked(&self, name: &str) -> bool {
        let state = http_client().get(format!("{}/control/state", self.simulator.base_url()));
        let state: Value = state.send().await.unwrap().json().await.unwrap();
        state["links"].as_array().unwrap().iter().any(|link| link["person"] == name)
    }

    /// Signs `person` of the simulator in, who agrees to these optional items: where it led at the service.
    pub(super) async fn sign_in(
        &self,
        person: &mut Person,
        name: &str,
        items: &[&str],
    ) -> Result<String, Error> {
        self.sign_in_by(&self.client, &LoginRequest::new(), person, (name, items)).await
    }

    pub(super) async fn sign_in_by(
        &self,
        client: &Client<User>,
        request: &LoginRequest,
        person: &mut Person,
        (name, items): (&str, &[&str]),
    ) -> Result<String, Error> {
        let started = client.login(request, &person.cookies.headers()).await?;
        self.follow(client, started, person, (name, items)).await
    }

    /// Through the provider's pages and back, once something was started.
    pub(super) async fn follow(
        &self,
        client: &Client<User>,
        started: Redirect,
        person: &mut Person,
        (name, items): (&str, &[&str]),
    ) -> Result<String, Error> {
        person.cookies.take(&started.cookies);
        let back = person.at_the_provider(&started.location, name, items).await;
        self.come_back(client, person, &back).await
    }

    pub(super) async fn come_back(
        &self,
        client: &Client<User>,
        person: &mut Person,
        back: &Back,
    ) -> Result<String, Error> {
        let query = match back {
            Back::Address(address) => address.query(),
            Back::Form(form) => {
                // From another site: without our cookies.
                let onwards = client.posted(self.id, form.as_bytes())?;
                assert_eq!(onwards.location, "/callback");
                person.cookies.take(&onwards.cookies);
                None
            }
        };
        let arrived = client.callback(self.id, query, &person.cookies.headers()).await?;
        person.cookies.take(&arrived.cookies);
        Ok(arrived.location)
    }

    /// Where the browser comes back with, not yet brought.
    pub(super) async fn go(&self, person: &mut Person, name: &str, items: &[&str]) -> Back {
        let started = self.client.login(&LoginRequest::new(), &person.cookies.headers()).await.unwrap();
        person.cookies.take(&started.cookies);
        person.at_the_provider(&started.location, name, items).await
    }

    /// Answers the sign-up form.
    pub(super) async fn sign_up(&self, person: &mut Person) {
        let outcome = self.client.sign_up(&person.cookies.headers(), b"nickname=ryan").await.unwrap();
        let SignUpOutcome::Done(redirect) = outcome else { panic!("the form is shown again") };
        person.cookies.take(&redirect.cookies);
    }

    /// Who is signed in.
    pub(super) async fn key(&self, person: &Person) -> Option<EndUser> {
        let signed_in = self.client.signed_in(&person.cookies.headers()).await.unwrap();
        signed_in.map(|(session, _)| session.person)
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }
}

/// The key of the default app, which the simulator gives to everybody.
async fn key_file(simulator: &Simulator) -> String {
    let url = format!("{}/simulator/client-key.p8", simulator.base_url());
    http_client().get(url).send().await.unwrap().text().await.unwrap()
}

fn service(
    of: (&'static str, &str),
    setup: &Setup,
    simulator: &Simulator,
    (vault, users): (&Vault, &Users),
    clock: &TestClock,
) -> Client<User> {
    let fields = setup.sign_up.then(|| Field::required("nickname"));
    let builder = Client::builder(vault.clone(), users.clone()).name("shop");
    let mut builder = builder.provider(provider(of, setup, simulator));
    if setup.tokens {
        builder = builder.service_tokens(ServiceTokens::new());
    }
    builder.sign_up(fields).clock(clock.clock()).build().unwrap()
}

fn provider((id, key): (&'static str, &str), setup: &Setup, simulator: &Simulator) -> Provider {
    let app = simulator.app();
    let definition = Definition::named(id).unwrap();
    // Of a provider by its issuer alone nothing else is said.
    let mut definition = match id {
        "oidc" => definition.with("issuer", simulator.base_url()),
        _ => definition.at(simulator.base_url()),
    };
    if !setup.openid {
        definition = definition.without_openid();
    }
    let mut registration = ClientRegistration::new(app.client_id, setup.redirect_uri);
    let secret = setup.secret.map(str::to_owned).or(app.client_secret);
    if let Some(secret) = secret.filter(|_| !setup.public) {
        registration = registration.with_secret(secret);
    }
    registration = registration.with_credential("team_id", app.team_id.unwrap_or_default());
    registration = registration.with_credential("key_id", "SIMULATED1").with_credential("private_key", key);
    registration = registration.with_credential("app_id", app.number.to_string());
    registration = registration.with_credential("admin_key", app.admin_key.unwrap_or_default());
    if let Some(scopes) = setup.scopes {
        registration = registration.with_scopes(scopes);
    }
    if let Some(terms) = setup.terms {
        registration = registration.with_terms(terms.iter().copied());
    }
    let mut settings = ProviderSettings::new(id).for_development();
    if let Some(domain) = setup.hosted_domain {
        settings = settings.with_hosted_domain(domain);
    }
    if let Some(patience) = setup.patience {
        settings = settings.answering_within(patience);
    }
    if !setup.user_info {
        settings = settings.without_user_info();
    }
    Provider::new(definition, registration, settings).unwrap()
}

impl Person {
    fn http(&mut self) -> reqwest::Client {
        let make =
            || reqwest::Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build();
        self.http.get_or_insert_with(|| make().unwrap()).clone()
    }

    /// Chooses an account and agrees, as far as there are pages; the address that leads back to the service.
    pub(super) async fn at_the_provider(&mut self, address: &str, name: &str, items: &[&str]) -> Back {
        let mut page = self.open(address).await;
        for _ in 0..5 {
            if let Some(location) = page.location {
                return Back::Address(location);
            }
            if page.has("hand-over-submit") {
                let (action, fields) = page.form("hand-over-submit");
                assert_eq!(action, CALLBACK);
                return Back::Form(params::encode(fields));
            }
            page = match (page.has(&format!("login-as-{name}")), page.has("consent-approve")) {
                (true, _) => self.press(&page, &format!("login-as-{name}"), &[]).await,
                (false, true) if items == ["cancel"] => self.press(&page, "consent-deny", &[]).await,
                (false, true) => self.press(&page, "consent-approve", items).await,
                (false, false) => panic!("{}", page.body),
            };
        }
        panic!("round and round")
    }

    pub(super) async fn open(&mut self, address: &str) -> Page {
        read(self.http().get(address).header(header::ACCEPT_LANGUAGE, "ko").send().await.unwrap()).await
    }

    async fn press(&mut self, page: &Page, button: &str, items: &[&str]) -> Page {
        let (action, mut fields) = page.form(button);
        // Most choose items; what is done with the address is a choice of another name.
        let choices: Vec<_> =
            items.iter().map(|item| item.split_once('=').unwrap_or(("item", item))).collect();
        fields.retain(|(name, _)| name != "item" && choices.iter().all(|(chosen, _)| name != chosen));
        fields.extend(choices.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let address = page.address.join(&action).unwrap();
        let origin = page.address.origin().ascii_serialization();
        let request = self.http().post(address).header(header::ORIGIN, origin).form(&fields);
        read(request.header("sec-fetch-site", "same-origin").send().await.unwrap()).await
    }
}

pub(super) struct Page {
    address: Url,
    pub(super) location: Option<Url>,
    pub(super) body: String,
}

async fn read(response: reqwest::Response) -> Page {
    let address = response.url().clone();
    let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
    let location = location.map(|to| address.join(&to).unwrap());
    Page { address, location, body: response.text().await.unwrap() }
}

impl Page {
    pub(super) fn has(&self, id: &str) -> bool {
        Html::parse_document(&self.body).select(&by_id(id)).next().is_some()
    }

    fn form(&self, button: &str) -> (String, Vec<(String, String)>) {
        let document = Html::parse_document(&self.body);
        let element =
            document.select(&by_id(button)).next().unwrap_or_else(|| panic!("no {button}: {}", self.body));
        let mut around = element.ancestors().filter_map(ElementRef::wrap);
        let form = around.find(|element| element.value().name() == "form").unwrap();
        let inputs = Selector::parse("input[name]").unwrap();
        let sent = |input: &ElementRef<'_>| {
            !matches!(input.attr("type"), Some("checkbox" | "radio")) || input.attr("checked").is_some()
        };
        let pair = |input: ElementRef<'_>| {
            (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap_or_default().to_owned())
        };
        let mut fields: Vec<(String, String)> = form.select(&inputs).filter(sent).map(pair).collect();
        if let (Some(name), Some(value)) = (element.attr("name"), element.attr("value")) {
            fields.push((name.to_owned(), value.to_owned()));
        }
        (form.attr("action").unwrap_or_default().to_owned(), fields)
    }
}

fn by_id(id: &str) -> Selector {
    Selector::parse(&format!("[id=\"{id}\"]")).unwrap()
}
