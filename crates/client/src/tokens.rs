//! A person's tokens at a provider — RFC 6749 §5.1.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header::AUTHORIZATION};
use mapae_protocol::{
    scope::Scopes,
    secret::Secret,
    time::{Seconds, Timestamp},
    token::TokenType,
};
use serde::{Deserialize, Serialize};

use crate::possession::{Nonces, ProofKey, Proven};

/// The header of proofs (RFC 9449 §4.1).
const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The least that must be left of a token when it is handed out: a request takes a moment to arrive.
const MARGIN: Seconds = Seconds::seconds(10);

/// How long nobody asks for other tokens again because an API rejects them: it would reject those, too.
const REJECTED_ONCE: Seconds = Seconds::seconds(30);

/// What a provider gave, and until when.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub(crate) access_token: Secret<String>,
    pub(crate) refresh_token: Option<Secret<String>>,
    /// Kept for signing out at the provider (`id_token_hint`).
    pub(crate) id_token: Option<Secret<String>>,
    /// Of the login: an ID token that comes with a refresh may repeat it (OIDC Core §12.2).
    pub(crate) nonce: Option<Secret<String>>,
    /// To which they are bound (RFC 9449 §5).
    pub(crate) key: Option<ProofKey>,
    pub(crate) scopes: Scopes,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
    /// When an API's rejection of those before them brought them; `None` once an API has taken them.
    pub(crate) forced_at: Option<Timestamp>,
    /// To which registration they were given, by its mark; `None` of those that were kept before that was noted.
    pub(crate) given_to: Option<String>,
}

impl Tokens {
    /// The access token, to be used at APIs and shown to nobody.
    #[must_use]
    pub fn access_token(&self) -> AccessToken {
        AccessToken {
            secret: self.access_token.clone(),
            key: self.key.clone(),
            scopes: self.scopes.clone(),
            expires_at: self.expires_at,
            on_trial: self.forced_at.is_some(),
        }
    }

    /// Whether a refresh token came along.
    #[must_use]
    pub const fn can_be_refreshed(&self) -> bool {
        self.refresh_token.is_some()
    }

    /// Whether the access token should be replaced before it is used: less than ten seconds or a tenth of its
    /// life is left. A token that lives shorter than that is used for half its life.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> bool {
        let Some(expires_at) = self.expires_at else { return false };
        let life = expires_at.since(self.issued_at).get();
        let margin = MARGIN.get().max(life / 10).min(life / 2);
        expires_at.unix().saturating_sub(now.unix()) < margin.max(1)
    }

    /// Whether an API rejected those before them a moment ago and none has taken these: another refresh would help no more. A
    /// moment that lies ahead is of another process, whose clock is a little ahead; further ahead, a clock was set back since.
    pub(crate) fn were_forced_lately(&self, now: Timestamp) -> bool {
        let apart = |forced_at: Timestamp| now.unix().abs_diff(forced_at.unix());
        self.forced_at.is_some_and(|forced_at| apart(forced_at) < REJECTED_ONCE.get().unsigned_abs())
    }

    /// Whether the access token is certainly over.
    #[must_use]
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }

    /// The plain bytes, for the vault or whoever else seals them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let key = self.key.as_ref().and_then(ProofKey::to_text);
        let plain = Plain {
            access_token: self.access_token.expose(),
            refresh_token: self.refresh_token.as_ref().map(|token| token.expose().as_str()),
            id_token: self.id_token.as_ref().map(|token| token.expose().as_str()),
            nonce: self.nonce.as_ref().map(|nonce| nonce.expose().as_str()),
            key: key.as_ref().map(|key| key.expose().as_str()),
            scopes: self.scopes.to_string(),
            issued_at: self.issued_at.unix(),
            expires_at: self.expires_at.map(Timestamp::unix),
            forced_at: self.forced_at.map(Timestamp::unix),
            given_to: self.given_to.as_deref(),
        };
        // Texts and numbers only: this cannot fail, and an empty row would be unreadable, not wrong.
        serde_json::to_vec(&plain).unwrap_or_default()
    }

    /// What [`to_bytes`](Self::to_bytes) made.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let read: Read = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            access_token: read.access_token,
            refresh_token: read.refresh_token,
            id_token: read.id_token,
            nonce: read.nonce,
            // Without their key they are worth nothing: they are not there.
            key: read.key.map(|key| ProofKey::from_text(key.expose()).ok_or(())).transpose().ok()?,
            scopes: Scopes::restore(&read.scopes).ok()?,
            issued_at: Timestamp::from_unix(read.issued_at),
            expires_at: read.expires_at.map(Timestamp::from_unix),
            forced_at: read.forced_at.map(Timestamp::from_unix),
            given_to: read.given_to,
        })
    }
}

#[derive(Serialize)]
struct Plain<'a> {
    access_token: &'a str,
    refresh_token: Option<&'a str>,
    id_token: Option<&'a str>,
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    scopes: String,
    issued_at: i64,
    expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forced_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_to: Option<&'a str>,
}

#[derive(Deserialize)]
struct Read {
    access_token: Secret<String>,
    refresh_token: Option<Secret<String>>,
    id_token: Option<Secret<String>>,
    nonce: Option<Secret<String>>,
    #[serde(default)]
    key: Option<Secret<String>>,
    scopes: String,
    issued_at: i64,
    expires_at: Option<i64>,
    #[serde(default)]
    forced_at: Option<i64>,
    #[serde(default)]
    given_to: Option<String>,
}

/// An access token that may be used now.
#[derive(Clone)]
pub struct AccessToken {
    secret: Secret<String>,
    key: Option<ProofKey>,
    scopes: Scopes,
    expires_at: Option<Timestamp>,
    on_trial: bool,
}

impl AccessToken {
    /// The token itself, for the `Authorization` header of a request to an API and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// Whether it is bound to a key: then it is of use only with a proof for each request, which
    /// [`Client::headers_of_call`](crate::Client::headers_of_call) makes (RFC 9449 §7).
    #[must_use]
    pub const fn is_bound(&self) -> bool {
        self.key.is_some()
    }

    /// The headers of a request to an API with it.
    pub(crate) fn headers(&self, of: (&Method, &str), nonces: &Nonces, now: Timestamp) -> HeaderMap {
        let (method, address) = of;
        let scheme = if self.is_bound() { TokenType::Dpop } else { TokenType::Bearer };
        let authorization = format!("{} {}", scheme.as_str(), self.expose());
        let proven = Proven { method: method.as_str(), address, access_token: Some(self.expose()) };
        let proof = self.key.as_ref().and_then(|key| key.proof(proven, nonces, now));
        let mut headers = HeaderMap::new();
        let named = [(AUTHORIZATION, Some(authorization)), (DPOP, proof.map(|proof| proof.expose().clone()))];
        for (name, value) in named {
            // A token that cannot stand in a header was never taken.
            if let Some(mut value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        headers
    }

    /// What the person agreed to; may be less than was asked for.
    #[must_use]
    pub const fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// When it ends, if the provider said so.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Whether it came in the place of one that an API rejected, and no API is known to have taken it.
    pub(crate) const fn is_on_trial(&self) -> bool {
        self.on_trial
    }

    /// Whether this is the same token as `other`.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.secret.matches(other.expose())
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("scopes", &self.scopes.to_string())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(life: Option<i64>) -> Tokens {
        Tokens {
            access_token: Secret::new("at-secret".to_owned()),
            refresh_token: Some(Secret::new("rt-secret".to_owned())),
            id_token: None,
            nonce: Some(Secret::new("n-secret".to_owned())),
            key: None,
            scopes: Scopes::parse("openid calendar.read").unwrap(),
            issued_at: Timestamp::from_unix(1_000),
            expires_at: life.map(|life| Timestamp::from_unix(1_000 + life)),
            forced_at: None,
            given_to: Some("a registration".to_owned()),
        }
    }

    #[test]
    fn due_before_the_end_and_not_much_before() {
        for (life, last_good) in [(60, 50), (3_600, 3_240), (100, 90), (10, 5), (2, 1), (1, 0)] {
            let tokens = tokens(Some(life));
            assert!(!tokens.due(Timestamp::from_unix(1_000 + last_good)), "{life}");
            assert!(tokens.due(Timestamp::from_unix(1_000 + last_good + 1)), "{life}");
        }
        assert!(!tokens(None).due(Timestamp::from_unix(i64::MAX)), "a life of unknown length is not guessed");
        let never = Tokens { expires_at: Some(Timestamp::from_unix(i64::MIN)), ..tokens(None) };
        assert!(never.due(Timestamp::from_unix(1_000)), "whatever was kept");
        assert!(tokens(Some(60)).expired(Timestamp::from_unix(1_060)));
        assert!(!tokens(Some(60)).expired(Timestamp::from_unix(1_059)));
    }

    #[test]
    fn rp_24_tokens_that_came_by_force_hold_refreshes_for_half_a_minute_whatever_becomes_of_the_clock() {
        let forced = |at| Tokens { forced_at: at, ..tokens(None) };
        let lately =
            |at: i64| forced(Some(Timestamp::from_unix(at))).were_forced_lately(Timestamp::from_unix(10_000));
        for (at, expected) in [
            (9_970, false),
            (9_971, true),
            (10_000, true),
            // Another process, whose clock is ahead.
            (10_002, true),
            // The clock was set back by an hour, or the row is damaged.
            (13_600, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(lately(at), expected, "{at}");
        }
        assert!(!forced(None).were_forced_lately(Timestamp::from_unix(10_000)));
    }

    #[test]
    fn rp_21_kept_as_it_was_and_never_shown() {
        let kept = tokens(Some(60));
        let read = Tokens::from_bytes(&kept.to_bytes()).unwrap();
        assert!(read.access_token().is(&kept.access_token()));
        assert_eq!(read.refresh_token.as_ref().unwrap().expose(), "rt-secret");
        assert_eq!(
            (read.issued_at, read.expires_at, &read.scopes, &read.given_to),
            (kept.issued_at, kept.expires_at, &kept.scopes, &kept.given_to)
        );
        let shown = format!("{kept:?} {:?}", kept.access_token());
        assert!(!shown.contains("secret"), "{shown}");
        assert!(Tokens::from_bytes(b"").is_none());
    }
}
