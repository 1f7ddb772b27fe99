//! The provider's signing keys, fetched when they are needed — OIDC Core §10.1.1, RFC 7517 §5.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use http::Method;
use mapae_protocol::{
    fapi,
    id_token::{self, Expectations, IdTokenClaims},
    jose::{self, Algorithm, HeaderType, JwkSet, Unverified},
    logout_token::{self, LogoutTokenClaims},
    time::{Seconds, Timestamp},
};
use serde_json::{Map, Value};

use super::{MetadataError, Provider, ProviderError, turn::Turn};
use crate::{
    back_channel::Outgoing,
    clock::was_set_back,
    definition::Nonce,
    error::Error,
    http_error::HttpError,
    notice::{AGE, NoticeError},
    observe::Purpose,
};

/// For how long keys are used without asking again: a key that the provider took back dies here too.
const LIFE: Seconds = Seconds::hours(1);

/// For how long they are used on after that while the provider does not give them again. It ends: whoever has a key that was
/// taken back and can keep the provider from saying so has two hours at most.
const GRACE: Seconds = Seconds::hours(1);

/// A token with an unknown key makes us fetch the set again, but not more often than this: otherwise anybody
/// could make us storm the provider with made-up key ids. So often, too, it is asked again in the time of grace.
const BETWEEN_REFETCHES: Seconds = Seconds::seconds(30);

/// The keys that are known, and the turn to ask for others.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Held for a moment only: who uses known keys waits for nobody's request.
    known: RwLock<Option<Known>>,
    /// Everybody who needs other keys waits for the one request.
    fetching: Turn<Arc<JwkSet>>,
    /// When keys were asked for although some were known. Held for a moment only.
    again_at: Mutex<Option<Timestamp>>,
}

impl Keys {
    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<JwkSet>> {
        let is_fresh = |known: &Known| now < known.use_until && !was_set_back(known.fetched_at, now);
        self.known().filter(is_fresh).map(|known| known.keys)
    }

    /// Uses known keys for a moment more, as long as their time of grace is not over. How old they are nobody knows after the clock
    /// was set back.
    fn use_on(&self, known: Known, now: Timestamp) -> Option<Arc<JwkSet>> {
        let end = known.fetched_at.plus(LIFE).plus(GRACE);
        if now >= end || was_set_back(known.fetched_at, now) {
            return None;
        }
        let keys = Arc::clone(&known.keys);
        self.learn(Known { use_until: now.plus(BETWEEN_REFETCHES).min(end), ..known });
        Some(keys)
    }

    /// Whether keys may be asked for although some are known; then it is noted that they are.
    fn may_ask_again(&self, now: Timestamp) -> bool {
        let mut again_at = self.again_at.lock().unwrap_or_else(PoisonError::into_inner);
        let may = again_at.is_none_or(|at| now >= at.plus(BETWEEN_REFETCHES) || was_set_back(at, now));
        if may {
            *again_at = Some(now);
        }
        may
    }

    fn learn(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

#[derive(Clone, Debug)]
struct Known {
    keys: Arc<JwkSet>,
    fetched_at: Timestamp,
    use_until: Timestamp,
}

/// What an ID token is checked against besides issuer, client and time.
#[derive(Debug)]
pub(crate) struct IdTokenContext<'a> {
    pub(crate) nonce: Option<&'a str>,
    pub(crate) access_token: Option<&'a str>,
    /// The sign-in must not be older than this.
    pub(crate) max_age: Option<Seconds>,
}

impl Provider {
    /// OIDC Core §3.1.3.7 with the provider's keys; an unknown key is looked for once.
    pub(crate) async fn verify_id_token(
        &self,
        token: &str,
        context: &IdTokenContext<'_>,
        now: Timestamp,
    ) -> Result<IdTokenClaims, Error> {
        let check = |keys: &JwkSet| self.verify_with(token, context, keys, now);
        Ok(self.with_keys(&id_token::Error::UnknownKey, now, check).await??)
    }

    /// What the definition lets pass besides the textbook: another spelling of the issuer, a nonce that does not come
    /// back. Both are other expectations, not a check left out: whatever comes back is compared.
    fn verify_with(
        &self,
        token: &str,
        context: &IdTokenContext<'_>,
        keys: &JwkSet,
        now: Timestamp,
    ) -> Result<IdTokenClaims, id_token::Error> {
        let schema = self.definition().schema();
        let mut verified = Err(id_token::Error::Issuer);
        for issuer in self.issuer_names() {
            let expectations = Expectations { issuer, ..self.expectations(context, now) };
            verified = id_token::verify(token, keys, &expectations);
            if verified == Err(id_token::Error::NonceMissing)
                && schema.authorization.nonce == Nonce::IfReturned
            {
                verified = id_token::verify(token, keys, &Expectations { nonce: None, ..expectations });
            }
            if verified != Err(id_token::Error::Issuer) {
                break;
            }
        }
        verified
    }

    /// OIDC Back-Channel Logout §2.6 with the provider's keys; an unknown key is looked for once.
    pub(crate) async fn verify_logout_token(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<LogoutTokenClaims, NoticeError> {
        // Nobody is asked for keys for the sake of something that is no token.
        Unverified::parse(token).map_err(|_| NoticeError::Unproved)?;
        let check = |keys: &JwkSet| {
            let mut verified = Err(logout_token::Error::Issuer);
            for issuer in self.issuer_names() {
                let expectations = logout_token::Expectations {
                    issuer,
                    client_id: self.client_id(),
                    algorithms: self.algorithms(),
                    max_age: AGE,
                    now,
                    leeway: self.settings().leeway,
                };
                verified = logout_token::verify(token, keys, &expectations);
                if verified != Err(logout_token::Error::Issuer) {
                    break;
                }
            }
            verified
        };
        let verified = self.with_keys(&logout_token::Error::UnknownKey, now, check).await?;
        verified.map_err(|error| match error {
            logout_token::Error::Expired
            | logout_token::Error::TooOld
            | logout_token::Error::IssuedInFuture => NoticeError::Stale,
            _ => NoticeError::Unproved,
        })
    }

    /// RFC 8417 §2: the claims of a security event token of this provider for this client. It has no end, and its `typ`
    /// keeps every other kind of token out.
    pub(crate) async fn security_event(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Map<String, Value>, Error> {
        self.notice_token(token, HeaderType::SecurityEvent, now).await
    }

    /// The claims of a signed token of this type, of this provider for this client. A plain one (`JWT`) need not say so.
    pub(crate) async fn notice_token(
        &self,
        token: &str,
        kind: HeaderType,
        now: Timestamp,
    ) -> Result<Map<String, Value>, Error> {
        let first = Unverified::parse(token).map_err(id_token::Error::Token)?;
        if !first.is_typed(kind) && (kind, first.typ()) != (HeaderType::Jwt, None) {
            return Err(id_token::Error::WrongType.into());
        }
        let check = |keys: &JwkSet| Unverified::parse(token)?.verify_with(keys);
        let verified = self.with_keys(&jose::Error::UnknownKey, now, check).await?;
        let verified = verified.map_err(id_token::Error::Token)?;
        let claims: Map<String, Value> = verified.claims(&["iss", "aud"]).map_err(id_token::Error::Claims)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if !text("iss").is_some_and(|iss| self.is_called(iss)) {
            return Err(id_token::Error::Issuer.into());
        }
        // Apple may address the app that a Services ID belongs to: its name is a credential then.
        let names = [Some(self.client_id()), self.credential("notice_audience")];
        let ours = |audience: &Value| audience.as_str().is_some_and(|name| names.contains(&Some(name)));
        let for_us = claims.get("aud").is_some_and(|aud| match aud {
            Value::Array(several) => several.iter().any(ours),
            one => ours(one),
        });
        if for_us { Ok(claims) } else { Err(id_token::Error::Audience.into()) }
    }

    /// The same with the keys at hand, without asking anybody.
    pub(super) fn verify_with_known_keys(
        &self,
        token: &str,
        context: &IdTokenContext<'_>,
        now: Timestamp,
    ) -> Result<IdTokenClaims, id_token::Error> {
        let known = self.0.keys.known().ok_or(id_token::Error::UnknownKey)?;
        self.verify_with(token, context, &known.keys, now)
    }

    /// The same at the time that the token itself says, for whoever wonders whose it is while one of the clocks is wrong.
    pub(super) fn verify_at_its_own_time(
        &self,
        token: &str,
        context: &IdTokenContext<'_>,
    ) -> Result<IdTokenClaims, id_token::Error> {
        let known = self.0.keys.known().ok_or(id_token::Error::UnknownKey)?;
        let claims: IdTokenClaims = Unverified::parse(token)?.verify_with(&known.keys)?.claims(&["iat"])?;
        self.verify_with(token, context, &known.keys, claims.iat)
    }

    fn expectations<'a>(&'a self, context: &IdTokenContext<'a>, now: Timestamp) -> Expectations<'a> {
        Expectations {
            issuer: self.issuer().as_str(),
            client_id: self.registration().client_id.as_str(),
            nonce: context.nonce,
            access_token: context.access_token,
            code: None,
            max_age: context.max_age,
            algorithms: self.algorithms(),
            now,
            leeway: self.settings().leeway,
        }
    }

    /// What the provider may sign with: what was agreed, and by the profile of who is on one (FAPI 2.0 §5.4.1).
    fn algorithms(&self) -> &[Algorithm] {
        self.allowed(&self.registration().id_token_algorithm)
    }

    /// The same of what it signs for another purpose, for which this algorithm was agreed.
    pub(super) fn allowed<'a>(&self, agreed: &'a Option<Algorithm>) -> &'a [Algorithm] {
        let by_profile = if self.registration().fapi { fapi::ALGORITHMS } else { Algorithm::ALL };
        match agreed {
            Some(agreed) if by_profile.contains(agreed) => std::slice::from_ref(agreed),
            // A profile that forbids what was agreed leaves nothing.
            Some(_) => &[],
            None => by_profile,
        }
    }

    /// How the provider may call itself.
    fn issuer_names(&self) -> impl Iterator<Item = &str> {
        let others = self.definition().schema().id_token.issuers.iter().map(String::as_str);
        std::iter::once(self.issuer().as_str()).chain(others)
    }

    /// What `check` says with the provider's keys. If one is `unknown`, it is looked for once.
    pub(super) async fn with_keys<T, E: PartialEq>(
        &self,
        unknown: &E,
        now: Timestamp,
        check: impl Fn(&JwkSet) -> Result<T, E>,
    ) -> Result<Result<T, E>, Error> {
        let keys = self.keys(now).await?;
        match check(&keys) {
            Err(error) if error == *unknown => Ok(check(&*self.newer_keys(&keys, now).await?)),
            checked => Ok(checked),
        }
    }

    async fn keys(&self, now: Timestamp) -> Result<Arc<JwkSet>, ProviderError> {
        let keys = &self.0.keys;
        if let Some(fresh) = keys.fresh(now) {
            return Ok(fresh);
        }
        let provider = self.clone();
        let fetch = || async move {
            let fetched = provider.fetch_keys(now).await;
            fetched.or_else(|error| provider.without_answer(error, now))
        };
        let fetched = keys.fetching.join(Purpose::Keys, || keys.fresh(now), fetch).await;
        // Whoever began it may have asked for the sake of an unknown key.
        fetched.or_else(|error| self.without_answer(error, now))
    }

    /// The keys at hand for a time of grace, if it is silence that failed.
    fn without_answer(&self, error: ProviderError, now: Timestamp) -> Result<Arc<JwkSet>, ProviderError> {
        match error {
            ProviderError::NoAnswer(..) | ProviderError::Resting => {
                let known = self.0.keys.known().and_then(|known| self.0.keys.use_on(known, now));
                known.ok_or(error)
            }
            error => Err(error),
        }
    }

    /// Keys other than those `seen`; the same ones if the provider was asked for others a moment ago.
    async fn newer_keys(&self, seen: &Arc<JwkSet>, now: Timestamp) -> Result<Arc<JwkSet>, ProviderError> {
        let keys = &self.0.keys;
        let known = || {
            let newer = keys.known().map(|known| known.keys).filter(|keys| !Arc::ptr_eq(keys, seen));
            newer.or_else(|| (!keys.may_ask_again(now)).then(|| Arc::clone(seen)))
        };
        let provider = self.clone();
        let fetch = || async move { provider.fetch_keys(now).await };
        keys.fetching.join(Purpose::Keys, known, fetch).await
    }

    async fn fetch_keys(&self, now: Timestamp) -> Result<Arc<JwkSet>, ProviderError> {
        let metadata = self.metadata(now).await?;
        let url = metadata.jwks_uri.as_ref();
        let url = url.ok_or(ProviderError::Metadata(MetadataError::EndpointMissing))?;
        let outgoing = Outgoing {
            purpose: Purpose::Keys,
            url,
            credential: None,
            method: Method::GET,
            form: None,
            proof: None,
        };
        let failed = |error: HttpError| ProviderError::NoAnswer(Purpose::Keys, error);
        let body = self.ask(&outgoing, now).await?.into_json().map_err(failed)?;
        let keys = Arc::new(JwkSet::parse(&body).map_err(ProviderError::Keys)?);
        self.0.keys.learn(Known { keys: Arc::clone(&keys), fetched_at: now, use_until: now.plus(LIFE) });
        Ok(keys)
    }
}
