//! A web service that uses the client, and the browsers of its visitors.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, HeaderValue, header};
use mapae_client::{
    Accounts, Answers, BoxError, Client, ClientRegistration, Clock, CreateError, EndUser, Error, Field,
    Identity, LoginRequest, Provider, ProviderEvent, ProviderSettings, Redirect, ServiceTokens,
    SignUpOutcome,
};
use mapae_protocol::time::Timestamp;
use tokio::sync::Semaphore;

use crate::{issuer::Issuer, place::Place};

pub(crate) const SECRET: &str = "s3cret-of-the-client";

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000)))
    }

    pub(crate) fn unix(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.unix())
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now())
    }
}

/// An account of the web service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) number: usize,
    pub(crate) nickname: String,
    pub(crate) email: Option<String>,
}

/// Accounts that trust the client to ask for each person once: a check, a pause, and then a write.
#[derive(Clone, Default)]
pub(crate) struct Users {
    rows: Arc<Mutex<HashMap<EndUser, User>>>,
    pub(crate) created: Arc<AtomicUsize>,
    /// Cannot be told of anything.
    pub(crate) deaf: Arc<AtomicBool>,
    /// How often they began to hear of something.
    pub(crate) heard: Arc<AtomicUsize>,
    /// They come to the end of that when there is a permit.
    pub(crate) held: Arc<Mutex<Option<Arc<Semaphore>>>>,
}

impl Users {
    pub(crate) fn count(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    pub(crate) fn remove(&self, person: &EndUser) {
        self.rows.lock().unwrap().remove(person);
    }
}

impl Accounts for Users {
    type User = User;

    async fn find(&self, person: &EndUser) -> Result<Option<User>, BoxError> {
        Ok(self.rows.lock().unwrap().get(person).cloned())
    }

    async fn create(&self, identity: &Identity, answers: &Answers) -> Result<User, CreateError> {
        let nickname = answers.text("nickname").unwrap_or_default().to_owned();
        if nickname == "taken" {
            return Err(CreateError::Answers(vec![mapae_client::Problem::refused(
                "nickname",
                "이미 있는 별명",
            )]));
        }
        tokio::task::yield_now().await;
        let number = self.created.fetch_add(1, Ordering::SeqCst);
        let email = identity.email().map(|email| email.address);
        let user = User { number, nickname, email };
        self.rows.lock().unwrap().insert(identity.person().clone(), user.clone());
        Ok(user)
    }

    async fn notified(&self, _: &ProviderEvent) -> Result<(), BoxError> {
        self.heard.fetch_add(1, Ordering::SeqCst);
        let held = self.held.lock().unwrap().clone();
        if let Some(held) = held {
            held.acquire().await?.forget();
        }
        if self.deaf.load(Ordering::SeqCst) { Err("the database is down".into()) } else { Ok(()) }
    }
}

/// The web service with everything around it.
pub(crate) struct Website {
    pub(crate) client: Client<User>,
    pub(crate) users: Users,
    pub(crate) clock: TestClock,
    pub(crate) place: Place,
    tokens: Option<fn() -> ServiceTokens<User>>,
}

/// How a website is set up.
pub(crate) struct Setup {
    pub(crate) sign_up: Vec<Field>,
    pub(crate) public: bool,
    pub(crate) settings: fn(ProviderSettings) -> ProviderSettings,
    pub(crate) registered: fn(ClientRegistration) -> ClientRegistration,
    pub(crate) keep_sessions: bool,
    pub(crate) tokens: Option<fn() -> ServiceTokens<User>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            sign_up: Vec::new(),
            public: false,
            settings: |settings| settings,
            registered: |registration| registration,
            keep_sessions: false,
            tokens: None,
        }
    }
}

/// A client without cookies, whose requests end.
pub(crate) fn http_client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap()
}

pub(crate) fn registration(name: &str) -> ClientRegistration {
    ClientRegistration::new("client-1", format!("http://localhost:3000/callback/{name}"))
        .with_scopes("openid profile email")
}

/// Short enough that waiting in vain costs a test nothing. What is good and must come has the library's own time.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) fn provider(name: &str, issuer: &Issuer) -> Provider {
    provider_at(name, issuer.url())
}

pub(crate) fn provider_at(name: &str, issuer: &str) -> Provider {
    let settings = ProviderSettings::new(name).for_development();
    Provider::discover(issuer, registration(name).with_secret(SECRET), settings).unwrap()
}

impl Website {
    pub(crate) async fn start() -> (Self, Issuer) {
        Self::start_with(Setup::default()).await
    }

    pub(crate) async fn start_with(setup: Setup) -> (Self, Issuer) {
        Self::start_in(Place::fresh().await, setup).await
    }

    pub(crate) async fn start_in(place: Place, setup: Setup) -> (Self, Issuer) {
        let clock = TestClock::new();
        let issuer = Issuer::start(&clock).await;
        let mut registration = registration("op");
        if !setup.public {
            registration = registration.with_secret(SECRET);
        }
        let settings = (setup.settings)(ProviderSettings::new("op").for_development());
        let registration = (setup.registered)(registration);
        let provider = Provider::discover(issuer.url(), registration, settings).unwrap();
        let users = Users::default();
        let mut builder = Client::builder(place.open().await, users.clone()).name("shop").provider(provider);
        builder = builder.sign_up(setup.sign_up).clock(clock.clock());
        if setup.keep_sessions {
            builder = builder.keep_sessions_without_grant();
        }
        if let Some(tokens) = setup.tokens {
            builder = builder.service_tokens(tokens());
        }
        let client = builder.build().unwrap();
        (Self { client, users, clock, place, tokens: setup.tokens }, issuer)
    }

    /// The same service in another process: only the vault is shared, and the accounts.
    pub(crate) async fn second_process(&self, issuer: &Issuer) -> Self {
        self.second_process_with(provider("op", issuer)).await
    }

    /// The same with another provider.
    pub(crate) async fn second_process_with(&self, provider: Provider) -> Self {
        let vault = self.place.open().await;
        let mut builder = Client::builder(vault, self.users.clone()).name("shop").provider(provider);
        if let Some(tokens) = self.tokens {
            builder = builder.service_tokens(tokens());
        }
        let client = builder.clock(self.clock.clock()).build().unwrap();
        let (users, clock, place) = (self.users.clone(), self.clock.clone(), self.place.clone());
        Self { client, users, clock, place, tokens: self.tokens }
    }

    /// Somebody signs in on a new browser, up to a session or the sign-up form.
    pub(crate) async fn sign_in(&self, issuer: &Issuer, subject: &str) -> Result<(Browser, String), Error> {
        let mut browser = Browser::default();
        let query = browser.go_to_provider(self, issuer, subject).await?;
        let location = browser.come_back(self, &query).await?;
        Ok((browser, location))
    }

    /// Somebody who has signed in: the key of their tokens.
    pub(crate) async fn signed_in_person(&self, issuer: &Issuer) -> EndUser {
        let (browser, _) = self.sign_in(issuer, "alice").await.unwrap();
        browser.person(self).await.unwrap()
    }
}

/// A browser: nothing but its cookies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) access_token: Option<String>,
    /// Where the front end keeps it itself.
    pub(crate) refresh_token: Option<String>,
}

impl Browser {
    /// The requests of a front end carry its access token.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = self.cookie_headers();
        if let Some(token) = &self.access_token {
            let value = format!("Bearer {token}");
            headers.insert(header::AUTHORIZATION, HeaderValue::try_from(value).unwrap());
        }
        headers
    }

    /// A navigation carries no more than its cookies.
    pub(crate) fn cookie_headers(&self) -> HeaderMap {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::try_from(pairs.join("; ")).unwrap());
        headers
    }

    pub(crate) fn take(&mut self, cookies: &[HeaderValue]) {
        for cookie in cookies {
            let text = cookie.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn follow(&mut self, redirect: Redirect) -> String {
        self.take(&redirect.cookies);
        redirect.location
    }

    pub(crate) async fn begin(&mut self, website: &Website, request: &LoginRequest) -> Result<String, Error> {
        let redirect = website.client.login(request, &self.headers()).await?;
        Ok(self.follow(redirect))
    }

    /// To the provider, where the person agrees: the query to come back with.
    pub(crate) async fn go_to_provider(
        &mut self,
        website: &Website,
        issuer: &Issuer,
        subject: &str,
    ) -> Result<String, Error> {
        let url = self.begin(website, &LoginRequest::new()).await?;
        Ok(issuer.approve(&url, subject))
    }

    pub(crate) async fn come_back(&mut self, website: &Website, query: &str) -> Result<String, Error> {
        let redirect = website.client.callback("op", Some(query), &self.cookie_headers()).await?;
        Ok(self.follow(redirect))
    }

    pub(crate) async fn sign_up(&mut self, website: &Website, body: &str) -> Result<SignUpOutcome, Error> {
        let mut outcome = website.client.sign_up(&self.headers(), body.as_bytes()).await?;
        if let SignUpOutcome::Done(redirect) = &mut outcome {
            self.take(&redirect.cookies);
        }
        Ok(outcome)
    }

    pub(crate) async fn user(&self, website: &Website) -> Option<User> {
        website.client.signed_in(&self.headers()).await.unwrap().map(|(_, user)| user)
    }

    pub(crate) async fn person(&self, website: &Website) -> Option<EndUser> {
        website.client.signed_in(&self.headers()).await.unwrap().map(|(session, _)| session.person)
    }
}
