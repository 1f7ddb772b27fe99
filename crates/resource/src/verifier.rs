//! What all clones of a resource server share, and the check of a token — RFC 9068 §4.

use std::{sync::Arc, time::Duration};

use mapae_protocol::{
    access_token::{self, AccessTokenClaims, Expectations, verify_bindable},
    digest::sha256,
    issuer::Issuer,
    jose::{JwkSet, Unverified},
    resource::ResourceIndicator,
    revocation_feed::Handle,
    time::Leeway,
};
use tokio::sync::watch;

use crate::{
    authorized::Authorized,
    clock::{Clock, Moment},
    credential::Credential,
    dead_set::{DeadSet, Standing},
    endpoints::Endpoints,
    health::{Health, Status},
    introspection::Introspection,
    key_ring::{Fetched, KeyRing, NoKeys},
    possession::Possession,
    recent::{Recent, TokenHash},
    refusal::{Invalid, Refusal},
};

/// How a token is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checking {
    /// JWTs by signature and by the revocation feed.
    SignatureAndFeed,
    /// JWTs by signature alone: a withdrawn one is good until it expires.
    SignatureAlone,
    /// JWTs by signature and feed, everything else by introspection.
    SignatureFeedAndIntrospection,
    /// Everything by introspection.
    Introspection,
}

impl Checking {
    pub(crate) const fn reads_signatures(self) -> bool {
        !matches!(self, Self::Introspection)
    }

    pub(crate) const fn follows_the_feed(self) -> bool {
        matches!(self, Self::SignatureAndFeed | Self::SignatureFeedAndIntrospection)
    }
}

/// What was configured.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) issuer: Issuer,
    pub(crate) audience: ResourceIndicator,
    pub(crate) credential: Option<Credential>,
    pub(crate) checking: Checking,
    pub(crate) keys_max_age: Duration,
    pub(crate) feed_max_age: Duration,
    pub(crate) leeway: Leeway,
    /// Origins besides the issuer's at which its endpoints may be.
    pub(crate) origins: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Verifier {
    pub(crate) settings: Settings,
    pub(crate) client: reqwest::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) endpoints: watch::Sender<Option<Endpoints>>,
    pub(crate) keys: KeyRing,
    pub(crate) dead: DeadSet,
    pub(crate) introspection: Introspection,
    pub(crate) possession: Possession,
    pub(crate) health: Health,
    /// Tokens whose signature was good under the current keys; everything else is checked every time.
    pub(crate) verified: Recent<Arc<VerifiedToken>>,
}

/// A token whose signature was verified.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    claims: AccessTokenClaims,
    authorized: Authorized,
    /// Under which handle the feed would withdraw the key that it was verified with.
    key: Option<Handle>,
    /// The fetch of the key set that it was verified with: a key that is gone vouches no more.
    fetch: u64,
}

impl Verifier {
    pub(crate) fn now(&self) -> Moment {
        Moment::of(self.clock.as_ref())
    }

    /// The one check that every token goes through. Whether it is bound to a key is not looked at: see
    /// [`Possession::admit`].
    pub(crate) async fn check(self: &Arc<Self>, token: &str) -> Result<Authorized, Refusal> {
        let introspect = match self.settings.checking {
            Checking::SignatureAndFeed | Checking::SignatureAlone => false,
            Checking::SignatureFeedAndIntrospection => Unverified::parse(token).is_err(),
            Checking::Introspection => true,
        };
        let hash = sha256(token.as_bytes());
        if introspect { self.introspect(token, hash).await } else { self.check_jwt(token, hash).await }
    }

    async fn check_jwt(&self, token: &str, hash: TokenHash) -> Result<Authorized, Refusal> {
        let now = self.now();
        let keys = self.keys.current(now)?;
        let verified = match self.verified.find(&hash).filter(|verified| verified.fetch == keys.fetch) {
            Some(verified) => {
                access_token::verify(&verified.claims, &self.expectations(now))?;
                verified
            }
            None => {
                let verified = Arc::new(self.verify(token, keys).await?);
                self.verified.remember(hash, Arc::clone(&verified));
                verified
            }
        };
        self.refuse_withdrawn(&verified)?;
        Ok(verified.authorized.clone())
    }

    /// Signature and claims, with newer keys if the token names an unknown one.
    async fn verify(&self, token: &str, known: Fetched) -> Result<VerifiedToken, Refusal> {
        let now = self.now();
        let (claims, used) = match verify_bindable(token, &known.keys, &self.expectations(now)) {
            Err(access_token::Error::UnknownKey) => {
                let newer = self.keys.newer_than(&known, now).await?;
                (verify_bindable(token, &newer.keys, &self.expectations(self.now()))?, newer)
            }
            verified => (verified?, known),
        };
        let authorized = Authorized::of_claims(&claims, &self.settings.issuer).map_err(|_| Invalid::Scope)?;
        let key = handle_of_key(token, &used.keys)?;
        Ok(VerifiedToken { claims, authorized, key, fetch: used.fetch })
    }

    fn refuse_withdrawn(&self, VerifiedToken { claims, key, .. }: &VerifiedToken) -> Result<(), Refusal> {
        if !self.settings.checking.follows_the_feed() {
            return Ok(());
        }
        let handles = claims.rvh.iter().chain([&claims.jti]).map(String::as_str);
        let handles = handles.chain(key.as_ref().map(Handle::as_str));
        match self.dead.standing(handles, claims.iat, self.now(), self.settings.feed_max_age) {
            Standing::Alive => Ok(()),
            Standing::Dead => Err(Invalid::Withdrawn.into()),
            Standing::TooOld => Err(Invalid::TooOld.into()),
            Standing::Unknown => Err(Refusal::Unavailable),
        }
    }

    fn expectations(&self, now: Moment) -> Expectations<'_> {
        Expectations {
            issuer: self.settings.issuer.as_str(),
            audience: self.settings.audience.as_str(),
            now: now.date,
            leeway: self.settings.leeway,
        }
    }

    pub(crate) fn status(&self) -> Status {
        let problems = self.health.problems();
        Status {
            ready: self.is_ready(),
            keys_problem: problems.keys,
            feed_problem: problems.feed,
            introspection_problem: problems.introspection,
            withdrawn: self.dead.len(),
        }
    }

    pub(crate) fn is_ready(&self) -> bool {
        let (now, checking) = (self.now(), self.settings.checking);
        let introspects = matches!(&*self.endpoints.borrow(), Some(Endpoints { introspection: Ok(_), .. }));
        let signatures = !checking.reads_signatures() || self.keys.current(now).is_ok();
        let feed = !checking.follows_the_feed() || self.dead.is_fresh(now, self.settings.feed_max_age);
        let introspection = match checking {
            Checking::SignatureAndFeed | Checking::SignatureAlone => true,
            Checking::SignatureFeedAndIntrospection | Checking::Introspection => introspects,
        };
        signatures && feed && introspection
    }
}

/// Under which handle the feed would withdraw the key of this set that the token was verified with. The set says what that
/// key is called, and not the token: whoever stole the key would leave its name out. `None` for a key that cannot be
/// announced, because it has no name or one that is no handle.
fn handle_of_key(token: &str, keys: &JwkSet) -> Result<Option<Handle>, access_token::Error> {
    let token = Unverified::parse(token)?;
    let key = keys.select(token.kid(), token.algorithm())?;
    Ok(key.kid().and_then(|kid| Handle::of_signing_key(kid).ok()))
}

impl From<NoKeys> for Refusal {
    fn from(no_keys: NoKeys) -> Self {
        match no_keys {
            NoKeys::Stale | NoKeys::Unanswered => Self::Unavailable,
            NoKeys::Unknown => Self::Invalid(Invalid::Token(access_token::Error::UnknownKey)),
        }
    }
}
