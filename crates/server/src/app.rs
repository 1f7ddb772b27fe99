//! The server's parts, put together once and passed along: there are no globals.

mod start;

use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use mapae_protocol::{issuer::Issuer, seal::MasterKey, time::Timestamp};
use tokio::sync::Semaphore;

pub use self::start::StartError;
use self::start::note_issuer;
pub(crate) use self::start::{master_key, open_database, prepare_folder};
use crate::{
    accounts::{
        Mailbox, Passwords,
        post_office::{self, PostOffice},
        throttle::Throttle,
    },
    app_keys::AppKeys,
    catalog::Catalog,
    changes::{self, Changes},
    client_document::FreshDocuments,
    clock::{Clock, ClockBehind, SteadyClock},
    config::{Config, Development, Site},
    contention::Queue,
    endpoints::discovery::Documents,
    fault::Fault,
    fetch::Fetcher,
    grant_types::DevicePolls,
    http::cookies::Cookie,
    jobs::OtherClocks,
    keys::{self, KeyRing, KeySet},
    logout, paths,
    store::{CommitError, Db, Options, Unit, counters, db::Row},
    upstream,
};

/// A running server without its socket. Cloning shares it.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// Lets a task end when the server is gone.
#[derive(Clone, Debug)]
pub(crate) struct WeakApp(Weak<Parts>);

#[derive(Debug)]
struct Parts {
    config: Config,
    issuer: Issuer,
    clock: SteadyClock,
    db: Db,
    master_key: MasterKey,
    keys: KeyRing,
    catalog: Catalog,
    upstreams: upstream::Registry,
    fetcher: Fetcher,
    fresh_documents: FreshDocuments,
    newcomers: Queue,
    app_keys: AppKeys,
    device_polls: DevicePolls,
    token_endpoint: String,
    changes: Changes,
    passwords: Passwords,
    throttle: Throttle,
    mailbox: Mailbox,
    post_office: PostOffice,
    cookies: Cookies,
    drawing: Arc<Semaphore>,
    metadata: ArcSwapOption<(i64, Arc<Documents>)>,
    other_clocks: OtherClocks,
}

/// The cookies that this server gives to browsers.
#[derive(Debug)]
pub(crate) struct Cookies {
    /// Signed in.
    pub(crate) session: Cookie,
    /// Known, before anybody has signed in.
    pub(crate) browser: Cookie,
    /// Signed in before.
    pub(crate) known: Cookie,
    /// The language chosen.
    pub(crate) locale: Cookie,
    /// The provider chosen last.
    pub(crate) upstream: Cookie,
    /// What a provider's page posted, on its way to the callback.
    pub(crate) answer: Cookie,
}

impl Cookies {
    fn new(site: &Site) -> Self {
        Self {
            session: Cookie::new("mapae_session", site),
            browser: Cookie::new("mapae_browser", site),
            known: Cookie::new("mapae_known", site),
            locale: Cookie::new("mapae_locale", site),
            upstream: Cookie::new("mapae_upstream", site),
            answer: Cookie::new("mapae_answer", site),
        }
    }
}

impl App {
    /// Opens the data folder, the database and the keys, making what is missing.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        Self::start_with(config, clock, Options::default()).await
    }

    /// As [`start`](Self::start), with the database used otherwise.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with(config: Config, clock: Clock, database: Options) -> Result<Self, StartError> {
        prepare_folder(&config.data)?;
        let db = open_database(&config, database)?;
        db.migrate(clock.now()).await.map_err(Fault::from)?;
        let master_key = master_key(&config.keys.master_key, &db).await?;
        let issuer = config.issuer().clone();
        note_issuer(&db, issuer.as_str(), clock.now()).await?;
        let counters = counters::read(&db).await.map_err(Fault::from)?;
        let clock = SteadyClock::new(clock, counters.clock);
        let set = keys::load_or_create(&db, &master_key, clock.now()).await?;
        let mailbox = &config.mail.mailbox;
        let mailbox =
            Mailbox::open(mailbox).map_err(|source| StartError::Mailbox { path: mailbox.clone(), source })?;
        let upstreams = upstream::read(&db, &master_key, &config, &[]).await?;
        let (post_office, waiting) = PostOffice::open();
        let app = Self(Arc::new(Parts {
            catalog: Catalog::load(db.clone(), counters.catalog, config.registration.vouch).await?,
            upstreams: upstream::Registry::new(upstreams),
            fresh_documents: FreshDocuments::default(),
            newcomers: Queue::default(),
            app_keys: AppKeys::default(),
            device_polls: DevicePolls::default(),
            token_endpoint: issuer.endpoint(paths::TOKEN).as_str().to_owned(),
            fetcher: Fetcher::new(&config.fetch, Development::of(&config.site)),
            changes: Changes::new(&counters),
            keys: KeyRing::new(set),
            passwords: Passwords::new(),
            throttle: Throttle::default(),
            cookies: Cookies::new(&config.site),
            drawing: Arc::new(Semaphore::new(1)),
            metadata: ArcSwapOption::empty(),
            other_clocks: OtherClocks::new(),
            config,
            issuer,
            clock,
            db,
            master_key,
            mailbox,
            post_office,
        }));
        tokio::spawn(changes::watch(app.downgrade()));
        tokio::spawn(post_office::run(app.downgrade(), waiting));
        tokio::spawn(logout::run(app.downgrade()));
        Ok(app)
    }

    /// The server's settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The issuer identifier (RFC 8414 §2).
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// The one source of time. It never runs backwards.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// As [`now`](Self::now), for whoever issues something that lives for a while.
    pub(crate) fn issuing_time(&self) -> Result<Timestamp, ClockBehind> {
        self.0.clock.issuing_time()
    }

    pub(crate) fn clock(&self) -> &SteadyClock {
        &self.0.clock
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// The keys to open this text with. One that it names and that is not here may have been made by another node a
    /// moment ago: then they are read again.
    pub(crate) async fn keys_for(&self, sealed: &str) -> Result<Arc<KeySet>, Fault> {
        let keys = self.keys().current();
        if keys.knows_seal_of(sealed) {
            return Ok(keys);
        }
        self.0.changes.follow(self).await?;
        Ok(self.keys().current())
    }

    pub(crate) fn master_key(&self) -> &MasterKey {
        &self.0.master_key
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    /// The providers that people sign in with.
    pub(crate) fn upstreams(&self) -> &upstream::Registry {
        &self.0.upstreams
    }

    /// Apps that need room among those that nobody has used yet.
    pub(crate) fn newcomers(&self) -> &Queue {
        &self.0.newcomers
    }

    /// The documents of apps that were read not long ago.
    pub(crate) fn fresh_documents(&self) -> &FreshDocuments {
        &self.0.fresh_documents
    }

    /// When devices asked last.
    pub(crate) fn device_polls(&self) -> &DevicePolls {
        &self.0.device_polls
    }

    /// The keys of apps that were fetched.
    pub(crate) fn app_keys(&self) -> &AppKeys {
        &self.0.app_keys
    }

    /// The address of the token endpoint.
    pub(crate) fn token_endpoint(&self) -> &str {
        &self.0.token_endpoint
    }

    /// The way out to addresses that apps have registered.
    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.0.fetcher
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.0.changes
    }

    /// How many password hashes this process has begun: its one expensive work that a stranger can ask for.
    pub fn password_hashes(&self) -> u64 {
        self.passwords().computed()
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn mailbox(&self) -> &Mailbox {
        &self.0.mailbox
    }

    pub(crate) fn post_office(&self) -> &PostOffice {
        &self.0.post_office
    }

    /// Waits until the mails that pages have asked for so far are written: before the process ends, and for
    /// whoever reads the mailbox.
    pub async fn mails_written(&self) {
        self.post_office().caught_up().await;
    }

    pub(crate) fn cookies(&self) -> &Cookies {
        &self.0.cookies
    }

    /// Whoever holds it may draw a picture: that takes memory, so it is one at a time.
    pub(crate) fn drawing(&self) -> &Arc<Semaphore> {
        &self.0.drawing
    }

    /// What is known of the other servers on this database.
    pub(crate) fn other_clocks(&self) -> &OtherClocks {
        &self.0.other_clocks
    }

    /// The metadata documents of the present catalogue and keys.
    pub(crate) fn metadata(&self) -> Arc<Documents> {
        let generation = self.0.catalog.generation();
        let cached = self.0.metadata.load_full();
        if let Some((_, documents)) = cached.as_deref().filter(|(of, _)| *of == generation) {
            return Arc::clone(documents);
        }
        let documents = Arc::new(Documents::of(self));
        self.0.metadata.store(Some(Arc::new((generation, Arc::clone(&documents)))));
        documents
    }

    pub(crate) fn downgrade(&self) -> WeakApp {
        WeakApp(Arc::downgrade(&self.0))
    }

    /// Takes over what other processes have changed, now instead of within a second.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn catch_up(&self) -> Result<(), StartError> {
        self.0.changes.follow(self).await?;
        Ok(())
    }

    /// Writes a unit; what it changes for others is in force here when this returns.
    pub(crate) async fn commit(&self, unit: Unit) -> Result<Vec<Vec<Row>>, CommitError> {
        if unit.is_empty() {
            return Ok(Vec::new());
        }
        let announces = unit.announces();
        let rows = self.0.db.commit(unit).await?;
        // The write stands whether or not we could follow it at once: the watcher will.
        if announces && let Err(error) = self.0.changes.follow(self).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot follow an own change yet");
        }
        Ok(rows)
    }
}

impl WeakApp {
    pub(crate) fn upgrade(&self) -> Option<App> {
        self.0.upgrade().map(App)
    }
}
