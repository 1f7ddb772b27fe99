//! The configuration of a resource server.

use std::{sync::Arc, time::Duration};

use mapae_protocol::{
    issuer::Issuer,
    jose::Algorithm,
    origin::Origin,
    resource::ResourceIndicator,
    resource_metadata::{BearerMethod, ResourceMetadata},
    secret::Secret,
    time::Leeway,
    uri::Uri,
};
use tokio::{runtime::Handle, sync::watch};

use crate::{
    ResourceServer,
    build_error::BuildError,
    clock::{Clock, SystemClock},
    credential::Credential,
    dead_set::{DeadSet, MAX_HANDLES},
    document::Document,
    health::Health,
    introspection::Introspection,
    key_ring::KeyRing,
    outbound,
    possession::{Nonces, Possession},
    recent::Recent,
    resource_server::seconds,
    verifier::{Checking, Settings, Verifier},
};

/// Keys that were not renewed for this long verify nothing any more.
const KEYS_MAX_AGE: Duration = Duration::from_secs(600);

/// A feed that was silent for this long vouches for nothing any more.
const FEED_MAX_AGE: Duration = Duration::from_secs(30);

/// Shorter ages would refuse everybody between one answer and the next.
const SHORTEST_AGE: Duration = Duration::from_secs(3);

/// Two machines' clocks differ by a little.
const LEEWAY: Duration = Duration::from_secs(5);

/// Half of how many tokens are remembered whose signature was verified.
const HALF_VERIFIED: usize = 2048;

/// A configuration that is being made; begun by [`ResourceServer::builder`].
#[derive(Debug)]
pub struct Builder {
    issuer: String,
    audience: String,
    credential: Option<(String, Secret<String>)>,
    without_revocation: bool,
    introspects: Introspects,
    keys_max_age: Duration,
    feed_max_age: Duration,
    leeway: Duration,
    origins: Vec<String>,
    scopes: Vec<String>,
    name: Option<String>,
    documentation: Option<String>,
    address: Option<String>,
    requires_bound: bool,
    nonces: Option<Secret<[u8; 32]>>,
    proof_algorithms: Vec<Algorithm>,
    clock: Arc<dyn Clock>,
    client: Option<reqwest::Client>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Introspects {
    Nothing,
    Opaque,
    Everything,
}

impl Builder {
    pub(crate) fn new(issuer: String, audience: String) -> Self {
        Self {
            issuer,
            audience,
            credential: None,
            without_revocation: false,
            introspects: Introspects::Nothing,
            keys_max_age: KEYS_MAX_AGE,
            feed_max_age: FEED_MAX_AGE,
            leeway: LEEWAY,
            origins: Vec::new(),
            scopes: Vec::new(),
            name: None,
            documentation: None,
            address: None,
            requires_bound: false,
            nonces: None,
            proof_algorithms: Algorithm::ALL.to_vec(),
            clock: Arc::new(SystemClock::new()),
            client: None,
        }
    }

    /// This API's own `client_id` and secret at the authorization server. With them it follows the revocation feed
    /// and may introspect.
    #[must_use]
    pub fn credential(mut self, client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.credential = Some((client_id.into(), Secret::new(secret.into())));
        self
    }

    /// **Accepts withdrawn tokens until they expire.** Signature, issuer, audience and dates are checked; that the
    /// person disconnected the app, signed out or was disabled is not. For authorization servers without a revocation
    /// feed, and with access tokens that live for a few minutes only.
    #[must_use]
    pub fn without_revocation(mut self) -> Self {
        self.without_revocation = true;
        self
    }

    /// Accepts opaque tokens besides JWTs, by asking the authorization server about them; an answer serves for at
    /// most one second. An answer that does not say whose the token is (`sub`) is not enough.
    #[must_use]
    pub fn opaque_tokens(mut self) -> Self {
        self.introspects = Introspects::Opaque;
        self
    }

    /// Asks the authorization server about every token, JWTs too, instead of checking signatures and following the
    /// feed; an answer serves for at most one second. An answer that does not say whose the token is (`sub`) is not enough.
    #[must_use]
    pub fn introspect_all(mut self) -> Self {
        self.introspects = Introspects::Everything;
        self
    }

    /// How old the public keys may be; default ten minutes. They are renewed at half that age. When they cannot be,
    /// requests are answered with 503 from this age on.
    #[must_use]
    pub const fn jwks_max_age(mut self, age: Duration) -> Self {
        self.keys_max_age = age;
        self
    }

    /// For how long the feed may be silent; default 30 seconds. From then on requests are answered with 503.
    #[must_use]
    pub const fn feed_max_age(mut self, age: Duration) -> Self {
        self.feed_max_age = age;
        self
    }

    /// How far the clocks of the two servers may differ; default 5 seconds, at most 60.
    #[must_use]
    pub const fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Believes metadata that put an endpoint at this origin, besides the issuer's own: `https://keys.example.com`.
    #[must_use]
    pub fn endpoint_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// The scopes that the metadata document lists (RFC 9728 §2). What a route needs is said by
    /// [`require`](crate::require).
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// The name for people in the metadata document (RFC 9728 §2).
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The address of the documentation in the metadata document (RFC 9728 §2).
    #[must_use]
    pub fn documentation(mut self, address: impl Into<String>) -> Self {
        self.documentation = Some(address.into());
        self
    }

    /// Where this API is reached, as its callers write it: what stands before the path that this process sees. Proofs of
    /// possession are compared with it (RFC 9449 §4.3). Default: the origin of the API's identifier; without one, tokens
    /// that are bound to a key are refused.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Refuses tokens that are bound to no key: who steals one can do nothing with it. The metadata document says so
    /// (`dpop_bound_access_tokens_required`, RFC 9728 §2).
    #[must_use]
    pub const fn require_bound_tokens(mut self) -> Self {
        self.requires_bound = true;
        self
    }

    /// Wants a nonce of this API in every proof (RFC 9449 §9), so that none can be made in advance. The key must be
    /// random, and the same in all processes of the API.
    #[must_use]
    pub fn dpop_nonces(mut self, key: [u8; 32]) -> Self {
        self.nonces = Some(Secret::new(key));
        self
    }

    /// The algorithms by which a proof of possession may be signed; default all that are implemented. Others are refused, and
    /// the metadata document and the challenges list these alone (`dpop_signing_alg_values_supported`, RFC 9728 §2).
    ///
    /// An API of FAPI 2.0 wants [`fapi::ALGORITHMS`](mapae_protocol::fapi::ALGORITHMS) (FAPI 2.0 §5.4.1): RS256 is none of
    /// them.
    #[must_use]
    pub fn proof_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.proof_algorithms.clear();
        for algorithm in algorithms {
            if !self.proof_algorithms.contains(&algorithm) {
                self.proof_algorithms.push(algorithm);
            }
        }
        self
    }

    /// Another source of time; for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another HTTP client, for example with a private certificate authority. It should not follow redirects; what
    /// it fetches elsewhere is not believed.
    #[must_use]
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Starts the tasks that fetch metadata and keys and follow the feed, and returns at once: the authorization
    /// server may come up later. Until it was heard requests are answered with 503; see [`ResourceServer::ready`].
    ///
    /// # Errors
    /// A [`BuildError`] for the first thing that is wrong with the configuration.
    pub fn build(self) -> Result<ResourceServer, BuildError> {
        let settings = self.settings()?;
        let base = self.base(&settings)?;
        let document = Document::of(&self.metadata(&settings, base.is_some()));
        let nonces = self.nonces.as_ref().map(|key| Nonces::new(key.expose()));
        let possession = Possession::new(base, self.requires_bound, nonces, self.proof_algorithms);
        let client = match self.client {
            Some(client) => client,
            None => outbound::default_client(settings.issuer.is_loopback())?,
        };
        Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let verifier = Verifier {
            client,
            clock: self.clock,
            endpoints: watch::Sender::new(None),
            keys: KeyRing::new(settings.keys_max_age),
            dead: DeadSet::new(MAX_HANDLES),
            introspection: Introspection::new(),
            possession,
            health: Health::default(),
            verified: Recent::new(HALF_VERIFIED),
            settings,
        };
        Ok(ResourceServer::start(verifier, document))
    }

    fn settings(&self) -> Result<Settings, BuildError> {
        let credential = self.credential.as_ref();
        let credential = credential.map(|(id, secret)| Credential::new(id, secret.clone())).transpose()?;
        if self.proof_algorithms.is_empty() {
            return Err(BuildError::NoProofAlgorithm);
        }
        if self.keys_max_age < SHORTEST_AGE || self.feed_max_age < SHORTEST_AGE {
            return Err(BuildError::MaxAge);
        }
        let origin = |origin: &String| Origin::parse(origin).map(|origin| origin.as_str().to_owned());
        let origins = self.origins.iter().map(origin).collect::<Result<_, _>>();
        Ok(Settings {
            issuer: Issuer::parse(&self.issuer).map_err(BuildError::Issuer)?,
            audience: ResourceIndicator::parse(&self.audience).map_err(BuildError::Audience)?,
            checking: self.checking(credential.is_some())?,
            credential,
            keys_max_age: self.keys_max_age,
            feed_max_age: self.feed_max_age,
            leeway: Leeway::seconds(seconds(self.leeway)),
            origins: origins.map_err(BuildError::Origin)?,
        })
    }

    fn checking(&self, has_credential: bool) -> Result<Checking, BuildError> {
        match (self.introspects, self.without_revocation) {
            (Introspects::Nothing, true) => Ok(Checking::SignatureAlone),
            (_, true) => Err(BuildError::Contradiction),
            (Introspects::Nothing, false) if has_credential => Ok(Checking::SignatureAndFeed),
            (Introspects::Nothing, false) => Err(BuildError::NoCredential),
            _ if !has_credential => Err(BuildError::IntrospectionWithoutCredential),
            (Introspects::Opaque, false) => Ok(Checking::SignatureFeedAndIntrospection),
            (Introspects::Everything, false) => Ok(Checking::Introspection),
        }
    }

    /// Where the API is reached, as proofs name it.
    fn base(&self, settings: &Settings) -> Result<Option<String>, BuildError> {
        let base = match &self.address {
            Some(address) => {
                let uri = Uri::parse(address).map_err(|_| BuildError::Address)?;
                let plain = uri.query.is_none() && uri.fragment.is_none() && uri.is_secure_transport();
                let address = plain.then(|| address.trim_end_matches('/').to_owned());
                Some(address.ok_or(BuildError::Address)?)
            }
            None => {
                let identifier = Uri::parse(settings.audience.as_str()).ok();
                identifier.filter(Uri::is_secure_transport).and_then(|identifier| identifier.origin())
            }
        };
        if base.is_none() && (self.requires_bound || self.nonces.is_some()) {
            return Err(BuildError::NoAddress);
        }
        Ok(base)
    }

    fn metadata(&self, settings: &Settings, proofs: bool) -> ResourceMetadata {
        ResourceMetadata {
            resource: settings.audience.clone(),
            authorization_servers: vec![settings.issuer.clone()],
            scopes_supported: self.scopes.clone(),
            bearer_methods_supported: vec![BearerMethod::Header],
            dpop_signing_alg_values_supported: if proofs {
                Algorithm::names(&self.proof_algorithms)
            } else {
                Vec::new()
            },
            dpop_bound_access_tokens_required: self.requires_bound,
            resource_name: self.name.clone(),
            resource_documentation: self.documentation.clone(),
        }
    }
}
