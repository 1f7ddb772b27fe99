//! Starting, steering and stopping a simulator.

use std::{
    io,
    sync::{Mutex, atomic::AtomicI64},
    time::Duration,
};

use axum::Router;
use mapae_protocol::{
    jose::{Algorithm, SigningKey, SigningKeyError},
    time::Seconds,
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    App, Command, ControlError, IssuerName, Provider, Settings, control,
    engine::{Done, Engine, Inner, World},
    fact::Facts,
    rules, web,
};

/// How long an app may take to answer a notification; more than any provider allows.
const LONGEST: Duration = Duration::from_secs(10);

/// A running simulator. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Simulator {
    engine: Engine,
    close: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// No key could be made.
    #[error("no signing key could be made")]
    Key(#[from] SigningKeyError),
    /// No HTTP client could be made.
    #[error("no HTTP client could be made")]
    Http(#[source] reqwest::Error),
    /// A fact that the provider does not have, or a value of another kind.
    #[error("there is no fact {0}, or its values are of another kind")]
    Fact(String),
}

impl Simulator {
    /// Starts a provider; it answers when this returns.
    ///
    /// # Errors
    /// The port is taken, or a setting is none.
    pub async fn start(provider: Provider, settings: Settings) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        Self::start_on(listener, provider, &settings)
    }

    /// Starts a provider on a socket that listens already.
    ///
    /// # Errors
    /// A setting is none.
    pub fn start_on(
        listener: TcpListener,
        provider: Provider,
        settings: &Settings,
    ) -> Result<Self, StartError> {
        Self::start_behind(listener, provider, settings, |router| router)
    }

    /// The same behind a layer of yours: something that watches, or that stands in the way.
    ///
    /// # Errors
    /// A setting is none.
    pub fn start_behind(
        listener: TcpListener,
        provider: Provider,
        settings: &Settings,
        layer: impl FnOnce(Router) -> Router,
    ) -> Result<Self, StartError> {
        let unnamed = |source| StartError::Listen { address: settings.listen, source };
        let address = listener.local_addr().map_err(unnamed)?;
        let rules = rules::rules(provider);
        let base =
            settings.public_url.clone().unwrap_or_else(|| format!("http://localhost:{}", address.port()));
        let (close, closing) = watch::channel(false);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(LONGEST)
            .build()
            .map_err(StartError::Http)?;
        let engine = Engine::new(Inner {
            rules,
            issuer: match settings.issuer {
                IssuerName::Simulator => base.clone(),
                IssuerName::Real => rules.description().real_issuer.to_owned(),
            },
            base,
            clock: settings.clock.clone(),
            any_client: settings.any_client,
            loopback: address.ip().is_loopback(),
            key: SigningKey::generate(Algorithm::Rs256)?,
            world: Mutex::new(world(rules, settings)?),
            http,
            closing: closing.clone(),
            moved: AtomicI64::new(0),
        });
        let serving = tokio::spawn(serve(listener, layer(web::router(engine.clone())), closing));
        Ok(Self { engine, close, serving: Some(serving) })
    }

    /// Where it is reached, without a slash at the end: `http://localhost:9100`.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.engine.base()
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.engine.provider()
    }

    /// The issuer that its tokens name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.engine.issuer()
    }

    /// The app that is there from the start, with its credentials, as it stands.
    #[must_use]
    pub fn app(&self) -> App {
        let first = (self.engine.rules().description().default_app)();
        self.engine.with(|world| world.apps.get(&first.client_id).cloned()).unwrap_or(first)
    }

    /// The key with which that app signs its secrets, where it has none that is kept: Apple's `.p8` file.
    #[must_use]
    pub fn client_key(&self) -> Option<&'static str> {
        self.engine.rules().client_key()
    }

    /// Carries out a command. When this returns, the app has been notified of it.
    ///
    /// # Errors
    /// There is no such person, app or fact.
    pub async fn control(&self, command: Command) -> Result<Done, ControlError> {
        control::carry_out(&self.engine, command).await
    }

    /// Moves the clock forward.
    pub fn advance(&self, span: Seconds) {
        self.engine.advance(span.get());
    }

    /// Answers what is under way, and ends.
    pub async fn stop(mut self) {
        self.close.send_replace(true);
        if let Some(serving) = self.serving.take()
            && let Err(error) = serving.await
        {
            tracing::error!(error = &error as &dyn std::error::Error, "a simulator went down");
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.close.send_replace(true);
    }
}

fn world(rules: &dyn rules::Rules, settings: &Settings) -> Result<World, StartError> {
    let mut first = (rules.description().default_app)();
    first.redirect_uris.extend(settings.redirect_uris.iter().cloned());
    let apps = std::iter::once(first).chain(settings.apps.iter().cloned()).collect();
    let people = (rules.description().people)().into_iter().chain(settings.people.iter().cloned()).collect();
    let mut facts = Facts::of(rules.description().facts);
    for (name, value) in &settings.facts {
        if !facts.change(name, value) {
            return Err(StartError::Fact(name.clone()));
        }
    }
    Ok(World::new(apps, people, facts))
}

async fn serve(listener: TcpListener, router: Router, mut closing: watch::Receiver<bool>) {
    let closed = async move {
        // An error means that the simulator was dropped: that is the end, too.
        let _ = closing.wait_for(|closed| *closed).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(closed).await {
        tracing::error!(error = &error as &dyn std::error::Error, "a simulator cannot be kept open");
    }
}
