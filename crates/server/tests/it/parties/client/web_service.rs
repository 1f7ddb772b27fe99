//! A web service that is a client, as an application would write it, and people in front of it.

use std::{
    collections::HashMap,
    fs,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{FromRef, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::HeaderMap;
use mapae_client::{
    AccessError, Accounts, Answers, Attempt, BoxError, CallError, Client, ClientRegistration, Clock,
    CreateError, EndUser, Field, Identity, Provider, ProviderSettings, ReturnTo, SignedIn, Vault,
    axum::{SignInRequired, routes},
};
use mapae_protocol::time::Timestamp;
use mapae_testkit::{AppFixture, Browser, Page, UserFixture};
use reqwest::header;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use super::stage::{SCOPES, Stage};

/// A user of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) number: usize,
    pub(super) nickname: String,
    pub(super) email: Option<String>,
}

/// The service's own database of users.
#[derive(Clone, Debug, Default)]
pub(super) struct Users(Arc<Mutex<HashMap<EndUser, User>>>);

impl Users {
    pub(super) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Accounts for Users {
    type User = User;

    async fn find(&self, person: &EndUser) -> Result<Option<User>, BoxError> {
        Ok(self.0.lock().unwrap().get(person).cloned())
    }

    async fn create(&self, identity: &Identity, answers: &Answers) -> Result<User, CreateError> {
        let mut users = self.0.lock().unwrap();
        let nickname = answers.text("nickname").unwrap_or_default().to_owned();
        let email = identity.email().map(|email| email.address);
        let user = User { number: users.len(), nickname, email };
        Ok(users.entry(identity.person().clone()).or_insert(user).clone())
    }
}

/// How a service is put together; a second process is opened from the same plan.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) issuer: String,
    pub(super) app: AppFixture,
    pub(super) clock: Clock,
    pub(super) users: Users,
    pub(super) folder: Arc<TempDir>,
    pub(super) scopes: String,
    pub(super) sign_up: Vec<Field>,
    pub(super) api: Option<String>,
    pub(super) registered: Registered,
}

/// How the app is known at the server, beside its id and secret.
pub(super) type Registered = Arc<dyn Fn(ClientRegistration) -> ClientRegistration + Send + Sync>;

impl Plan {
    pub(super) fn of(stage: &Stage, app: &AppFixture) -> Self {
        let clock = stage.clock.clone();
        Self {
            issuer: stage.server.issuer().to_owned(),
            app: app.clone(),
            clock: Clock::new(move || clock.now()),
            users: Users::default(),
            folder: Arc::new(tempfile::tempdir().unwrap()),
            scopes: SCOPES.to_owned(),
            sign_up: vec![Field::required("nickname"), Field::agreement("terms")],
            api: None,
            registered: Arc::new(|registration| registration),
        }
    }

    /// With a clock that differs from the server's.
    pub(super) fn with_clock_off_by(mut self, stage: &Stage, seconds: i64) -> Self {
        let clock = stage.clock.clone();
        self.clock = Clock::new(move || Timestamp::from_unix(clock.now().unix() + seconds));
        self
    }

    /// The server as the service knows it.
    pub(super) fn provider(&self) -> Provider {
        let mut registration =
            ClientRegistration::new(&self.app.client_id, &self.app.redirect_uri).with_scopes(&self.scopes);
        if let Some(secret) = &self.app.client_secret {
            registration = registration.with_secret(secret);
        }
        let settings = ProviderSettings::new("mapae").for_development();
        Provider::discover(&self.issuer, (self.registered)(registration), settings).unwrap()
    }

    fn client(&self) -> Client<User> {
        let provider = self.provider();
        let vault = Vault::open(self.folder.path().join("client.db")).unwrap();
        let builder = Client::builder(vault, self.users.clone()).name("shop").clock(self.clock.clone());
        builder.provider(provider).sign_up(self.sign_up.clone()).build().unwrap()
    }
}

/// The service, listening. Dropping it ends it.
pub(super) struct Service {
    pub(super) client: Client<User>,
    pub(super) users: Users,
    address: String,
    pub(super) plan: Plan,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Site {
    client: Client<User>,
    api: Option<String>,
    http: reqwest::Client,
}

impl FromRef<Site> for Client<User> {
    fn from_ref(site: &Site) -> Self {
        site.client.clone()
    }
}

async fn home(SignedIn { user, .. }: SignedIn<User>) -> String {
    format!("안녕하세요 {}", user.nickname)
}

/// What the calendar API says to the service about whoever is signed in.
async fn calendar(State(site): State<Site>, signed_in: SignedIn<User>) -> Response {
    let (http, api) = (&site.http, site.api.as_deref().unwrap());
    let answer = site.client.call_with_token(&signed_in.person, |token| {
        let request = http.get(format!("{api}/events")).bearer_auth(token.expose());
        async move {
            let answer = request.send().await?;
            Ok::<_, reqwest::Error>(Attempt::of(answer.status(), answer))
        }
    });
    match answer.await {
        Ok(answer) => (answer.status(), answer.text().await.unwrap()).into_response(),
        Err(CallError::Access(AccessError::SignInAgain)) => {
            SignInRequired::Page(ReturnTo::parse("/calendar").unwrap()).into_response()
        }
        Err(error) => panic!("{error}"),
    }
}

impl Service {
    pub(super) fn open(socket: TcpListener, plan: Plan) -> Self {
        let client = plan.client();
        let address = format!("http://localhost:{}", socket.local_addr().unwrap().port());
        let site = Site { client: client.clone(), api: plan.api.clone(), http: mapae_testkit::http() };
        let app = Router::new().route("/home", get(home)).route("/calendar", get(calendar));
        let app = app.merge(routes(&client)).with_state(site);
        let task = tokio::spawn(async move { axum::serve(socket, app).await.unwrap() });
        Self { client, users: plan.users.clone(), address, plan, task }
    }

    /// Another process of the same service, beside this one: they share the vault's file and the accounts.
    pub(super) async fn second_process(&self) -> Self {
        Self::open(TcpListener::bind("127.0.0.1:0").await.unwrap(), self.plan.clone())
    }

    /// Ends the process; what it had on disk stays.
    pub(super) async fn stop(mut self) -> Stopped {
        self.task.abort();
        assert!((&mut self.task).await.unwrap_err().is_cancelled());
        let plan = self.plan.clone();
        Stopped { plan, address: self.address.clone() }
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The same address, at this process.
    pub(super) fn here(&self, address: &url::Url) -> String {
        self.at(&format!("{}?{}", address.path(), address.query().unwrap_or_default()))
    }

    /// Everything in the vault's files.
    pub(super) fn files(&self) -> Vec<u8> {
        let files = fs::read_dir(self.plan.folder.path()).unwrap().map(|file| file.unwrap().path());
        let data = files.filter(|path| path.extension().is_none_or(|extension| extension != "key"));
        data.flat_map(|path| fs::read(path).unwrap()).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A service whose process has ended.
pub(super) struct Stopped {
    plan: Plan,
    address: String,
}

impl Stopped {
    /// Starts it again at the same address.
    pub(super) async fn start(self) -> Service {
        let port = self.address.rsplit(':').next().unwrap();
        Service::open(TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap(), self.plan)
    }
}

/// Somebody in front of a browser, who keeps everything that it ever received.
pub(super) struct Visitor {
    pub(super) browser: Browser,
    pub(super) seen: Vec<Page>,
    user: UserFixture,
}

impl Visitor {
    pub(super) fn of(stage: &Stage) -> Self {
        Self::somebody(stage.user.clone())
    }

    pub(super) fn somebody(user: UserFixture) -> Self {
        Self { browser: Browser::default(), seen: Vec::new(), user }
    }

    /// Opens an address as a browser does that wants a page; redirects are not followed.
    pub(super) async fn open(&mut self, address: &str) -> Page {
        let page = self.browser.send("GET", address, &[("accept", "text/html")], Vec::new()).await;
        self.seen.push(page.clone());
        page
    }

    /// Follows redirects, signs in and agrees, until the browser is about to go where `until` says, or to a page
    /// that wants something else.
    pub(super) async fn walk(&mut self, from: &str, until: impl Fn(&url::Url) -> bool) -> Page {
        self.walk_to(from, until, "").await
    }

    /// The same, up to the page with this button.
    pub(super) async fn until_page(&mut self, from: &str, button: &str) -> Page {
        let page = self.walk_to(from, |_| false, button).await;
        assert!(page.has(button), "no {button}: {} {}", page.status, page.body);
        page
    }

    async fn walk_to(&mut self, from: &str, until: impl Fn(&url::Url) -> bool, button: &str) -> Page {
        let mut page = self.open(from).await;
        for _ in 0..20 {
            if !button.is_empty() && page.has(button) {
                return page;
            }
            page = match page.location() {
                Some(next) if until(&next) => return page,
                Some(next) => self.open(next.as_str()).await,
                None if page.has("login-submit") => {
                    let fields =
                        [("email", self.user.email.clone()), ("password", self.user.password.clone())];
                    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
                    self.submit(&page, "login-submit", &fields).await
                }
                None if page.has("consent-approve") => {
                    self.submit(&page, "consent-approve", &[("all", "1")]).await
                }
                None => return page,
            };
        }
        panic!("round and round: {}", page.address);
    }

    /// The login from an address of the service to wherever it leads there.
    pub(super) async fn visit(&mut self, from: &str) -> Page {
        self.walk(from, |_| false).await
    }

    /// The address with which the provider sends the browser back, not yet opened.
    pub(super) async fn reach_callback(&mut self, service: &Service) -> url::Url {
        let page = self.walk(&service.at("/login"), |next| next.path() == "/callback").await;
        page.location().unwrap_or_else(|| panic!("no way back: {} {}", page.status, page.body))
    }

    pub(super) async fn submit(&mut self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.browser.submit(page, button, fields).await;
        self.seen.push(page.clone());
        page
    }

    /// Signs in for the first time, up to the session.
    pub(super) async fn join(&mut self, service: &Service) -> EndUser {
        let form = self.visit(&service.at("/home")).await;
        self.sign_up(&form).await;
        self.person(service).await.unwrap()
    }

    /// Sends the form of the service that a new person sees.
    pub(super) async fn sign_up(&mut self, form: &Page) {
        assert_eq!(form.address.path(), "/sign-up", "{}", form.body);
        let done = self.submit(form, "sign-up-submit", &[("nickname", "길동"), ("terms", "on")]).await;
        assert_eq!(done.status, 303, "{}", done.body);
    }

    /// Who is signed in at the service in this browser.
    pub(super) async fn person(&mut self, service: &Service) -> Option<EndUser> {
        let headers = self.cookies(service).await;
        service.client.signed_in(&headers).await.unwrap().map(|(session, _)| session.person)
    }

    /// The cookies that this browser sends to the service.
    pub(super) async fn cookies(&self, service: &Service) -> HeaderMap {
        let echo = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = echo.local_addr().unwrap().port();
        let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
        let app = Router::new().fallback(move |headers: HeaderMap| async move {
            sender.send(headers).await.unwrap();
        });
        let task = tokio::spawn(async move { axum::serve(echo, app).await.unwrap() });
        // Browsers send a host's cookies to all of its ports.
        self.browser.open(&format!("http://localhost:{port}/")).await;
        task.abort();
        assert!(service.address.starts_with("http://localhost:"));
        let mut headers = receiver.recv().await.unwrap();
        headers.remove(header::HOST);
        headers
    }
}
