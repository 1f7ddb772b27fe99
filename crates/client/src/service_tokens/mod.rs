//! The service's own JWTs, in the place of a session cookie — RFC 9068 §2, RFC 9700 §4.14.2.
//!
//! After the login the browser is led to where it wanted to go, with two cookies that live for a minute: one that the front
//! end can read, the *one-time code*, and one that it cannot. The front end posts the code back:
//!
//! ```text
//! POST /tokens            code=…           → {"access_token": "…", "token_type": "Bearer", "expires_in": 300}
//! POST /tokens/renewal                     → the same, before the 300 seconds are over
//! POST /sign-out                           → both are over
//! ```
//!
//! The code never stands in an address, works once, for 60 seconds, and only in the browser that logged in. The refresh token
//! is in a cookie that no script can read (or, if the service wants it so, in the answer's body); each is used once, and a
//! used one ends the family. The access token is a JWT that an API of the service's own checks by the issuer alone: the keys
//! are at `/.well-known/jwks.json`, the metadata at `/.well-known/oauth-authorization-server`.
//!
//! Ways into the account are added with the access token, and finished by the browser that the provider sends back without
//! one: it has the cookie of that login, and the refresh token's, which must be of the session that began. A front end that
//! keeps its refresh token itself has the first alone; it posts `refresh_token` with the forms that prove, add and remove, and
//! with `/sign-out`.
//!
//! What ends a session ends the refresh tokens at once: signing out, or a provider's notice of an end. An access token
//! lives on for what is left of its minutes, except before [`SignedIn`](crate::SignedIn), which looks at the session, too.

mod answer;
pub(crate) mod family;
mod keys;
pub(crate) mod sealed;

use std::{fmt, sync::Arc};

use mapae_protocol::{origin::Origin, resource::ResourceIndicator, time::Seconds};

pub use answer::{ServiceTokenAnswer, ServiceTokenError};
use keys::KeyRing;

use crate::{
    observe::Observer,
    setting::{ConfigurationError, Setting},
};

/// Longest life of an access token: it cannot be taken back.
const LONGEST: Seconds = Seconds::hours(1);

/// Shortest life of a key: more often would only fill the set.
const SHORTEST_KEY_LIFE: Seconds = Seconds::days(1);

/// The user's own id in the service.
pub(crate) type SubjectOf<U> = Arc<dyn Fn(&U) -> String + Send + Sync>;

/// That the front end gets JWTs of the service's own. Each default has a reason.
pub struct ServiceTokens<U> {
    access_life: Seconds,
    key_life: Seconds,
    audience: Option<String>,
    in_body: bool,
    subject: Option<SubjectOf<U>>,
    observer: Option<Arc<dyn Observer>>,
}

impl<U> ServiceTokens<U> {
    /// With the defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            // What is lost with an access token is lost for this long.
            access_life: Seconds::minutes(5),
            // Often enough that it works when it must.
            key_life: Seconds::days(30),
            audience: None,
            // A script that was smuggled into the page must not be able to take it away.
            in_body: false,
            subject: None,
            observer: None,
        }
    }

    /// With access tokens that live this long, one hour at most. Default: 5 minutes.
    #[must_use]
    pub const fn access_life(mut self, life: Seconds) -> Self {
        self.access_life = life;
        self
    }

    /// With a new key so often, one day at least. Default: 30 days.
    #[must_use]
    pub const fn key_life(mut self, life: Seconds) -> Self {
        self.key_life = life;
        self
    }

    /// For this API (`aud`). Default: the service's own origin, which is also the issuer.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// With the refresh token in the answer's body instead of a cookie: for front ends that keep it themselves, in a place
    /// that no smuggled script can read. They post it as `refresh_token` to `/sign-in-methods/prove`, `/add`, `/remove` and
    /// `/sign-out`, too: an access token alone changes no account.
    #[must_use]
    pub const fn refresh_token_in_body(mut self) -> Self {
        self.in_body = true;
        self
    }

    /// With the user's own id in the service as `sub`; one that is never given to another user (OIDC Core §2). Default: a
    /// random name that an account gets when it is founded, the same by whichever method its owner signs in; whoever founds an
    /// account after it was deleted gets another one. An account from before there were such names, or that the application
    /// made without a sign-up here, is called by a keyed hash of the issuer and subject by which it is known.
    #[must_use]
    pub fn subject(mut self, subject: impl Fn(&U) -> String + Send + Sync + 'static) -> Self {
        self.subject = Some(Arc::new(subject));
        self
    }

    /// Tells `observer` of every answer with tokens ([`Observer::issued`]).
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The part that does not depend on the application's user, and the part that does.
    pub(crate) fn settle(
        self,
        issuer: &str,
        client_id: &str,
    ) -> Result<(Issuing, Option<SubjectOf<U>>), ConfigurationError> {
        let wrong = |problem| ConfigurationError::new(Setting::ServiceTokens, problem);
        if self.access_life.get() < 1 || self.access_life.get() > LONGEST.get() {
            return Err(wrong("access tokens live from one second to one hour"));
        }
        if self.key_life.get() < SHORTEST_KEY_LIFE.get() {
            return Err(wrong("a key signs for one day at least"));
        }
        let issuer = Origin::parse(issuer).map_err(|_| wrong("the service has no origin"))?;
        let audience = self.audience.unwrap_or_else(|| issuer.as_str().to_owned());
        ResourceIndicator::parse(&audience).map_err(|_| wrong("the audience is not an absolute address"))?;
        let issuing = Issuing {
            issuer: issuer.as_str().to_owned(),
            audience,
            client_id: client_id.to_owned(),
            access_life: self.access_life,
            in_body: self.in_body,
            keys: KeyRing::new(self.key_life),
            observer: self.observer,
        };
        Ok((issuing, self.subject))
    }
}

/// How this service issues its tokens.
pub(crate) struct Issuing {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) client_id: String,
    pub(crate) access_life: Seconds,
    pub(crate) in_body: bool,
    pub(crate) keys: KeyRing,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl<U> Default for ServiceTokens<U> {
    fn default() -> Self {
        Self::new()
    }
}

impl<U> fmt::Debug for ServiceTokens<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTokens").field("access_life", &self.access_life).finish_non_exhaustive()
    }
}

impl fmt::Debug for Issuing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuing").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
