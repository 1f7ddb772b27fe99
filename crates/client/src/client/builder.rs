//! Putting a client together.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, atomic::AtomicI64},
};

use mapae_protocol::{time::Seconds, uri::Uri};

use super::{Client, Core, Flights, Nonces, paths};
use crate::{
    accounts::ErasedAccounts,
    clock::Clock,
    cookie::Cookies,
    provider::Provider,
    service_tokens::ServiceTokens,
    setting::{ConfigurationError, Setting},
    sign_up::{Field, Fields},
    terms::{Term, Terms},
    vault::Vault,
};

/// Gathers what a [`Client`] needs. Each default has a reason.
pub struct ClientBuilder<U> {
    vault: Vault,
    accounts: Arc<dyn ErasedAccounts<U>>,
    providers: Vec<Provider>,
    name: String,
    fields: Vec<Field>,
    terms: Vec<Term>,
    clock: Clock,
    session_life: Seconds,
    keep_sessions: bool,
    service_tokens: Option<ServiceTokens<U>>,
}

impl<U: Send + Sync + 'static> ClientBuilder<U> {
    pub(super) fn new(vault: Vault, accounts: Arc<dyn ErasedAccounts<U>>) -> Self {
        Self {
            vault,
            accounts,
            providers: Vec::new(),
            name: "app".to_owned(),
            fields: Vec::new(),
            terms: Vec::new(),
            clock: Clock::system(),
            // Long enough not to annoy, short enough that a lost device forgets.
            session_life: Seconds::days(14),
            // Who was disconnected at the provider should not stay signed in here.
            keep_sessions: false,
            service_tokens: None,
        }
    }

    /// With this provider; the first one is what a login without a name uses. Each has a redirect URI of its own
    /// (mix-up, RFC 9700 §4.4), on a path where no page of the client's is, as `/login` and `/sign-up` are.
    #[must_use]
    pub fn provider(mut self, provider: Provider) -> Self {
        self.providers.push(provider);
        self
    }

    /// With this name in front of the cookies: lower-case letters, digits, hyphens. Default: `app`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With a sign-up step that asks for these fields. Default: none, and an account is made at the first login.
    #[must_use]
    pub fn sign_up(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields = fields.into_iter().collect();
        self
    }

    /// With these terms of the service: asked at sign-up, and again at the next sign-in when a required one has a new
    /// version. Default: none.
    #[must_use]
    pub fn terms(mut self, terms: impl IntoIterator<Item = Term>) -> Self {
        self.terms = terms.into_iter().collect();
        self
    }

    /// With sessions that live this long. Default: 14 days.
    #[must_use]
    pub const fn session_life(mut self, life: Seconds) -> Self {
        self.session_life = life;
        self
    }

    /// Leaves sessions alive when the provider says that a person's grant is over. Default: they end with it.
    #[must_use]
    pub const fn keep_sessions_without_grant(mut self) -> Self {
        self.keep_sessions = true;
        self
    }

    /// With JWTs of the service's own for its front end, in the place of the session cookie. Default: the cookie.
    #[must_use]
    pub fn service_tokens(mut self, tokens: ServiceTokens<U>) -> Self {
        self.service_tokens = Some(tokens);
        self
    }

    /// With this clock. Default: the system's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// A [`ConfigurationError`] that names the setting.
    pub fn build(self) -> Result<Client<U>, ConfigurationError> {
        let wrong = |problem| ConfigurationError::new(Setting::Providers, problem);
        let first = self.providers.first().ok_or_else(|| wrong("there is none"))?;
        let origin = first.registration().redirect_uri.origin();
        let cookies = Cookies::new(&self.name, &first.registration().redirect_uri)?;
        let names: BTreeSet<&str> = self.providers.iter().map(Provider::name).collect();
        if names.len() != self.providers.len() {
            return Err(wrong("two have the same name"));
        }
        self.check_redirect_uris(&origin)?;
        if self.providers.iter().any(|provider| self.is_namesake(provider)) {
            let problem = "two providers of one issuer, which has another name for a person at each app, have different client ids";
            return Err(ConfigurationError::new(Setting::ClientId, problem));
        }
        let (service_tokens, subject_of) = match self.service_tokens {
            Some(tokens) => {
                tokens.settle(&origin, &self.name).map(|(issuing, subject)| (Some(issuing), subject))?
            }
            None => (None, None),
        };
        let core = Core {
            vault: self.vault,
            providers: self.providers,
            clock: self.clock,
            cookies,
            fields: Fields::new(self.fields)?,
            terms: Terms::new(self.terms)?,
            tidied: AtomicI64::new(i64::MIN),
            flights: Arc::new(Flights::default()),
            nonces: Nonces::default(),
            origin,
            session_life: self.session_life,
            keep_sessions: self.keep_sessions,
            service_tokens,
        };
        Ok(Client { accounts: self.accounts, subject_of, core: Arc::new(core) })
    }

    /// One origin, and on it a path for each provider where nothing else answers.
    fn check_redirect_uris(&self, origin: &str) -> Result<(), ConfigurationError> {
        let wrong = |problem| Err(ConfigurationError::new(Setting::RedirectUri, problem));
        let taken: BTreeSet<String> = self.providers.iter().map(Provider::callback_path).collect();
        if taken.len() != self.providers.len() {
            return wrong("two providers have the same path");
        }
        if self.providers.iter().any(|provider| provider.registration().redirect_uri.origin() != origin) {
            return wrong("two providers have different origins");
        }
        let notices = self.providers.iter().flat_map(|provider| &provider.definition().schema().notices);
        let mut deletion_pages = notices.filter_map(|rule| rule.deletion_page.as_ref());
        if taken.iter().any(|path| paths::are_at(path)) || deletion_pages.any(|page| taken.contains(page)) {
            return wrong("a page of the client's is at its path: give it another one, as `/callback`");
        }
        Ok(())
    }

    /// Whether people of this provider have names that are other people's at another one of the list (LK-07).
    fn is_namesake(&self, provider: &Provider) -> bool {
        let of_app = provider.names_people_for();
        let mut others = self.providers.iter().filter(|other| other.issuer() == provider.issuer());
        of_app.is_some_and(|app| others.any(|other| other.client_id() != app))
    }
}

impl Provider {
    /// The path of the redirect URI.
    pub(crate) fn callback_path(&self) -> String {
        let uri = Uri::parse(self.registration().redirect_uri.as_str());
        let path = uri.map(|uri| uri.path.to_owned()).unwrap_or_default();
        if path.is_empty() { "/".to_owned() } else { path }
    }
}

impl<U> fmt::Debug for ClientBuilder<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientRegistration, Definition, ProviderSettings, accounts::tests::Nobody};

    #[test]
    fn a_redirect_uri_is_where_nothing_else_answers() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let built = |path: &str| {
            let registration = ClientRegistration::new("1", format!("https://shop.example{path}"));
            let (definition, settings) = (Definition::named("facebook"), ProviderSettings::new("facebook"));
            let provider =
                Provider::new(definition.unwrap(), registration.with_secret("s"), settings).unwrap();
            let built = Client::builder(vault.clone(), Nobody).provider(provider).build();
            built.map_err(|error| error.setting())
        };
        let further = [
            "/deletion",
            "/login/backchannel-logout/facebook",
            "/notices/facebook/deauthorize",
            "/login?x=y",
        ];
        for path in paths::OWN.iter().chain(&further) {
            assert_eq!(built(path).map(drop), Err(Setting::RedirectUri), "{path}");
        }
        for path in
            ["", "/", "/callback", "/login/facebook", "/sign-up/callback", "/notices", "/notices/facebook"]
        {
            let client = built(path).unwrap_or_else(|setting| panic!("{path}: {setting:?}"));
            #[cfg(feature = "axum")]
            drop(crate::axum::routes::<(), ()>(&client));
            drop(client);
        }
    }
}
