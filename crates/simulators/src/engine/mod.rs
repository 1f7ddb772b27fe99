//! What all simulators run on: a state in memory behind one lock, a clock, a key, and notifications.
//!
//! The lock is taken by [`Engine::with`] only, whose closure cannot wait for anything: it is never held over an
//! `await`, a signature or a request.

mod fault;
mod grant;
mod link;
mod notice;
mod world;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use mapae_protocol::{
    jose::{HeaderType, JwkSet, SigningKey},
    time::Timestamp,
};
use serde::Serialize;
use tokio::sync::watch;

pub(crate) use self::{
    fault::{Fault, HowToFail},
    grant::{Access, Challenge, Code, Death, Grant, Refresh, TokenState},
    link::Link,
    notice::{Body, Notice},
    world::{Ask, Visit, World},
};
pub use self::{notice::Delivered, world::Done};
use crate::{App, Clock, Provider, rules::Rules};

/// One running simulator. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) rules: &'static dyn Rules,
    /// Its address without a slash at the end.
    pub(crate) base: String,
    /// The issuer of its tokens.
    pub(crate) issuer: String,
    pub(crate) clock: Clock,
    pub(crate) any_client: bool,
    /// Whether only this machine reaches it.
    pub(crate) loopback: bool,
    pub(crate) key: SigningKey,
    pub(crate) world: Mutex<World>,
    /// Sends notifications.
    pub(crate) http: reqwest::Client,
    pub(crate) closing: watch::Receiver<bool>,
    /// How far the clock was moved, in seconds.
    pub(crate) moved: AtomicI64,
}

impl Engine {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The state, for as long as `look` takes.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.clock.now().unix() + self.0.moved.load(Ordering::Relaxed))
    }

    /// Moves the clock; it goes on from there.
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.moved.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn rules(&self) -> &'static dyn Rules {
        self.0.rules
    }

    pub(crate) fn provider(&self) -> Provider {
        self.0.rules.description().provider
    }

    pub(crate) fn base(&self) -> &str {
        &self.0.base
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.0.loopback
    }

    /// The app of this id. In the mode that takes any client there always is one.
    pub(crate) fn app(&self, client_id: &str) -> Option<App> {
        if self.0.any_client {
            let model = (self.rules().description().default_app)();
            self.with(|world| world.adopt(client_id, &model));
        }
        self.with(|world| world.apps.get(client_id).cloned())
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.0.closing.clone()
    }

    pub(crate) fn key_set(&self) -> JwkSet {
        JwkSet::new(vec![self.0.key.public_jwk().clone()])
    }

    /// A token of the provider. Nothing but its own claims is ever signed, so this cannot fail in a way that a
    /// caller could handle; what is not a token is noticed by whoever reads it.
    pub(crate) fn sign(&self, kind: HeaderType, claims: &impl Serialize) -> String {
        self.0.key.sign(kind, claims).unwrap_or_else(|error| {
            tracing::error!(%error, "a token was not signed");
            String::new()
        })
    }

    /// The address of a person's picture, which is drawn here.
    pub(crate) fn picture(&self, person: &str, size: &str) -> String {
        format!("{}/simulator/picture/{person}/{size}.svg", self.base())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Engine").field(&self.provider()).finish()
    }
}
