//! A service with two providers, whose members' addresses are unique.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use mapae_client::{
    Accounts, Answers, BoxError, Client, ClientBuilder, CreateError, EndUser, Error, Identity, LoginRequest,
    MethodChange, Provider, ProviderSettings, Redirect,
    linking::{AddressUse, Decision, EmailAddress, Holder},
    observe::{Exchange, Judgement, Observer},
};

use crate::{
    issuer::Issuer,
    place::Place,
    website::{Browser, SECRET, TestClock, registration},
};

/// Somebody's account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) number: usize,
    pub(super) address: Option<String>,
    /// Whether the owner has proved the address to the service.
    pub(super) proved: bool,
    pub(super) closed: bool,
    pub(super) password: bool,
}

/// The service's accounts, by who founded them, and what it was told.
#[derive(Clone, Default)]
pub(super) struct Members {
    pub(super) rows: Arc<Mutex<HashMap<EndUser, Member>>>,
    pub(super) made: Arc<Mutex<usize>>,
    pub(super) changes: Arc<Mutex<Vec<MethodChange>>>,
    pub(super) decisions: Arc<Mutex<Vec<Decision<EndUser>>>>,
    /// The next `create` makes the account and then fails, as if the process had died.
    pub(super) dies: Arc<Mutex<bool>>,
    /// Everybody's account is deleted after it was looked for so many times more.
    pub(super) gone_after: Arc<Mutex<Option<usize>>>,
    interruption: Arc<Mutex<Option<Interruption>>>,
}

/// What happens while the client waits for an answer of the service.
struct Interruption {
    at: Moment,
    /// How often that passes before.
    passes: usize,
    what: BoxFuture<'static, ()>,
}

/// A question to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Whose an address is.
    Holder,
    /// To make an account.
    Create,
    /// Who has an account.
    Find,
    /// To tell an owner what was changed.
    Tell,
}

impl Members {
    pub(super) fn edit(&self, account: &EndUser, edit: impl FnOnce(&mut Member)) {
        edit(self.rows.lock().unwrap().entry(account.clone()).or_default());
    }

    pub(super) fn count(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    /// Lets this happen when the question was asked so often before.
    pub(super) fn interrupt(&self, at: Moment, passes: usize, what: BoxFuture<'static, ()>) {
        *self.interruption.lock().unwrap() = Some(Interruption { at, passes, what });
    }

    pub(super) fn was_interrupted(&self) -> bool {
        self.interruption.lock().unwrap().is_none()
    }

    async fn pass(&self, moment: Moment) {
        let due = {
            let mut interruption = self.interruption.lock().unwrap();
            match interruption.as_mut().filter(|interruption| interruption.at == moment) {
                Some(Interruption { passes: 0, .. }) => interruption.take(),
                Some(Interruption { passes, .. }) => {
                    *passes -= 1;
                    None
                }
                None => None,
            }
        };
        if let Some(Interruption { what, .. }) = due {
            what.await;
        }
    }

    /// The rule of the last decision.
    pub(super) fn rule(&self) -> &'static str {
        self.decisions.lock().unwrap().last().map_or("none", |decision| decision.rule.as_str())
    }
}

impl Accounts for Members {
    type User = Member;

    async fn find(&self, person: &EndUser) -> Result<Option<Member>, BoxError> {
        match self.gone_after.lock().unwrap().as_mut() {
            Some(0) => self.rows.lock().unwrap().clear(),
            Some(left) => *left -= 1,
            None => {}
        }
        let found = self.rows.lock().unwrap().get(person).cloned();
        self.pass(Moment::Find).await;
        Ok(found)
    }

    async fn create(&self, identity: &Identity, answers: &Answers) -> Result<Member, CreateError> {
        tokio::task::yield_now().await;
        self.pass(Moment::Create).await;
        let mut rows = self.rows.lock().unwrap();
        let proved = matches!(answers.address_use(), AddressUse::Proved | AddressUse::ProvedInsteadOf(_));
        let address = match answers.address_use() {
            AddressUse::None => None,
            _ => identity
                .email()
                .and_then(|email| EmailAddress::parse(&email.address).ok())
                .map(|address| address.as_str().to_owned()),
        };
        if let AddressUse::ProvedInsteadOf(loser) = answers.address_use() {
            let loser = rows.get_mut(loser).filter(|loser| !loser.proved && loser.address == address);
            loser.ok_or(CreateError::AddressTaken)?.address = None;
        }
        if address.is_some() && rows.values().any(|member| member.address == address) {
            return Err(CreateError::AddressTaken);
        }
        let mut made = self.made.lock().unwrap();
        let member = Member { number: *made, address, proved, ..Member::default() };
        *made += 1;
        rows.insert(identity.person().clone(), member.clone());
        if std::mem::take(&mut *self.dies.lock().unwrap()) {
            return Err(CreateError::failed("the process died"));
        }
        Ok(member)
    }

    fn is_closed(&self, user: &Member) -> bool {
        user.closed
    }

    fn opens_otherwise(&self, user: &Member) -> bool {
        user.password
    }

    async fn holder(&self, address: &str) -> Result<Option<Holder<EndUser>>, BoxError> {
        self.pass(Moment::Holder).await;
        let rows = self.rows.lock().unwrap();
        let holder = rows.iter().find(|(_, member)| member.address.as_deref() == Some(address));
        Ok(holder.map(|(account, member)| Holder { account: account.clone(), proved: member.proved }))
    }

    fn decided(&self, _: &EndUser, decision: &Decision<EndUser>) {
        self.decisions.lock().unwrap().push(decision.clone());
    }

    async fn method_changed(&self, change: &MethodChange) -> Result<(), BoxError> {
        self.changes.lock().unwrap().push(change.clone());
        self.pass(Moment::Tell).await;
        Ok(())
    }
}

/// Writes down what it is told of decisions.
#[derive(Default)]
pub(super) struct Watcher(pub(super) Mutex<Vec<Judgement>>);

impl Observer for Watcher {
    fn exchanged(&self, _: &Exchange) {}

    fn judged(&self, judgement: &Judgement) {
        self.0.lock().unwrap().push(judgement.clone());
    }
}

/// What the providers say of people's addresses: by subject, and whether they checked it.
type Mails = Arc<Mutex<HashMap<String, (String, bool)>>>;

pub(super) struct Stage {
    pub(super) client: Client<Member>,
    pub(super) members: Members,
    pub(super) clock: TestClock,
    pub(super) watcher: Arc<Watcher>,
    pub(super) issuers: [Arc<Issuer>; 2],
    pub(super) mails: Mails,
    /// How the providers are called here.
    pub(super) names: [&'static str; 2],
    pub(super) place: Place,
}

/// Where somebody is shown who is about to be added.
pub(super) const CONFIRM: &str = "/sign-in-methods/confirm";

pub(super) const PROVIDERS: [&str; 2] = ["one", "two"];

type Settings = fn(ClientBuilder<Member>) -> ClientBuilder<Member>;

impl Stage {
    pub(super) async fn start() -> Self {
        Self::with(|builder| builder).await
    }

    pub(super) async fn with(settings: Settings) -> Self {
        let clock = TestClock::new();
        let mails = Mails::default();
        let issuers = [issuer(&clock, &mails).await, issuer(&clock, &mails).await];
        let place = Place::fresh().await;
        let (members, watcher) = (Members::default(), Arc::new(Watcher::default()));
        let vault = place.open().await;
        let builder = Client::builder(vault, members.clone()).name("shop").clock(clock.clock());
        let providers = [0, 1].map(|n| provider(PROVIDERS[n], issuers[n].url(), &watcher));
        let client = settings(providers.into_iter().fold(builder, ClientBuilder::provider)).build().unwrap();
        Self { client, members, clock, watcher, issuers, mails, names: PROVIDERS, place }
    }

    /// The same service in another process, or after its settings were changed: these providers, by name and issuer.
    pub(super) async fn again(&self, providers: &[(&str, usize)], settings: Settings) -> Client<Member> {
        let vault = self.place.open().await;
        let builder = Client::builder(vault, self.members.clone()).name("shop").clock(self.clock.clock());
        let providers =
            providers.iter().map(|(name, issuer)| provider(name, self.issuers[*issuer].url(), &self.watcher));
        settings(providers.fold(builder, ClientBuilder::provider)).build().unwrap()
    }

    /// Who `subject` is at a provider.
    pub(super) fn person(&self, which: usize, subject: &str) -> EndUser {
        EndUser::new(self.issuers[which].url(), subject)
    }

    pub(super) fn mail(&self, subject: &str, address: &str, verified: bool) {
        self.mails.lock().unwrap().insert(subject.to_owned(), (address.to_owned(), verified));
    }

    /// Signs somebody in on a browser: where it leads.
    pub(super) async fn sign_in(
        &self,
        browser: &mut Browser,
        which: usize,
        subject: &str,
    ) -> Result<String, Error> {
        let request = LoginRequest::new().with_provider(self.names[which]);
        let started = self.client.login(&request, &browser.headers()).await;
        self.go(browser, started, which, subject).await
    }

    /// To the provider and back, once something was started.
    pub(super) async fn go(
        &self,
        browser: &mut Browser,
        started: Result<Redirect, Error>,
        which: usize,
        subject: &str,
    ) -> Result<String, Error> {
        let back = self.depart(browser, &started?, which, subject);
        self.come_back(browser, which, &back).await
    }

    /// To the provider: the query with which the browser comes back.
    pub(super) fn depart(
        &self,
        browser: &mut Browser,
        started: &Redirect,
        which: usize,
        subject: &str,
    ) -> String {
        browser.take(&started.cookies);
        self.issuers[which].approve(&started.location, subject)
    }

    pub(super) async fn come_back(
        &self,
        browser: &mut Browser,
        which: usize,
        back: &str,
    ) -> Result<String, Error> {
        let arrived = self.client.callback(self.names[which], Some(back), &browser.cookie_headers()).await?;
        browser.take(&arrived.cookies);
        if arrived.location == CONFIRM { self.confirm(browser).await } else { Ok(arrived.location) }
    }

    /// Presses the button of the page that shows who is added.
    pub(super) async fn confirm(&self, browser: &mut Browser) -> Result<String, Error> {
        let mark = self.client.sign_in_method_to_add(&browser.cookie_headers()).await?.mark;
        let form = format!("mark={mark}");
        let added = self.client.confirm_sign_in_method(&browser.cookie_headers(), form.as_bytes()).await?;
        browser.take(&added.cookies);
        Ok(added.location)
    }

    /// A browser on which somebody is signed in.
    pub(super) async fn browser_of(&self, which: usize, subject: &str) -> Browser {
        let mut browser = Browser::default();
        self.sign_in(&mut browser, which, subject).await.unwrap();
        assert!(self.account(&browser).await.is_some(), "{subject}");
        browser
    }

    /// The account that is signed in on a browser.
    pub(super) async fn account(&self, browser: &Browser) -> Option<EndUser> {
        let (session, _) = self.client.signed_in(&browser.headers()).await.unwrap()?;
        self.client.account_of(&session.person).await.unwrap()
    }

    /// Proves again who is signed in on a browser.
    pub(super) async fn prove(
        &self,
        browser: &mut Browser,
        which: usize,
        subject: &str,
    ) -> Result<String, Error> {
        let request = LoginRequest::new().with_provider(self.names[which]);
        let started = self.client.prove_again(&request, &browser.headers(), &browser.form()).await;
        self.go(browser, started, which, subject).await
    }

    /// Adds an identity to the account that is signed in.
    pub(super) async fn add(
        &self,
        browser: &mut Browser,
        which: usize,
        subject: &str,
    ) -> Result<String, Error> {
        let request = LoginRequest::new().with_provider(self.names[which]);
        let started = self.client.add_sign_in_method(&request, &browser.headers(), &browser.form()).await;
        self.go(browser, started, which, subject).await
    }

    /// Removes an identity from the account that is signed in.
    pub(super) async fn remove(
        &self,
        browser: &mut Browser,
        which: usize,
        subject: &str,
    ) -> Result<(), Error> {
        let person = self.person(which, subject);
        let methods = self.client.sign_in_methods(&browser.headers()).await?.methods;
        let id = methods.into_iter().find(|method| method.person == person).map(|method| method.id);
        let removed = self
            .client
            .remove_sign_in_method(&id.unwrap_or_default(), &browser.headers(), &browser.form())
            .await?;
        browser.take(&removed.cookies);
        Ok(())
    }

    /// An account with two ways in: signed in by the first, and fresh.
    pub(super) async fn with_two_methods(&self, subject: &str) -> Browser {
        let mut browser = self.browser_of(0, subject).await;
        self.prove(&mut browser, 0, subject).await.unwrap();
        self.clock.advance(1);
        self.add(&mut browser, 1, subject).await.unwrap();
        browser
    }
}

async fn issuer(clock: &TestClock, mails: &Mails) -> Arc<Issuer> {
    let issuer = Issuer::start(clock).await;
    let mails = Arc::clone(mails);
    issuer.behave().user_info = Some(Arc::new(move |claims| {
        let subject = claims["sub"].as_str().unwrap_or_default().to_owned();
        let (address, verified) = match mails.lock().unwrap().get(&subject) {
            Some((address, verified)) => (Some(address.clone()), *verified),
            None => (None, false),
        };
        claims["email"] = address.into();
        claims["email_verified"] = verified.into();
    }));
    Arc::new(issuer)
}

fn provider(name: &str, url: &str, watcher: &Arc<Watcher>) -> Provider {
    let watcher: Arc<dyn Observer> = Arc::<Watcher>::clone(watcher);
    let settings = ProviderSettings::new(name).for_development().observed_by(watcher);
    Provider::discover(url, registration(name).with_secret(SECRET), settings).unwrap()
}
