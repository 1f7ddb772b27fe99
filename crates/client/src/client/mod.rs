//! The client of a web service: login, session and tokens in one.

mod access;
mod adding;
mod arriving;
mod builder;
mod calling;
mod deleting;
mod errands;
mod flights;
mod hearing;
mod holding;
mod issuing;
mod judging;
mod leaving;
mod logged_out;
mod methods;
mod posting;
mod refreshing;
mod seat;
mod signing_up;
mod terms;
mod tidying;
mod to_its_end;
mod unlinking;
mod web;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicI64},
};

use mapae_protocol::time::{Seconds, Timestamp};

pub use access::AccessError;
pub use builder::ClientBuilder;
pub use calling::{Attempt, CallError};
use flights::Flights;

use crate::{
    accounts::{Accounts, ErasedAccounts},
    clock::Clock,
    cookie::Cookies,
    identity::EndUser,
    login::LoginError,
    possession::Nonces,
    provider::Provider,
    service_tokens::{Issuing, SubjectOf},
    setting::{ConfigurationError, Setting},
    sign_up::Fields,
    terms::Terms,
    vault::{Kept, Vault},
};

/// The client side of a web service whose users are `U`. Cheap to clone; all clones are one.
pub struct Client<U> {
    accounts: Arc<dyn ErasedAccounts<U>>,
    subject_of: Option<SubjectOf<U>>,
    core: Arc<Core>,
}

/// What does not depend on the application's user.
#[derive(Debug)]
struct Core {
    vault: Vault,
    providers: Vec<Provider>,
    clock: Clock,
    cookies: Cookies,
    fields: Fields,
    terms: Terms,
    tidied: AtomicI64,
    flights: Arc<Flights>,
    /// Of APIs; each provider remembers its own.
    nonces: Nonces,
    origin: String,
    session_life: Seconds,
    keep_sessions: bool,
    service_tokens: Option<Issuing>,
}

/// Paths of the client's pages.
pub(crate) mod paths {
    /// Starts a login.
    pub(crate) const LOGIN: &str = "/login";
    /// Where providers tell that somebody has signed out there; their name follows.
    pub(crate) const BACK_CHANNEL_LOGOUT: &str = "/login/backchannel-logout";
    /// Starts a login for a front end.
    pub(crate) const LOGIN_JSON: &str = "/login.json";
    /// The sign-up form.
    pub(crate) const SIGN_UP: &str = "/sign-up";
    /// Begins the proof of an account to which whoever signs up may belong.
    pub(crate) const PROVE_ACCOUNT: &str = "/sign-up/prove";
    /// The ways into the account.
    pub(crate) const METHODS: &str = "/sign-in-methods";
    /// Begins a proof of who is signed in.
    pub(crate) const PROVE_AGAIN: &str = "/sign-in-methods/prove";
    /// Begins to add one.
    pub(crate) const ADD_METHOD: &str = "/sign-in-methods/add";
    /// Shows which one is added, and adds it.
    pub(crate) const CONFIRM_METHOD: &str = "/sign-in-methods/confirm";
    /// Removes one.
    pub(crate) const REMOVE_METHOD: &str = "/sign-in-methods/remove";
    /// The service's terms.
    pub(crate) const TERMS: &str = "/agreements";
    /// Takes the front end's one-time code.
    pub(crate) const TOKENS: &str = "/tokens";
    /// Takes the front end's refresh token.
    pub(crate) const RENEWAL: &str = "/tokens/renewal";
    /// Ends the session.
    pub(crate) const SIGN_OUT: &str = "/sign-out";
    /// Where providers tell what happened; their name and that of the notice follow.
    pub(crate) const NOTICES: &str = "/notices";
    /// The keys of the service's own tokens.
    pub(crate) const SERVICE_KEYS: &str = "/.well-known/jwks.json";
    /// The metadata of the service as an issuer (RFC 8414 §3).
    pub(crate) const SERVICE_METADATA: &str = "/.well-known/oauth-authorization-server";

    /// All whole ones, whether or not a service uses them: what is switched on later finds its place free.
    pub(crate) const OWN: &[&str] = &[
        LOGIN,
        LOGIN_JSON,
        SIGN_UP,
        PROVE_ACCOUNT,
        METHODS,
        PROVE_AGAIN,
        ADD_METHOD,
        CONFIRM_METHOD,
        REMOVE_METHOD,
        TERMS,
        TOKENS,
        RENEWAL,
        SIGN_OUT,
        SERVICE_KEYS,
        SERVICE_METADATA,
    ];

    /// Whether one of these is there.
    pub(crate) fn are_at(path: &str) -> bool {
        let is_below = |parent: &str, parts: usize| {
            let below = path.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
            below.is_some_and(|rest| rest.split('/').count() == parts)
        };
        OWN.contains(&path) || is_below(BACK_CHANNEL_LOGOUT, 1) || is_below(NOTICES, 2)
    }
}

impl<U: Send + Sync + 'static> Client<U> {
    /// A client that keeps what it must in `vault` and whose users are in `accounts`.
    pub fn builder(vault: Vault, accounts: impl Accounts<User = U>) -> ClientBuilder<U> {
        ClientBuilder::new(vault, Arc::new(accounts))
    }

    /// The providers, in the order in which they were given.
    #[must_use]
    pub fn providers(&self) -> &[Provider] {
        &self.core.providers
    }

    fn vault(&self) -> &Vault {
        &self.core.vault
    }

    /// Whether the front end gets tokens of the service's own.
    #[cfg(feature = "axum")]
    pub(crate) fn issues_tokens(&self) -> bool {
        self.core.service_tokens.is_some()
    }

    /// Whether a browser brings the refresh token by itself.
    #[cfg(feature = "axum")]
    pub(crate) fn keeps_refresh_token_in_cookie(&self) -> bool {
        self.core.service_tokens.as_ref().is_some_and(|issuing| !issuing.in_body)
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// The service's own origin, `scheme://host[:port]`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.core.origin
    }
}

impl Core {
    fn provider(&self, name: Option<&str>) -> Result<&Provider, LoginError> {
        let wanted = |provider: &&Provider| name.is_none_or(|name| provider.name() == name);
        self.providers.iter().find(wanted).ok_or(LoginError::UnknownProvider)
    }

    /// Tokens go to the issuer that gave them, as the client that it gave them to, whatever the application calls them today.
    fn giver(&self, person: &EndUser, kept: &Kept) -> Result<&Provider, ConfigurationError> {
        let same = |provider: &&Provider| {
            provider.name() == kept.provider && provider.issuer().as_str() == person.issuer()
        };
        let gone =
            ConfigurationError::new(Setting::Providers, "the provider of this person's tokens is not there");
        let provider = self.providers.iter().find(same).ok_or(gone)?;
        provider.ensure_given(&kept.tokens)?;
        Ok(provider)
    }
}

impl<U> Clone for Client<U> {
    fn clone(&self) -> Self {
        let (accounts, core) = (Arc::clone(&self.accounts), Arc::clone(&self.core));
        Self { accounts, subject_of: self.subject_of.clone(), core }
    }
}

impl<U> fmt::Debug for Client<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("core", &self.core).finish_non_exhaustive()
    }
}
